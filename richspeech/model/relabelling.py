"""Rules for the labels of a segment, in the place of those that were applied when it was heard.

Words, times, probabilities and hotwords stay. What a person has corrected is no matter of rules:
they apply to the segment as it was heard, and the corrections are made afterwards.
"""

from collections.abc import Sequence
from dataclasses import replace

from postprocess import Emotion, Labels, Rule, apply_rules, extract_emotions, extract_events
from richspeech.model.agreement import DEFAULT_LIMITS, with_agreement
from richspeech.model.revision import revised, taken_back
from richspeech.model.sentiment import Limits
from richspeech.model.transcript import Segment

RULE_PREFIX = "hotword:"
"""In ``Segment.rules`` it stands before each hotword that was put in."""


def labels_of(segment: Segment) -> Labels:
    """Return what rules look at."""
    return Labels(
        text=segment.text,
        language=segment.language,
        emotion=segment.emotion,
        emotion_probability=segment.emotion_probability,
        events=segment.events,
        event_probabilities=segment.event_probabilities,
    )


def apply_to_segment(segment: Segment, rules: Sequence[Rule]) -> Segment:
    """Mend the labels of ``segment``; probabilities stay as measured, fired rules are named."""
    mended, fired = apply_rules(labels_of(segment), rules)
    emotion = mended.emotion if mended.emotion is not None else Emotion.UNKNOWN
    return replace(segment, emotion=emotion, events=mended.events, rules=(*segment.rules, *fired))


def as_measured(segment: Segment) -> Segment:
    """Take back what rules, or a cascade, have changed; ``raw_text`` tells what rules found."""
    segment = taken_back(segment)
    hotwords = tuple(name for name in segment.rules if name.startswith(RULE_PREFIX))
    if segment.rules == hotwords:
        return segment
    emotion = next(iter(extract_emotions(segment.raw_text)), Emotion.UNKNOWN)
    events = tuple(dict.fromkeys(extract_events(segment.raw_text)))
    return replace(segment, emotion=emotion, events=events, rules=hotwords)


def relabel_segment(
    segment: Segment, rules: Sequence[Rule], limits: Limits = DEFAULT_LIMITS
) -> Segment:
    """Return ``segment`` as these rules alone leave it; the same object if it is so already.

    What a cascade has found is found again. ``limits`` weigh voice against words anew where the
    emotion changes.
    """
    mended = apply_to_segment(as_measured(segment), rules)
    if segment.revisions:
        mended = revised(mended, segment.revisions, limits)
    if mended == segment:
        return segment
    is_other_voice = mended.emotion is not segment.emotion and segment.sentiment is not None
    return with_agreement(mended, limits) if is_other_voice else mended
