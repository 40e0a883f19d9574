"""Visitors: a browser, known by a cookie, and its login, if it has one.

A browser's cookie is a random number that nobody else can guess; nothing is stored for it. A login
is a random number as well, which the server forgets when it ends. Both are named after the port,
since browsers send the cookies of one console to all others on the same host.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from richspeech.access.principal import ANYBODY, Principal, Role
from richspeech.api.middleware.refusal import refuse
from richspeech.api.middleware.streams import Stream
from richspeech.operations.caller import caller, know

OPEN = ("/health", "/readyz", "/login", "/favicon.ico")
"""What needs no login: probes, the way in, and its sign in the browser's tab."""
PAGES = ("/", "/login")
"""Where a browser gets its cookie; whoever begins elsewhere is nobody's neighbour."""
RANDOM_BYTES = 32
SECONDS_AN_HOUR = 3_600
MOST_LOGINS = 10_000


@dataclass(frozen=True)
class Visitor:
    """Somebody at a browser."""

    browser: str
    """Its random number."""
    user: str | None = None
    """Who has logged in there; None without a login."""

    @property
    def key(self) -> str:
        """What belongs to this visitor is filed under it: another login is another visitor."""
        return blake2b(f"{self.browser} {self.user or ''}".encode(), digest_size=16).hexdigest()


def visitor_of(connection: HTTPConnection) -> Visitor:
    """Return who asks, as ``Visitors`` has found."""
    visitor: Visitor = connection.scope["state"]["visitor"]
    return visitor


def principal_of(connection: HTTPConnection) -> Principal:
    """Return who asks and what they may, as ``Visitors`` has found."""
    principal: Principal = connection.scope["state"]["principal"]
    return principal


class Cookies:
    """The two cookies of one console: HttpOnly, SameSite=Lax, and Secure where TLS is."""

    def __init__(self, port: int) -> None:
        self.browser, self.login = f"richspeech-browser-{port}", f"richspeech-login-{port}"

    @staticmethod
    def set(response: Response, name: str, value: str, *, secure: bool) -> None:
        """Have the browser keep a value until it is closed."""
        response.set_cookie(name, value, httponly=True, samesite="lax", secure=secure)


class Logins:
    """Who has logged in, by the random number of the login; used by one event loop."""

    def __init__(self, hours: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = hours * SECONDS_AN_HOUR, clock
        self._users: dict[str, tuple[str, float]] = {}

    def begin(self, user: str) -> str:
        """Let a user in; return the number to show. The oldest of too many ends."""
        now = self._clock()
        self._users = {key: kept for key, kept in self._users.items() if kept[1] > now}
        while len(self._users) >= MOST_LOGINS:
            del self._users[next(iter(self._users))]
        token = secrets.token_urlsafe(RANDOM_BYTES)
        self._users[token] = (user, now + self._seconds)
        return token

    def user_of(self, token: str | None) -> str | None:
        """Return who shows this number; None for one that is unknown or has ended."""
        user, ends = self._users.get(token or "", (None, 0.0))
        return user if ends > self._clock() else None

    def end(self, token: str | None) -> None:
        """Forget one login, and no other."""
        self._users.pop(token or "", None)


class Visitors:
    """Finds out who asks; without a login nobody passes, where one is needed."""

    def __init__(self, app: ASGIApp, cookies: Cookies, logins: Logins | None) -> None:
        """``logins`` is None where nobody needs one."""
        self._app, self._cookies, self._logins = app, cookies, logins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with the visitor in the scope's state, or answer 401."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        visitor, is_new = self._visitor(connection)
        principal = _principal(visitor)
        know(user=principal.user, key=principal.key)
        state = {"visitor": visitor, "principal": principal, "caller": caller()}
        scope.setdefault("state", {}).update(state)
        if is_new and scope["path"] in PAGES:
            send = self._with_cookie(scope, send, visitor)
        if self._logins is None or scope["path"] in OPEN:
            await self._app(scope, receive, send)
        elif visitor.user is not None:
            is_in = partial(self._is_in, connection.cookies.get(self._cookies.login))
            await Stream(receive, send, is_in).run(self._app, scope)
        elif scope["path"] == "/" and scope["type"] == "http":
            await RedirectResponse("login", 303)(scope, receive, send)
        else:
            await refuse(scope, receive, send, 401, "Log in first: open the page.")

    def _is_in(self, token: str | None) -> bool:
        return self._logins is not None and self._logins.user_of(token) is not None

    def _visitor(self, connection: HTTPConnection) -> tuple[Visitor, bool]:
        shown = connection.cookies.get(self._cookies.browser, "")
        is_new = len(shown) < RANDOM_BYTES
        browser = secrets.token_urlsafe(RANDOM_BYTES) if is_new else shown
        user = None
        if self._logins is not None:
            user = self._logins.user_of(connection.cookies.get(self._cookies.login))
        return Visitor(browser, user), is_new

    def _with_cookie(self, scope: Scope, send: Send, visitor: Visitor) -> Send:
        cookie = Response()
        secure = scope["scheme"] == "https"
        self._cookies.set(cookie, self._cookies.browser, visitor.browser, secure=secure)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie.headers["set-cookie"])
            await send(message)

        return sent


def _principal(visitor: Visitor) -> Principal:
    """Who has logged in is an admin, and so is everybody where nobody does."""
    if visitor.user is None:
        return ANYBODY
    return Principal.at_browser(visitor.user, Role.ADMIN)
