"""OpenAI's own client, and curl, at the real application with the embedded model."""

import json
import re
import shutil
import subprocess
import wave
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import jiwer
import openai
import pytest
from openai import OpenAI
from openai.types.audio import (
    Transcription,
    TranscriptionDiarized,
    TranscriptionTextDeltaEvent,
    TranscriptionTextDoneEvent,
    TranscriptionTextSegmentEvent,
    TranscriptionVerbose,
)

from richspeech.api.openai.models import ALIASES
from richspeech.engines.names import NAMES
from richspeech.jobs.transcribe import Transcription as Job
from richspeech.jobs.transcribe import Transcriptions
from richspeech.model.job_state import State
from tests.fakes import wait_until
from tests.integration.conftest import EXAMPLES, references

LAUGHTER, CALL = EXAMPLES / "zh-laughter.wav", EXAMPLES / "zh-call.wav"
SHOW = EXAMPLES / "zh-live-show.wav"
SHOW_WORDS = "".join(
    re.findall(r"\w", "".join(line["text"] for line in references()[SHOW.name]["lines"]))
)
MOST_ERRORS = 0.08
"""Character error rate that the project allows paraformer."""
URL = "/v1/audio/transcriptions"
FORMATS = ("json", "text", "srt", "vtt", "verbose_json", "diarized_json")


@pytest.fixture(scope="module")
def client(api_address: str) -> Iterator[OpenAI]:
    with OpenAI(api_key="none is needed", base_url=f"{api_address}/v1", max_retries=0) as client:
        yield client


def transcribe(client: OpenAI, path: Path = CALL, **asked: Any) -> Any:
    return client.audio.transcriptions.create(file=path, **{"model": "gpt-transcribe", **asked})


def words(path: Path) -> str:
    return "".join(line["text"] for line in references()[path.name]["lines"])


# Formats ------------------------------------------------------------------------------------------


def test_json_is_the_text_with_its_languages_and_what_it_cost(client: OpenAI) -> None:
    heard = transcribe(client)
    assert isinstance(heard, Transcription)
    assert heard.text == words(CALL)
    assert heard.languages is not None
    assert [each.code for each in heard.languages] == ["zh"]
    assert heard.usage is not None
    assert heard.usage.type == "duration"
    assert heard.logprobs is None


def test_log_probabilities_are_those_of_every_token(client: OpenAI) -> None:
    heard = transcribe(client, include=["logprobs"])
    assert "".join(each.token for each in heard.logprobs) == heard.text
    assert all(each.logprob <= 0 for each in heard.logprobs)
    assert bytes(map(int, heard.logprobs[0].bytes)).decode() == heard.logprobs[0].token


def test_verbose_json_has_all_that_whisper_has_and_how_it_was_said(client: OpenAI) -> None:
    heard = transcribe(client, LAUGHTER, response_format="verbose_json")
    assert isinstance(heard, TranscriptionVerbose)
    assert (heard.text, heard.language, heard.words) == (words(LAUGHTER), "zh", None)
    [segment] = heard.segments or []
    assert 0 <= segment.start < segment.end <= heard.duration
    assert segment.avg_logprob < 0
    assert 0 <= segment.no_speech_prob <= 1
    assert (segment.seek, segment.tokens, segment.temperature) == (
        round(segment.start * 100),
        [],
        0,
    )
    extra: dict[str, Any] = segment.model_extra or {}
    assert (extra["emotion"], extra["events"]) == ("happy", ["laughter"])
    assert extra["emotion_probabilities"]["happy"] == extra["emotion_probability"]
    assert sum(extra["emotion_probabilities"].values()) == pytest.approx(1, abs=0.01)


def test_words_have_times_that_lie_in_their_segments(client: OpenAI) -> None:
    asked = ["word", "segment"]
    heard = transcribe(client, response_format="verbose_json", timestamp_granularities=asked)
    spans = [(segment.start, segment.end) for segment in heard.segments]
    assert "".join(word.word for word in heard.words) == heard.text
    for word in heard.words:
        assert any(start <= word.start <= word.end <= end for start, end in spans)
    alone = transcribe(client, response_format="verbose_json", timestamp_granularities=["word"])
    assert alone.segments is None
    for word, again in zip(heard.words, alone.words, strict=True):
        assert (word.word, word.start, word.end) == (again.word, again.start, again.end)
        assert word.probability == pytest.approx(again.probability, abs=0.01)


def test_diarized_json_tells_no_speakers_apart(client: OpenAI) -> None:
    heard = transcribe(client, response_format="diarized_json", chunking_strategy="auto")
    assert isinstance(heard, TranscriptionDiarized)
    assert {segment.speaker for segment in heard.segments} == {"unknown"}
    assert "".join(segment.text for segment in heard.segments) == words(CALL)
    assert [segment.id for segment in heard.segments] == [
        str(number) for number in range(len(heard.segments))
    ]


