"""Visitors: a browser, known by a cookie, and its login, or a program, known by its API key.

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
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from richspeech.access.accounts import Accounts
from richspeech.access.principal import ANYBODY, NOBODY, Principal
from richspeech.api.middleware.refusal import refuse_for
from richspeech.api.middleware.streams import Stream
from richspeech.errors import AccessError, StoreError
from richspeech.operations.caller import caller, know
from richspeech.settings import PrivacySettings
from richspeech.storage.accounts import Key

OPEN = ("/health", "/livez", "/readyz", "/login", "/favicon.ico")
"""What needs no login: probes, the way in, and its sign in the browser's tab."""
LINKS = ("/share/", "/phone/", "/screen/")
"""What stands behind it is known to those alone who were given the link."""
ASIDE = ("/phone", "/screen")
"""The pages of a phone and a screen, the same for everybody, whose link stands behind the #."""
CONFIG = "/config"
"""Where gradio's own clients begin; they keep the cookie of this answer."""
PAGES = ("/", "/login", CONFIG)
"""Where a browser gets its cookie; whoever begins elsewhere is nobody's neighbour."""
PROGRAM = "program."
"""How the random number of a client begins, which is no browser."""
RANDOM_BYTES = 32
SECONDS_AN_HOUR = 3_600
MOST_LOGINS = 10_000

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Visitor:
    """Somebody at a browser."""

    browser: str
    """Its random number."""
    user: str | None = None
    """Who has logged in there; None without a login."""

    @property
    def is_program(self) -> bool:
        """Whether it is one of gradio's own clients."""
        return self.browser.startswith(PROGRAM)

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


def is_program(connection: HTTPConnection) -> bool:
    """Say whether one of gradio's own clients asks, or another program that shows a key."""
    return visitor_of(connection).is_program or principal_of(connection).key is not None


ASKED = MappingProxyType({"true": True, "false": False})
"""What ``mask`` in an address asks for; the settings say it where that is nothing of these."""


class Cookies:
    """The two cookies of one console: HttpOnly, SameSite=Lax, and Secure where TLS is."""

    def __init__(self, port: int) -> None:
        self.browser, self.login = f"richspeech-browser-{port}", f"richspeech-login-{port}"

    @staticmethod
    def set(response: Response, name: str, value: str, *, secure: bool) -> None:
        """Have the browser keep a value until it is closed."""
        response.set_cookie(name, value, httponly=True, samesite="lax", secure=secure)


class Login(NamedTuple):
    """Who has logged in, until when."""

    user: str
    proof: str | None
    """What ``Accounts.proof_of`` gave."""
    ends: float
    """By the monotonic clock, in seconds."""


