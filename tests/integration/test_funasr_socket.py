"""A client of funasr's runtime at the real application, with the embedded model.

It sends what funasr_wss_client.py sends (FunASR 3c58cb56a): the same keys in the same order, frames
of chunk_size[1] * 60 / chunk_interval milliseconds, and the same end; and reads as that one does.
"""

import json
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection

from richspeech.engines.loader import Loaded
from richspeech.service import Service
from tests.fakes import wait_until
from tests.integration.api_server import served, service_of
from tests.integration.conftest import EXAMPLES, references
from tests.sockets import connect

LAUGHTER, CALL, SHOW = (
    EXAMPLES / f"{name}.wav" for name in ("zh-laughter", "zh-call", "zh-live-show")
)
CHUNK_SIZE, CHUNK_INTERVAL = [5, 10, 5], 10


@pytest.fixture(scope="module")
def service(ours: Loaded) -> Service:
    return service_of(ours, live={"interim_seconds": 0.05})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def address(service: Service, folder: Path) -> Iterator[str]:
    with served(service, folder) as address:
        yield address.replace("http", "ws")


@contextmanager
def connected(address: str, path: str = "") -> Iterator[ClientConnection]:
    binary: Any = ["binary"]
    with connect(f"{address}{path}", subprotocols=binary, ping_interval=None) as socket:
        assert socket.subprotocol == "binary"
        yield socket


def begin(socket: ClientConnection, mode: str, **more: Any) -> None:
    first = {
        "mode": mode,
        "chunk_size": CHUNK_SIZE,
        "chunk_interval": CHUNK_INTERVAL,
        "encoder_chunk_look_back": 4,
        "decoder_chunk_look_back": 0,
        "audio_fs": 16_000,
        "wav_name": "demo",
        "wav_format": "pcm",
        "is_speaking": True,
        "hotwords": "",
        "itn": True,
        **more,
    }
    socket.send(json.dumps(first, ensure_ascii=False))


def send(socket: ClientConnection, sound: bytes, rate: int = 16_000) -> None:
    stride = int(60 * CHUNK_SIZE[1] / CHUNK_INTERVAL / 1000 * rate * 2)
    for start in range(0, len(sound), stride):
        socket.send(sound[start : start + stride])


def end(socket: ClientConnection) -> list[dict[str, Any]]:
    """End as the client does; return what comes until the end is acknowledged."""
    socket.send(json.dumps({"is_speaking": False, "is_end": True}))
    answers: list[dict[str, Any]] = []
    while not (answers and answers[-1].get("is_end")):
        answers.append(json.loads(socket.recv(timeout=60)))
    return answers


