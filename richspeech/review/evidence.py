"""Evidence: the seconds of a recording that a conclusion rests on, and their label.

A probability belongs to the model's own answer. If a rule or a person replaced the label, or
nothing was measured, it is None, and the label counts in full.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from postprocess import AudioEvent, Emotion
from richspeech.model.strand import Strand
from richspeech.model.transcript import Segment

Label: TypeAlias = Emotion | AudioEvent

SILENCE = "silence"
"""Label of a span without speech or sound."""


@dataclass(frozen=True)
class Evidence:
    """One span and its label."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    label: str
    """An emotion, an event, ``silence``, or words that are said."""
    probability: float | None
    """Of the label, 0 to 1; None where the model gave none for it."""

    @property
    def seconds(self) -> float:
        """Length."""
        return self.end - self.start


def label_probability(segment: Segment, label: Label) -> float | None:
    """Return what the model measured for a label that it gave itself, else None."""
    is_emotion = isinstance(label, Emotion)
    known = segment.emotion_probabilities if is_emotion else segment.event_probabilities
    probability = known.get(label)
    return None if probability is None or probability < max(known.values()) else probability


def evidence_of(segment: Segment, label: Label, min_probability: float) -> Evidence | None:
    """Return the segment as evidence of a label; None if it has not that label, or hardly."""
    if label is not segment.emotion and label not in segment.events:
        return None
    probability = label_probability(segment, label)
    if probability is not None and probability < min_probability:
        return None
    return Evidence(segment.start, segment.end, label.value, probability)


def runs(
    segments: Iterable[Segment], label: Label, *, min_probability: float, max_gap_seconds: float
) -> Iterator[tuple[Evidence, ...]]:
    """Gather neighbours with one label; a segment without it, or a longer gap, ends a run.

    Where channels or tracks were heard apart, those of one are neighbours: what somebody else says
    meanwhile ends nothing.
    """
    voices: defaultdict[Strand, list[Segment]] = defaultdict(list)
    for segment in segments:
        voices[segment.strand].append(segment)
    for voice in voices.values():
        yield from _runs_of_one(voice, label, min_probability, max_gap_seconds)


def _runs_of_one(
    segments: Iterable[Segment], label: Label, min_probability: float, max_gap_seconds: float
) -> Iterator[tuple[Evidence, ...]]:
    run: list[Evidence] = []
    for segment in segments:
        found = evidence_of(segment, label, min_probability)
        if run and (found is None or found.start - run[-1].end > max_gap_seconds):
            yield tuple(run)
            run = []
        if found:
            run.append(found)
    if run:
        yield tuple(run)


def total_seconds(evidence: Iterable[Evidence]) -> float:
    """Add up the lengths."""
    return sum(each.seconds for each in evidence)