class Logins:
    """Who has logged in, by the random number of the login; used by one event loop."""

    def __init__(self, hours: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = hours * SECONDS_AN_HOUR, clock
        self._logins: dict[str, Login] = {}

    def begin(self, user: str, proof: str | None = None) -> str:
        """Let a user in; return the number to show. The oldest of too many ends."""
        now = self._clock()
        self._logins = {key: kept for key, kept in self._logins.items() if kept.ends > now}
        while len(self._logins) >= MOST_LOGINS:
            del self._logins[next(iter(self._logins))]
        token = secrets.token_urlsafe(RANDOM_BYTES)
        self._logins[token] = Login(user, proof, now + self._seconds)
        return token

    def of(self, token: str | None) -> Login | None:
        """Return the login of whoever shows this number; None where there is none any more."""
        login = self._logins.get(token or "")
        return login if login is not None and login.ends > self._clock() else None

    def user_of(self, token: str | None) -> str | None:
        """Return who shows this number; None for one that is unknown or has ended."""
        login = self.of(token)
        return login.user if login else None

    def end(self, token: str | None) -> None:
        """Forget one login, and no other."""
        self._logins.pop(token or "", None)


class Known(NamedTuple):
    """Somebody who may come in."""

    visitor: Visitor
    principal: Principal
    key: Key | None = None
    """What they have shown; None: a cookie."""


class Visitors:
    """Finds out who asks; without a login or a key nobody passes, where one is needed."""

    def __init__(
        self,
        app: ASGIApp,
        cookies: Cookies,
        logins: Logins | None,
        accounts: Accounts,
        privacy: PrivacySettings | None = None,
    ) -> None:
        """``logins`` is None where nobody needs one; then keys are not looked at."""
        self._app, self._cookies, self._logins = app, cookies, logins
        self._accounts, self._privacy = accounts, privacy or PrivacySettings()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with visitor, principal and key in the scope's state, or answer 401."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        visitor, is_new = self._visitor(connection)
        nobody = ANYBODY if self._logins is None else NOBODY
        self._let_in(scope, Known(visitor, nobody))
        if is_new and scope["path"] in PAGES:
            send = self._with_cookie(scope, send, visitor)
        if self._logins is None or is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            known = await self._known(connection, visitor)
        except StoreError as error:
            await refuse_for(scope, receive, send, 503, error)
            return
        if known is not None:
            self._let_in(scope, known)
            is_in = partial(self._is_in, connection.cookies.get(self._cookies.login), known)
            await Stream(receive, send, is_in).run(self._app, scope)
        elif scope["path"] == "/" and scope["type"] == "http":
            await RedirectResponse("login", 303)(scope, receive, send)
        else:
            shows_key = key_in(connection) is not None
            why = AccessError("access.key") if shows_key else AccessError("access.login")
            await refuse_for(scope, receive, send, 401, why, {"WWW-Authenticate": "Bearer"})

    def _let_in(self, scope: Scope, known: Known) -> None:
        """Note who it is and what they see, for all that is done for them."""
        asked = ASKED.get(HTTPConnection(scope).query_params.get("mask", ""))
        principal = self._privacy.seen_by(known.principal, asked)
        known = known._replace(principal=principal)
        know(user=principal.user, key=principal.key, principal=principal)
        scope.setdefault("state", {}).update(known._asdict(), caller=caller())

    async def _known(self, connection: HTTPConnection, visitor: Visitor) -> Known | None:
        """Find out who it is; raises ``StoreError``."""
        secret = key_in(connection)
        if secret is not None:
            return await self._asked(partial(_who_shows, secret))
        principal = await self._now(connection.cookies.get(self._cookies.login))
        return None if principal is None else Known(visitor, principal)

    async def _is_in(self, token: str | None, known: Known) -> bool:
        """Tell whether who came in may still do the same; where nobody can tell, they may not."""
        try:
            principal = await self._now(token, known.key)
        except StoreError:
            return False
        return principal is not None and known.principal.scopes <= principal.scopes

    async def _now(self, token: str | None, key: Key | None = None) -> Principal | None:
        """Return what a login, or a key, allows now; raises ``StoreError``."""
        if key is not None:
            return await self._asked(partial(_what_allows, key))
        login = self._logins.of(token) if self._logins else None
        if login is None:
            return None
        user, proof = login.user, login.proof
        return await self._asked(lambda accounts: accounts.of_login(user, proof), user)

    async def _asked(
        self, question: Callable[[Accounts], Answer], user: str | None = None
    ) -> Answer:
        """Ask the accounts, in a thread where they are to be read for that."""
        at_hand = self._accounts.at_hand(user)
        if at_hand is not None:
            return question(at_hand)
        return await run_in_threadpool(question, self._accounts)

    def _visitor(self, connection: HTTPConnection) -> tuple[Visitor, bool]:
        shown = connection.cookies.get(self._cookies.browser, "")
        is_new = len(shown) < RANDOM_BYTES
        prefix = PROGRAM if connection.scope["path"] == CONFIG else ""
        browser = f"{prefix}{secrets.token_urlsafe(RANDOM_BYTES)}" if is_new else shown
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


def _who_shows(secret: str, accounts: Accounts) -> Known | None:
    key = accounts.key(secret)
    principal = accounts.of_key(key) if key else None
    if key is None or principal is None:
        return None
    return Known(Visitor(key.digest, key.user), principal, key)


def _what_allows(key: Key, accounts: Accounts) -> Principal | None:
    return accounts.of_key(key) if accounts.still_holds(key) else None


def is_open(path: str) -> bool:
    """Tell whether everybody may ask for a path."""
    return path in (*OPEN, *ASIDE) or path.startswith(LINKS)


def key_in(connection: HTTPConnection) -> str | None:
    """Return the API key that a request shows in its header; None where it shows none."""
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None
