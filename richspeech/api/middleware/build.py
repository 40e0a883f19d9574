"""The middlewares in their order, configured from the settings."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from richspeech.access.accounts import Accounts, built_in_of
from richspeech.api.middleware.allowances import Allowances
from richspeech.api.middleware.bodies import Bodies
from richspeech.api.middleware.headers import Headers
from richspeech.api.middleware.hosts import Hosts
from richspeech.api.middleware.origins import Origins
from richspeech.api.middleware.page_access import PageAccess
from richspeech.api.middleware.visitors import Cookies, Logins, Visitors
from richspeech.api.middleware.windows import Windows
from richspeech.api.surface import Surface, uploads_of
from richspeech.settings import ANY_ADDRESS, PrivacySettings, ServerSettings


@dataclass(frozen=True)
class Middleware:
    """The middlewares in front of an application."""

    settings: ServerSettings
    cookies: Cookies
    logins: Logins | None
    """None where nobody has to log in."""
    accounts: Accounts
    privacy: PrivacySettings = field(default_factory=PrivacySettings)

    def around(self, app: ASGIApp, windows: Windows, surfaces: Sequence[Surface] = ()) -> ASGIApp:
        """Wrap ``app``; requests pass the middlewares from the outermost in.

        ``surfaces`` are what it answers beside the page.
        """
        settings = self.settings
        app = PageAccess(app, windows, surfaces)
        app = Allowances(app)
        app = Visitors(app, self.cookies, self.logins, self.accounts, self.privacy)
        app = Bodies(app, settings.body_seconds, uploads_of(surfaces))
        app = Origins(app)
        app = Headers(app, settings.frame_ancestors)
        return Hosts(app, settings.served_hosts, any_own=settings.host in ANY_ADDRESS)


def middleware_of(
    settings: ServerSettings,
    accounts: Accounts | None = None,
    privacy: PrivacySettings | None = None,
) -> Middleware:
    """Configure the middleware of a server; raises ``StoreError``.

    Unless ``accounts`` are given there is that of the settings alone, if they have one.
    """
    accounts = accounts or Accounts(built_in=built_in_of(settings))
    logins = Logins(settings.session_hours) if accounts.are_needed else None
    privacy = privacy or PrivacySettings()
    return Middleware(settings, Cookies(settings.port), logins, accounts, privacy)
