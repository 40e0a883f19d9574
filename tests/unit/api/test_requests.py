"""Every request has a number and is watched: once, under the template of its route."""

import json
import logging

import pytest
from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from richspeech.api.middleware.requests import HEADER, Requests
from richspeech.api.openai.errors import ApiRoute
from richspeech.operations.caller import caller
from richspeech.operations.requests import Kind, Seen


class Noted:
    def __init__(self) -> None:
        self.open = 0
        self.seen: list[Seen] = []

    def began(self, kind: Kind) -> None:
        assert kind in ("http", "websocket")
        self.open += 1

    def ended(self, seen: Seen) -> None:
        self.open -= 1
        self.seen.append(seen)


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def client(noted: Noted) -> TestClient:
    app, router = FastAPI(), APIRouter()

    @router.post("/things/{thing}")
    async def make(thing: str, request: Request) -> dict[str, str | None]:
        await request.body()
        return {"request": caller().request, "address": caller().address}

    @router.get("/broken")
    def fail() -> None:
        raise ZeroDivisionError

    @app.websocket("/talk")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_bytes()
        await websocket.close()

    @router.websocket("/echo")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        await websocket.close()

    programs = APIRouter(route_class=ApiRoute)

    @programs.get("/v1/left")
    def leave() -> None:
        raise ClientDisconnect

    app.include_router(router, prefix="/v1")
    app.include_router(programs)
    return TestClient(Requests(app, noted), raise_server_exceptions=False, client=("192.0.2.7", 1))


def test_the_number_of_a_request_is_in_the_answer_and_known_at_work(client: TestClient) -> None:
    answer = client.post("/v1/things/1", headers={HEADER: "abc-1"})
    assert answer.headers[HEADER] == "abc-1"
    assert answer.json() == {"request": "abc-1", "address": "192.0.2.7"}


@pytest.mark.parametrize("shown", ["", "a b", "x" * 65, "<script>"])
def test_a_number_that_will_not_do_is_replaced(client: TestClient, shown: str) -> None:
    answer = client.post("/v1/things/1", headers={HEADER: shown})
    assert answer.headers[HEADER] not in ("", shown)
    assert answer.json()["request"] == answer.headers[HEADER]


def test_a_request_counts_under_the_template_of_its_route(client: TestClient, noted: Noted) -> None:
    client.post("/v1/things/a", content=b"12345")
    client.post("/v1/things/b")
    first, second = noted.seen
    assert (first.method, first.route, first.status) == ("POST", "/v1/things/{thing}", 200)
    assert first.received_bytes == 5
    assert second.route == first.route
    assert first.seconds > 0
    assert noted.open == 0


def test_all_unknown_paths_and_methods_are_one(client: TestClient, noted: Noted) -> None:
    for path in ("/a", "/b", "/v1"):
        client.request("INVENTED", path)
    assert {(each.method, each.route, each.status) for each in noted.seen} == {
        ("OTHER", "other", 404)
    }


def test_a_fault_counts_as_500(client: TestClient, noted: Noted) -> None:
    client.get("/v1/broken")
    (seen,) = noted.seen
    assert (seen.route, seen.status) == ("/v1/broken", 500)


def test_a_websocket_counts_with_what_came_over_it(client: TestClient, noted: Noted) -> None:
    with client.websocket_connect("/talk") as socket:
        socket.send_bytes(bytes(100))
    (seen,) = noted.seen
    assert (seen.kind, seen.route, seen.status, seen.received_bytes) == (
        *("websocket", "/talk", 101),
        100,
    )


def test_a_websocket_of_programs_counts_under_its_own_route_with_its_text(
    client: TestClient, noted: Noted
) -> None:
    with client.websocket_connect("/v1/echo") as socket:
        socket.send_text("é" * 10)
    (seen,) = noted.seen
    assert (seen.route, seen.received_bytes) == ("/v1/echo", 20)


def test_who_leaves_before_the_answer_is_no_fault_of_ours(client: TestClient, noted: Noted) -> None:
    client.get("/v1/left")
    (seen,) = noted.seen
    assert (seen.route, seen.status) == ("/v1/left", 499)


def test_requests_of_programs_are_lines_in_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "richspeech.api.middleware.requests"):
        client.post("/v1/things/secret", content=json.dumps({"words": "hello"}))
        client.get("/elsewhere")
    (line,) = caplog.messages
    assert line.startswith("POST /v1/things/{thing}: 200 in ")
    assert "secret" not in line


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/nothing", "/v1/nothing"),
        ("/v1/a%0Ab c%1b[2J", "/v1/a%0Ab%20c%1B%5B2J"),
        (f"/api/{'x' * 200}", f"/api/{'x' * 95}…"),
    ],
)
def test_a_path_that_is_no_route_is_in_the_log_in_one_line(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str, shown: str
) -> None:
    with caplog.at_level(logging.INFO, "richspeech.api.middleware.requests"):
        client.get(path)
    (line,) = caplog.messages
    assert line.startswith(f"GET {shown}: 404 in ")
