"""Pauses end a stretch of speech; what is within words, and what clicks, does not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from richspeech.audio.pauses import stretches

LOUD, QUIET = 0.0, -12.0


def heard(*parts: tuple[float, float]) -> NDArray[np.float32]:
    """Loudness and seconds of each part."""
    return np.concatenate(
        [np.full((round(seconds * 100), 80), loudness, np.float32) for loudness, seconds in parts]
    )


def test_a_pause_parts_two_stretches() -> None:
    found = stretches(heard((LOUD, 1.0), (QUIET, 0.5), (LOUD, 2.0)), start=10.0)
    assert np.allclose(found, [(10.0, 11.0), (11.5, 13.5)], atol=0.04)


def test_a_breath_parts_nothing() -> None:
    (found,) = stretches(heard((LOUD, 1.0), (QUIET, 0.2), (LOUD, 2.0)))
    assert found == pytest.approx((0.0, 3.2), abs=0.04)


def test_quiet_before_and_behind_belongs_to_nobody() -> None:
    (found,) = stretches(heard((QUIET, 0.3), (LOUD, 1.0), (QUIET, 0.2)))
    assert found == pytest.approx((0.3, 1.3), abs=0.04)


def test_a_click_between_pauses_is_nobody() -> None:
    found = stretches(heard((LOUD, 1.0), (QUIET, 0.5), (LOUD, 0.04), (QUIET, 0.5), (LOUD, 1.0)))
    assert len(found) == 2


def test_who_speaks_softly_is_heard() -> None:
    (found,) = stretches(heard((LOUD, 1.0), (-5.0, 1.0)))
    assert found == pytest.approx((0.0, 2.0), abs=0.04)


def test_in_loud_noise_nothing_is_a_pause() -> None:
    (found,) = stretches(heard((LOUD, 1.0), (-4.0, 1.0), (LOUD, 1.0)))
    assert found == pytest.approx((0.0, 3.0), abs=0.04)


@pytest.mark.parametrize("frames", [1, 2, 4, 7])
def test_a_few_frames_are_no_speech_of_anybody(frames: int) -> None:
    assert stretches(np.zeros((frames, 80), np.float32)) == ()
