"""Requests from other sites are refused.

Browsers send a site's cookies along with requests that other sites make. They also name the origin
in Sec-Fetch-Site and Origin; other programs send neither, and have no cookies.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from richspeech.api.middleware.refusal import refuse

OWN = ("same-origin", "none")
"""Of Sec-Fetch-Site: this page, or the person at the browser."""

USUAL_PORTS = {"http": ":80", "https": ":443"}


class Origins:
    """Refuses other sites all but a link to the page, and lets none of them read an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse with 403."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif _is_own(scope):
            await self._app(scope, receive, _without_sharing(send))
        else:
            sentence = "Another site asks for this: open the page itself."
            await refuse(scope, receive, send, 403, sentence)


def _is_own(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    is_link = (
        scope.get("method") in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and not scope["path"].startswith("/gradio_api/")
    )
    if site is not None and site not in OWN and not is_link:
        return False
    return origin is None or _is_at(origin, headers.get("host", ""))


def _is_at(origin: str, host: str) -> bool:
    """Say whether an origin is at a host; a port may be left out where the scheme has one."""
    scheme, _, place = origin.partition("://")
    usual = USUAL_PORTS.get(scheme)
    return usual is not None and place.removesuffix(usual) == host.removesuffix(usual)


def _without_sharing(send: Send) -> Send:
    """Take away what would let other sites read: gradio shares with every port of this machine."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (name, value)
                for name, value in message.get("headers", ())
                if not name.lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": kept}
        await send(message)

    return sent