def test_text_and_subtitles_are_plain_bodies_with_words_alone(client: OpenAI) -> None:
    text, srt, vtt = (transcribe(client, response_format=each) for each in ("text", "srt", "vtt"))
    assert text == words(CALL) + "\n"
    assert srt.startswith("1\n00:00:0")
    assert vtt.startswith("WEBVTT\n")
    for subtitles in (srt, vtt):
        assert "<" not in subtitles.replace("-->", "")
        assert "愤怒" not in subtitles


def test_emotions_and_sounds_are_shown_to_whoever_wants_them(client: OpenAI) -> None:
    rich = {"rich": "true"}
    text = transcribe(client, LAUGHTER, response_format="text", extra_body=rich)
    vtt = transcribe(client, LAUGHTER, response_format="vtt", extra_body=rich)
    assert "laughter" in text.lower()
    assert "<c.happy>" in vtt


@pytest.mark.parametrize("form", FORMATS)
def test_curl_gets_every_format(api_address: str, form: str) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl")
    fields = ("model=whisper-1", f"response_format={form}", f"file=@{LAUGHTER}")
    done = subprocess.run(
        [curl, "-sf", f"{api_address}{URL}", *(part for each in fields for part in ("-F", each))],
        check=True,
        capture_output=True,
        text=True,
    )
    body = json.loads(done.stdout)["text"] if "json" in form else done.stdout
    assert words(LAUGHTER) in body


# Streams ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "text", "verbose_json", "diarized_json"])
def test_a_stream_has_a_delta_an_utterance_and_ends_with_the_whole(
    client: OpenAI, form: str
) -> None:
    events = [*transcribe(client, stream=True, response_format=form)]
    deltas = [each for each in events if isinstance(each, TranscriptionTextDeltaEvent)]
    segments = [each for each in events if isinstance(each, TranscriptionTextSegmentEvent)]
    done = events[-1]
    assert isinstance(done, TranscriptionTextDoneEvent)
    assert "".join(each.delta for each in deltas) == done.text == words(CALL)
    assert len(deltas) == len(references()[CALL.name]["lines"])
    assert len(segments) == (len(deltas) if form == "diarized_json" else 0)
    assert done.usage is not None
    assert (deltas[0].model_extra or {})["emotion_probabilities"]


def test_deltas_of_languages_with_spaces_join_to_the_text(client: OpenAI) -> None:
    events = [*transcribe(client, EXAMPLES / "en-meeting.wav", stream=True, include=["logprobs"])]
    *deltas, done = events
    assert len(deltas) > 1
    assert "".join(each.delta for each in deltas) == done.text
    tokens = [token.token for each in deltas for token in each.logprobs]
    assert tokens == [token.token for token in done.logprobs]


# What is asked for --------------------------------------------------------------------------------


def test_keywords_and_prompt_are_hotwords(client: OpenAI) -> None:
    [plain] = transcribe(client, LAUGHTER, response_format="verbose_json").segments
    wanted = "相生"  # sounds like 相声
    for asked in (
        {"keywords": [wanted]},
        {"prompt": f"{wanted}，这是一段话，说的是什么呢我也不知道啊这里太长了。"},
    ):
        [segment] = transcribe(client, LAUGHTER, response_format="verbose_json", **asked).segments
        assert segment.text == plain.text.replace("相声", wanted)
        assert f"hotword:{wanted}" in segment.rules


def test_languages_are_a_hint_or_a_choice(client: OpenAI) -> None:
    for asked in ({"language": "zh-CN"}, {"languages": ["zh", "en"]}, {"language": "auto"}):
        assert transcribe(client, **asked).languages[0].code == "zh"
    told = transcribe(client, LAUGHTER, language="ja", response_format="verbose_json")
    assert told.language == "ja"


def test_server_vad_decides_where_utterances_end(client: OpenAI) -> None:
    def count(**asked: Any) -> int:
        heard = transcribe(
            client, EXAMPLES / "zh-live-show.wav", response_format="verbose_json", **asked
        )
        return len(heard.segments)

    patient = {"type": "server_vad", "silence_duration_ms": 6_000}
    assert count(chunking_strategy=patient) < count()
    assert count(extra_body={"chunking_strategy": json.dumps(patient)}) < count()


def test_a_model_is_an_engine(client: OpenAI) -> None:
    heard = transcribe(client, model="sensevoice", response_format="verbose_json")
    assert heard.engine == "sensevoice"


def test_another_engine_is_loaded_and_heard_with_times_of_its_characters(client: OpenAI) -> None:
    heard = transcribe(
        client,
        SHOW,
        model="paraformer",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        extra_body={"sentiment": "false"},
    )
    assert heard.engine == "paraformer"
    assert jiwer.cer(SHOW_WORDS, re.sub(r"\W", "", heard.text)) <= MOST_ERRORS
    times = [(word.start, word.end) for word in heard.words]
    assert len(times) >= len(SHOW_WORDS) - 1
    assert all(0 <= start < end <= heard.duration for start, end in times)
    assert {segment.emotion for segment in heard.segments} == {"unknown"}, "it hears none"
    assert {segment.sentiment for segment in heard.segments} == {None}
    (model,) = [each for each in client.models.list() if each.id == "paraformer"]
    assert (model.model_extra or {})["weights"] == heard.weights


