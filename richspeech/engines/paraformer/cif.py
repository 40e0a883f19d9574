"""Continuous integrate-and-fire: how Paraformer counts characters, and when each one sounds.

A predictor gives each frame a weight. Whenever their sum has grown by one it fires: once for each
character, and once more at the end. What lies between two fires is the character's.

The weights are those of funasr's predictors. What they weigh is added up here for all utterances
at once: funasr 1.4.16 goes frame by frame, or fails with an IndexError where the last utterance of
a batch does not fire at all. Times follow the rules of its ``ts_prediction_lfr6_standard``, whose
constants are frames of what it is given: 60 ms, or 20 ms from a predictor made for times.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PREDICTOR_CLASSES = ("CifPredictorV2", "CifPredictorV3")
"""Of funasr; they weigh alike."""

NEARLY_ONE = 1.0 - 1e-4
"""A sum from which on a predictor made for times fires, and weights that were scaled."""
DELAY_FRAMES = 1.5
"""What is subtracted: it fires as late as that after a character has begun."""
LONGEST_FRAMES = 12.0
"""A character that would last for longer is followed by silence."""
LITTLE_FRAMES = 5.0
"""What is left after the last fire belongs to the last character when it is not more than this."""

Span = tuple[float, float]


def weigh(predictor: Any, encoded: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weights [B, T] or, with one frame for what is left at the end, [B, T + 1].

    And how many characters there are, [B]. ``encoded`` is [B, T, D], zero where ``real`` [B, T] is
    False.
    """
    heard = torch.relu(predictor.cif_conv1d(predictor.pad(encoded.transpose(1, 2))))
    weights = torch.sigmoid(predictor.cif_output(heard.transpose(1, 2))).squeeze(-1)
    weights = torch.relu(weights * predictor.smooth_factor - predictor.noise_threshold) * real
    if predictor.tail_threshold <= 0.0:
        return weights, weights.sum(dim=-1).round().long()
    _, weights, counts = predictor.tail_process_fn(encoded, weights, mask=real.float())
    return weights, counts.long()


def integrate(encoded: Tensor, weights: Tensor, characters: int) -> Tensor:
    """Return what each character weighs together, [B, characters, D]."""
    sums = weights.double().cumsum(dim=1)[:, None]
    before = sums - weights[:, None]
    number = torch.arange(characters, device=weights.device)[None, :, None]
    shares = torch.minimum(sums, number + 1) - torch.maximum(before, number)
    frames = encoded.shape[1]
    return shares.clamp(min=0.0).to(encoded.dtype)[:, :, :frames] @ encoded


def character_spans(
    weights: NDArray[np.float32], characters: int, frame_seconds: float, full: float = 1.0
) -> list[Span] | None:
    """Return start and end of each character in seconds, the first one perhaps below zero.

    Where ``weights`` [T], which fire at sums of ``full``, do not do so once for each character and
    once more, they are scaled. None when even then they do not.
    """
    if not characters:
        return []
    fires = _fires(weights.tolist(), full)
    if len(fires) != characters + 1:
        scale = (characters + 1) / max(float(weights.sum()), 1e-6)
        fires = _fires((weights * np.float32(scale)).tolist(), NEARLY_ONE)
    if len(fires) != characters + 1:
        return None
    edges = [fire - DELAY_FRAMES for fire in fires]
    spans = [(start, min(end, start + LONGEST_FRAMES)) for start, end in pairwise(edges)]
    start, end = spans[-1]
    if end == edges[-1]:
        left = len(weights) - end
        spans[-1] = (start, end + left if left <= LITTLE_FRAMES else end + left / 2)
    return [(start * frame_seconds, end * frame_seconds) for start, end in spans]


def _fires(weights: Sequence[float], full: float) -> list[int]:
    total, fires = 0.0, []
    for frame, weight in enumerate(weights):
        total += weight
        if total >= full:
            fires.append(frame)
            total -= full
    return fires
