"""What each kind of risk rule finds in a transcript.

run    utterances of one voice with a label, whatever others say between them
after  an emotion soon after a wait
words  utterances in which one of the words is meant
end    how the recording ends, for all together or for each voice
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypeAlias

from postprocess import AudioEvent, Emotion
from richspeech.model.risk_rules import AfterRule, EndRule, RiskRule, RunRule, WordsRule
from richspeech.model.strand import SPEAKERS, Strand
from richspeech.model.transcript import Segment
from richspeech.review.evidence import SILENCE, Evidence, Label, evidence_of, runs, total_seconds
from richspeech.review.said import words_meant
from richspeech.settings import RiskSettings

Segments: TypeAlias = Sequence[Segment]


@dataclass(frozen=True)
class Finding:
    """What a rule has found."""

    evidence: tuple[Evidence, ...]
    """In order of time."""
    seconds: float
    told: Mapping[str, str] = field(default_factory=dict)
    """What the sentence tells beside times and seconds."""
    start: float | None = None
    """What the sentence calls the start, if it is not that of the evidence."""


def findings(rule: RiskRule, segments: Segments, settings: RiskSettings) -> Iterator[Finding]:
    """Give what a rule finds; ``segments`` are those of the whole transcript, in order of time."""
    staff = {name.casefold() for name in settings.staff}
    judged = [each for each in segments if _is_judged(rule, each, staff)]
    match rule:
        case RunRule():
            return _find_runs(rule, judged, segments, settings)
        case AfterRule():
            return _find_after(rule, judged, segments, settings)
        case WordsRule():
            return _find_words(rule, judged)
        case EndRule():
            return _find_end(rule, judged, settings)


def _is_judged(rule: RiskRule, segment: Segment, staff: AbstractSet[str]) -> bool:
    """Say whether the rule is about whoever speaks; whoever has no name may be anybody."""
    speaker = segment.speaker
    if rule.whose == "anyone" or speaker is None or speaker in SPEAKERS:
        return True
    is_staff = speaker.casefold() in staff
    return is_staff is (rule.whose == "staff")


def _voices(segments: Segments) -> list[list[Segment]]:
    voices: defaultdict[Strand, list[Segment]] = defaultdict(list)
    for segment in segments:
        voices[segment.strand].append(segment)
    return [*voices.values()]


# Runs ---------------------------------------------------------------------------------------------


def _find_runs(
    rule: RunRule, judged: Segments, segments: Segments, settings: RiskSettings
) -> Iterator[Finding]:
    quiet = [start for start, end in _gaps(segments) if end - start > settings.max_gap_seconds]
    found = [run for voice in _voices(judged) for run in _runs(rule, voice, quiet, settings)]
    for run in sorted(found, key=lambda run: run[0].start):
        seconds = total_seconds(run)
        if rule.min_seconds <= seconds < (rule.below_seconds or float("inf")):
            yield Finding(run, seconds)


def _gaps(segments: Segments) -> list[tuple[float, float]]:
    """Return where nobody is to be heard between segments."""
    ends = accumulate((segment.end for segment in segments), max)  # of whoever talks longest
    following = (segment.start for segment in segments[1:])
    return [(end, start) for end, start in zip(ends, following, strict=False) if start > end]


def _runs(
    rule: RunRule, voice: Segments, quiet: Sequence[float], settings: RiskSettings
) -> Iterator[tuple[Evidence, ...]]:
    """Gather what one voice says; ``quiet`` are the starts of gaps that end a run."""
    run: list[Evidence] = []
    other_seconds = 0.0
    for segment in voice:
        found = _labelled(rule, segment, settings.min_probability)
        if found is None:
            other_seconds += segment.duration if segment.text else 0
            continue
        if run and (
            other_seconds > rule.bridge_seconds
            or found.start - run[-1].end > rule.apart_seconds
            or bisect_left(quiet, run[-1].end) < bisect_left(quiet, found.start)
        ):
            yield tuple(run)
            run = []
        run.append(found)
        other_seconds = 0.0
    if run:
        yield tuple(run)


def _labelled(rule: RunRule, segment: Segment, min_probability: float) -> Evidence | None:
    labels: tuple[Label, ...] = (*rule.emotions, *rule.events)
    for label in labels:
        if evidence := evidence_of(segment, label, min_probability):
            return evidence
    sentiment = segment.sentiment
    if sentiment is None or sentiment not in rule.sentiments:
        return None
    probability = segment.sentiment_probabilities.get(sentiment)
    if probability is not None and probability < min_probability:
        return None
    return Evidence(segment.start, segment.end, sentiment.value, probability)


# After a wait -------------------------------------------------------------------------------------


def _find_after(
    rule: AfterRule, judged: Segments, segments: Segments, settings: RiskSettings
) -> Iterator[Finding]:
    """Find who is angry soon after a wait; of several waits before, the last one is named."""
    felt = _felt(rule.emotions, judged, settings)
    waits: dict[Evidence, tuple[Evidence, ...]] = {}
    for wait in _waits(rule, segments, settings):
        end = wait[-1].end
        soon = (each for each in felt if end <= each.start <= end + rule.within_seconds)
        if answer := next(soon, None):
            waits[answer] = wait
    for answer, wait in waits.items():
        told = {"wait": f"{total_seconds(wait):.0f}"}
        yield Finding((*wait, answer), answer.seconds, told, start=answer.start)


def _waits(
    rule: AfterRule, segments: Segments, settings: RiskSettings
) -> list[tuple[Evidence, ...]]:
    """Gather music without words and the like, and gaps between utterances, in order of time."""
    wordless = [segment for segment in segments if not segment.text]
    waits = [
        run
        for label in rule.waits
        if isinstance(label, AudioEvent)
        for run in runs(
            wordless,
            label,
            min_probability=settings.min_probability,
            max_gap_seconds=settings.max_gap_seconds,
        )
    ]
    if SILENCE in rule.waits:
        waits += [(Evidence(start, end, SILENCE, None),) for start, end in _gaps(segments)]
    long_enough = (wait for wait in waits if total_seconds(wait) >= rule.min_seconds)
    return sorted(long_enough, key=lambda wait: wait[-1].end)


# Words --------------------------------------------------------------------------------------------


def _find_words(rule: WordsRule, judged: Segments) -> Iterator[Finding]:
    for segment in judged:
        if said := words_meant(segment.text, rule):
            words = ", ".join(said)
            evidence = Evidence(segment.start, segment.end, words, None)
            yield Finding((evidence,), evidence.seconds, {"words": words})


# The end ------------------------------------------------------------------------------------------


def _find_end(rule: EndRule, judged: Segments, settings: RiskSettings) -> Iterator[Finding]:
    spoken = [segment for segment in judged if segment.text]
    end = max((segment.end for segment in spoken), default=0.0)
    for voice in _voices(spoken) if rule.by_speaker else [spoken]:
        if voice and voice[-1].end >= end - rule.last_seconds:
            yield from _end_of(rule, voice, settings)


def _end_of(rule: EndRule, spoken: Segments, settings: RiskSettings) -> Iterator[Finding]:
    """Judge the last seconds of what is spoken; of an utterance that began before, what is left."""
    last: list[tuple[Segment, float]] = []
    left = rule.last_seconds
    for segment in reversed(spoken):
        if left > 0:
            last.insert(0, (segment, min(segment.duration, left)))
            left -= last[0][1]
    felt = [
        (evidence, part)
        for each, part in last
        for evidence in _felt(rule.emotions, [each], settings)
    ]
    seconds, felt_seconds = (sum(part for _, part in parts) for parts in (last, felt))
    if felt and felt_seconds >= max(rule.min_seconds, rule.min_share * seconds):
        evidence = tuple(each for each, _ in felt)
        yield Finding(evidence, seconds, {"share": f"{100 * felt_seconds / seconds:.0f}"})


def _felt(
    emotions: Sequence[Emotion], segments: Segments, settings: RiskSettings
) -> list[Evidence]:
    """Return the segments with one of the emotions."""
    found = (
        evidence_of(segment, segment.emotion, settings.min_probability)
        for segment in segments
        if segment.emotion in emotions
    )
    return [each for each in found if each]
