"""Who asks, and what a role and a key let them do."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.access.principal import ANYBODY, Principal, Role, Scope
from richspeech.api.middleware.visitors import Cookies, Logins, Visitors, principal_of
from richspeech.errors import AccessError
from richspeech.language.catalog import Notice


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.ADMIN, set(Scope)),
        (Role.MEMBER, {Scope.TRANSCRIBE, Scope.READ}),
        (Role.VIEWER, {Scope.READ}),
    ],
)
def test_a_role_says_what_a_browser_may(role: Role, allowed: set[Scope]) -> None:
    someone = Principal.at_browser("ming", role)
    assert {scope for scope in Scope if someone.may(scope)} == allowed


def test_a_key_never_may_more_than_its_user() -> None:
    asked = frozenset({Scope.READ, Scope.ADMIN})
    assert Principal.of("ming", Role.MEMBER, asked, "laptop").scopes == {Scope.READ}
    assert Principal.of("root", Role.ADMIN, asked, "laptop").scopes == asked


def client(logins: Logins | None) -> TestClient:
    async def tell(request: Request) -> JSONResponse:
        principal = principal_of(request)
        return JSONResponse([principal.user, principal.role, principal.key])

    app = Starlette(routes=[Route("/", tell)])
    accounts = Accounts(built_in=BuiltIn("ming", "a long password"))
    return TestClient(Visitors(app, Cookies(6006), logins, accounts), "http://127.0.0.1:6006")


def test_where_nobody_logs_in_everybody_is_an_admin_without_a_name() -> None:
    assert client(None).get("/").json() == [None, "admin", None]
    assert ANYBODY.may(Scope.ADMIN)


def test_who_has_logged_in_is_known_by_name() -> None:
    logins = Logins(1)
    browser = client(logins)
    browser.cookies.set("richspeech-login-6006", logins.begin("ming"))
    assert browser.get("/").json() == ["ming", "admin", None]


def test_a_refusal_names_the_role_in_the_reader_s_language() -> None:
    refusal = Notice.of(AccessError("access.role", role=Role.VIEWER.notice))
    assert "只读" in refusal.sentence("zh")
    assert "viewer" in refusal.sentence("en")
