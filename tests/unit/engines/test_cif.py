"""Characters lie between the fires of the predictor; what cannot be placed has no time."""

import numpy as np
import pytest
import torch

from richspeech.engines.paraformer.cif import character_spans, integrate

FRAME = 0.06


def track(length: int, fires: dict[int, float]) -> np.ndarray:
    """A weight of one on each frame that fires."""
    weights = np.zeros(length, np.float32)
    for frame, weight in fires.items():
        weights[frame] = weight
    return weights


def test_a_character_lasts_from_one_fire_to_the_next() -> None:
    weights = track(19, {5: 1.0, 9: 1.0, 16: 1.0})
    first, last = character_spans(weights, 2, FRAME) or []
    assert first == pytest.approx((3.5 * FRAME, 7.5 * FRAME))
    # It lasts to the end, since less than five frames are left.
    assert last == pytest.approx((7.5 * FRAME, 19 * FRAME))


def test_silence_after_a_long_character_is_not_its_own() -> None:
    weights = track(60, {5: 1.0, 40: 1.0, 45: 1.0})
    first, last = character_spans(weights, 2, FRAME) or []
    assert first == pytest.approx((3.5 * FRAME, 15.5 * FRAME))
    assert last == pytest.approx((38.5 * FRAME, (43.5 + 60) / 2 * FRAME))


def test_weights_that_fire_too_rarely_are_scaled() -> None:
    weights = track(20, {4: 0.5, 9: 0.5, 14: 0.5})
    spans = character_spans(weights, 2, FRAME)
    assert spans is not None
    assert [start for start, _ in spans] == pytest.approx([2.5 * FRAME, 7.5 * FRAME])


def test_what_never_fires_has_no_times() -> None:
    silence = np.zeros(10, np.float32)
    assert character_spans(silence, 1, FRAME) is None


def test_no_characters_need_no_times() -> None:
    assert character_spans(np.ones(4, np.float32), 0, FRAME) == []


def test_a_character_is_made_of_the_frames_between_its_fires_by_their_weights() -> None:
    weights = torch.tensor([[0.5, 0.75, 0.25, 0.5, 0.0], [0.0, 0.0, 0.25, 0.0, 0.0]])
    frames = torch.arange(10.0).reshape(2, 5, 1)
    first, second = integrate(frames, weights, 2)
    # 0.5 of frame 0 and of frame 1; 0.25 of frames 1 and 2, 0.5 of frame 3.
    assert first.flatten().tolist() == pytest.approx([0.5, 0.25 + 0.5 + 1.5])
    assert second.flatten().tolist() == pytest.approx([0.25 * 7, 0.0])