@pytest.mark.parametrize("engine", ["sensevoice", "paraformer"])
def test_words_are_read_for_their_sentiment_on_request(client: OpenAI, engine: str) -> None:
    asked: dict[str, Any] = {"model": engine, "response_format": "verbose_json"}
    heard = transcribe(client, CALL, **asked, extra_body={"sentiment": "true"})
    read = [segment for segment in heard.segments if segment.text]
    for segment in read:
        assert segment.sentiment_probabilities[segment.sentiment] == max(
            segment.sentiment_probabilities.values()
        )
        assert sum(segment.sentiment_probabilities.values()) == pytest.approx(1, abs=0.01)
    assert "negative" in {segment.sentiment for segment in read}, "somebody complains"
    unread = transcribe(client, CALL, **asked, extra_body={"sentiment": "false"})
    assert {segment.sentiment for segment in unread.segments} == {None}


def test_models_are_the_engines_and_openais_names(client: OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}
    assert set(listed) == {*NAMES, *ALIASES}
    one = client.models.retrieve("whisper-1")
    assert one == listed["whisper-1"]
    assert (one.model_extra or {})["engine"] == "sensevoice"
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("whisper-9")
    assert missing.value.code == "model_not_found"


# What goes wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "param", "code"),
    [
        ({"model": "whisper-9"}, "model", "model_not_found"),
        ({"response_format": "yaml"}, "response_format", "option"),
        ({"temperature": 3}, "temperature", "option"),
        ({"language": "fr"}, "language", "option"),
        ({"languages": ["zh", "fr"]}, "languages[]", "option"),
        ({"keywords": ["x"]}, "keywords[]", "option"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities[]", "option"),
        ({"include": ["logprobs"], "response_format": "srt"}, "include[]", "option"),
        ({"stream": True, "response_format": "srt"}, "stream", "option"),
        ({"known_speaker_names": ["Ann"]}, "known_speaker_names[]", "option"),
        (
            {"chunking_strategy": {"type": "server_vad", "silence_duration_ms": 1}},
            "chunking_strategy",
            "option",
        ),
        ({"extra_body": {"beam": "5"}}, "beam", "option"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    client: OpenAI, asked: dict[str, Any], param: str, code: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        transcribe(client, **asked)
    assert (refused.value.param, refused.value.code) == (param, code)
    assert refused.value.type == "invalid_request_error"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("content", [b"", b"no sound at all" * 50])
def test_a_broken_recording_is_refused_before_a_stream_begins(
    client: OpenAI, content: bytes, *, stream: bool
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(
            file=("a.wav", content), model="whisper-1", stream=stream
        )
    assert refused.value.code == "audio"


def test_a_request_without_a_recording_is_refused(api_address: str) -> None:
    sent: list[dict[str, Any]] = [
        {"data": {"model": "whisper-1"}},
        {"files": {"model": (None, "whisper-1")}},
        {"files": {"recording": ("a.wav", b"sound")}},
    ]
    answers = [httpx.post(f"{api_address}{URL}", timeout=60, **each) for each in sent]
    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert [answer.json()["error"]["param"] for answer in answers] == [None, "file", "recording"]


def long_recording(path: Path) -> Path:
    """Half an hour of laughter."""
    with wave.open(str(LAUGHTER)) as laughter, wave.open(str(path), "wb") as long:
        long.setparams(laughter.getparams())
        long.writeframes(laughter.readframes(laughter.getnframes()) * 400)
    return path


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_has_its_job_cancelled_and_leaves_nothing(
    api_address: str,
    api_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stream: bool,
) -> None:
    jobs: list[Job] = []
    submit = Transcriptions.submit

    def seen(self: Transcriptions, job: Job) -> None:
        jobs.append(job)
        submit(self, job)

    monkeypatch.setattr(Transcriptions, "submit", seen)
    file = long_recording(tmp_path / "long.wav").open("rb")
    fields = {"stream": "true" if stream else "false"}
    with (
        httpx.Client(base_url=api_address, timeout=60 if stream else 1) as client,
        suppress(httpx.ReadTimeout),
        client.stream("POST", URL, files={"file": file}, data=fields) as answer,
    ):
        assert next(answer.iter_lines()).startswith("data: ")
        assert stream, "what is not streamed takes longer than this client waits"
    wait_until(lambda: not [*api_folder.glob("request-*")])
    [job] = jobs
    wait_until(lambda: job.is_over)
    assert job.state is State.CANCELLED
