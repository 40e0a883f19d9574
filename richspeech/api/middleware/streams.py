"""Event streams and WebSockets end with the login, or the key, that opened them.

Every other request is answered and over; the next one is refused by ``Visitors``.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY_VIOLATION = 1008
"""Code with which a WebSocket is closed."""
CLOSE: Message = {"type": "websocket.close", "code": POLICY_VIOLATION}
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class LoginEnded(ClientDisconnect):
    """Whoever listens has logged out; for the application as if they had gone."""


class Stream:
    """One request or WebSocket; it ends with the login, as if the visitor had gone."""

    def __init__(self, receive: Receive, send: Send, is_in: Callable[[], Awaitable[bool]]) -> None:
        """``is_in`` says whether the login still holds."""
        self._receive, self._send, self._is_in = receive, send, is_in
        self._end: Message | None = None
        """What ends it; None for an answer that is over by itself."""
        self._is_over = False

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Call ``app`` until it is done, or the login over."""
        self._end = CLOSE if scope["type"] == "websocket" else None
        with suppress(LoginEnded):
            await app(scope, self._received, self._sent)

    async def _sent(self, message: Message) -> None:
        if self._end is not None and not await self._is_in():
            await self._stop(self._end)
            raise LoginEnded
        if message["type"] == "http.response.start":
            is_stream = "content-length" not in Headers(raw=message["headers"])
            self._end = END if is_stream else None
        await self._send(message)

    async def _received(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.receive" and self._end and not await self._is_in():
            await self._stop(self._end)
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        return message

    async def _stop(self, end: Message) -> None:
        if not self._is_over:
            self._is_over = True
            await self._send(end)
