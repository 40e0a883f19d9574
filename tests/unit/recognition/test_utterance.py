"""The buffer from which utterances are cut: no more than the last stretch, and never too little."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.recognition.utterance import FrameBuffer


def ramp(start: int, end: int) -> Waveform:
    return np.arange(start, end, dtype=np.float32)


def rows(start: int, end: int) -> NDArray[np.float32]:
    return ramp(start, end)[:, None].repeat(80, axis=1)


def filled(*samples: int, frames_behind: int = 2) -> FrameBuffer:
    """A buffer that was given blocks which end at these samples; every number is its place."""
    buffer = FrameBuffer()
    for start, end in pairwise((0, *samples)):
        known = max(start // 160 - frames_behind, 0), max(end // 160 - frames_behind, 0)
        buffer.append(ramp(start, end), rows(*known))
    return buffer


@given(
    st.lists(st.integers(0, 32_000), max_size=20).map(sorted),
    st.integers(0, 190),
    st.integers(1, 10),
)
def test_a_cut_does_not_depend_on_the_blocks(ends: list[int], first: int, frames: int) -> None:
    last = first + frames
    cut = filled(*ends, 32_000).cut(first / 100, last / 100)
    assert np.array_equal(cut.waveform, ramp(first * 160, last * 160))
    assert np.array_equal(cut.log_mel, rows(first, max(last - 2, first + 1))[: 198 - first])
    assert (cut.start, cut.end) == (first / 100, last / 100)


def test_what_is_forgotten_is_an_error_and_not_a_shorter_utterance() -> None:
    buffer = filled(SAMPLE_RATE, 2 * SAMPLE_RATE)
    buffer.forget(1.0)
    assert buffer.seconds == 2.0
    assert buffer.cut(1.0, 2.0).waveform[0] == SAMPLE_RATE
    with pytest.raises(ValueError, match="are forgotten"):
        buffer.cut(0.9, 2.0)


def test_what_was_cut_does_not_change_with_the_buffer() -> None:
    buffer = filled(SAMPLE_RATE)
    cut = buffer.cut(0.0, 0.5)
    cut.waveform[:] = cut.log_mel[:] = -1.0
    again = buffer.cut(0.0, 0.5)
    assert (again.waveform[0], again.log_mel[0, 0]) == (0.0, 0.0)


def test_the_buffer_stays_small_however_long_the_recording() -> None:
    buffer, sizes = FrameBuffer(), []
    for _ in range(1_000):
        buffer.append(np.zeros(SAMPLE_RATE, np.float32), np.zeros((100, 80), np.float32))
        buffer.forget(buffer.seconds - 10.0)
        sizes.append([len(kept._blocks) for kept in (buffer._waveform, buffer._log_mel)])
    assert np.max(sizes) == 10
