"""Log-mels to what the encoder takes: low frame rate, mean and variance normalisation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from torch import Tensor

from richspeech.engines.common.fbank import HOP_MS, MEL_BINS


@dataclass(frozen=True)
class FeatureConfig:
    """The model's frontend, from its config.yaml and am.mvn."""

    window: int
    """LFR: log-mel frames stacked side by side (``lfr_m``)."""
    hop: int
    """LFR: log-mel frames from one stack to the next (``lfr_n``)."""
    shift: NDArray[np.float32]
    """Added to the stacked features, [80 * window]."""
    scale: NDArray[np.float32]
    """Multiplied after the shift, [80 * window]."""

    @property
    def seconds_per_frame(self) -> float:
        """Time from one LFR frame to the next."""
        return self.hop * HOP_MS / 1000


def extract_batch(
    log_mels: Sequence[NDArray[np.float32]], config: FeatureConfig
) -> tuple[Tensor, list[int]]:
    """Return padded features [B, T, 80 * window] float32 and their lengths in frames.

    ``log_mels`` are [10 ms frames, 80] each. Beyond the lengths there are zeros.
    """
    lengths = [-(-len(log_mel) // config.hop) for log_mel in log_mels]
    batch = np.zeros((len(lengths), max(lengths, default=0), MEL_BINS * config.window), np.float32)
    for features, log_mel, length in zip(batch, log_mels, lengths, strict=True):
        np.add(stack_frames(log_mel, config.window, config.hop), config.shift, features[:length])
        features[:length] *= config.scale
    return torch.from_numpy(batch), lengths


def stack_frames(log_mel: NDArray[np.float32], window: int, hop: int) -> NDArray[np.float32]:
    """Stack ``window`` frames every ``hop`` frames, [T, 80] to [ceil(T / hop), 80 * window].

    The first stack is centred on the first frame; beyond the edges the edge frame is repeated.
    The stacks are overlapping views, to be read only.
    """
    stacks = -(-len(log_mel) // hop)
    before = (window - 1) // 2
    after = max(0, (stacks - 1) * hop + window - before - len(log_mel))
    mel = np.concatenate((log_mel[:1].repeat(before, 0), log_mel, log_mel[-1:].repeat(after, 0)))
    shape, strides = (stacks, window * mel.shape[1]), (hop * mel.strides[0], mel.strides[1])
    return as_strided(mel, shape, strides, writeable=False)
