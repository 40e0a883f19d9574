"""The middlewares in their order, configured from the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp

from richspeech.api.middleware.bodies import Bodies
from richspeech.api.middleware.headers import Headers
from richspeech.api.middleware.hosts import Hosts
from richspeech.api.middleware.origins import Origins
from richspeech.api.middleware.page_access import PageAccess
from richspeech.api.middleware.visitors import Cookies, Logins, Visitors
from richspeech.api.middleware.windows import Windows
from richspeech.api.surface import Surface, uploads_of
from richspeech.settings import ANY_ADDRESS, ServerSettings


@dataclass(frozen=True)
class Middleware:
    """The middlewares in front of an application."""

    settings: ServerSettings
    cookies: Cookies
    logins: Logins | None
    """None where nobody has to log in."""

    def around(self, app: ASGIApp, windows: Windows, surfaces: Sequence[Surface] = ()) -> ASGIApp:
        """Wrap ``app``; requests pass the middlewares from the outermost in.

        ``surfaces`` are what it answers beside the page.
        """
        settings = self.settings
        app = PageAccess(app, windows, surfaces)
        app = Visitors(app, self.cookies, self.logins)
        app = Bodies(app, settings.body_seconds, uploads_of(surfaces))
        app = Origins(app)
        app = Headers(app, settings.frame_ancestors)
        return Hosts(app, settings.served_hosts, any_own=settings.host in ANY_ADDRESS)


def middleware_of(settings: ServerSettings) -> Middleware:
    """Configure the middleware of a server."""
    logins = None if settings.user is None else Logins(settings.session_hours)
    return Middleware(settings, Cookies(settings.port), logins)
