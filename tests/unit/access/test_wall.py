"""Who passes the middleware with which cookie or key: 401, 403, 429, and what is open."""

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from richspeech.access.accounts import FRESH_SECONDS, Accounts, BuiltIn
from richspeech.access.keys import KeyTerms
from richspeech.access.principal import Role, Scope
from richspeech.api.middleware.allowances import Allowances
from richspeech.api.middleware.requests import Requests
from richspeech.api.middleware.visitors import Cookies, Logins, Visitors, principal_of
from richspeech.operations.logs import logs_written
from richspeech.operations.metrics import Metrics
from richspeech.settings import OperationsSettings
from richspeech.storage.accounts import AccountStore, Directory
from richspeech.storage.database import Database

HOME = "http://127.0.0.1:6006"
PASSWORD = "a long password"  # noqa: S105


async def tell(request: Request) -> JSONResponse:
    principal = principal_of(request)
    return JSONResponse([principal.user, principal.role, principal.key])


async def echo(websocket: WebSocket) -> None:
    await websocket.accept("realtime" if websocket.scope["subprotocols"] else None)
    async for text in websocket.iter_text():
        await websocket.send_text(text)


class House:
    """Accounts in a database, and an application behind the wall."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts, self.logins = accounts, Logins(1)
        every = ["GET", "HEAD", "POST", "DELETE"]
        routes = [Route("/{path:path}", tell, methods=every), WebSocketRoute("/talk", echo)]
        self._app: ASGIApp = Allowances(Starlette(routes=routes))

    def client(self, user: str | None = None, key: str | None = None) -> TestClient:
        logins = self.logins if self.accounts.are_needed else None
        app = Visitors(self._app, Cookies(6006), logins, self.accounts)
        client = TestClient(app, HOME, follow_redirects=False)
        if user is not None:
            client.cookies.set(
                "richspeech-login-6006", self.logins.begin(user, self.accounts.proof_of(user))
            )
        if key is not None:
            client.headers["authorization"] = f"Bearer {key}"
        return client


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(Database(f"sqlite:///{tmp_path}/history.sqlite")) as database:
        accounts = Accounts(AccountStore(database), BuiltIn("root", PASSWORD))
        for role in (Role.MEMBER, Role.VIEWER):
            accounts.add_user(role.value, PASSWORD, role)
        yield House(accounts)


@pytest.fixture
def key(house: House) -> str:
    return house.accounts.add_key("member", "laptop")


@pytest.mark.parametrize("path", ["/health", "/livez", "/readyz", "/login", "/share/TOKEN"])
def test_probes_login_and_links_are_open(house: House, path: str) -> None:
    assert house.client().get(path).status_code == 200


@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/healthy", "/login/x", "/share"])
def test_everything_else_wants_to_know_who_asks(house: House, path: str) -> None:
    answer = house.client().get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_refusal_is_what_clients_of_the_api_expect_in_their_language(house: House) -> None:
    headers = {"authorization": "Bearer rs-unknown", "accept-language": "zh-CN"}
    answer = house.client().get("/v1/models", headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (
        401,
        "authentication_error",
        "access",
    )
    assert "密钥" in error["message"]


def test_a_key_comes_in_as_its_user(house: House, key: str) -> None:
    assert house.client(key=key).get("/v1/models").json() == ["member", "member", "laptop"]


def test_the_line_of_a_request_says_whose_it_was(house: House, key: str) -> None:
    stream = io.StringIO()
    with logs_written(OperationsSettings(), stream):
        for client in (house.client(), house.client("viewer"), house.client(key=key)):
            app, headers = Requests(client.app, Metrics()), {**client.headers}
            TestClient(app, HOME, cookies=client.cookies, headers=headers).get("/v1/models")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    ours = [line for line in lines if line["logger"].startswith("richspeech.")]
    named = [(line.get("user"), line.get("key")) for line in ours]
    assert named == [(None, None), ("viewer", None), ("member", "laptop")]


class Remote(AccountStore):
    """A database that may be slow."""

    def read(self) -> Directory:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return super().read()


@pytest.mark.parametrize("step", [0.15, 0.3, 0.45, 0.6, 0.9])
def test_no_request_waits_while_the_accounts_are_read_for_another(
    tmp_path: Path, step: float
) -> None:
    ticks = count(step=FRESH_SECONDS * step)
    with closing(Database(f"sqlite:///{tmp_path}/history.sqlite")) as database:
        accounts = Accounts(Remote(database), clock=lambda: next(ticks))
        accounts.add_user("ming", PASSWORD, Role.MEMBER)
        house, key = House(accounts), accounts.add_key("ming", "laptop")
        for client in (house.client("ming"), house.client(key=key)):
            for _ in range(5):
                assert client.get("/v1/models").status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic {key}", "Bearer {key}x"])
def test_what_is_no_key_does_not(house: House, key: str, header: str) -> None:
    headers = {"authorization": header.format(key=key)}
    assert house.client().get("/v1/models", headers=headers).status_code == 401


def test_a_wrong_key_is_not_saved_by_a_cookie(house: House) -> None:
    assert house.client("root", key="rs-wrong").get("/v1/models").status_code == 401


@pytest.mark.parametrize(
    ("user", "method", "path", "status"),
    [
        ("viewer", "GET", "/v1/models", 200),
        ("viewer", "POST", "/v1/audio/transcriptions", 403),
        ("viewer", "DELETE", "/v1/anything", 403),
        ("viewer", "POST", "/gradio_api/queue/join", 200),
        ("viewer", "POST", "/gradio_api/upload", 403),
        ("viewer", "POST", "/logout", 200),
        ("member", "POST", "/v1/audio/transcriptions", 200),
        ("member", "POST", "/gradio_api/upload", 200),
        ("member", "GET", "/metrics", 403),
        ("root", "GET", "/metrics", 200),
        ("root", "POST", "/v1/audio/transcriptions", 200),
    ],
)
def test_a_role_says_what_passes(
    house: House, user: str, method: str, path: str, status: int
) -> None:
    assert house.client(user).request(method, path).status_code == status


def test_a_key_for_reading_alone_has_nothing_recognised(house: House) -> None:
    terms = KeyTerms(scopes=frozenset({Scope.READ}))
    client = house.client(key=house.accounts.add_key("member", "reader", terms))
    assert client.get("/v1/models").status_code == 200
    answer = client.post("/v1/audio/transcriptions")
    assert answer.status_code == 403
    assert "transcribe" in answer.json()["error"]["message"]


def test_a_key_whose_user_has_lost_the_role_is_told_so(house: House, key: str) -> None:
    house.accounts.set_role("member", Role.VIEWER)
    answer = house.client(key=key).post("/v1/audio/transcriptions")
    assert answer.status_code == 403
    assert answer.json()["error"]["message"].startswith(
        "The user of this API key has the role viewer, which does not allow this (transcribe)"
    )


def test_a_key_for_metrics_alone_sees_nothing_else(house: House) -> None:
    terms = KeyTerms(scopes=frozenset({Scope.METRICS}))
    client = house.client(key=house.accounts.add_key("root", "prometheus", terms))
    assert client.get("/metrics").status_code == 200
    assert client.get("/v1/models").status_code == 403
    assert client.post("/v1/audio/transcriptions").status_code == 403


def test_a_revoked_key_is_refused_from_the_next_request_on(house: House, key: str) -> None:
    client = house.client(key=key)
    assert client.get("/v1/models").status_code == 200
    house.accounts.revoke_key("member", "laptop")
    assert client.get("/v1/models").status_code == 401


def test_a_removed_user_is_out_although_logged_in(house: House) -> None:
    client = house.client("member")
    assert client.get("/v1/models").status_code == 200
    house.accounts.remove_user("member")
    assert client.get("/v1/models").status_code == 401


def test_who_asks_too_often_is_told_when_to_come_back(house: House) -> None:
    terms = KeyTerms(rate="2 per hour")
    client = house.client(key=house.accounts.add_key("member", "slow", terms))
    assert [client.get("/v1/models").status_code for _ in range(3)] == [200, 200, 429]
    answer = client.get("/v1/models")
    assert 1 <= int(answer.headers["retry-after"]) <= 3_600
    assert answer.json()["error"]["type"] == "rate_limit_error"


def test_a_talk_counts_until_it_ends(house: House) -> None:
    terms = KeyTerms(concurrent=1)
    client = house.client(key=house.accounts.add_key("member", "one", terms))
    with client.websocket_connect("/talk"):
        assert client.get("/v1/models").status_code == 429
    assert client.get("/v1/models").status_code == 200


def test_a_key_among_the_protocols_of_a_talk_lets_nobody_in(house: House, key: str) -> None:
    protocols = ["realtime", f"openai-insecure-api-key.{key}"]
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        house.client().websocket_connect("/talk", subprotocols=protocols),
    ):
        pass
    assert refused.value.status_code == 401


def test_a_talk_ends_with_its_key(house: House, key: str) -> None:
    with house.client(key=key).websocket_connect("/talk") as socket:
        socket.send_text("one")
        assert socket.receive_text() == "one"
        house.accounts.revoke_key("member", "laptop")
        socket.send_text("two")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1008


def test_where_the_accounts_cannot_be_read_the_answer_says_so(
    house: House, key: str, tmp_path: Path
) -> None:
    house.client("root").get("/v1/models")  # the account of the settings needs no database
    file = tmp_path / "history.sqlite"
    house.accounts.revoke_key("member", "laptop")
    for each in tmp_path.glob("history.sqlite*"):
        each.unlink()
    file.mkdir()
    assert house.client(key=key).get("/v1/models").status_code == 503
    assert house.client("root").get("/v1/models").status_code == 200


def test_a_new_password_ends_the_logins_with_the_old_one(house: House) -> None:
    browser = house.client("member")
    assert browser.get("/v1/models").status_code == 200
    house.accounts.set_password("member", f"{PASSWORD} no more")
    assert browser.get("/v1/models").status_code == 401
    assert house.client("member").get("/v1/models").status_code == 200


def test_a_login_does_not_outlast_its_user_for_another_of_the_name(house: House) -> None:
    browser = house.client("member")
    house.accounts.remove_user("member")
    house.accounts.add_user("member", PASSWORD, Role.ADMIN)
    assert browser.get("/v1/models").status_code == 401


def test_a_talk_ends_with_the_role_that_allowed_it(house: House, key: str) -> None:
    with house.client(key=key).websocket_connect("/talk") as socket:
        socket.send_text("one")
        assert socket.receive_text() == "one"
        house.accounts.set_role("member", Role.ADMIN)
        socket.send_text("two")
        assert socket.receive_text() == "two"
        house.accounts.set_role("member", Role.VIEWER)
        socket.send_text("three")
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()


def test_where_nobody_logs_in_any_key_is_welcome() -> None:
    house = House(Accounts())
    answer: Any = house.client(key="sk-none").get("/v1/models").json()
    assert answer == [None, "admin", None]
