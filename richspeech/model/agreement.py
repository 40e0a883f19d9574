"""What the words and the voice of one segment say together."""

from dataclasses import replace

from richspeech.model.sentiment import Limits, Scores, compare, strongest
from richspeech.model.transcript import Segment

DEFAULT_LIMITS = Limits()


def with_agreement(segment: Segment, limits: Limits = DEFAULT_LIMITS) -> Segment:
    """Return the segment with voice and words compared anew, after its emotion has changed."""
    return with_sentiment(segment, segment.sentiment_probabilities, limits)


def with_sentiment(segment: Segment, scores: Scores, limits: Limits) -> Segment:
    """Return the segment with how its words are meant, and whether its voice says the same."""
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
