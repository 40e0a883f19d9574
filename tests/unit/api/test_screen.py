"""Captions on another computer: who gets a link, what each side is told, and when it is over."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from richspeech.api.middleware.visitors import Visitor
from richspeech.api.phone import code_of
from richspeech.api.screen import DESK, TEXT, Screens, screen_page
from richspeech.errors import OptionError

PAGE = "https://hear.example.org/speech/?a=b#c"
HAPPY = {"symbol": "😊", "word": "happy"}
LINE = {"text": "<b>Hello.</b>", "lang": "en", "signs": [HAPPY]}
TOLD = {"type": "told", "state": "listening", "lines": [LINE], "open": None, "count": 1}
ENGLISH = {"accept-language": "en"}


@pytest.mark.parametrize(
    ("page", "place"),
    [
        (PAGE, "https://hear.example.org/speech/screen"),
        ("http://127.0.0.1:6006/", "http://127.0.0.1:6006/screen"),
        ("http://localhost/", "http://localhost/screen"),
    ],
)
def test_a_screen_is_beside_the_page_over_tls_or_on_the_same_machine(page: str, place: str) -> None:
    assert screen_page(page, None) == place


@pytest.mark.parametrize(
    ("page", "origin", "said"),
    [
        ("http://192.168.1.5:6006/", None, "Without HTTPS anybody on the way"),
        ("http://hear.example.org/", None, "Without HTTPS anybody on the way"),
        ("https://[x/", None, "reload the page"),
        (PAGE, "https://evil.example", "not the one that this request came from"),
    ],
)
def test_where_others_could_read_along_there_is_no_link(
    page: str, origin: str | None, said: str
) -> None:
    with pytest.raises(OptionError, match=said):
        screen_page(page, origin)


def client_of(screens: Screens) -> TestClient:
    routes = [WebSocketRoute(DESK, screens.show), WebSocketRoute(TEXT, screens.read)]
    app = Starlette(routes=routes)

    async def visited(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["visitor"] = Visitor("ming")
        await app(scope, receive, send)

    return TestClient(visited)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_of(Screens(60)) as client:
        yield client


def asked(desk: WebSocketTestSession, page: str = PAGE) -> dict[str, Any]:
    desk.send_json({"type": "begin", "page": page})
    answer: dict[str, Any] = desk.receive_json()
    return answer


def begun(screen: WebSocketTestSession, token: str) -> dict[str, Any]:
    screen.send_json({"type": "begin", "link": token})
    answer: dict[str, Any] = screen.receive_json()
    return answer


def token_of(desk: WebSocketTestSession) -> str:
    address: str = asked(desk)["address"]
    return address.partition("#")[2]


def test_a_link_is_shown_as_text_and_as_its_code(client: TestClient) -> None:
    with client.websocket_connect(DESK) as desk:
        shown = asked(desk)
    place, _, token = shown["address"].partition("#")
    assert place == "https://hear.example.org/speech/screen"
    assert len(token) == 43
    assert shown["code"] == code_of(shown["address"])
    assert (shown["type"], shown["seconds"]) == ("link", 60)


def test_a_screen_reads_what_its_window_shows_until_that_takes_it_back(client: TestClient) -> None:
    with client.websocket_connect(TEXT) as screen:
        with client.websocket_connect(DESK) as desk:
            assert begun(screen, token_of(desk)) == {"type": "ready"}
            assert desk.receive_json() == {"type": "here"}
            desk.send_json(TOLD)
            assert screen.receive_json() == TOLD
            desk.send_json({**TOLD, "lines": [], "count": 0})
            assert screen.receive_json()["count"] == 0
        assert screen.receive_json() == {"type": "finished"}
        with pytest.raises(WebSocketDisconnect):
            screen.receive_json()


def test_a_window_is_told_when_its_screen_has_left(client: TestClient) -> None:
    with client.websocket_connect(DESK) as desk:
        with client.websocket_connect(TEXT) as screen:
            begun(screen, token_of(desk))
            assert desk.receive_json() == {"type": "here"}
        assert desk.receive_json() == {"type": "gone"}


def test_a_screen_that_says_anything_is_let_go(client: TestClient) -> None:
    with client.websocket_connect(DESK) as desk, client.websocket_connect(TEXT) as screen:
        begun(screen, token_of(desk))
        desk.receive_json()
        screen.send_json(TOLD)
        assert screen.receive_json() == {"type": "finished"}
        assert desk.receive_json() == {"type": "gone"}


def test_a_link_that_was_used_or_taken_back_leads_nowhere(client: TestClient) -> None:
    with client.websocket_connect(DESK) as desk, client.websocket_connect(TEXT) as first:
        used = token_of(desk)
        begun(first, used)
        with client.websocket_connect(TEXT, headers=ENGLISH) as second:
            answer = begun(second, used)
            assert answer["code"] == "access"
            assert "was used or taken back" in answer["message"]
    with client.websocket_connect(DESK) as desk:
        taken_back = token_of(desk)
    with client.websocket_connect(TEXT) as screen:
        assert begun(screen, taken_back)["type"] == "error"


def test_a_window_is_told_when_no_screen_has_come_in_time() -> None:
    client = client_of(Screens(0.05))
    with client, client.websocket_connect(DESK, headers=ENGLISH) as desk:
        token_of(desk)
        assert "No screen came within 0.05 s" in desk.receive_json()["message"]


@pytest.mark.parametrize(
    "message",
    [
        {**TOLD, "lines": [LINE] * 101},
        {**TOLD, "lines": [{**LINE, "text": "x" * 5_001}]},
        {**TOLD, "open": "words"},
        {"type": "stop"},
    ],
)
def test_what_a_window_cannot_show_ends_its_screen(
    client: TestClient, message: dict[str, Any]
) -> None:
    with client.websocket_connect(DESK) as desk, client.websocket_connect(TEXT) as screen:
        begun(screen, token_of(desk))
        desk.receive_json()
        desk.send_json(message)
        assert desk.receive_json()["code"] == "option"
        assert screen.receive_json() == {"type": "finished"}


@pytest.mark.parametrize("path", [DESK, TEXT])
def test_what_is_no_beginning_gets_a_sentence(client: TestClient, path: str) -> None:
    with client.websocket_connect(path) as socket:
        socket.send_json({"type": "begin"})
        answer = socket.receive_json()
    assert (answer["type"], answer["code"]) == ("error", "option")