def sound_of(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        return bytes(file.readframes(file.getnframes()))


def lines(path: Path) -> list[str]:
    return [line["text"] for line in references()[path.name]["lines"] if line["text"]]


def of(mode: str, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer for answer in answers if answer["mode"] == mode and "text" in answer]


@pytest.mark.parametrize("path", ["", "/", "/funasr"])
def test_two_passes_give_interim_texts_and_then_the_words(address: str, path: str) -> None:
    with connected(address, path) as socket:
        begin(socket, "2pass")
        send(socket, sound_of(SHOW))
        *answers, last = end(socket)
    final = of("2pass-offline", answers)
    assert [answer["text"] for answer in final if answer["text"]] == lines(SHOW)
    assert [answer["is_final"] for answer in answers] == [False] * (len(answers) - 1) + [True]
    assert last == {"mode": "2pass", "wav_name": "demo", "is_final": True, "is_end": True}


def test_interim_texts_come_while_somebody_talks_and_go_on_from_each_other(address: str) -> None:
    """A client puts those since the last 2pass-offline in a row, and shows them."""
    with connected(address) as socket:
        begin(socket, "2pass")
        sound = sound_of(LAUGHTER)
        half = len(sound) // 2 // 3_200 * 3_200
        send(socket, sound[:half])
        first = json.loads(socket.recv(timeout=60))
        send(socket, sound[half:])
        answers = [first, *end(socket)]
    online = of("2pass-online", answers)
    assert online
    assert all(answer["text"] and not answer["is_final"] for answer in online)
    shown = "".join(answer["text"] for answer in online)
    assert shown[:2] == lines(LAUGHTER)[0][:2]


def test_utterances_have_times_and_how_they_were_said(address: str) -> None:
    with connected(address) as socket:
        begin(socket, "2pass", wav_name="笑声")
        send(socket, sound_of(LAUGHTER))
        answers = end(socket)
    [answer] = [each for each in of("2pass-offline", answers) if each["text"]]
    assert answer["wav_name"] == "笑声"
    assert (answer["emotion"], answer["events"], answer["language"]) == (
        "happy",
        ["laughter"],
        "zh",
    )
    assert sum(answer["emotion_probabilities"].values()) == pytest.approx(1, abs=0.01)
    times = json.loads(answer["timestamp"])
    spoken = [letter for letter in answer["text"] if letter.isalnum()]
    assert len(times) == len(spoken)
    assert all(0 <= start < end <= 1_000 * answer["end"] for start, end in times)
    sentences = answer["stamp_sents"]
    assert [stamp for each in sentences for stamp in each["ts_list"]] == times
    assert (
        "".join(each["text_seg"].replace(" ", "") + each["punc"] for each in sentences)
        == answer["text"]
    )


def test_offline_gives_one_answer_about_all(address: str, folder: Path) -> None:
    with connected(address) as socket:
        begin(socket, "offline")
        send(socket, sound_of(CALL))
        answer, _ = end(socket)
    assert answer["mode"] == "offline"
    assert answer["is_final"]
    assert answer["text"] == "".join(lines(CALL))
    assert {each["emotion"] for each in answer["segments"]} >= {"angry", "sad"}
    assert [*folder.glob("request-*")] == []


def test_a_file_is_heard_as_it_is_whatever_it_is_called(address: str) -> None:
    """The page of funasr sends wav files as PCM, and others by their ending."""
    with connected(address) as socket:
        for wav_format in ("wav", "PCM"):
            begin(socket, "offline", wav_format=wav_format)
            send(socket, LAUGHTER.read_bytes())
            answer, _ = end(socket)
            assert answer["text"] == lines(LAUGHTER)[0]


def test_online_gives_each_utterance_once_it_is_over(address: str) -> None:
    with connected(address) as socket:
        begin(socket, "online")
        send(socket, sound_of(SHOW))
        answers = end(socket)
    assert [each["text"] for each in of("online", answers) if each["text"]] == lines(SHOW)


def test_punctuation_is_left_out_and_hotwords_are_heeded_on_request(address: str) -> None:
    with connected(address) as socket:
        begin(socket, "2pass", itn=False, hotwords='{"京剧": 20, "饺子": 10}')
        send(socket, sound_of(SHOW))
        text = "".join(each["text"] for each in of("2pass-offline", end(socket)))
    assert text
    assert not {"。", "，", "？", "！"} & {*text}


def test_an_older_client_ends_without_an_acknowledgement(address: str) -> None:
    with connected(address) as socket:
        begin(socket, "2pass")
        send(socket, sound_of(LAUGHTER))
        socket.send(json.dumps({"is_speaking": False}))
        answers = [json.loads(socket.recv(timeout=60))]
        while not answers[-1]["is_final"]:
            answers.append(json.loads(socket.recv(timeout=60)))
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.2)
    assert answers[-1]["text"] == lines(LAUGHTER)[0]


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([b"\0\0"], "Sound came before the first message"),
        (['{"mode": "dictation"}'], "mode"),
        (["no JSON"], "cannot be read"),
        (['{"mode": "2pass", "wav_format": "mp3"}'], "cannot be heard in the mode 2pass"),
        (['{"mode": "offline", "audio_fs": 1}'], "A sample rate of 1 Hz"),
        (['{"mode": "2pass"}', b"\0"], "ends within a sample"),
        (['{"mode": "2pass", "hotwords": "x"}'], "'x'"),
        (['{"mode": "offline"}', b"\0\0", '{"is_speaking": false}'], ""),
    ],
)
def test_what_does_not_fit_is_explained_and_ends_the_connection(
    address: str, messages: list[str | bytes], said: str
) -> None:
    with connected(address) as socket:
        for message in messages:
            socket.send(message)
        answer = json.loads(socket.recv(timeout=60))
        if said:
            assert said in answer["error"]
            assert (answer["is_final"], answer["is_end"], answer["text"]) == (False, True, "")
            with pytest.raises(ConnectionClosedOK):
                socket.recv(timeout=60)
        else:
            assert answer["text"] == ""


def test_whoever_leaves_leaves_nothing_behind(address: str, folder: Path, service: Service) -> None:
    with connected(address) as socket:
        begin(socket, "offline")
        send(socket, sound_of(CALL))
    with connected(address) as socket:
        begin(socket, "2pass")
        send(socket, sound_of(LAUGHTER))
    wait_until(lambda: not service.runner.busy and not [*folder.glob("request-*")])
