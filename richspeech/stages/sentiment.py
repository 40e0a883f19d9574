"""How the words of a transcript are meant, beside how its voices sound."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from richspeech.model.agreement import DEFAULT_LIMITS, with_sentiment
from richspeech.model.sentiment import Limits, Scores
from richspeech.model.transcript import Segment, Transcript


class Reader(Protocol):
    """Reads texts: ``engines.sentiment.load.Reader``, which loads its classifier with the first."""

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
    """Return the segments with their sentiment; one without words has none.

    Where there are no words at all the reader is not asked.
    """
    if not any(segment.text for segment in segments):
        return tuple(segments)
    read = reader.classify([segment.text for segment in segments])
    return tuple(
        with_sentiment(segment, scores, limits)
        for segment, scores in zip(segments, read, strict=True)
    )
