"""The ``Host`` of a request must be known.

A browser lets a page read whatever comes from the page's own host name, whichever address that name
resolves to; a foreign name can be made to resolve to this machine (DNS rebinding).
"""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from richspeech.api.middleware.refusal import refuse

MOST_LETTERS = 80
"""Of a name, in the sentence that refuses it."""


class Hosts:
    """Answers requests for known names alone, with 400 to others."""

    def __init__(self, app: ASGIApp, names: Collection[str], *, any_own: bool = False) -> None:
        """``any_own``: the address at which the connection came in is a known name, too."""
        self._app, self._names, self._any_own = app, frozenset(names), any_own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] not in ("http", "websocket") or self._knows(scope):
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")[:MOST_LETTERS]
        sentence = f"The page is not served as {host!r}: name it in server.hosts of the settings."
        await refuse(scope, receive, send, 400, sentence)

    def _knows(self, scope: Scope) -> bool:
        name = name_of(Headers(scope=scope).get("host", ""))
        own = scope.get("server") if self._any_own else None
        return name in self._names or (name is not None and own is not None and name == _v4(own[0]))


def _v4(address: str) -> str:
    """Write an address as IPv4 where it is one; who listens on ``::`` hears of ``::ffff:…``."""
    try:
        mapped = getattr(ip_address(address), "ipv4_mapped", None)
    except ValueError:  # a socket that is no network's
        return address
    return str(mapped or address)


def name_of(host: str) -> str | None:
    """Return the name in a Host header, lower case and without its port; None if there is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and "@" not in host else None
