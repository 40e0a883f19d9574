"""CAM++ through funasr's class, from a folder.

Features as funasr's own ``inference`` makes them (funasr 1.4.16, models/campplus/utils.py,
``extract_feature``): 80 log mels of Kaldi without dither, less their mean over the window. Its
``generate`` takes files and whole recordings, and clusters fewer than 20 windows into one speaker,
so only the network is used. Source of the model: Wang et al., "CAM++: a fast and efficient network
for speaker verification using context-aware masking" (2023).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.threads import one_thread

MODEL_CLASS = "CAMPPlus"
SAME_FROM = 0.4
"""Mean cosine of two clusters of one voice, as 3D-Speaker has it for this model
(speakerlab/process/cluster.py, AHCluster, fix_cos_thr); not measured here, for want of weights."""
EMBEDDED_SAME_FROM = 0.45
"""That of the embedded weights, chosen on the seeds that scripts/measure_voices.py does not judge
with."""
MELS = 80


@dataclass(frozen=True)
class Campplus:
    """The loaded encoder; read-only, so any number of threads may use it."""

    model: Any
    device: str

    @classmethod
    def load(cls, folder: Path, device: str, threads: int | None = None) -> Self:
        """Open a model folder; no network is used. Raises ``ModelError`` when it does not fit."""
        auto_model = load_automodel(folder, MODEL_CLASS, device, threads or torch.get_num_threads())
        return cls(auto_model.model.eval(), device)

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the direction of each window: [W, T] samples at 16 kHz → [W, D] of length 1."""
        from funasr.utils import fbank  # noqa: PLC0415 - imported by now, with the model

        features = [
            fbank.fbank(torch.from_numpy(each)[None], num_mel_bins=MELS) for each in windows
        ]
        batch = torch.stack([each - each.mean(dim=0, keepdim=True) for each in features])
        with torch.inference_mode(), one_thread():
            unit = functional.normalize(self.model(batch.to(self.device)), dim=1)
        embeddings: NDArray[np.float32] = unit.cpu().numpy()
        return embeddings
