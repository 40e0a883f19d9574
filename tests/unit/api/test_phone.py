"""A phone as microphone: where it can be, what it is shown, what each side hears of the other."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocket, WebSocketDisconnect

from richspeech.api.phone import SOUND, Phones, code_of, phone_page
from richspeech.errors import AccessError, OptionError

PAGE = "https://hear.example.org/speech/?a=b#c"


@pytest.mark.parametrize(
    ("page", "place"),
    [
        ("https://hear.example.org/", "https://hear.example.org/phone"),
        (PAGE, "https://hear.example.org/speech/phone"),
        ("https://10.0.0.5:8443/", "https://10.0.0.5:8443/phone"),
    ],
)
def test_the_page_of_a_phone_is_beside_the_one_that_asks(page: str, place: str) -> None:
    assert phone_page(page, None) == place


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("http://127.0.0.1:6006/", "cannot reach 127.0.0.1"),
        ("https://localhost/", "cannot reach localhost"),
        ("https://hear.localhost/", "cannot reach hear.localhost"),
        ("http://[::1]:6006/", "cannot reach ::1"),
        ("http://192.168.1.5:6006/", "HTTPS pages alone"),
        ("http://hear.example.org/", "HTTPS pages alone"),
        ("https://[x/", "reload the page"),
    ],
)
def test_where_no_phone_could_talk_there_is_a_sentence_with_the_way_to_tls(
    page: str, said: str
) -> None:
    with pytest.raises(OptionError, match=said) as refused:
        phone_page(page, None)
    assert "docs/deployment.md" in str(refused.value) or "reload" in said


def test_a_page_that_the_request_does_not_come_from_gets_no_link() -> None:
    assert phone_page(PAGE, "https://hear.example.org")
    for other in ("https://evil.example", "http://hear.example.org", "null"):
        with pytest.raises(OptionError, match="not the one that this request came from"):
            phone_page(PAGE, other)


def test_a_code_is_a_square_with_three_finders() -> None:
    rows = code_of("https://hear.example.org/phone#" + "x" * 43)
    assert {len(row) for row in rows} == {len(rows)}
    finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    assert [row[:7] for row in rows[:7]] == finder
    assert [row[-7:] for row in rows[:7]] == finder
    assert [row[:7] for row in rows[-7:]] == finder
    assert [row[-7:] for row in rows[-7:]] != finder


class Desk:
    """A window that tells how much it hears of its phone."""

    def __init__(self, seconds: float = 60) -> None:
        self.phones, self.page = Phones(seconds), PAGE

    async def serve(self, websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            async with self.phones.expected(websocket, self.page, "ming") as (handset, pcm):
                await websocket.send_json({"bytes_per_second": pcm.bytes_per_second})
                while sound := (await handset.receive()).get("bytes"):
                    await websocket.send_json({"bytes": len(sound)})
                await websocket.send_json({"over": True})
        except AccessError as error:
            await websocket.send_json({"message": str(error)})
        except WebSocketDisconnect:
            await websocket.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with client_of(desk) as client:
        yield client


def client_of(desk: Desk) -> TestClient:
    routes = [WebSocketRoute("/desk", desk.serve), WebSocketRoute(SOUND, desk.phones.serve)]
    return TestClient(Starlette(routes=routes))


def token_of(socket: WebSocketTestSession) -> str:
    address: str = socket.receive_json()["address"]
    return address.partition("#")[2]


def begun(phone: WebSocketTestSession, token: str, **more: Any) -> dict[str, Any]:
    phone.send_json({"type": "begin", "link": token, **more})
    answer: dict[str, Any] = phone.receive_json()
    return answer


def test_a_link_is_shown_as_text_and_as_its_code(client: TestClient) -> None:
    with client.websocket_connect("/desk") as desk:
        shown = desk.receive_json()
    place, _, token = shown["address"].partition("#")
    assert place == "https://hear.example.org/speech/phone"
    assert len(token) == 43
    assert shown["code"] == code_of(shown["address"])
    assert (shown["type"], shown["seconds"]) == ("link", 60)


def test_what_a_phone_says_is_heard_until_it_stops(client: TestClient) -> None:
    with client.websocket_connect("/desk") as desk, client.websocket_connect(SOUND) as phone:
        assert begun(phone, token_of(desk), sample_rate=48_000) == {"type": "ready"}
        assert desk.receive_json() == {"bytes_per_second": 96_000}
        phone.send_bytes(bytes(9_600))
        assert desk.receive_json() == {"bytes": 9_600}
        phone.send_json({"type": "stop"})
        assert desk.receive_json() == {"over": True}
        assert phone.receive_json() == {"type": "finished"}


def test_a_phone_that_is_gone_ends_the_session_and_so_does_the_window(client: TestClient) -> None:
    with client.websocket_connect("/desk") as desk:
        with client.websocket_connect(SOUND) as phone:
            begun(phone, token_of(desk))
            desk.receive_json()
        assert desk.receive_json() == {"over": True}
    with client.websocket_connect("/desk") as desk, client.websocket_connect(SOUND) as phone:
        begun(phone, token_of(desk))
        desk.receive_json()
        desk.send_json({"type": "stop"})
        assert phone.receive_json() == {"type": "finished"}


def test_a_second_phone_has_no_use_of_the_link_of_the_first(client: TestClient) -> None:
    with client.websocket_connect("/desk") as desk, client.websocket_connect(SOUND) as first:
        token = token_of(desk)
        begun(first, token)
        with client.websocket_connect(SOUND, headers={"accept-language": "en"}) as second:
            answer = begun(second, token)
            assert answer["code"] == "access"
            assert "was used or taken back" in answer["message"]
            with pytest.raises(WebSocketDisconnect):
                second.receive_json()
        desk.receive_json()
        first.send_bytes(bytes(2))
        assert desk.receive_json() == {"bytes": 2}


def test_a_window_that_waits_no_more_takes_its_link_back(client: TestClient) -> None:
    with client.websocket_connect("/desk") as desk:
        token = token_of(desk)
        desk.send_json({"type": "stop"})
        with pytest.raises(WebSocketDisconnect):
            desk.receive_json()
    with client.websocket_connect(SOUND) as phone:
        assert begun(phone, token)["type"] == "error"


def test_a_window_is_told_when_no_phone_has_come_in_time() -> None:
    with client_of(Desk(0.05)) as client, client.websocket_connect("/desk") as desk:
        token = token_of(desk)
        assert "No phone came within 0.05 s" in desk.receive_json()["message"]
        with client.websocket_connect(SOUND) as phone:
            assert begun(phone, token)["type"] == "error"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "begin"}, "option"),
        ({"type": "begin", "link": "x" * 101}, "option"),
        ({"type": "stop"}, "option"),
        ({"type": "begin", "link": "x", "sample_rate": 1}, "audio"),
        ({"type": "begin", "link": "../../live"}, "access"),
    ],
)
def test_what_is_no_beginning_of_a_phone_gets_a_sentence(
    client: TestClient, message: dict[str, Any], code: str
) -> None:
    with client.websocket_connect(SOUND) as phone:
        phone.send_json(message)
        answer = phone.receive_json()
    assert (answer["type"], answer["code"]) == ("error", code)
    assert answer["message"]
