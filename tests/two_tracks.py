"""Recordings with two audio tracks, each of which says by its pitch which one it is."""

import base64
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits, Source
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE
from tests.unit.audio.test_strands import written

FIRST, SECOND = 500, 1_000
"""Hz."""


def two_tracks(path: Path, seconds: int = 2) -> Path:
    """Write a film's sound: the main track hums low, the second one high."""
    path.write_bytes(written([_tone(FIRST, seconds)], [_tone(SECOND, seconds)]))
    return path


def _tone(pitch: int, seconds: int) -> NDArray[np.float32]:
    moments = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    return (0.4 * np.sin(2 * np.pi * pitch * moments)).astype(np.float32)


def pitches_of(sound: Source) -> set[int]:
    """Return the Hz, in steps of ten, at which a sound is nearly as loud as at its loudest."""
    samples = load_waveform(sound, AudioLimits(10**9, 10**5))
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    loud = np.flatnonzero(spectrum > spectrum.max() / 2)
    return {10 * round(each * SAMPLE_RATE / len(samples) / 10) for each in loud.tolist()}


def sound_in(page: str) -> bytes:
    """Return the sound that a report carries."""
    found = re.search(r"data:audio/mpeg;base64,([A-Za-z0-9+/=]+)", page)
    assert found
    return base64.b64decode(found[1])
