"""Stand-ins for what loads a model, and for recordings; each does what a test tells it to."""

import time
import wave
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from postprocess import AudioEvent, Emotion
from richspeech.audio.mono import Waveform
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser
from richspeech.engines.hub import Source, Weights
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.errors import AudioError
from richspeech.language.catalog import Notice
from richspeech.model.emotion_scores import EmotionScores
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.sentiment import Scores
from richspeech.model.transcript import Hypothesis, Segment, Transcript
from richspeech.recognition.pipeline import Cancel, Progress, Transcriber
from richspeech.recognition.reading import WaveformSource
from richspeech.recognition.utterance import Request
from richspeech.stages.cascade import Features

if TYPE_CHECKING:
    from richspeech.engines.emotion2vec.engine import Emotion2vec

HAPPY = Segment(
    0.5, 1.5, "你好", "zh", 0.9, Emotion.HAPPY, {}, (AudioEvent.LAUGHTER,), {}, (), "你好"
)


def wav_at(path: Path, samples: Any, rate: int = 16_000) -> Path:
    """Write 16-bit samples of one channel; return where."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.asarray(samples).astype("<i2").tobytes())
    return path


def wait_until(happened: Callable[[], bool], seconds: float = 180.0) -> None:
    """Wait for what another thread does; what takes longer than ``seconds`` hangs."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.005)


@dataclass
class FakeRecording:
    """These blocks, however long ones are asked for."""

    waveforms: Sequence[Waveform]
    duration: float | None = None
    warnings: tuple[RecordingWarning, ...] = ()

    def blocks(self, _block_seconds: float) -> Iterator[Waveform]:
        yield from self.waveforms


class FakeTranscriber:
    """Hears the same in every recording; remembers their names and the options."""

    def __init__(self, *segments: Segment) -> None:
        self.segments = segments or (HAPPY,)
        self.heard: list[str] = []
        self.options: list[Options] = []
        self.warnings: tuple[RecordingWarning, ...] = ()

    def transcribe(
        self, recording: WaveformSource, options: Options, _: Cancel
    ) -> Iterator[Progress]:
        seconds = sum(len(block) for block in recording.blocks(10.0)) / 16_000
        self.heard.append(getattr(recording, "name", ""))
        self.options.append(options)
        warnings = (*recording.warnings, *self.warnings)
        transcript = Transcript(seconds, 0.1, "ear", "tiny", self.segments, warnings)
        yield Progress(transcript, self.segments, recording.duration, finished=True)


@dataclass
class FakeQueue:
    """Answers each request at once, unless it is slow; keeps what it was asked."""

    hear: Callable[[Request], Hypothesis]
    name: str = "fake"
    is_slow: bool = False
    has_room: bool = True
    requests: list[Request] = field(default_factory=list)
    futures: list[Future[Hypothesis]] = field(default_factory=list)

    def job(self) -> AbstractContextManager["FakeQueue"]:
        return nullcontext(self)

    def submit(self, request: Request) -> Future[Hypothesis]:
        self.requests.append(request)
        self.futures.append(Future())
        if not self.is_slow:
            self.answer()
        return self.futures[-1]

    def answer(self, number: int = -1) -> None:
        self.futures[number].set_result(self.hear(self.requests[number]))


class FakeClassifier:
    """Reads each text as it is told to; keeps what it was asked."""

    name = "a classifier"

    def __init__(
        self, read: Callable[[str], Scores], languages: tuple[str, ...] | None = None
    ) -> None:
        self.languages = languages
        self.asked: list[Sequence[str]] = []
        self._read = read

    def classify(self, texts: Sequence[str]) -> list[Scores]:
        self.asked.append(texts)
        return [self._read(text) for text in texts]


@dataclass(frozen=True)
class FakeCascade:
    """Says the same of every segment."""

    scores: Mapping[str, Mapping[str, float]]
    features: tuple[str, ...] = ("emotion.angry", "voice.pitch")
    sure: Mapping[str, float] = field(default_factory=dict)
    name: str = "calls"

    def judge(self, features: Features) -> Sequence[Mapping[str, Mapping[str, float]]]:
        assert features.shape[1] == len(self.features)
        return [self.scores] * len(features)


class FakeEmotionRecogniser:
    """Hears in the samples it was fed what it is told to, and nothing in silence."""

    memory_bytes = 30_000_000

    def __init__(
        self, hear: Callable[[Waveform], EmotionScores], fed: Callable[[], None] = lambda: None
    ) -> None:
        self._hear, self._fed, self._keep = hear, fed, False
        self._heard = [np.zeros(0, np.float32)]

    def recognise(
        self, blocks: Iterable[Waveform], *, keep_features: bool = False
    ) -> EmotionScores:
        stream = self.stream(keep_features=keep_features)
        for block in blocks:
            stream.feed(block)
        return stream.finish()

    def stream(self, *, keep_features: bool = False) -> "FakeEmotionRecogniser":
        stream = FakeEmotionRecogniser(self._hear, self._fed)
        stream._keep = keep_features
        return stream

    def feed(self, waveform: Waveform) -> None:
        self._fed()
        self._heard.append(waveform)

    def finish(self) -> EmotionScores:
        waveform = np.concatenate(self._heard)
        if not waveform.any():
            raise AudioError("emotion.silence")
        scores = self._hear(waveform)
        return scores if self._keep else replace(scores, features=None)


def loaded_emotion_recogniser(
    recogniser: FakeEmotionRecogniser, source: Source = Source.EMBEDDED
) -> LoadedEmotionRecogniser:
    """An emotion recogniser that is ready."""
    weights = Weights(Path(), "models/ear", source, Notice("why.named_folder"))
    return LoadedEmotionRecogniser(
        cast("Emotion2vec", recogniser), weights, "cpu", Notice("device.asked")
    )


def loaded_with(
    transcriber: Transcriber,
    engine: str = "sensevoice",
    *,
    folder: Path = Path("x"),
    name: str = "models/tiny",
    source: Source = Source.EMBEDDED,
) -> Loaded:
    """An engine that is ready; whoever wants to know its weights finds them in ``folder``."""
    weights = Weights(folder, name, source, Notice("why.named_folder"))
    return Loaded(transcriber, engine, weights, weights, "cpu", Notice("device.asked"))


def ready(loaded: Loaded) -> Readiness:
    """What answers for an engine that is there."""
    readiness = Readiness()
    readiness.load(lambda: loaded)
    return readiness
