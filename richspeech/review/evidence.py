"""Evidence: the seconds of a recording that a conclusion rests on, and their label.

A probability belongs to the model's own answer. If a rule or a person replaced the label, or
nothing was measured, it is None, and the label counts in full.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from postprocess import AudioEvent, Emotion
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


def voices(segments: Iterable[Segment]) -> dict[str, list[Segment]]:
    """Return what each speaker says, on whatever channels; "" is whom nothing tells apart."""
    found: defaultdict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        found[segment.strand.label].append(segment)
    return found


def runs(
    voice: Iterable[Segment],
    labelled: Callable[[Segment], Evidence | None],
    ends: Callable[[Evidence, Sequence[Segment], Evidence], bool],
) -> Iterator[tuple[Evidence, ...]]:
    """Gather what one speaker says with a label.

    A run ends where ``ends`` says so of its last evidence, the segments without the label behind
    it, and the next evidence. What somebody else says meanwhile ends nothing.
    """
    run: list[Evidence] = []
    between: list[Segment] = []
    for segment in voice:
        found = labelled(segment)
        if found is None:
            between.append(segment)
            continue
        if run and ends(run[-1], between, found):
            yield tuple(run)
            run = []
        run.append(found)
        between = []
    if run:
        yield tuple(run)


def label_runs(
    segments: Iterable[Segment], label: Label, *, min_probability: float, max_gap_seconds: float
) -> Iterator[tuple[Evidence, ...]]:
    """Gather neighbours with one label; a segment without it, or a longer gap, ends a run."""

    def labelled(segment: Segment) -> Evidence | None:
        return evidence_of(segment, label, min_probability)

    def ends(last: Evidence, between: Sequence[Segment], following: Evidence) -> bool:
        return bool(between) or following.start - last.end > max_gap_seconds

    for voice in voices(segments).values():
        yield from runs(voice, labelled, ends)


def total_seconds(evidence: Iterable[Evidence]) -> float:
    """Return how long there is at least one of them; they come by their starts."""
    seconds, reached = 0.0, float("-inf")
    for each in evidence:
        seconds += max(0.0, each.end - max(each.start, reached))
        reached = max(reached, each.end)
    return seconds
