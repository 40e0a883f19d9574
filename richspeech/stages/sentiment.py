"""How the words of segments are meant, beside how their voices sound."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from richspeech.model.agreement import DEFAULT_LIMITS
from richspeech.model.edits import SentimentEdit
from richspeech.model.sentiment import Limits, Scores
from richspeech.model.transcript import Segment, rounded


class Reader(Protocol):
    """Reads texts: ``engines.sentiment.load.LazyReader``."""

    @property
    def name(self) -> str:
        """Of the classifier."""

    @property
    def languages(self) -> tuple[str, ...] | None:
        """BCP-47 tags of those that it knows; None: whatever comes."""

    def classify(self, texts: Sequence[str]) -> Sequence[Scores]:
        """Return scores for each text; an empty mapping for one without words."""


def read_segments(
    segments: Sequence[Segment], reader: Reader, limits: Limits = DEFAULT_LIMITS
) -> SentimentEdit:
    """Return the sentiment of the words of each segment; ``limits`` weigh its voice against it.

    Where there are no words at all the reader is not asked; nor is it for those in a language that
    it does not know. Words in a language that nobody has told are read.
    """
    known = reader.languages
    refused = [bool(each.text) and not _is_among(each.language, known) for each in segments]
    texts = ["" if no else each.text for each, no in zip(segments, refused, strict=True)]
    scores = reader.classify(texts) if any(texts) else [{} for _ in texts]
    found = (None if no else rounded(each) for each, no in zip(scores, refused, strict=True))
    return SentimentEdit(scores=tuple(found), limits=limits, by=reader.name, made=datetime.now(UTC))


def _is_among(language: str | None, known: tuple[str, ...] | None) -> bool:
    return language is None or known is None or language in known
