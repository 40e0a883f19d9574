"""Very quiet recordings, from 0 to -50 dB of what they were, rounded to 16 bits."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.model.options import Options
from richspeech.recognition.reading import Reader

PROJECT = Path(__file__).resolve().parents[2]
LIMITS = AudioLimits(max_bytes=10_000_000, max_seconds=120.0)


class Quieter:
    """A recording in memory, so many decibels louder or quieter."""

    duration, warnings = None, ()

    def __init__(self, waveform: Waveform, decibels: float) -> None:
        samples = np.round(waveform * 32_768 * 10 ** (decibels / 20))
        self._waveform = (samples / 32_768).astype(np.float32)

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        size = round(block_seconds * SAMPLE_RATE)
        for first in range(0, len(self._waveform), size):
            yield self._waveform[first : first + size]


@pytest.fixture(scope="module")
def reader() -> Reader:
    detector = FsmnVad.load(PROJECT / "models" / "fsmn-vad-tiny")
    return Reader(Fbank(), detector, raises_quiet=True)


def heard(reader: Reader, recording: Quieter, seconds: float) -> tuple[NDArray[np.bool_], set[str]]:
    """Return which frames reach the recogniser, and what is said of the recording."""
    frames, said = np.zeros(round(seconds * 100) + 1, np.bool_), set()
    for stretch in reader.read(recording, Options()):
        said |= {warning.code for warning in stretch.warnings}
        for each in stretch.utterances:
            frames[round(each.start * 100) : round(each.end * 100)] = True
    return frames, said


def test_the_embedded_detector_hears_the_examples_down_to_minus_50_db(reader: Reader) -> None:
    spoken, found = 0, dict.fromkeys(range(0, -60, -10), 0)
    for file in sorted((PROJECT / "examples").glob("*.wav")):
        waveform = load_waveform(file, LIMITS)
        seconds = len(waveform) / SAMPLE_RATE
        before, said = heard(reader, Quieter(waveform, 0), seconds)
        assert said == set()
        spoken += before.sum()
        for decibels in found:
            now, said = heard(reader, Quieter(waveform, decibels), seconds)
            found[decibels] += (now & before).sum()
            assert said == ({"very_quiet"} if decibels <= -30 else said)
    assert min(found.values()) >= 0.98 * spoken
