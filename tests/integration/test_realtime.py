"""OpenAI's own client at /v1/realtime of the real application, with the embedded model."""

import base64
import json
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av import AudioFrame, AudioResampler, CodecContext
from openai import OpenAI
from openai.types.realtime import (
    ConversationItemAdded,
    ConversationItemInputAudioTranscriptionCompletedEvent,
    ConversationItemInputAudioTranscriptionDeltaEvent,
    InputAudioBufferCommittedEvent,
    InputAudioBufferSpeechStartedEvent,
    InputAudioBufferSpeechStoppedEvent,
    RealtimeErrorEvent,
    SessionCreatedEvent,
    SessionUpdatedEvent,
)
from websockets.exceptions import InvalidStatus

from richspeech.engines.loader import Loaded
from richspeech.service import Service
from tests.integration.api_server import served, service_of
from tests.integration.conftest import EXAMPLES
from tests.sockets import connect

LAUGHTER, CALL, SHOW = (
    EXAMPLES / f"{name}.wav" for name in ("zh-laughter", "zh-call", "zh-live-show")
)
FRAME_SECONDS = 0.1
SILENCE = np.zeros(24_000, np.int16)
"""At the end of a recording, so that its last utterance is over."""
TRANSCRIPTION = "conversation.item.input_audio_transcription"


@pytest.fixture(scope="module")
def service(ours: Loaded) -> Service:
    return service_of(ours)


@pytest.fixture(scope="module")
def address(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(service, tmp_path_factory.mktemp("workspace")) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[OpenAI]:
    with OpenAI(api_key="none is needed", base_url=f"{address}/v1", max_retries=0) as client:
        yield client


def samples_of(path: Path) -> Any:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def at_rate(samples: Any, rate: int) -> Any:
    resampler = AudioResampler(format="s16", layout="mono", rate=rate)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "s16", "mono")
    frame.sample_rate = 16_000
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([each.to_ndarray()[0] for each in frames])


def telephone(samples: Any, codec: str) -> bytes:
    """Write 16 kHz as G.711."""
    encoder: Any = CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8_000, "mono", "s16"
    frame = AudioFrame.from_ndarray(at_rate(samples, 8_000)[None], "s16", "mono")
    frame.sample_rate = 8_000
    return b"".join(bytes(each) for each in [*encoder.encode(frame), *encoder.encode(None)])


PCM = {"type": "audio/pcm", "rate": 16_000}
FORMATS: dict[str, tuple[dict[str, Any], Callable[[Any], bytes], int]] = {
    "24 kHz": (
        {"type": "audio/pcm", "rate": 24_000},
        lambda samples: bytes(at_rate(samples, 24_000).tobytes()),
        48_000,
    ),
    "16 kHz": (PCM, lambda samples: bytes(samples.tobytes()), 32_000),
    "mu-law": ({"type": "audio/pcmu"}, lambda samples: telephone(samples, "pcm_mulaw"), 8_000),
    "a-law": ({"type": "audio/pcma"}, lambda samples: telephone(samples, "pcm_alaw"), 8_000),
}
"""What tells of a format, what writes it, and its bytes a second."""


@contextmanager
def talking(client: OpenAI, **audio_input: Any) -> Iterator[Any]:
    """A connection whose session was updated."""
    connecting: Any = client.realtime.connect(extra_query={"intent": "transcription"})
    with connecting as connection:
        assert isinstance(connection.recv(), SessionCreatedEvent)
        asked = {"type": "transcription", "audio": {"input": {"format": PCM, **audio_input}}}
        connection.session.update(session=asked)
        updated = connection.recv()
        assert isinstance(updated, SessionUpdatedEvent), updated
        yield connection


def append(connection: Any, sound: bytes, bytes_per_second: int = 32_000) -> None:
    size = 2 * round(FRAME_SECONDS * bytes_per_second / 2)
    for start in range(0, len(sound), size):
        audio = base64.b64encode(sound[start : start + size]).decode()
        connection.input_audio_buffer.append(audio=audio)


def until_completed(connection: Any, count: int = 1) -> list[Any]:
    """What comes until so many items are completed."""
    events: list[Any] = []
    while sum(event.type == f"{TRANSCRIPTION}.completed" for event in events) < count:
        events.append(connection.recv())
        assert events[-1].type != "error", events[-1]
    return events


