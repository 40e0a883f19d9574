"""Waveforms to what the encoder takes: log-mel, low frame rate, mean and variance normalisation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from richspeech.audio import SAMPLE_RATE, Waveform
from richspeech.engines.fbank import log_mel

FRAME_SAMPLES = SAMPLE_RATE * 25 // 1_000
"""One analysis window, 25 ms; anything shorter has no features."""


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
        return self.hop * 0.01


def stack_frames(log_mels: NDArray[np.float32], window: int, hop: int) -> NDArray[np.float32]:
    """Stack ``window`` frames every ``hop`` frames, [T, 80] to [ceil(T / hop), 80 * window].

    The first stack is centred on the first frame; beyond the edges the edge frame is repeated.
    """
    centres = np.arange(0, len(log_mels), hop)[:, None]
    index = np.clip(centres - (window - 1) // 2 + np.arange(window), 0, len(log_mels) - 1)
    stacked: NDArray[np.float32] = log_mels[index].reshape(len(centres), -1)
    return stacked


def extract(waveform: Waveform, config: FeatureConfig) -> NDArray[np.float32]:
    """Return the encoder's features of one utterance, [T, 80 * window].

    A waveform shorter than one window is padded with silence to one window.
    """
    missing = FRAME_SAMPLES - len(waveform)
    padded = np.pad(waveform, (0, missing)) if missing > 0 else waveform
    stacked = stack_frames(log_mel(padded), config.window, config.hop)
    normalised: NDArray[np.float32] = (stacked + config.shift) * config.scale
    return normalised


def extract_batch(waveforms: Sequence[Waveform], config: FeatureConfig) -> tuple[Tensor, list[int]]:
    """Return padded features [B, T, 80 * window] float32 and their lengths in frames."""
    features = [torch.from_numpy(extract(waveform, config)) for waveform in waveforms]
    return pad_sequence(features, batch_first=True), [len(f) for f in features]
