"""The middlewares in their order, configured from the settings."""

from dataclasses import dataclass

from starlette.types import ASGIApp

from richspeech.api.wall.bodies import Bodies
from richspeech.api.wall.headers import Headers
from richspeech.api.wall.hosts import Hosts
from richspeech.api.wall.origins import Origins
from richspeech.api.wall.page_door import PageDoor
from richspeech.api.wall.visitors import Cookies, Logins, Visitors
from richspeech.api.wall.windows import Windows
from richspeech.settings import ANY_ADDRESS, ServerSettings


@dataclass(frozen=True)
class Wall:
    """What is in front of an application."""

    settings: ServerSettings
    cookies: Cookies
    logins: Logins | None
    """None where nobody has to log in."""

    def around(self, app: ASGIApp, windows: Windows) -> ASGIApp:
        """Put the wall around ``app``; what asks comes through from the outside in."""
        settings = self.settings
        app = PageDoor(app, windows)
        app = Visitors(app, self.cookies, self.logins)
        app = Bodies(app, settings.body_seconds)
        app = Origins(app)
        app = Headers(app, settings.frame_ancestors)
        return Hosts(app, settings.served_hosts, any_own=settings.host in ANY_ADDRESS)


def wall_of(settings: ServerSettings) -> Wall:
    """Make the wall of a server."""
    logins = None if settings.user is None else Logins(settings.session_hours)
    return Wall(settings, Cookies(settings.port), logins)
