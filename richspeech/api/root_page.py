"""Routes of the first visit: the page in the visitor's language, and its files.

Both are built and packed once and sent from memory, so that many visitors at once cost little.
"""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send
from werkzeug.http import parse_etags, unquote_etag

from richspeech.language.catalog import locales
from richspeech.language.preference import preferred_locale
from richspeech.web.packed import Packed, coding_for

THEME = "theme.css"
"""The one file that stands at the root; its address has a hash of it."""
LOCALE_COOKIE = "richspeech.locale"
"""Set by page.js when somebody chooses a language; goes before what the browser prefers."""
POLICY = (
    "default-src 'none'; base-uri 'self'; form-action 'self'; connect-src 'self' blob:; "
    "font-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'"
)
ASIDE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
"""Of a page beside it: one script of ours, its looks within it, and nobody to talk to."""
CAPTIONS = "captions"
ROOTS = r"^/(assets|phone|screen)(?=/)"
"""What may stand before the name of a file."""
FOREVER = "public, max-age=31536000, immutable"
INCOMPRESSIBLE = frozenset({".woff", ".woff2", ".png", ".gif", ".jpg", ".ico", ".webp", ".wasm"})
"""Endings of files that packing makes hardly smaller."""


class PageText(Protocol):
    """The page in one language."""

    @property
    def packed(self) -> Packed:
        """As it is sent."""

    @property
    def scripts(self) -> tuple[str, ...]:
        """What stands between the tags of the scripts within it."""

    @property
    def etag(self) -> str:
        """Another one for another page."""


class RootPage(Protocol):
    """What there is to send."""

    folder: Path
    """Files that never change under their names."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """More of them, THEME among them."""

    def ready(self, locale: str) -> PageText | None:
        """Return the page if it is there, at once."""

    def page(self, locale: str) -> PageText:
        """Return the page, and make it if need be."""

    def aside(self, name: str, locale: str) -> str:
        """Draw a page of its own beside it."""


def root_route(root_page: RootPage) -> Route:
    """Make the route of the page."""

    async def send_root(request: Request) -> Response:
        locale = locale_of(request)
        page = root_page.ready(locale)
        if page is None:
            page = await run_in_threadpool(root_page.page, locale)
        headers = {
            "Cache-Control": "no-cache",
            "ETag": page.etag,
            "Vary": "Accept-Language, Accept-Encoding, Cookie",
            "Content-Language": locale,
            "Content-Security-Policy": policy_of(page.scripts),
        }
        if has_already(request, page.etag):
            return Response(status_code=304, headers=headers)
        return await _response(request, page.packed, "text/html", headers)

    return Route("/", send_root, methods=["GET"])


def captions_route(root_page: RootPage) -> Route:
    """Make the route of the window with large captions, which the page's own script fills."""
    return aside_route(root_page, CAPTIONS)


def aside_route(root_page: RootPage, name: str, policy: str = ASIDE_POLICY) -> Route:
    """Make the route of a page of its own, and say what that may do."""

    async def send_page(request: Request) -> Response:
        locale = locale_of(request)
        headers = {"Content-Security-Policy": policy, "Content-Language": locale}
        return HTMLResponse(root_page.aside(name, locale), headers=headers)

    return Route(f"/{name}", send_page, methods=["GET"])


def file_routes(root_page: RootPage) -> tuple[Mount, Mount, Route]:
    """Make the routes of the files, which go before what is mounted at the root."""
    files = Files(root_page)
    return Mount("/assets", files), Mount("/web", files), Route(f"/{THEME}", files)


@lru_cache(maxsize=8)
def policy_of(scripts: tuple[str, ...]) -> str:
    """Return what the page may do: run its own files, and the scripts within it by their hash.

    They are hashed once, since they are nearly all of the page. Each source is there because
    something fails without it: gradio makes functions of strings (unsafe-eval) and writes styles
    into elements; its player reads recordings as blobs, and draws signs from data.
    """
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return f"{POLICY}; script-src 'self' 'unsafe-eval' {hashes}"


def locale_of(connection: HTTPConnection) -> str:
    """Return the language that somebody has chosen, or else the one that their browser prefers.

    Whose browser prefers none of ours gets the first.
    """
    chosen = connection.cookies.get(LOCALE_COOKIE)
    if chosen in locales():
        return chosen
    return preferred_locale(connection.headers.get("accept-language", "")) or locales()[0]


class Files:
    """Sends files that never change, from memory once they were asked for."""

    def __init__(self, root_page: RootPage) -> None:
        self._root_page = root_page
        self._sent: dict[str, Packed | bytes] = {}

    @cached_property
    def _paths(self) -> dict[str, Path]:
        """Every file there is, so that no name leads elsewhere."""
        folder = self._root_page.folder
        found = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path for path in found}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file that the path ends with, or say that there is none."""
        if scope["type"] == "http":
            name = re.sub(ROOTS, "", scope["path"]).strip("/")
            response = await self._response(Request(scope), name)
            await response(scope, receive, send)

    async def _response(self, request: Request, name: str) -> Response:
        file = self._sent.get(name) or await run_in_threadpool(self._read, name)
        if file is None:
            return Response(status_code=404)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        return await _response(request, file, kind, headers)

    def _read(self, name: str) -> Packed | bytes | None:
        if name in self._root_page.files:
            data = self._root_page.files[name]
        elif path := self._paths.get(name):
            data = path.read_bytes()
        else:
            return None
        if Path(name).suffix in INCOMPRESSIBLE:
            return self._sent.setdefault(name, data)
        packed = Packed(data)
        packed.by("br")  # here, since nearly everybody takes it
        return self._sent.setdefault(name, packed)


async def _response(
    request: Request, file: Packed | bytes, kind: str, headers: dict[str, str]
) -> Response:
    """Send a file, packed as the browser takes it."""
    if isinstance(file, bytes):
        return Response(file, media_type=kind, headers=headers)
    coding = coding_for(request.headers.get("accept-encoding", ""))
    data = file.ready(coding)
    if coding is not None:
        headers = {**headers, "Content-Encoding": coding}
        data = data or await run_in_threadpool(file.by, coding)
    return Response(data, media_type=kind, headers=headers)


def has_already(request: Request, etag: str) -> bool:
    """Say whether the browser has what is called ``etag``, however that was packed.

    Source: RFC 9110, 13.1.2: tags are compared weakly.
    """
    name, _ = unquote_etag(etag)
    return name is not None and parse_etags(request.headers.get("if-none-match")).contains_weak(
        name
    )
