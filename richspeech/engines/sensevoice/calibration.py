"""Speech to calibrate and to check an encoder with: the shipped examples, through real features."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.features import extract_batch
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.hub import EMBEDDED_DETECTOR
from richspeech.engines.sensevoice.encoder import Encoder, SanmEncoder, Scores
from richspeech.engines.sensevoice.parts import Parts
from richspeech.model.options import Options
from richspeech.places import SHIPPED
from richspeech.recognition.reading import Reader
from richspeech.recognition.utterance import Utterance

EXAMPLES = SHIPPED / "examples"
"""Two minutes in five languages, with laughter, music and crying."""
BATCH_SECONDS = 20.0
LIMITS = AudioLimits(max_bytes=10**8, max_seconds=600.0)

Batch = tuple[NDArray[np.float32], list[int]]
"""What ``Encoder.score`` takes."""


def example_batches(parts: Parts, cache_folder: Path, folder: Path = EXAMPLES) -> list[Batch]:
    """Return the utterances of the recordings in ``folder`` as an encoder takes them.

    The small detector finds them, and similar lengths come together.
    """
    detector = FsmnVad.load(EMBEDDED_DETECTOR, cache_folder=cache_folder)
    found = [each for path in sorted(folder.glob("*.wav")) for each in utterances(path, detector)]
    rows: list[list[NDArray[np.float32]]] = [[]]
    for utterance in sorted(found, key=lambda each: each.duration):
        if rows[-1] and utterance.duration * (len(rows[-1]) + 1) > BATCH_SECONDS:
            rows.append([])
        rows[-1].append(utterance.log_mel)
    return [_batch(row, parts) for row in rows]


def utterances(path: Path, detector: FsmnVad) -> list[Utterance]:
    """Return where somebody speaks in a recording; raises ``AudioError``."""
    with open_recording(path, LIMITS) as recording:
        stretches = Reader(Fbank(), detector).read(recording, Options())
        return [each for stretch in stretches for each in stretch.utterances]


def _batch(log_mels: Sequence[NDArray[np.float32]], parts: Parts) -> Batch:
    features, lengths = extract_batch(log_mels, parts.features)
    rows = [parts.prompts.rows(None, itn=True)] * len(log_mels)
    return parts.prompts.before(features.numpy(), rows), lengths


def score_all(encoder: Encoder, batches: Sequence[Batch]) -> list[Scores]:
    """Score one batch after the other."""
    return [scores for inputs, lengths in batches for scores in encoder.score(inputs, lengths)]


@dataclass(frozen=True)
class Ranges:
    """The largest absolute value of each channel that goes into a linear."""

    largest: dict[nn.Module, Tensor]

    def of(self, linear: nn.Linear) -> NDArray[np.float32]:
        """Return those of one linear, [inputs]."""
        found: NDArray[np.float32] = self.largest[linear].numpy()
        return found


def measure(encoder: SanmEncoder, batches: Sequence[Batch]) -> tuple[Ranges, list[Scores]]:
    """Score batches one utterance at a time; return the ranges met, and the scores.

    What stands in the padding of a batch means nothing and would widen the ranges.
    """
    largest: dict[nn.Module, Tensor] = {}

    def look(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found = inputs[0].abs().flatten(0, -2).amax(0)
        largest[module] = torch.maximum(largest.get(module, found), found)

    linears = [each for each in encoder.modules() if isinstance(each, nn.Linear)]
    hooks = [each.register_forward_pre_hook(look) for each in linears]
    singles = [
        (inputs[i : i + 1, : length + len(inputs[0]) - max(lengths)], [length])
        for inputs, lengths in batches
        for i, length in enumerate(lengths)
    ]
    try:
        scores = score_all(encoder, singles)
    finally:
        for hook in hooks:
            hook.remove()
    return Ranges(largest), scores
