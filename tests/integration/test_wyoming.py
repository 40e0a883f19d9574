"""Wyoming with the library's own client, against a real socket and the embedded model."""

import asyncio
import io
import json
import re
import socket
import subprocess
import sys
import threading
import wave
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong

from richspeech.api.wyoming import MOST_BYTES, Wyoming
from richspeech.app import serve_wyoming
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.errors import SettingsError
from richspeech.operations.logs import logs_written
from richspeech.places import HOME as ROOT
from richspeech.service import build
from richspeech.settings import OperationsSettings, load_settings
from tests.documents import API, example_of
from tests.fakes import wait_until
from tests.integration.conftest import EXAMPLES, references
from tests.sockets import listening

CALL, SAD = EXAMPLES / "zh-laughter.wav", EXAMPLES / "ja-sad.wav"
PATIENCE = 60
Talk = Callable[[AsyncTcpClient], Awaitable[Any]]


@pytest.fixture(scope="module")
def address(ours: Loaded) -> Iterator[tuple[str, int]]:
    readiness = Readiness()
    readiness.load(lambda: ours)
    limits = {"connections": 3, "idle_seconds": 2, "max_seconds": 20}
    settings = load_settings(model={"id": "embedded", "device": "cpu"}, wyoming=limits)
    service = build(settings, readiness)
    loop, listener = asyncio.new_event_loop(), listening()
    serving = loop.create_task(Wyoming(service, settings.wyoming, "1.2").serve(listener))

    def serve() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(serving)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()
    loop.call_soon_threadsafe(serving.cancel)
    thread.join()


def talked(address: tuple[str, int], talk: Talk) -> Any:
    async def lead() -> Any:
        async with AsyncTcpClient(*address) as client:
            return await asyncio.wait_for(talk(client), PATIENCE)

    return asyncio.run(lead())


def sound_of(path: Path) -> np.ndarray[Any, np.dtype[np.int16]]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


async def say(client: AsyncTcpClient, sound: bytes, rate: int, width: int, channels: int) -> None:
    form = {"rate": rate, "width": width, "channels": channels}
    await client.write_event(AudioStart(**form).event())
    step = rate * width * channels // 10
    for at in range(0, len(sound), step):
        await client.write_event(AudioChunk(audio=sound[at : at + step], **form).event())
    await client.write_event(AudioStop().event())


async def until(client: AsyncTcpClient, *kinds: str) -> list[Event]:
    """Everything that comes, up to an event of one of these kinds or the end."""
    events: list[Event] = []
    while event := await client.read_event():
        events.append(event)
        if event.type in kinds:
            break
    return events


async def heard(client: AsyncTcpClient, path: Path, **asked: Any) -> list[Event]:
    await client.write_event(Transcribe(**asked).event())
    await say(client, sound_of(path).tobytes(), 16_000, 2, 1)
    return await until(client, "transcript-stop", "error")


def test_who_asks_is_told_of_engines_and_languages(address: tuple[str, int]) -> None:
    async def talk(client: AsyncTcpClient) -> Info:
        await client.write_event(Ping("here?").event())
        pong = await client.read_event()
        assert pong is not None
        assert Pong.from_event(pong).text == "here?"
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event is not None
        return Info.from_event(event)

    [program] = talked(address, talk).asr
    assert program.supports_transcript_streaming
    assert program.models[0].name == "sensevoice"
    assert set(program.models[0].languages) == {"zh", "yue", "en", "ja", "ko"}
    assert "reference" not in [model.name for model in program.models]


def test_utterances_come_one_by_one_and_then_the_whole_with_its_emotions(
    address: tuple[str, int],
) -> None:
    events = talked(address, lambda client: heard(client, CALL))
    kinds = [event.type for event in events]
    assert kinds[0] == "transcript-start"
    assert kinds[-2:] == ["transcript", "transcript-stop"]
    assert {*kinds[1:-2]} == {"transcript-chunk"}
    whole = events[-2]
    told = Transcript.from_event(whole)
    assert told.text == "".join(line["text"] for line in references()[CALL.name]["lines"])
    assert told.language == "zh"
    assert "".join(event.data["text"] for event in events[1:-2]) == told.text
    segments = whole.data["segments"]
    assert all(segment["emotion_probabilities"] for segment in segments)
    assert any("laughter" in segment["events"] for segment in segments)
    assert all("tokens" not in segment for segment in segments)


