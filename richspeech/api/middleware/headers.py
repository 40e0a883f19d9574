"""Security headers.

the page         a content security policy of its own, set by its route (api/root_page.py)
files            shown or saved, never run: a sandbox without scripts
scripts, looks   no sniffing, and nothing for other sites; all else is about documents, and forty of
                 them would bring 17 kB of it through a tunnel
everything else  no framing, no referrer to other sites, no caching of what is private, too
"""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NO_CONTENT = "default-src 'none'; media-src 'self'; img-src 'self'; sandbox"
PUBLIC = ("/assets/", "/web/", "/static/", "/svelte/", "/theme.css", "/favicon.ico")
"""The same for everybody, as the page is, so that it may be kept."""
PARTS = ("text/javascript", "application/javascript", "text/css")
"""Kinds of answers that are parts of a page and never one themselves."""
PERMISSIONS = "microphone=(self), camera=(), geolocation=(), payment=(), usb=()"


class Headers:
    """Sets headers on every answer; a policy that a route has set stays, but for who may frame."""

    def __init__(self, app: ASGIApp, frame_ancestors: Sequence[str] = ()) -> None:
        self._app = app
        self._ancestors = "frame-ancestors " + " ".join(frame_ancestors or ["'none'"])
        self._is_framed = bool(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with headers on what comes back."""

        async def sent(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                self._set(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self._app(scope, receive, sent if scope["type"] != "lifespan" else send)

    def _set(self, headers: MutableHeaders, path: str) -> None:
        headers["x-content-type-options"] = "nosniff"
        headers["cross-origin-resource-policy"] = "same-origin"
        if path.startswith(PUBLIC) and headers.get("content-type", "").startswith(PARTS):
            return
        policy = headers.get("content-security-policy", NO_CONTENT)
        headers["content-security-policy"] = f"{policy}; {self._ancestors}"
        headers["referrer-policy"] = "same-origin"
        headers["cross-origin-opener-policy"] = "same-origin"
        headers["permissions-policy"] = PERMISSIONS
        if not self._is_framed:
            headers["x-frame-options"] = "DENY"
        if path != "/" and not path.startswith(PUBLIC):
            headers["cache-control"] = "no-store"
