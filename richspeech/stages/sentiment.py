"""How the words of segments are meant, beside how their voices sound."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from richspeech.model.agreement import DEFAULT_LIMITS
from richspeech.model.edits import SentimentEdit
from richspeech.model.sentiment import Limits, Scores
from richspeech.model.transcript import Segment, rounded


class Reader(Protocol):
    """Reads texts: ``engines.sentiment.load.Reader``, which loads its classifier with the first."""

    @property
    def name(self) -> str:
        """Of the classifier."""

    def classify(self, texts: Sequence[str]) -> Sequence[Scores]:
        """Return scores for each text; an empty mapping for one without words."""


def read_segments(
    segments: Sequence[Segment], reader: Reader, limits: Limits = DEFAULT_LIMITS
) -> SentimentEdit:
    """Return the sentiment of the words of each segment; ``limits`` weigh its voice against it.

    Where there are no words at all the reader is not asked.
    """
    texts = [segment.text for segment in segments]
    scores = reader.classify(texts) if any(texts) else [{} for _ in texts]
    return SentimentEdit(
        scores=tuple(map(rounded, scores)), limits=limits, by=reader.name, made=datetime.now(UTC)
    )
