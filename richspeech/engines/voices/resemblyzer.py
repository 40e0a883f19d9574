"""Resemblyzer's GE2E encoder, with the weights that its package carries.

Its network and its features are written anew here in a few lines, since importing the package needs
webrtcvad, which is to be compiled, for a silence trimmer that our own detector replaces.
Sources: resemblyzer 0.1.4, voice_encoder.py, audio.py and hparams.py; Wan et al., "Generalized
end-to-end loss for speaker verification" (2018).
"""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from richspeech.audio.mono import SAMPLE_RATE
from richspeech.engines.common.openvino_import import best_precision
from richspeech.engines.common.threads import one_thread
from richspeech.errors import ModelError

PACKAGE = "resemblyzer"
NAME = "Resemblyzer 0.1.4"
SAME_FROM = 0.66
"""Mean cosine of two clusters of one voice, chosen on other conversations than
scripts/measure_voices.py judges; 0.64 and 0.68 counted about as well."""
CHANNELS, HIDDEN, LAYERS = 40, 256, 3
WINDOW_SAMPLES, HOP_SAMPLES = 400, 160
LEVEL = 10 ** (-30 / 20)
"""Root mean square to which quiet windows are raised; the mels are powers, no logarithms."""


class _Network(nn.Module):
    """Three LSTM layers, the last state, and its positive part at length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(CHANNELS, HIDDEN, LAYERS, batch_first=True)
        self.linear = nn.Linear(HIDDEN, HIDDEN)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        """[B, T, CHANNELS] → [B, HIDDEN]."""
        _, (hidden, _) = self.lstm(mels)
        positive = torch.relu(self.linear(hidden[-1])).float()
        return functional.normalize(positive, dim=1)


@dataclass(frozen=True)
class Resemblyzer:
    """The loaded encoder; read-only, so any number of threads may use it."""

    network: Any
    filters: NDArray[np.float32]
    """[CHANNELS, WINDOW_SAMPLES // 2 + 1], triangles of Slaney's mel scale with equal areas."""
    device: str

    @classmethod
    def load(cls, device: str) -> Self:
        """Open the weights of the package; raises ``ModelError`` when they are not what they were.

        Raises ``ModuleNotFoundError`` where it is not installed.
        """
        from librosa.filters import mel  # noqa: PLC0415 - takes a second

        network = _Network()
        try:
            state = torch.load(_weights(), map_location="cpu", weights_only=True)["model_state"]
            missing = network.load_state_dict(state, strict=False).missing_keys
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            raise ModelError("model.unloadable", name=NAME, why=str(error)[:200]) from error
        if missing:
            raise ModelError("model.weights", name=NAME, count=len(missing), such=missing[0])
        filters = mel(sr=SAMPLE_RATE, n_fft=WINDOW_SAMPLES, n_mels=CHANNELS)
        return cls(
            network.eval().to(device, _precision(device)), filters.astype(np.float32), device
        )

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the direction of each window: [W, T] samples at 16 kHz → [W, HIDDEN]."""
        mels = torch.from_numpy(self._mels(windows)).to(self.device, _precision(self.device))
        with torch.inference_mode(), one_thread():
            embeddings: NDArray[np.float32] = self.network(mels).cpu().numpy()
        return embeddings

    def _mels(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return [W, T, CHANNELS]: powers, of windows centred every 10 ms, silence around."""
        level = np.sqrt(np.mean(windows**2, axis=1, keepdims=True))
        raised = windows * np.maximum(LEVEL / np.maximum(level, 1e-7), 1.0)
        padded = np.pad(raised, ((0, 0), (WINDOW_SAMPLES // 2,) * 2))
        frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES, axis=1)
        hann = np.hanning(WINDOW_SAMPLES + 1)[:-1]
        power = np.abs(np.fft.rfft(frames[:, ::HOP_SAMPLES] * hann)) ** 2
        mels: NDArray[np.float32] = (power @ self.filters.T).astype(np.float32)
        return mels


@cache
def _precision(device: str) -> torch.dtype:
    """Return bfloat16 where a processor adds up in it: twice as fast, much the same."""
    try:
        is_fast = device == "cpu" and best_precision() == "bfloat16"
    except ImportError:  # OpenVINO, which knows, is not to be had everywhere
        is_fast = False
    return torch.bfloat16 if is_fast else torch.float32


def _weights() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        message = f"No module named {PACKAGE!r}"
        raise ModuleNotFoundError(message, name=PACKAGE)
    return Path(spec.submodule_search_locations[0]) / "pretrained.pt"
