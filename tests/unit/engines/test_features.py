"""Low frame rate and normalisation, written straight into a padded batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.engines.common.features import FeatureConfig, extract_batch

Array = NDArray[np.float32]
RNG = np.random.default_rng(0)


def config_of(window: int, hop: int) -> FeatureConfig:
    shift, scale = RNG.standard_normal((2, 80 * window)).astype(np.float32)
    return FeatureConfig(window, hop, shift, scale)


def log_mel_of(frames: int) -> Array:
    return RNG.standard_normal((frames, 80)).astype(np.float32)


def one_stack_after_the_other(log_mel: Array, config: FeatureConfig) -> Array:
    stacks = []
    for centre in range(0, len(log_mel), config.hop):
        first = centre - (config.window - 1) // 2
        frames = [
            log_mel[min(max(i, 0), len(log_mel) - 1)] for i in range(first, first + config.window)
        ]
        stacks.append((np.concatenate(frames) + config.shift) * config.scale)
    return np.stack(stacks)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
    st.sampled_from([(7, 6), (5, 1), (1, 1), (4, 3), (2, 5)]),
)
def test_a_batch_holds_what_each_utterance_gives_alone(
    frames: list[int], stacking: tuple[int, int]
) -> None:
    config = config_of(*stacking)
    log_mels = [log_mel_of(count) for count in frames]
    features, lengths = extract_batch(log_mels, config)
    assert features.shape == (len(frames), max(lengths), 80 * config.window)
    assert features.dtype == torch.float32
    for row, length, log_mel in zip(features, lengths, log_mels, strict=True):
        expected = one_stack_after_the_other(log_mel, config)
        np.testing.assert_allclose(row[:length].numpy(), expected, atol=1e-6)
        assert not row[length:].any()


@pytest.mark.parametrize(("frames", "length"), [(1, 1), (6, 1), (7, 2), (12, 2), (13, 3)])
def test_every_started_hop_has_a_stack(frames: int, length: int) -> None:
    assert extract_batch([log_mel_of(frames)], config_of(7, 6))[1] == [length]


def test_no_frames_have_no_features() -> None:
    features, lengths = extract_batch([log_mel_of(0), log_mel_of(7)], config_of(7, 6))
    assert lengths == [0, 2]
    assert not features[0].any()
    assert extract_batch([], config_of(7, 6))[0].shape == (0, 0, 560)


def test_a_slice_of_a_recording_is_left_as_it_was() -> None:
    recording = log_mel_of(50)
    before = recording.copy()
    extract_batch([recording[3:40]], config_of(7, 6))
    np.testing.assert_array_equal(recording, before)
