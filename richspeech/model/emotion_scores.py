"""How a voice sounds to the emotion recogniser: nine emotions, over time, and an embedding.

Scores come from mean logits. The classifier is linear, so the mean of the logits of some frames is
the logit of their mean feature; that is how emotion2vec scores a recording, and how a window of
one is scored here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class NineEmotion(StrEnum):
    """The labels of emotion2vec+; OTHER and UNKNOWN are answers, not missing ones."""

    ANGRY = "angry"
    DISGUSTED = "disgusted"
    FEARFUL = "fearful"
    HAPPY = "happy"
    NEUTRAL = "neutral"
    OTHER = "other"
    SAD = "sad"
    SURPRISED = "surprised"
    UNKNOWN = "unknown"


Scores = Mapping[NineEmotion, float]
"""0 to 1, sums to one over the emotions that the model knows."""


@dataclass(frozen=True)
class EmotionWindow:
    """The scores of a stretch of a recording."""

    start: float
    end: float
    scores: Scores


@dataclass(frozen=True, eq=False)
class EmotionScores:
    """What the emotion recogniser makes of a recording, or of a segment of one."""

    duration: float
    """Seconds of sound."""
    emotions: tuple[NineEmotion, ...]
    """What the model knows, one a column of ``logits``."""
    logits: NDArray[np.float32]
    """[T, K], T at least 1."""
    embedding: NDArray[np.float32]
    """[D], the mean feature."""
    features: NDArray[np.float32] | None
    """[T, D], where they were asked for."""
    frame_seconds: float

    @property
    def scores(self) -> Scores:
        """Of the whole."""
        return self._scores(self.logits.mean(axis=0, dtype=np.float64))

    @property
    def emotion(self) -> NineEmotion:
        """The one with the highest score."""
        return strongest(self.scores)

    @property
    def confidence(self) -> float:
        """The highest score."""
        return self.scores[self.emotion]

    def windows(self, window_seconds: float, hop_seconds: float) -> tuple[EmotionWindow, ...]:
        """Slide a window, a whole number of hops long, over the recording.

        The first window covers one hop and the last ones reach over the end, both cut to the
        recording, so that every frame lies in equally many windows. The mean logit of the windows,
        each weighted by its length, is therefore that of the recording. In scores: their weighted
        geometric mean, made to sum to one, is ``scores``. The arithmetic mean is not, since
        softmax bends. A window that covers the recording has its scores.
        """
        frames, hop = len(self.logits), max(round(hop_seconds / self.frame_seconds), 1)
        hops = min(max(round(window_seconds / hop_seconds), 1), math.ceil(frames / hop))
        window = hops * hop
        sums = np.zeros((frames + 1, len(self.emotions)))
        np.cumsum(self.logits, axis=0, dtype=np.float64, out=sums[1:])
        spans = (
            (max(first, 0), min(first + window, frames))
            for first in range(hop - window, frames, hop)
        )
        return tuple(
            EmotionWindow(
                round(first * self.frame_seconds, 4),
                round(last * self.frame_seconds, 4),
                self._scores((sums[last] - sums[first]) / (last - first)),
            )
            for first, last in spans
        )

    def _scores(self, logits: NDArray[np.float64]) -> Scores:
        odds = np.exp(logits - logits.max())
        return dict(zip(self.emotions, (odds / odds.sum()).tolist(), strict=True))


def strongest(scores: Scores) -> NineEmotion:
    """Return the emotion with the highest score."""
    return max(scores, key=scores.__getitem__)


def risks(scores: Scores, limits: Scores) -> tuple[NineEmotion, ...]:
    """Name the emotions whose score is above their limit; any makes a recording high-risk."""
    return tuple(emotion for emotion, limit in limits.items() if scores.get(emotion, 0.0) > limit)
