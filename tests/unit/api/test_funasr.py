"""funasr's protocol: who may come in, what messages mean, and what is told of words."""

from contextlib import suppress
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient, WebSocketDenialResponse

from postprocess import Emotion
from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.api.funasr.hearing import Answers
from richspeech.api.funasr.messages import Start, heard, read
from richspeech.api.funasr.router import PATHS, funasr
from richspeech.api.middleware.build import middleware_of
from richspeech.errors import OptionError
from richspeech.model.options import Options
from richspeech.model.transcript import Segment, Token
from richspeech.recognition.live import Interim
from richspeech.service import build
from richspeech.settings import ServerSettings, load_settings
from richspeech.storage.quota import Quota

from .test_middleware import FakeWindows


def client_of(tmp_path: Any, accounts: Accounts | None = None, **live: Any) -> TestClient:
    settings = load_settings(model={"id": "embedded", "device": "cpu"}, live=live)
    surface = funasr(build(settings), Quota(tmp_path, 10**6, 10**6))
    app = FastAPI()
    app.include_router(surface.router)
    return TestClient(
        middleware_of(ServerSettings(), accounts).around(app, FakeWindows(), [surface])
    )


def status(client: TestClient, path: str, **headers: str) -> int:
    with (
        pytest.raises(WebSocketDenialResponse) as caught,
        client.websocket_connect(f"ws://127.0.0.1:6006{path}", headers=headers),
    ):
        pass
    return caught.value.status_code


@pytest.mark.parametrize("path", PATHS)
def test_strangers_and_pages_of_other_sites_are_refused(tmp_path: Any, path: str) -> None:
    guarded = client_of(tmp_path, Accounts(built_in=BuiltIn("ming", "a long password")))
    assert status(guarded, path) == 401
    assert status(guarded, path, authorization="Bearer sk-nobody") == 401
    assert status(client_of(tmp_path), path, origin="http://evil.test") == 403


def test_who_sends_nothing_is_sent_away(tmp_path: Any) -> None:
    client = client_of(tmp_path, idle_seconds=0.2)
    with client.websocket_connect("ws://127.0.0.1:6006/funasr") as socket:
        answer = socket.receive_json()
    assert "No sound came for 0.2 seconds" in answer["error"]


def test_when_all_places_are_taken_whoever_begins_is_told_so(tmp_path: Any) -> None:
    client = client_of(tmp_path, max_sessions=0)
    with client.websocket_connect("ws://127.0.0.1:6006/") as socket:
        socket.send_json({"mode": "2pass"})
        answer = socket.receive_json()
    assert (answer["code"], answer["is_end"]) == ("busy", True)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("", {}),
        ('{"阿里巴巴": 20, "通义实验室": 30}', {"阿里巴巴": 20, "通义实验室": 30}),
        ("阿里巴巴 40", {"阿里巴巴": 40}),
        ("阿里巴巴 40\n通义 20\n", {"阿里巴巴": 40, "通义": 20}),
        ("阿里巴巴,通义", {"阿里巴巴": 20, "通义": 20}),
        ({"阿里": 20}, {"阿里": 20}),
        (["阿里", "hello  world"], {"阿里": 20, "hello world": 20}),
    ],
)
def test_hotwords_are_read_with_weights_as_every_client_writes_them(
    sent: Any, words: dict[str, int]
) -> None:
    start = Start.model_validate({"hotwords": sent})
    assert start.hotwords == words
    assert dict(start.options(Options(), ()).weighed_hotwords) == words


def test_protected_words_are_those_of_the_message_or_else_of_the_settings() -> None:
    kept = Options(protected_words=("地址",))
    assert read('{"mode": "2pass"}').options(kept, ()).protected_words == ("地址",)
    named = read('{"protected_words": "电话，电量"}').options(kept, ())
    assert named.protected_words == ("电话", "电量")
    assert read('{"protected_words": []}').options(kept, ()).protected_words == ()


def test_a_weight_that_is_none_is_refused() -> None:
    with pytest.raises(OptionError, match="The weight 1,000 of the hotword '阿里'"):
        read('{"hotwords": {"阿里": 1000}}').options(Options(), ())
    with pytest.raises(OptionError, match="hotwords"):
        read('{"hotwords": {"阿里": "heavy"}}')


@given(st.text())
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    with suppress(OptionError):
        assert read(text).mode in ("offline", "online", "2pass")


def test_who_names_no_mode_gets_one_answer_for_the_whole_recording() -> None:
    """funasr-wss-client.cpp names none, and leaves after the first answer."""
    start = read('{"wav_name": "demo", "wav_format": "pcm", "is_speaking": true}')
    assert heard(start, "text", (), last=True)["mode"] == "offline"


def test_what_does_not_fit_is_said_in_one_sentence() -> None:
    with pytest.raises(OptionError, match=r"mode: .*[^.]\.$"):
        read('{"mode": "3pass"}')


@pytest.mark.parametrize(
    ("asked", "language", "itn"),
    [
        ({}, None, True),
        ({"itn": False}, None, False),
        ({"svs_lang": "yue", "svs_itn": False}, "yue", False),
        ({"svs_lang": "xx"}, None, True),
    ],
)
def test_what_clients_know_of_sensevoice_is_heeded(
    asked: dict[str, Any], language: str | None, itn: bool
) -> None:
    options = Start(**asked).options(Options(), ("zh", "yue"))
    assert (options.language, options.inverse_text_normalization) == (language, itn)


def segment(*tokens: Token) -> Segment:
    text = "".join(token.text for token in tokens)
    return Segment(0.0, 2.0, text, "zh", 0.9, Emotion.HAPPY, {}, (), {}, tokens, text)


def test_sentences_end_at_marks_and_words_have_their_milliseconds() -> None:
    tokens = (
        Token("你", 0.1, 0.2, 0.9),
        Token("好", 0.2, 0.3, 0.9),
        Token("，", 0.3, 0.3, 0.9),
        Token("ok", 0.5, 0.8, 0.9),
    )
    answer = heard(Start(), "你好，ok", [segment(*tokens)], last=False)
    assert answer["timestamp"] == "[[100, 200], [200, 300], [500, 800]]"
    assert answer["stamp_sents"] == [
        {
            "text_seg": "你 好",
            "punc": "，",
            "start": 100,
            "end": 300,
            "ts_list": [[100, 200], [200, 300]],
        },
        {"text_seg": "ok", "punc": "", "start": 500, "end": 800, "ts_list": [[500, 800]]},
    ]


def test_times_that_were_not_measured_are_not_made_up() -> None:
    answer = heard(Start(), "你", [segment(Token("你", None, None, 0.9))], last=True)
    assert not {"timestamp", "stamp_sents"} & answer.keys()


def test_interim_texts_go_on_from_each_other_or_wait() -> None:
    said: list[dict[str, Any]] = []
    answers = Answers(Start(mode="2pass"), said.append, lambda _: None)
    for text in ("你", "你好", "你好吗", "你号吗", "你号吗朋友", "你好吗朋友", "你好吗朋友们"):
        answers.take(Interim(segment(Token(text, 0.0, 1.0, 0.9)), 0.1))
    assert [each["text"] for each in said] == ["你", "好", "吗朋友"]