def of(kind: type, events: Sequence[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def completed(events: Sequence[Any]) -> list[Any]:
    return of(ConversationItemInputAudioTranscriptionCompletedEvent, events)


def transcribed(client: OpenAI, path: Path) -> list[Any]:
    whole: Any = client.audio.transcriptions.create(
        file=path, model="sensevoice", response_format="verbose_json"
    )
    return list(whole.segments)


TELEPHONE = ("mu-law", "a-law")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_heard_as_the_recording_is(client: OpenAI, name: str) -> None:
    form, written, rate = FORMATS[name]
    expected = transcribed(client, SHOW)
    with talking(client, format=form) as connection:
        append(connection, written(np.concatenate([samples_of(SHOW), SILENCE])), rate)
        heard = completed(until_completed(connection, len(expected)))
    # A telephone may take the voice off a mark, and no more.
    marks = "。！" if name in TELEPHONE else ""
    words = [each.text.rstrip(marks) for each in expected]
    assert [each.transcript.rstrip(marks) for each in heard] == words
    for event, segment in zip(heard, expected, strict=True):
        assert event.model_extra["emotion"] == segment.emotion
        assert event.model_extra["start"] == pytest.approx(segment.start, abs=0.1)


def test_an_utterance_is_told_of_in_the_order_of_the_protocol(client: OpenAI) -> None:
    with talking(client) as connection:
        append(connection, samples_of(LAUGHTER).tobytes() + SILENCE.tobytes())
        events = [each for each in until_completed(connection) if each.to_dict().get("delta") != ""]
    assert [event.type.removeprefix("input_audio_buffer.") for event in events] == [
        "speech_started",
        "speech_stopped",
        "committed",
        "conversation.item.added",
        "conversation.item.done",
        f"{TRANSCRIPTION}.delta",
        f"{TRANSCRIPTION}.completed",
    ]
    started, stopped, committed, added, *_, delta, done = events
    assert isinstance(started, InputAudioBufferSpeechStartedEvent)
    assert isinstance(stopped, InputAudioBufferSpeechStoppedEvent)
    assert isinstance(committed, InputAudioBufferCommittedEvent)
    assert isinstance(added, ConversationItemAdded)
    assert committed.previous_item_id is None
    items = {event.item_id for event in (started, stopped, committed, delta, done)}
    assert items == {added.item.id}
    assert delta.delta == done.transcript
    assert done.usage.seconds == pytest.approx(done.model_extra["end"] - done.model_extra["start"])
    assert started.audio_start_ms == round(1_000 * done.model_extra["start"])
    assert stopped.audio_end_ms == round(1_000 * done.model_extra["end"])


def test_what_is_completed_says_how_it_was_said(client: OpenAI) -> None:
    [expected] = transcribed(client, LAUGHTER)
    with talking(client) as connection:
        append(connection, samples_of(LAUGHTER).tobytes() + SILENCE.tobytes())
        [done] = completed(until_completed(connection))
    extra: dict[str, Any] = done.model_extra or {}
    labels = ("emotion", "events", "language", "sentiment", "rules")
    assert {name: extra[name] for name in labels} == {
        name: expected.model_extra[name] for name in labels
    }
    for name in ("emotion_probabilities", "event_probabilities"):
        assert extra[name] == pytest.approx(expected.model_extra[name], abs=0.01)
    assert done.languages is not None
    assert [each.code for each in done.languages] == ["zh"]
    assert done.logprobs is None
    assert extra["segments"][0]["text"] == done.transcript


def test_items_follow_each_other_and_their_deltas_are_their_transcripts(client: OpenAI) -> None:
    expected = transcribed(client, CALL)
    with talking(client) as connection:
        append(connection, samples_of(CALL).tobytes() + SILENCE.tobytes())
        events = until_completed(connection, len(expected))
    heard = completed(events)
    assert [each.transcript for each in heard] == [each.text for each in expected]
    committed = of(InputAudioBufferCommittedEvent, events)
    assert [each.previous_item_id for each in committed] == [
        None,
        *(each.item_id for each in committed[:-1]),
    ]
    for each in heard:
        deltas = [
            event.delta
            for event in of(ConversationItemInputAudioTranscriptionDeltaEvent, events)
            if event.item_id == each.item_id
        ]
        assert "".join(deltas) == each.transcript


def test_without_turn_detection_an_item_is_what_the_client_commits(client: OpenAI) -> None:
    [first, second] = transcribed(client, SHOW)
    with talking(client, turn_detection=None) as connection:
        append(connection, samples_of(SHOW).tobytes())
        connection.input_audio_buffer.commit()
        events = until_completed(connection)
        append(connection, samples_of(LAUGHTER).tobytes())
        connection.input_audio_buffer.commit()
        later = until_completed(connection)
    assert [event.type for event in events[:3]] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    [done] = completed(events)
    deltas = of(ConversationItemInputAudioTranscriptionDeltaEvent, events)
    assert [each.delta for each in deltas] == [first.text, second.text]
    assert done.transcript == first.text + second.text
    extra: dict[str, Any] = done.model_extra or {}
    assert [each["emotion"] for each in extra["segments"]] == [first.emotion, second.emotion]
    assert sum(extra["emotion_probabilities"].values()) == pytest.approx(1, abs=0.01)
    assert done.usage.seconds == pytest.approx(len(samples_of(SHOW)) / 16_000, abs=1e-3)
    [committed] = of(InputAudioBufferCommittedEvent, later)
    assert committed.previous_item_id == done.item_id
    [laughter] = completed(later)
    assert laughter.transcript == transcribed(client, LAUGHTER)[0].text
    assert laughter.model_extra["start"] > done.usage.seconds  # of all that was appended


def test_what_is_cleared_is_not_heard(client: OpenAI) -> None:
    with talking(client, turn_detection=None) as connection:
        append(connection, samples_of(SHOW).tobytes())
        connection.input_audio_buffer.clear()
        assert connection.recv().type == "input_audio_buffer.cleared"
        append(connection, samples_of(LAUGHTER).tobytes())
        connection.input_audio_buffer.commit()
        [done] = completed(until_completed(connection))
    assert done.transcript == transcribed(client, LAUGHTER)[0].text


def test_a_commit_ends_the_utterance_that_is_open(client: OpenAI) -> None:
    with talking(client) as connection:
        append(connection, samples_of(LAUGHTER).tobytes())
        connection.input_audio_buffer.commit()
        [done] = completed(until_completed(connection))
    assert done.transcript == transcribed(client, LAUGHTER)[0].text


def test_log_probabilities_come_on_request(client: OpenAI) -> None:
    with talking(client) as connection:
        wanted = ["item.input_audio_transcription.logprobs"]
        connection.session.update(session={"type": "transcription", "include": wanted})
        assert connection.recv().session.include == wanted
        append(connection, samples_of(LAUGHTER).tobytes())
        connection.input_audio_buffer.commit()
        [done] = completed(until_completed(connection))
    assert "".join(each.token for each in done.logprobs or ()) == done.transcript


def test_an_update_changes_what_it_names_and_nothing_else(client: OpenAI) -> None:
    with talking(client, format={"type": "audio/pcmu"}) as connection:
        asked = {
            "transcription": {"language": "zh-HK", "keywords": ["珍珠奶茶"]},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 300},
            "noise_reduction": {"type": "near_field"},
        }
        connection.session.update(session={"type": "transcription", "audio": {"input": asked}})
        told = connection.recv().session.audio.input
    assert told.format.type == "audio/pcmu"
    assert (told.transcription.language, told.transcription.keywords) == ("zh-HK", ["珍珠奶茶"])
    assert told.turn_detection.silence_duration_ms == 300
    assert told.noise_reduction is None


def test_less_silence_parts_what_is_said_otherwise(client: OpenAI) -> None:
    def spans(milliseconds: int) -> list[tuple[float, float]]:
        turns = {"type": "server_vad", "silence_duration_ms": milliseconds}
        with talking(client, turn_detection=turns) as connection:
            append(connection, samples_of(SHOW).tobytes() + SILENCE.tobytes())
            heard = completed(until_completed(connection, 2))
        return [(each.model_extra["start"], each.model_extra["end"]) for each in heard]

    assert spans(300)[0][1] < spans(800)[0][1]


@pytest.mark.parametrize(
    ("message", "param", "said"),
    [
        ({"type": "input_audio_buffer.append", "audio": "%%%"}, "audio", "no base64"),
        ({"type": "input_audio_buffer.append", "audio": "AAA="}, None, None),
        ({"type": "input_audio_buffer.append", "audio": "AA=="}, None, "ends within a sample"),
        ({"type": "input_audio_buffer.append"}, "audio", "refused"),
        ({"type": "input_audio_buffer.commit"}, None, "at least 100 ms"),
        ({"type": "response.create"}, "type", "response.create is unknown here"),
        ({"type": "session.update", "session": {"type": "realtime"}}, "session.type", "refused"),
        (
            {"type": "session.update", "session": {"audio": {"input": {"format": {"rate": 8}}}}},
            "session.audio.input.format.rate",
            "refused",
        ),
        (
            {
                "type": "session.update",
                "session": {"audio": {"input": {"transcription": {"model": "reference"}}}},
            },
            None,
            "only takes whole recordings",
        ),
        (
            {
                "type": "session.update",
                "session": {"audio": {"input": {"transcription": {"language": "fr"}}}},
            },
            "session.audio.input.transcription.language",
            "does not know the language fr",
        ),
        (
            {
                "type": "session.update",
                "session": {"audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}},
            },
            "session.audio.input.turn_detection.type",
            "server_vad",
        ),
    ],
)
def test_what_is_wrong_with_an_event_is_said_and_ends_nothing(
    client: OpenAI, message: dict[str, Any], param: str | None, said: str | None
) -> None:
    with talking(client) as connection:
        connection.send({**message, "event_id": "mine"})
        if said is not None:
            refused = connection.recv()
            assert isinstance(refused, RealtimeErrorEvent)
            assert said in refused.error.message
            assert ".." not in refused.error.message
            assert f"{param}: " not in refused.error.message
            assert (refused.error.param, refused.error.event_id) == (param, "mine")
            assert refused.error.type == "invalid_request_error"
        append(connection, samples_of(LAUGHTER).tobytes())
        connection.input_audio_buffer.commit()
        assert completed(until_completed(connection))


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", b"\0\0"])
def test_what_is_no_event_is_refused(address: str, text: str | bytes) -> None:
    with connect(f"{address.replace('http', 'ws')}/v1/realtime") as socket:
        assert json.loads(socket.recv())["type"] == "session.created"
        socket.send(text)
        assert "no JSON object" in json.loads(socket.recv())["error"]["message"]


def test_everything_at_once_is_heard_as_well(client: OpenAI) -> None:
    """The whole recording in one event: OpenAI allows 15 MiB."""
    expected = transcribed(client, CALL)
    with talking(client) as connection:
        sound = samples_of(CALL).tobytes() + SILENCE.tobytes()
        connection.input_audio_buffer.append(audio=base64.b64encode(sound).decode())
        heard = completed(until_completed(connection, len(expected)))
    assert [each.transcript for each in heard] == [each.text for each in expected]


def test_a_key_in_the_subprotocol_is_not_looked_at_and_the_protocol_is_named(address: str) -> None:
    offered: Any = ["realtime", "openai-insecure-api-key.secret"]
    with connect(f"{address.replace('http', 'ws')}/v1/realtime", subprotocols=offered) as socket:
        assert socket.subprotocol == "realtime"


def test_a_model_that_there_is_not_is_refused_before_anything_else(client: OpenAI) -> None:
    with pytest.raises(InvalidStatus) as caught, client.realtime.connect(model="whisper-9"):
        pass
    assert caught.value.response.status_code == 400
    error = json.loads(caught.value.response.body or b"")["error"]
    assert (error["code"], error["param"]) == ("model_not_found", "model")


def test_every_other_model_of_openai_is_the_main_engine(client: OpenAI) -> None:
    for model in ("gpt-realtime", "gpt-4o-transcribe", "gpt-live-transcribe"):
        connecting: Any = client.realtime.connect(model=model)
        with connecting as connection:
            created = connection.recv()
        assert created.session.audio.input.transcription.model == model
