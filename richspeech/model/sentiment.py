"""How words are meant: four sentiments, and whether the voice says the same.

What is covered
    * ``mean_scores``: several texts as one.
    * ``compare``: voice against words. Happy is a bright voice; angry, sad, disgusted and fearful
      are dark ones. Positive words are bright, negative ones dark. Two that differ are possible
      irony, two that are alike make each other surer.

What is not covered
    * Excited words and surprised voices have no direction: one is as excited over a prize as over
      a bill. Neutral and unknown have none either.
    * Jokes, quotations and bad news told with a smile look the same as irony. It is a mark for
      people who will listen, not a finding.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from postprocess import Emotion


class Sentiment(StrEnum):
    """How a text is meant."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    EXCITED = "excited"


Scores = Mapping[Sentiment, float]
"""0 to 1, sums to one over the sentiments that the model knows."""


class Accord(StrEnum):
    """What voice and words have to do with each other."""

    AGREEMENT = "agreement"
    IRONY = "irony"


@dataclass(frozen=True)
class Agreement:
    """Voice and words, where both have a direction."""

    accord: Accord
    voice: float
    """Probability of the voice's direction, 0 to 1."""
    words: float
    """Probability of the words' direction, 0 to 1."""
    confidence: float
    """0 to 1. Irony: that both are as they seem. Agreement: that the direction is the right one,
    which is never below ``voice`` or ``words``."""


@dataclass(frozen=True)
class Limits:
    """From which probability a voice, or a text, is taken to have a direction; 0.5 to 1."""

    voice: float = 0.6
    words: float = 0.6


BRIGHT_VOICE = (Emotion.HAPPY,)
DARK_VOICE = (Emotion.ANGRY, Emotion.SAD, Emotion.DISGUSTED, Emotion.FEARFUL)


def strongest(scores: Scores) -> Sentiment | None:
    """Return the sentiment with the highest score; None without scores."""
    return max(scores, key=scores.__getitem__) if scores else None


def mean_scores(parts: Iterable[tuple[Scores, float]]) -> dict[Sentiment, float]:
    """Average scores, each with its weight; parts without scores do not count."""
    total: dict[Sentiment, float] = {}
    weights = 0.0
    for scores, weight in parts:
        if scores and weight > 0:
            weights += weight
            for sentiment, score in scores.items():
                total[sentiment] = total.get(sentiment, 0.0) + weight * score
    return {sentiment: score / weights for sentiment, score in total.items()}


def compare(voice: Mapping[str, float], words: Scores, limits: Limits) -> Agreement | None:
    """Hold the probabilities of a voice's emotions against those of its words' sentiments.

    The direction of each is bright or dark, if the emotions or sentiments of that direction reach
    the limit together. None where one has no direction. With p and q for the two directions,
    contradiction has the confidence p * q, as if the two were judged independently of each other;
    agreement has that of two independent witnesses, p q / (p q + (1 - p)(1 - q)).
    """
    bright, dark = (
        min(sum(voice.get(emotion, 0.0) for emotion in emotions), 1.0)
        for emotions in (BRIGHT_VOICE, DARK_VOICE)
    )
    heard = _direction(bright, dark, limits.voice)
    read = _direction(
        words.get(Sentiment.POSITIVE, 0.0), words.get(Sentiment.NEGATIVE, 0.0), limits.words
    )
    if heard is None or read is None:
        return None
    (sound, p), (sense, q) = heard, read
    if sound != sense:
        return Agreement(Accord.IRONY, p, q, p * q)
    return Agreement(Accord.AGREEMENT, p, q, p * q / (p * q + (1 - p) * (1 - q)))


def _direction(bright: float, dark: float, limit: float) -> tuple[str, float] | None:
    name, probability = max(("bright", bright), ("dark", dark), key=lambda pair: pair[1])
    return (name, probability) if probability >= limit else None
