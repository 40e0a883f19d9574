"""A recording → a small MP3 in which everything is where it was."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.playback import to_mp3

LIMITS = AudioLimits(10**9, 10**5)


def decoded(mp3: bytes) -> NDArray[np.float32]:
    with open_recording(BytesIO(mp3), LIMITS) as recording:
        return np.concatenate([*recording.blocks()])


def tone(seconds: float) -> NDArray[np.float32]:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def test_a_tone_begins_where_it_began() -> None:
    silence = np.zeros(2 * SAMPLE_RATE, np.float32)
    heard = decoded(to_mp3([silence, tone(1.0), silence]))
    loud = np.flatnonzero(np.abs(heard) > 0.25) / SAMPLE_RATE
    assert loud[0] == pytest.approx(2.0, abs=0.02)
    assert loud[-1] == pytest.approx(3.0, abs=0.02)
    assert len(heard) / SAMPLE_RATE == pytest.approx(5.0, abs=0.1)


def test_a_minute_is_a_quarter_of_a_megabyte() -> None:
    assert 200_000 < len(to_mp3(tone(10.0) for _ in range(6))) < 300_000


def test_a_recording_of_no_length_is_no_error() -> None:
    assert isinstance(to_mp3([]), bytes)
