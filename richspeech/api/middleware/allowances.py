"""What a request is about must be within what its principal may; and keys have limits.

403   the role, or the key, does not reach so far
429   the key asks too often, or too often at once; Retry-After says when to come back
"""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from richspeech.access.key_limits import KeyLimits
from richspeech.access.principal import SCOPES_OF, Principal, Scope
from richspeech.api.middleware.refusal import refuse_for
from richspeech.api.middleware.visitors import is_open, principal_of
from richspeech.errors import AccessError, BusyError
from richspeech.storage.accounts import Key

METRICS = "/metrics"
"""Sums over all users."""
PAGE = ("/gradio_api/", "/logout")
"""The page tells by itself what a visitor may press."""
PAGE_SOUND = "/gradio_api/upload"
"""What is sent to be recognised."""
READS = ("GET", "HEAD", "OPTIONS")


class Allowances:
    """Refuses what a principal may not, and what a key asks for too often."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._limits = app, KeyLimits()

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Pass on, or refuse with 403 or 429."""
        if scope["type"] not in ("http", "websocket") or is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        principal, needed = principal_of(HTTPConnection(scope)), needed_for(scope)
        if not principal.may(needed):
            await refuse_for(scope, receive, send, 403, why_not(principal, needed))
        elif scope["state"]["key"] is None:
            await self._app(scope, receive, send)
        else:
            await self._counted(scope["state"]["key"], scope, receive, send)

    async def _counted(self, key: Key, scope: Connection, receive: Receive, send: Send) -> None:
        if seconds := self._limits.begin(key):
            headers = {"Retry-After": str(seconds)}
            error = BusyError("access.too_often", seconds=seconds)
            await refuse_for(scope, receive, send, 429, error, headers)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._limits.end(key)


def why_not(principal: Principal, needed: Scope) -> AccessError:
    """Return what tells a principal that they may not: for want of the role, or of the key."""
    if principal.key is None:
        return AccessError("access.role", role=principal.role.notice)
    if needed in SCOPES_OF[principal.role]:
        return AccessError("access.key_scope", scope=needed.value)
    return AccessError("access.key_role", role=principal.role.notice, scope=needed.value)


def needed_for(scope: Connection) -> Scope:
    """Return what a request is about: as a rule, who reads changes nothing and who sends does."""
    path = scope["path"]
    if path.startswith(METRICS):
        return Scope.METRICS
    if path.startswith(PAGE) and not path.startswith(PAGE_SOUND):
        return Scope.READ
    is_reading = scope["type"] == "http" and scope["method"] in READS
    return Scope.READ if is_reading else Scope.TRANSCRIBE
