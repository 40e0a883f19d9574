"""Every request has a number, and is counted; the outermost middleware.

The number is that of the header X-Request-ID, if it is short and harmless, or a new one. The answer
carries it, and so does all that is done for the request: its job, its lines in the log.
"""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from richspeech.operations.caller import Caller, called_by, request_id_of
from richspeech.operations.requests import Seen, Watch
from richspeech.polling import WAITING_POLL_SECONDS

log = logging.getLogger(__name__)

HEADER = "x-request-id"
OTHER = "other"
"""The route of what has none: paths that do not exist, and requests that the middleware refuses."""
OTHER_METHOD = "OTHER"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
MOST_LETTERS = 100
"""Of a path that is no route, in the log."""
DENIAL = "websocket.http.response.start"
STARTS = ("http.response.start", "websocket.accept", DENIAL)
"""What begins an answer."""
PROGRAMS = ("/v1/", "/api/")
"""Where programs ask: each request is a line in the log, while the page sends hundreds a minute."""
UNANSWERED = "ASGI callable returned without completing handshake."
"""What uvicorn 0.54 logs of every WebSocket that was not accepted, denied ones included."""
_is_denied = ContextVar("is_denied", default=False)


def is_of_denied(record: logging.LogRecord) -> bool:
    """Tell whether a line of uvicorn's log complains of a WebSocket that was refused properly."""
    return record.msg == UNANSWERED and _is_denied.get()


class Requests:
    """Numbers what comes, and has it watched."""

    def __init__(
        self, app: ASGIApp, watch: Watch, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app, self._watch, self._clock = app, watch, clock
        self._programs = 0
        """Requests of programs that are being answered."""

    def let_programs_end(self, seconds: float) -> None:
        """Wait until those who ask have their answers, in another thread, ``seconds`` at most."""
        deadline = time.monotonic() + seconds
        while self._programs and time.monotonic() < deadline:
            time.sleep(WAITING_POLL_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        number = request_id_of(Headers(scope=scope).get(HEADER, ""))
        with called_by(Caller(number, client[0] if client else None)):
            await self._watched(scope, receive, send, number)

    async def _watched(self, scope: Scope, receive: Receive, send: Send, number: str) -> None:
        began, status, received_bytes, is_denied = self._clock(), 500, 0, False
        is_program = scope["path"].startswith(PROGRAMS)
        waits = is_program and scope["type"] == "http"
        self._programs += waits
        self._watch.began(scope["type"])

        async def received() -> Message:
            nonlocal received_bytes
            message = await receive()
            text = (message.get("text") or "").encode(errors="replace")
            received_bytes += len(message.get("body") or message.get("bytes") or text)
            return message

        async def sent(message: Message) -> None:
            nonlocal status, is_denied
            if message["type"] in STARTS:
                is_denied = message["type"] == DENIAL
                status = message.get("status", 101)
                message.setdefault("headers", [])
                MutableHeaders(scope=message)[HEADER] = number
            await send(message)

        try:
            await self._app(scope, received, sent)
        finally:
            _is_denied.set(is_denied)
            seconds, method = self._clock() - began, scope.get("method", "GET")
            method = method if method in METHODS else OTHER_METHOD
            kind, route = scope["type"], route_of(scope)
            self._programs -= waits
            self._watch.ended(Seen(kind, method, route, status, seconds, received_bytes))
            if is_program:
                asked = _shown(scope["path"]) if route == OTHER else route
                log.info("%s %s: %d in %.3f s", method, asked, status, seconds)


def _shown(path: str) -> str:
    """Return a path as it may stand in a line: letters of an address alone, and not too many."""
    shown = quote(path[:MOST_LETTERS], errors="replace")
    return shown if len(path) <= MOST_LETTERS else f"{shown}…"


def route_of(scope: Scope) -> str:
    """Return the template of the route that was chosen, ``OTHER`` if none was."""
    # FastAPI leaves the prefix of an included router out of the route itself.
    within = scope.get("fastapi", {}).get("effective_route_context")
    # Of a WebSocket it knows the path in yet another place.
    places = (within, getattr(within, "starlette_route", None), scope.get("route"))
    found = [getattr(place, name, None) for place in places for name in ("path_format", "path")]
    paths = [path for path in found if isinstance(path, str)]
    return next(filter(None, paths), "/" if paths else OTHER)
