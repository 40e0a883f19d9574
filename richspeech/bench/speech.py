"""The speech: the example recordings, repeated, with pauses between them."""

import itertools
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.common.fbank import Fbank
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.places import SHIPPED
from richspeech.recognition.reading import Detector, Reader
from richspeech.recognition.utterance import Utterance

EXAMPLES = SHIPPED / "examples"
SHORTEST_PAUSE, LONGEST_PAUSE = 0.9, 1.8
"""Seconds; long enough to end an utterance."""
NOISE_FLOOR = 1e-4
"""Amplitude of the pauses: a quiet room."""
FULL_SCALE = 32_767
LIMITS = AudioLimits(max_bytes=10**10, max_seconds=10**6)
"""No recording of the bench meets them."""


def example_files() -> list[Path]:
    """Return the recordings that the speech is made of."""
    return sorted(EXAMPLES.glob("*.wav"))


def make_speech(seconds: float) -> Waveform:
    """Return speech of this length; a shorter one is the beginning of a longer one.

    The pauses are random, so no round of the examples meets the frames of the features, or the
    blocks of the pipeline, where the round before did.
    """
    rng = np.random.default_rng(0)
    examples = [load_waveform(path, LIMITS) for path in example_files()]
    parts: list[Waveform] = []
    while sum(map(len, parts)) < seconds * SAMPLE_RATE:
        for number in rng.permutation(len(examples)):
            pause = int(rng.uniform(SHORTEST_PAUSE, LONGEST_PAUSE) * SAMPLE_RATE)
            parts += [examples[number], _room(rng, pause)]
    return np.concatenate(parts)[: round(seconds * SAMPLE_RATE)]


def _room(rng: np.random.Generator, samples: int) -> Waveform:
    return (rng.standard_normal(samples) * NOISE_FLOOR).astype(np.float32)


def write_wav(waveform: Waveform, path: Path) -> None:
    """Write 16-bit samples."""
    samples = np.round(waveform * FULL_SCALE).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())


def speech_path(seconds: float, cache: Path) -> Path:
    """Say where the bench keeps its speech of this length."""
    return cache / f"speech-{seconds:g}.wav"


@dataclass(frozen=True)
class Repeated:
    """A recording of any length that needs the memory of the speech it repeats."""

    speech: Waveform
    duration: float
    """Seconds."""
    warnings: tuple[RecordingWarning, ...] = ()

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        """Yield blocks of float32 mono 16 kHz."""
        total, size = round(self.duration * SAMPLE_RATE), round(block_seconds * SAMPLE_RATE)
        for first in range(0, total, size):
            last = min(first + size, total)
            yield self.speech.take(np.arange(first, last), mode="wrap")


def find_utterances(
    speech: Waveform, detector: Detector, *, hears_sounds: bool = False
) -> list[Utterance]:
    """Cut speech as the pipeline cuts it."""
    recording = Repeated(speech, len(speech) / SAMPLE_RATE)
    reader = Reader(Fbank(), detector, hears_sounds=hears_sounds)
    stretches = reader.read(recording, Options())
    return [utterance for stretch in stretches for utterance in stretch.utterances]


def clips(speech: Waveform, seconds: float, count: int) -> list[Repeated]:
    """Return clips of this length that begin at different places."""
    size = round(seconds * SAMPLE_RATE)
    step = max((len(speech) - size) // max(count - 1, 1), 0)
    starts = itertools.islice(itertools.count(0, step), count)
    return [Repeated(speech[first : first + size], seconds) for first in starts]
