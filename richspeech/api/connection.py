"""uvicorn's connections, with a timeout for the head of a request.

uvicorn waits forever for the first head of a connection, and for the rest of one that has begun;
its own timeout starts after an answer. Here a head must be complete in time, or the connection is
closed. uvicorn's limit on connections only refuses requests; here it covers WebSockets and idle
connections.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class ImpatientProtocol(H11Protocol):
    """Cuts a connection off whose head does not come."""

    header_seconds: float
    """From the first byte of a head, or from the beginning of the connection."""
    _cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head; one connection too many is closed."""
        super().connection_made(transport)
        if self.limit_concurrency and len(self.connections) > self.limit_concurrency:
            transport.close()
        else:
            self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes; wait on if they are a part of a head."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_expecting()
        elif self.conn.trailing_data[0]:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_expecting()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        if self._cut is None:
            self._cut = self.loop.call_later(self.header_seconds, self.transport.close)

    def _stop_expecting(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None


def impatient(header_seconds: float) -> type[ImpatientProtocol]:
    """Return a protocol for ``uvicorn.Config(http=…)``."""
    return type("Protocol", (ImpatientProtocol,), {"header_seconds": header_seconds})
