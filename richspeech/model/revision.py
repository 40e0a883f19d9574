"""What a cascade takes a label for, and what a segment is then.

A cascade judges after rules and never in the place of a person: the label that stood there stays
known, and so does what the model measured.
"""

from collections.abc import Sequence
from dataclasses import replace

from postprocess import AudioEvent, Emotion
from richspeech.model.agreement import DEFAULT_LIMITS, with_agreement
from richspeech.model.sentiment import Limits
from richspeech.model.transcript import Revision, Segment


def revised(
    segment: Segment, found: Sequence[Revision], limits: Limits = DEFAULT_LIMITS
) -> Segment:
    """Return the segment with the labels that were found; each tells what was there before.

    Where rules have left several events, there is no one label to be revised, and they stay.
    """
    plain = taken_back(segment)
    taken = tuple(replace(each, was=label_of(plain, each.kind)) for each in found)
    taken = tuple(each for each in taken if each.kind == "emotion" or len(plain.events) <= 1)
    labels = {each.kind: each.label for each in taken}
    mended = replace(plain, revisions=taken)
    if "event" in labels:
        mended = replace(mended, events=_events(labels["event"]))
    if "emotion" in labels:
        mended = replace(mended, emotion=Emotion(labels["emotion"]))
    return _weighed(mended, segment, limits)


def taken_back(segment: Segment) -> Segment:
    """Return the segment as it was before a cascade judged it."""
    plain = segment
    for each in segment.revisions:
        if each.kind == "emotion":
            plain = replace(plain, emotion=Emotion(each.was or each.label))
        else:
            plain = replace(plain, events=_events(each.was or each.label))
    return replace(plain, revisions=()) if segment.revisions else segment


def label_of(segment: Segment, kind: str) -> str:
    """Return the emotion, or the event: speech where there is none."""
    if kind == "emotion":
        return segment.emotion.value
    return segment.events[0].value if segment.events else AudioEvent.SPEECH.value


def _events(label: str) -> tuple[AudioEvent, ...]:
    event = AudioEvent(label)
    return () if event is AudioEvent.SPEECH else (event,)


def _weighed(mended: Segment, before: Segment, limits: Limits) -> Segment:
    """Hold voice against words anew where the emotion, or who tells of it, has changed."""
    is_same = (mended.emotion, mended.revisions) == (before.emotion, before.revisions)
    return mended if is_same or before.sentiment is None else with_agreement(mended, limits)
