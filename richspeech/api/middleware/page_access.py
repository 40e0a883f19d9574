"""The routes that there are: those of the API, and of gradio's those that the page uses.

Gradio has some seventy routes: ways to run any function at once, to fetch addresses, to read a
page's state, to edit the program. The page needs the few below. Each names the page that asks, or
a file, and both must be the visitor's. What the API has is asked of its own routes (``Surface``).

    POST queue/join, cancel    JSON that names a page, and perhaps files
    GET  queue/data, heartbeat a page
    GET  file=PATH             a file

Gradio's own clients go the same way. They call the functions that are for them and no other, and
pages call all others (``Windows.is_for_programs``).
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from richspeech.access.principal import Scope as Allowed
from richspeech.api.middleware.allowances import why_not
from richspeech.api.middleware.refusal import refuse
from richspeech.api.middleware.visitors import is_program, principal_of, visitor_of
from richspeech.api.middleware.windows import Windows
from richspeech.api.surface import Surface, match_of, methods_of
from richspeech.errors import AccessError

API = "/gradio_api/"
EVENTS = ("queue/join", "cancel")
FILE = "file="
HEARTBEAT = "heartbeat/"

OTHERS = {
    "GET": re.compile(
        r"/|/(health|livez|readyz|login|live|captions|phone|screen|config|openapi\.json)"
        r"|/(theme\.css|favicon\.ico|robots\.txt)"
        r"|/(assets|web|static|svelte|phone/web|screen/web)/.+"
        r"|/phone/sound|/screen/text|/live/screen"
        r"|/gradio_api/(startup-events|upload_progress|info|theme\.css)"
    ),
    "POST": re.compile(r"/(login|logout)|/gradio_api/(upload|reset)"),
}
"""Routes of page and probes that name neither a page nor a file, by method."""

TALKS = ("/live", "/phone/sound", "/live/screen", "/screen/text")
"""WebSockets of the page, and of its phones and screens."""
MOST_NAME_BYTES = 255
"""Of a file, on every disk."""
MOST_DEPTH = 50
"""Of nested JSON; an event's data are five deep."""


class PageAccess:
    """Passes what the API has, and what the page asks for, if page and files are the visitor's.

    Everything else is 404, or 403; a method that a route of the API does not have is 405.
    """

    def __init__(self, app: ASGIApp, windows: Windows, surfaces: Sequence[Surface] = ()) -> None:
        self._app, self._windows, self._surfaces = app, windows, surfaces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        method, path = _method(scope), scope["path"].rstrip("/") or "/"
        inner = path.removeprefix(API)
        if path != inner and method == "POST" and inner in EVENTS:
            await self._event(scope, receive, send)
        elif path != inner and method == "GET" and inner.startswith(FILE):
            await self._file(scope, receive, send, inner.removeprefix(FILE))
        elif path != inner and method == "GET" and (page := _page_in_address(inner, scope)):
            await self._page(scope, receive, send, page)
        elif method in OTHERS and OTHERS[method].fullmatch(path) and _can_be(scope, path):
            await self._app(scope, receive, send)
        else:
            await self._api(scope, receive, send)

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        match match_of(self._surfaces, scope):
            case Match.FULL:
                await self._app(scope, receive, send)
            case Match.PARTIAL:
                allowed = {"allow": ", ".join(methods_of(self._surfaces, scope))}
                sentence = f"This takes no {scope['method']}: use {allowed['allow']}."
                await refuse(scope, receive, send, 405, sentence, allowed)
            case _:
                await refuse(scope, receive, send, 404, "There is nothing here.")

    async def _page(self, scope: Scope, receive: Receive, send: Send, page: str) -> None:
        if self._is_own(scope, page):
            await self._app(scope, receive, send)
        else:
            await refuse(scope, receive, send, 403, str(_foreign_page()))

    async def _file(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        if self._windows.shows(visitor_of(HTTPConnection(scope)).key, path):
            await self._app(scope, receive, send)
        else:  # whether it exists is nobody's business
            await refuse(scope, receive, send, 404, "There is no such file here.")

    async def _event(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        try:
            event = json.loads(body)
            page, function = str(event["session_hash"]), event.get("fn_index")
            paths = [*_paths_in(event)]
        except (ValueError, TypeError, KeyError, RecursionError):
            sentence = "This is no event of the page: send JSON that names the page."
            await refuse(scope, receive, send, 400, sentence)
            return
        asking, windows = HTTPConnection(scope), self._windows
        takes = partial(windows.takes, page)
        if is_program(asking):
            takes = partial(windows.sends, visitor_of(asking).key)
        if not self._is_own(scope, page):
            await refuse(scope, receive, send, 403, str(_foreign_page()))
        elif not all(map(takes, paths)):
            sentence = windows.page_sentence(page, _foreign_file())
            await refuse(scope, receive, send, 400, sentence)
        elif windows.is_for_programs(function) is not is_program(asking):
            await refuse(scope, receive, send, 404, "There is no such function here.")
        elif is_program(asking) and not principal_of(asking).may(Allowed.TRANSCRIBE):
            sentence = str(why_not(principal_of(asking), Allowed.TRANSCRIBE))
            await refuse(scope, receive, send, 403, sentence)
        else:
            await self._app(scope, _replayed(body, receive), send)

    def _is_own(self, scope: Scope, page: str) -> bool:
        return self._windows.claims(page, visitor_of(HTTPConnection(scope)).key)


def _method(scope: Scope) -> str:
    """Return the method; HEAD is a GET of nothing, and a WebSocket begins as one."""
    method = str(scope.get("method", "GET"))
    return "GET" if method == "HEAD" else method


def _can_be(scope: Scope, path: str) -> bool:
    """Say whether this can be a path here: one talks at TALKS alone, no file is called so."""
    is_name = all(len(part.encode()) <= MOST_NAME_BYTES for part in path.split("/"))
    return is_name and (scope["type"] == "http" or path in TALKS)


def _page_in_address(inner: str, scope: Scope) -> str | None:
    if inner.startswith(HEARTBEAT):
        return inner.removeprefix(HEARTBEAT)
    if inner == "queue/data":
        return HTTPConnection(scope).query_params.get("session_hash")
    return None


def _paths_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Give all that gradio would take for a file; raises ``ValueError`` when nested too deep."""
    if depth > MOST_DEPTH:
        message = "nested too deep"
        raise ValueError(message)
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            yield value["path"]
        for each in value.values():
            yield from _paths_in(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _paths_in(each, depth + 1)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives a body that was read, and then goes on."""
    is_given = False

    async def received() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received


def _foreign_page() -> AccessError:
    return AccessError("page.foreign")


def _foreign_file() -> AccessError:
    return AccessError("page.foreign_file")
