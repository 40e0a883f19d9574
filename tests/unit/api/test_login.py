"""The way in and the way out: one form, one account, fewer tries each time."""

import logging
import warnings
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.testclient import TestClient

from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.api.app import create_app
from richspeech.api.login import Problem, add_login
from richspeech.api.middleware.attempts import Attempts
from richspeech.api.middleware.bodies import Bodies
from richspeech.api.middleware.visitors import Cookies, Logins, Visitors
from richspeech.console.login import login_page
from richspeech.engines.readiness import Readiness
from richspeech.jobs.runner import Runner
from richspeech.operations.parts import Parts
from richspeech.passwords import hash_password, hasher, is_password, require_hash

USER, PASSWORD = "ming", "一个 long-Passwort"
COOKIES = Cookies(6006)


def draw(language: str, problem: Problem | None, seconds: int, user: str) -> str:
    return f"{language}|{problem}|{seconds > 0}|{user}"


def client_of(password: str = PASSWORD) -> TestClient:
    app, logins = FastAPI(), Logins(1)
    accounts = Accounts(built_in=BuiltIn(USER, password))
    add_login(app, accounts, logins, COOKIES, draw)

    @app.get("/private")
    def private(request: Request) -> Any:
        return JSONResponse(request.state.visitor.user)

    guarded = Bodies(Visitors(app, COOKIES, logins, accounts), 5)
    return TestClient(guarded, "http://127.0.0.1:6006", follow_redirects=False)


def log_in(client: TestClient, user: str = USER, password: str = PASSWORD) -> Any:
    return client.post("/login", data={"username": user, "password": password})


@pytest.mark.parametrize("known", [PASSWORD, hash_password(PASSWORD)], ids=["plain", "hashed"])
def test_name_and_password_open_the_page(known: str) -> None:
    client = client_of(known)
    assert client.get("/private").status_code == 401
    answer = log_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, ".")
    assert client.get("/private").json() == USER


def test_the_login_is_described_without_a_warning() -> None:
    app = create_app(Parts(Readiness(), Runner()), "1.2.3")
    add_login(app, Accounts(built_in=BuiltIn(USER, PASSWORD)), Logins(1), COOKIES, draw)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        described = app.openapi()["paths"]
    assert {"/login", "/logout", "/livez", "/readyz"} <= described.keys()
    assert TestClient(app).head("/login").status_code == 200


def test_the_cookie_of_a_login_is_for_this_site_and_no_script() -> None:
    cookie = log_in(client_of()).headers["set-cookie"]
    assert cookie.startswith("richspeech-login-6006=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_the_name_stays_in_its_field_as_far_as_it_can_be_one() -> None:
    client = client_of()
    assert client.get("/login").text.endswith("|")
    assert log_in(client, USER, "wrong").text.endswith(f"|{USER}")
    assert log_in(client, "x" * 5_000, "wrong").text.endswith("|" + "x" * 64)


def test_a_name_is_no_markup_and_the_password_is_next() -> None:
    page = login_page("en", "wrong", user='"><b>')
    assert 'value="&#34;&gt;&lt;b&gt;"' in page
    assert page.count("autofocus") == login_page("en").count("autofocus") == 1
    assert page.index("autofocus") > page.index('type="password"')
    assert login_page("en").index("autofocus") < page.index('type="password"')


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("hong", PASSWORD), ("", "")])
def test_a_wrong_name_or_password_is_refused(user: str, password: str) -> None:
    client = client_of()
    answer = log_in(client, user, password)
    assert (answer.status_code, "wrong" in answer.text) == (400, True)
    assert client.get("/private").status_code == 401


def test_the_log_names_whose_login_failed_and_no_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        log_in(client_of(), USER, "my-other-secret")
        log_in(client_of(), "a-password-typed-as-a-name", "x")
    assert "a login as 'ming' from testclient failed" in caplog.text
    assert "a login as an unknown name" in caplog.text
    assert "secret" not in caplog.text
    assert "typed-as-a-name" not in caplog.text


def test_who_tries_too_often_waits_even_with_the_right_password() -> None:
    client = client_of()
    for _ in range(5):
        assert log_in(client, USER, "wrong").status_code == 400
    answer = log_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert "wait|True" in answer.text
    assert client.get("/private").status_code == 401


def test_a_success_forgets_the_failures_before_it() -> None:
    client = client_of()
    for _ in range(3):
        for _ in range(4):
            log_in(client, USER, "wrong")
        assert log_in(client).status_code == 303


def test_the_wait_grows_with_the_failures() -> None:
    attempts, waits = Attempts("1 per minute; 2 per 10 minutes; 3 per hour"), []
    for _ in range(3):
        attempts.fail("192.0.2.1", USER)
        waits.append(attempts.seconds_to_wait("192.0.2.1", USER))
    assert waits == sorted(waits)
    assert waits[0] <= 60 < waits[1] <= 600 < waits[2] <= 3600


def test_failures_count_for_the_address_and_for_the_name() -> None:
    attempts = Attempts("1 per hour")
    attempts.fail("192.0.2.1", USER)
    assert attempts.seconds_to_wait("192.0.2.1", "hong") > 0
    assert attempts.seconds_to_wait("192.0.2.2", USER) > 0
    assert attempts.seconds_to_wait("192.0.2.2", "hong") == 0


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", ""])
def test_a_login_comes_from_a_form(kind: str) -> None:
    answer = client_of().post("/login", content=b"x=1", headers={"content-type": kind})
    assert answer.status_code == 415


def test_a_long_login_is_not_read() -> None:
    assert log_in(client_of(), USER, "x" * 16_384).status_code == 413


def test_more_fields_than_a_form_has_are_nobody() -> None:
    fields = {f"field{number}": "x" for number in range(50)}
    answer = client_of().post("/login", data=fields | {"username": USER, "password": PASSWORD})
    assert answer.status_code == 400


def test_logging_out_ends_this_login_and_no_other() -> None:
    first = client_of()
    log_in(first)
    second = TestClient(first.app, "http://127.0.0.1:6006", follow_redirects=False)
    log_in(second)
    kept = first.cookies[COOKIES.login]
    answer = first.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "login")
    first.cookies.set(COOKIES.login, kept)
    assert first.get("/private").status_code == 401
    assert second.get("/private").json() == USER


def test_a_link_logs_nobody_out() -> None:
    client = client_of()
    log_in(client)
    assert client.get("/logout").status_code == 405
    assert client.get("/private").json() == USER


def test_the_form_runs_nothing_and_is_in_the_reader_s_language() -> None:
    answer = client_of().get("/login", headers={"accept-language": "en-GB"})
    assert answer.text.startswith("en|None")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


# Passwords ----------------------------------------------------------------------------------------


def test_a_hash_matches_its_password_and_no_other() -> None:
    known = hash_password(PASSWORD)
    assert known.startswith("$argon2id$")
    assert PASSWORD not in known
    assert is_password(PASSWORD, known)
    assert not is_password("another", known)
    assert not is_password(known, known)


def test_hashing_costs_as_much_as_rfc_9106_wants_of_a_machine_with_little_memory() -> None:
    costs = hasher()  # that of the package: tests of this folder get a quick one
    assert (costs.time_cost, costs.memory_cost, costs.parallelism) == (3, 2**16, 4)


def test_a_torn_hash_is_refused_before_anybody_tries_it() -> None:
    with pytest.raises(ValueError, match="hash-password"):
        require_hash(hash_password(PASSWORD)[:30])
