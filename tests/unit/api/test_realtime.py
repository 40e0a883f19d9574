"""/v1/realtime behind the middleware: who may come in, for how long, and how many."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.api.funasr.router import funasr
from richspeech.api.middleware.build import middleware_of
from richspeech.api.realtime.messages import Configuration
from richspeech.api.realtime.router import PATH, realtime
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.errors import ModelError
from richspeech.service import Service, build
from richspeech.settings import ServerSettings, load_settings
from richspeech.storage.quota import Quota
from tests.fakes import wait_until

from .test_middleware import FakeWindows

URL = f"ws://127.0.0.1:6006{PATH}"


def client_of(accounts: Accounts | None = None, **live: Any) -> TestClient:
    """The route of a service whose model is never there."""
    settings = load_settings(model={"id": "embedded", "device": "cpu"}, live=live)
    surface = realtime(build(settings))
    app = FastAPI()
    app.include_router(surface.router)
    guarded = middleware_of(ServerSettings(), accounts).around(app, FakeWindows(), [surface])
    return TestClient(guarded)


def received(socket: Any) -> Iterator[dict[str, Any]]:
    """Events until the server closes."""
    while True:
        try:
            yield socket.receive_json()
        except WebSocketDisconnect:
            return


def refused(client: TestClient, **headers: str) -> WebSocketDenialResponse:
    with (
        pytest.raises(WebSocketDenialResponse) as caught,
        client.websocket_connect(URL, headers=headers),
    ):
        pass
    return caught.value


def test_strangers_are_refused_before_anything_is_said() -> None:
    client = client_of(Accounts(built_in=BuiltIn("ming", "a long password")))
    assert refused(client).status_code == 401
    answer = refused(client, authorization="Bearer sk-nobody")
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "authentication_error"


def test_where_nobody_logs_in_a_key_is_not_looked_at() -> None:
    with client_of().websocket_connect(URL, headers={"authorization": "Bearer any"}) as socket:
        assert socket.receive_json()["type"] == "session.created"


def test_pages_of_other_sites_are_refused() -> None:
    assert refused(client_of(), origin="http://evil.test").status_code == 403


def test_nobody_else_talks_when_all_places_are_taken_and_is_told_when_to_come_back() -> None:
    client = client_of(max_sessions=1)
    with client.websocket_connect(URL) as socket:
        socket.receive_json()
        answer = refused(client)
    assert answer.status_code == 429
    assert answer.json()["error"]["type"] == "rate_limit_error"
    assert int(answer.headers["retry-after"]) > 0
    wait_until(lambda: lets_in(client))  # once the talk is over


def lets_in(client: TestClient) -> bool:
    try:
        with client.websocket_connect(URL) as socket:
            return bool(socket.receive_json()["type"] == "session.created")
    except WebSocketDenialResponse:
        return False


def test_who_sends_no_sound_is_told_so_and_sent_away() -> None:
    with client_of(idle_seconds=0.2).websocket_connect(URL) as socket:
        _, error = received(socket)
    assert error["error"]["code"] == "idle"
    assert "No sound came for 0.2 seconds" in error["error"]["message"]


def test_sound_is_bounded_as_recordings_are() -> None:
    settings = load_settings(model={"id": "embedded"}, limits={"max_seconds": 1})
    service = build(settings)
    app = FastAPI()
    app.include_router(realtime(service).router)
    with TestClient(app).websocket_connect(PATH) as socket:
        socket.receive_json()
        socket.send_json({"type": "input_audio_buffer.append", "audio": "AAAA" * 24_000})
        error = socket.receive_json()["error"]
        assert (error["code"], error["type"]) == ("audio", "invalid_request_error")
        assert "the allowed 1 seconds" in error["message"]
    wait_until(lambda: not service.runner.busy)  # though the model is not there yet


def without_model() -> Service:
    def fail() -> Loaded:
        raise ModelError("hub.no_folder")

    readiness = Readiness()
    readiness.load(fail)
    return build(load_settings(model={"id": "embedded"}), readiness)


def test_an_item_that_cannot_be_heard_fails_and_the_session_goes_on() -> None:
    app = FastAPI()
    app.include_router(realtime(without_model()).router)
    with TestClient(app).websocket_connect(PATH) as socket:
        socket.receive_json()
        for turns in (None, {"type": "server_vad"}):
            update = {"audio": {"input": {"turn_detection": turns}}}
            socket.send_json({"type": "session.update", "session": update})
            assert socket.receive_json()["type"] == "session.updated"
            socket.send_json({"type": "input_audio_buffer.append", "audio": "AAAA" * 4_000})
            socket.send_json({"type": "input_audio_buffer.commit"})
            *_, failed = (socket.receive_json() for _ in range(4))
            assert failed["type"] == "conversation.item.input_audio_transcription.failed"
            assert failed["error"]["code"] == "model"


def test_a_session_says_what_holds_if_nobody_asks_for_anything_else() -> None:
    with client_of().websocket_connect(URL) as socket:
        session = socket.receive_json()["session"]
    assert session["type"] == "transcription"
    assert session["audio"]["input"] == {
        "format": {"type": "audio/pcm", "rate": 24_000},
        "transcription": dict.fromkeys(
            ("model", "language", "languages", "keywords", "hotwords", "protected_words", "prompt")
        ),
        "noise_reduction": None,
        "turn_detection": {
            "type": "server_vad",
            **dict.fromkeys(("threshold", "prefix_padding_ms", "silence_duration_ms")),
        },
    }
    assert session["expires_at"] > time.time()


def test_sentences_come_in_the_language_that_is_asked_for() -> None:
    with client_of().websocket_connect(URL, headers={"accept-language": "zh"}) as socket:
        socket.receive_json()
        socket.send_json({"type": "input_audio_buffer.commit"})
        assert "缓冲区" in socket.receive_json()["error"]["message"]


@pytest.mark.parametrize(
    "update",
    [
        {"audio": {"input": {"format": {"type": "audio/pcma"}}}},
        {"audio": {"input": {"turn_detection": None}}},
        {"audio": {"input": {"transcription": {"language": "zh"}}}},
        {"audio": {"input": {"turn_detection": {"threshold": 0.5}}}},
        {"include": ["item.input_audio_transcription.logprobs"]},
    ],
)
def test_updates_add_up_in_any_order(update: dict[str, Any]) -> None:
    before = Configuration().updated({"audio": {"input": {"transcription": {"prompt": "words"}}}})
    after = before.updated(update)
    assert after != before
    assert after.audio.input.transcription is not None
    assert after.audio.input.transcription.prompt == "words"
    assert after.updated(update) == after.updated({}) == after


@pytest.mark.parametrize("path", [PATH, "/", "/funasr"])
def test_a_conversation_ends_with_the_login_that_began_it(tmp_path: Path, path: str) -> None:
    service = build(load_settings(model={"id": "embedded", "device": "cpu"}))
    surfaces = (realtime(service), funasr(service, Quota(tmp_path, 10**6, 10**6)))
    app = FastAPI()
    for surface in surfaces:
        app.include_router(surface.router)
    guard = middleware_of(ServerSettings(), Accounts(built_in=BuiltIn("ming", "a long password")))
    assert guard.logins is not None
    token = guard.logins.begin("ming")
    client = TestClient(guard.around(app, FakeWindows(), surfaces))
    cookies = {"cookie": f"{guard.cookies.login}={token}"}
    with client.websocket_connect(f"ws://127.0.0.1:6006{path}", headers=cookies) as socket:
        guard.logins.end(token)
        socket.send_json({"mode": "2pass", "type": "input_audio_buffer.clear"})
        with pytest.raises(WebSocketDisconnect) as caught:
            [socket.receive_json() for _ in range(2)]
    assert caught.value.code == 1008
    wait_until(lambda: not service.runner.busy)
