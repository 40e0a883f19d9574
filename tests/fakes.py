"""Stand-ins for what loads a model, and for recordings; each does one thing."""

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from postprocess import AudioEvent, Emotion
from richspeech.engines.hub import Source, Weights
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.language.catalog import Notice
from richspeech.model.options import Options
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Cancel, Progress, Transcriber, WaveformSource

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


class HappyTranscriber:
    """Hears HAPPY in every recording, and remembers their names and the options."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.options: list[Options] = []

    def transcribe(
        self, recording: WaveformSource, options: Options, _: Cancel
    ) -> Iterator[Progress]:
        seconds = sum(len(block) for block in recording.blocks(10.0)) / 16_000
        self.heard.append(getattr(recording, "name", ""))
        self.options.append(options)
        transcript = Transcript(seconds, 0.1, "ear", "tiny", (HAPPY,))
        yield Progress(transcript, (HAPPY,), recording.duration, finished=True)


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
