"""What the WebSockets of others tell of utterances beside their words, in keys of ours."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from postprocess import Emotion
from richspeech.api.openai import answers
from richspeech.model.transcript import Segment, Transcript, plain


def labels_of(segments: Sequence[Segment]) -> dict[str, Any]:
    """Return what is known of one utterance, or of several that are told of together.

    ``segments`` has each by itself (docs/transcript.md).
    """
    own = answers.labels_of(segments[0]) if len(segments) == 1 else _together(segments)
    return {
        **own,
        "start": segments[0].start if segments else None,
        "end": segments[-1].end if segments else None,
        "segments": plain(segments),
    }


def _together(segments: Sequence[Segment]) -> dict[str, Any]:
    """Return the language and emotion with most seconds, and means weighted by seconds."""
    whole = Transcript(0.0, 0.0, "", "", tuple(segments))
    emotion, emotions = _emotion(segments), _mean(segments, "emotion_probabilities")
    return {
        "language": whole.language,
        "language_probability": None,
        "emotion": emotion.value,
        "emotion_probability": plain(emotions.get(emotion)),
        "emotion_probabilities": plain(emotions),
        "events": list(dict.fromkeys(event.value for each in segments for event in each.events)),
        "event_probabilities": plain(_mean(segments, "event_probabilities")),
        "sentiment": plain(whole.sentiment),
        "sentiment_probabilities": plain(whole.sentiment_probabilities),
        "agreement": None,
        "revisions": plain([revision for each in segments for revision in each.revisions]),
        "rules": list(dict.fromkeys(rule for each in segments for rule in each.rules)),
    }


def _emotion(segments: Sequence[Segment]) -> Emotion:
    seconds: Counter[Emotion] = Counter()
    for segment in segments:
        seconds[segment.emotion] += segment.duration  # type: ignore[assignment]
    return max(seconds, key=seconds.__getitem__, default=Emotion.UNKNOWN)


def _mean(segments: Sequence[Segment], name: str) -> Mapping[str, float]:
    """Average probabilities over the segments that have some."""
    parts = [(getattr(each, name), each.duration) for each in segments if getattr(each, name)]
    total = sum(seconds for _, seconds in parts)
    labels = dict.fromkeys(label for scores, _ in parts for label in scores)
    return {
        label: sum(scores.get(label, 0.0) * seconds for scores, seconds in parts) / total
        for label in labels
    }