def test_recordings_follow_each_other_each_with_its_own_wishes(address: tuple[str, int]) -> None:
    async def talk(client: AsyncTcpClient) -> list[Event]:
        first = await heard(client, SAD, language="ja-JP", transcript_names=["仕事", "x"])
        second = await heard(client, CALL, language="auto", name="sensevoice")
        return [first[-2], second[-2]]

    sad, call = talked(address, talk)
    assert (sad.data["language"], call.data["language"]) == ("ja", "zh")


def test_a_conversation_is_a_line_in_the_log_with_a_number_of_its_own(
    address: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    stream = io.StringIO()
    with logs_written(OperationsSettings(), stream):
        talked(address, lambda client: heard(client, SAD))
        refusal(address, lambda client: heard(client, SAD, name="ear"))

        def ended(pattern: str) -> list[str]:  # a conversation of the test before may end late
            lines = [json.loads(line) for line in stream.getvalue().splitlines()]
            return [each["request"] for each in lines if re.fullmatch(pattern, each["event"])]

        done = r"Wyoming: done in [\d.]+ s, recordings heard: 1"
        refused = r"Wyoming: option in [\d.]+ s, recordings heard: 0"
        wait_until(lambda: bool(ended(done) and ended(refused)))
    assert ended(done)[-1] != ended(refused)[-1]


def test_silence_is_an_empty_transcript(address: tuple[str, int]) -> None:
    async def talk(client: AsyncTcpClient) -> list[Event]:
        await say(client, bytes(32_000), 16_000, 2, 1)
        return await until(client, "transcript-stop")

    assert [event.type for event in talked(address, talk)] == [
        *("transcript-start", "transcript", "transcript-stop")
    ]


def test_other_rates_widths_and_channels_are_taken(address: tuple[str, int]) -> None:
    usual = talked(address, lambda client: heard(client, SAD))[-2].data["text"]
    samples = sound_of(SAD)
    stereo = np.repeat(samples // 2, 2)

    async def talk(client: AsyncTcpClient) -> str:
        wide = (stereo.astype("<i4") << 16).tobytes()
        await say(client, wide, 16_000, 4, 2)
        event = (await until(client, "transcript"))[-1]
        return str(event.data["text"])

    assert talked(address, talk)[:4] == usual[:4]


@pytest.mark.parametrize("document", API)
def test_the_example_of_the_documents_runs_as_it_stands(
    address: tuple[str, int], document: str
) -> None:
    program = example_of(document, "Wyoming", "python").replace("10300", str(address[1]))
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "'emotion': 'happy'" in done.stdout


# What is refused ----------------------------------------------------------------------------------


def refusal(address: tuple[str, int], talk: Talk) -> Error:
    events = talked(address, talk)
    assert events[-1].type == "error", events
    return Error.from_event(events[-1])


@pytest.mark.parametrize(
    ("asked", "code", "names"),
    [
        ({"language": "tlh"}, "option", "tlh"),
        ({"name": "ear"}, "option", "ear"),
        ({"name": "reference"}, "option", "reference"),
        ({"language": 7}, "option", "transcribe"),
        ({"transcript_names": 7}, "option", "transcribe"),
    ],
)
def test_a_wish_that_cannot_be_had_is_an_error(
    address: tuple[str, int], asked: dict[str, Any], code: str, names: str
) -> None:
    async def talk(client: AsyncTcpClient) -> list[Event]:
        return await heard(client, SAD, **asked)

    error = refusal(address, talk)
    assert error.code == code
    assert names in error.text


@pytest.mark.parametrize(
    "event",
    [
        AudioStop().event(),
        AudioChunk(16_000, 2, 1, bytes(320)).event(),
        Event("audio-chunk", {"rate": 16_000}, bytes(320)),
    ],
)
def test_sound_without_a_beginning_is_an_error(address: tuple[str, int], event: Event) -> None:
    async def talk(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(event)
        return await until(client, "error")

    assert refusal(address, talk).code == "option"


@pytest.mark.parametrize(
    ("rate", "width", "channels"),
    [(7, 2, 1), (16_000, 3, 1), (16_000, 2, 9), (0, 2, 1), ("x", 2, 1), (16_000, None, 1)],
)
def test_sound_of_another_kind_is_an_error(
    address: tuple[str, int], rate: Any, width: Any, channels: Any
) -> None:
    async def talk(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(AudioStart(rate, width, channels).event())
        await client.write_event(AudioChunk(rate, width, channels, bytes(4_000)).event())
        return await until(client, "error")

    assert refusal(address, talk).text.endswith(".")


def test_a_recording_that_is_too_long_is_an_error(address: tuple[str, int]) -> None:
    async def talk(client: AsyncTcpClient) -> list[Event]:
        await say(client, bytes(25 * 32_000), 16_000, 2, 1)
        return await until(client, "error")

    assert refusal(address, talk).code == "audio"


def test_who_says_nothing_is_told_so_and_hung_up(address: tuple[str, int]) -> None:
    async def talk(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(AudioStart(16_000, 2, 1).event())
        return await until(client)

    assert "2 seconds" in refusal(address, talk).text


def test_one_connection_too_many_is_refused_and_the_next_is_not(address: tuple[str, int]) -> None:
    async def talk(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(Describe().event())
        assert (await until(client, "info"))[-1].type == "info"
        async with AsyncTcpClient(*address) as second, AsyncTcpClient(*address) as third:
            for each in (second, third):
                await each.write_event(Describe().event())
                assert (await until(each, "info"))[-1].type == "info"
            async with AsyncTcpClient(*address) as fourth:
                return await until(fourth)

    error = refusal(address, talk)
    assert error.code == "busy"
    assert "wyoming.connections" in error.text
    assert talked(address, lambda client: heard(client, SAD))[-1].type == "transcript-stop"


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\n",
        b"[]\n",
        b"7\n",
        b'{"type": 7}\n',
        b'{"type": "describe", "data": []}\n',
        b'{"data": {}}\n',
        b"[" * 60_000 + b"\n",
        b"x" * 100_000,
        b"\xff\xfe\n",
        json.dumps({"type": "audio-chunk", "payload_length": MOST_BYTES + 1}).encode() + b"\n",
        json.dumps({"type": "audio-chunk", "payload_length": "9"}).encode() + b"\n",
        json.dumps({"type": "audio-chunk", "data_length": 10**12}).encode() + b"\n",
        json.dumps({"type": "transcribe", "data_length": 2}).encode() + b"\n[]",
        json.dumps({"type": "audio-chunk", "payload_length": 100}).encode() + b"\nshort",
    ],
)
def test_what_is_no_event_ends_the_connection_and_no_other(
    address: tuple[str, int], sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(address, timeout=PATIENCE) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while wire.recv(4_096):
                pass
    assert "Traceback" not in caplog.text
    assert talked(address, until_described).type == "info"


async def until_described(client: AsyncTcpClient) -> Event:
    await client.write_event(Describe().event())
    return (await until(client, "info"))[-1]


def test_without_its_package_the_start_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "wyoming"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "wyoming", None)
    monkeypatch.delitem(sys.modules, "richspeech.api.wyoming")
    with socket.socket() as listener, pytest.raises(SettingsError, match=r"richspeech\[wyoming\]"):
        serve_wyoming(build(load_settings()), listener)


def test_other_machines_are_not_let_in_by_oversight() -> None:
    with pytest.raises(SettingsError, match="this protocol knows no passwords"):
        load_settings(wyoming={"host": "0.0.0.0", "port": 10_300})  # noqa: S104
    assert load_settings().wyoming.port is None
