"""A port that says whether the process lives, from a thread of its own.

GET /livez   200 while the event loop has its turns, else 503

The event loop answers GET /livez as well, but after everything that came before: where clients and
server fight for the processor, after seconds. A supervisor may take that for death. Here a thread
answers, within tenths of a second, when the loop had its last turn: who is slow lives, and who has
had none for half a minute does not.
"""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

log = logging.getLogger(__name__)

PATH = "/livez"
BEAT_SECONDS = 1
STALLED_SECONDS = 30.0
"""Longer than the loop is behind under the load of docs/reliability.md, by ten times."""
PATIENCE_SECONDS = 1.0
"""With who connects and asks nothing; others wait meanwhile."""


class Pulse:
    """When the event loop had its last turn; for all threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._last = clock, clock()

    async def beat(self) -> None:
        """Say that the loop has its turn."""
        self._last = self._clock()

    @property
    def is_alive(self) -> bool:
        """Whether it had one lately."""
        return self._clock() - self._last < STALLED_SECONDS

    @contextmanager
    def told(self, listener: socket.socket) -> Iterator[None]:
        """Answer who asks at a bound socket."""
        answer = partial(_Answer, self)
        server = _Server(listener.getsockname()[:2], answer, bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        server.server_activate()
        thread = threading.Thread(target=server.serve_forever, name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class _Server(HTTPServer):
    """One after the other."""

    def handle_error(self, *_: object) -> None:
        """Say no more than that: who asked has gone."""
        log.debug("a probe was not answered")


class _Answer(BaseHTTPRequestHandler):
    """One request."""

    timeout = PATIENCE_SECONDS

    def __init__(self, pulse: Pulse, *connection: object) -> None:
        self._pulse = pulse
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Say whether the loop has its turns."""
        if self.path != PATH:
            self._send(HTTPStatus.NOT_FOUND, "unknown")
        elif self._pulse.is_alive:
            self._send(HTTPStatus.OK, "ok")
        else:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "stalled")

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def _send(self, status: HTTPStatus, said: str) -> None:
        body = json.dumps({"status": said}).encode()
        self.send_response_only(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing: somebody asks every few seconds."""
