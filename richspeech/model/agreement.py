"""What the words and the voice of one segment say together."""

from dataclasses import replace

from richspeech.model.sentiment import Limits, Scores, compare, strongest
from richspeech.model.transcript import Segment

DEFAULT_LIMITS = Limits()


def with_agreement(segment: Segment, limits: Limits = DEFAULT_LIMITS) -> Segment:
    """Return the segment with voice and words compared anew, after its emotion has changed."""
    scores = None if segment.sentiment_refused else segment.sentiment_probabilities
    return with_sentiment(segment, scores, limits)


def with_sentiment(segment: Segment, scores: Scores | None, limits: Limits) -> Segment:
    """Return the segment with how its words are meant, and whether its voice says the same.

    ``scores`` are None where the words are in a language that nobody could read.
    """
    found = scores or {}
    return replace(
        segment,
        sentiment=strongest(found),
        sentiment_probabilities=found,
        sentiment_refused=scores is None,
        agreement=compare(_voice(segment), found, limits),
    )


def _voice(segment: Segment) -> dict[str, float]:
    """Return how the voice sounds: what a person says is certain, what a rule changed is not."""
    if "emotion" in segment.corrected:
        return {segment.emotion: 1.0}
    if (revision := segment.revision("emotion")) is not None:
        return {segment.emotion: revision.probability}
    measured = dict(segment.emotion_probabilities)
    likeliest = max(measured, key=measured.__getitem__, default=None)
    return measured if likeliest == segment.emotion else {}
