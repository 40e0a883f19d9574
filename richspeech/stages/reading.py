"""How the words of a transcript are meant, beside how its voices sound."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from richspeech.model.sentiment import Limits, Scores, compare, strongest
from richspeech.model.transcript import Segment, Transcript

DEFAULT_LIMITS = Limits()


class Reader(Protocol):
    """Reads texts: ``engines.sentiment.SentimentClassifier``."""

    def classify(self, texts: Sequence[str]) -> Sequence[Scores]:
        """Return scores for each text; an empty mapping for one without words."""


def add_sentiment(
    transcript: Transcript, reader: Reader, limits: Limits = DEFAULT_LIMITS
) -> Transcript:
    """Return ``transcript`` with the sentiment of each segment, and whether its voice agrees."""
    return replace(transcript, segments=read_segments(transcript.segments, reader, limits))


def read_segments(
    segments: Sequence[Segment], reader: Reader, limits: Limits = DEFAULT_LIMITS
) -> tuple[Segment, ...]:
    """Return the segments with their sentiment; one without words has none."""
    read = reader.classify([segment.text for segment in segments])
    return tuple(
        _with_sentiment(segment, scores, limits)
        for segment, scores in zip(segments, read, strict=True)
    )


def with_agreement(segment: Segment, limits: Limits = DEFAULT_LIMITS) -> Segment:
    """Return the segment with voice and words compared anew, after its emotion has changed."""
    return _with_sentiment(segment, segment.sentiment_probabilities, limits)


def _with_sentiment(segment: Segment, scores: Scores, limits: Limits) -> Segment:
    return replace(
        segment,
        sentiment=strongest(scores),
        sentiment_probabilities=scores,
        agreement=compare(_voice(segment), scores, limits),
    )


def _voice(segment: Segment) -> dict[str, float]:
    """Return how the voice sounds: what a person says is certain, what a rule changed is not."""
    if "emotion" in segment.corrected:
        return {segment.emotion: 1.0}
    measured = dict(segment.emotion_probabilities)
    likeliest = max(measured, key=measured.__getitem__, default=None)
    return measured if likeliest == segment.emotion else {}
