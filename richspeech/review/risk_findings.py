"""What each kind of risk rule finds in a transcript.

run    utterances of one voice with a label, whatever others say between them
after  an emotion soon after a wait
words  utterances in which one of the words is meant
end    how the recording ends, for all together or for each voice
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TypeAlias

from postprocess import AudioEvent, Emotion
from richspeech.model.risk_rules import AfterRule, EndRule, RiskRule, RunRule, WordsRule
from richspeech.model.strand import named
from richspeech.model.transcript import Segment
from richspeech.review.evidence import (
    SILENCE,
    Evidence,
    Label,
    evidence_of,
    label_runs,
    runs,
    total_seconds,
    voices,
)
from richspeech.review.said import words_meant
from richspeech.settings import RiskSettings

Segments: TypeAlias = Sequence[Segment]

_BESIDE_TITLE = re.compile(r"( \(\w+\))?( \d+)?$")


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
    speaker: str = ""
    """Whose voice or words it is; nothing where nobody is told apart, or it is of all together."""


def findings(rule: RiskRule, segments: Segments, settings: RiskSettings) -> Iterator[Finding]:
    """Give what a rule finds; ``segments`` are those of the whole transcript, in order of time."""
    staff = _Staff(settings.staff, segments)
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


# Who is judged ------------------------------------------------------------------------------------


class _Staff:
    """Who belongs to the house, by the name of a speaker or of their track."""

    def __init__(self, names: Iterable[str], segments: Segments) -> None:
        self._names = frozenset(name.casefold() for name in names)
        tracks = {each.track for each in segments if each.track is not None}
        self._tracks = frozenset(track for track in tracks if self._is_name(track))

    def speaks(self, segment: Segment) -> bool | None:
        """Say whether one of them speaks; None where that may be anybody.

        A track that is not theirs is another's only where some track is: Mic 1 names nobody.
        """
        if (name := named(segment.speaker)) is not None:
            return name.casefold() in self._names
        if segment.track is None or not self._tracks:
            return None
        return segment.track in self._tracks

    def _is_name(self, track: str) -> bool:
        """Look for a track's title without the language and the number that come with it."""
        bare = _BESIDE_TITLE.sub("", track)
        return not {track.casefold(), bare.casefold()}.isdisjoint(self._names)


def _is_judged(rule: RiskRule, segment: Segment, staff: _Staff) -> bool:
    """Say whether the rule is about whoever speaks; whoever has no name may be anybody."""
    if rule.whose == "anyone" or (is_staff := staff.speaks(segment)) is None:
        return True
    return is_staff is (rule.whose == "staff")


# Runs ---------------------------------------------------------------------------------------------


def _find_runs(
    rule: RunRule, judged: Segments, segments: Segments, settings: RiskSettings
) -> Iterator[Finding]:
    quiet = [start for start, end in _gaps(segments) if end - start > settings.max_gap_seconds]

    def labelled(segment: Segment) -> Evidence | None:
        return _labelled(rule, segment, settings.min_probability)

    def ends(last: Evidence, between: Segments, following: Evidence) -> bool:
        return (
            sum(each.duration for each in between if each.text) > rule.bridge_seconds
            or following.start - last.end > rule.apart_seconds
            or bisect_left(quiet, last.end) < bisect_left(quiet, following.start)
        )

    found = (
        Finding(run, total_seconds(run), speaker=speaker)
        for speaker, voice in voices(judged).items()
        for run in runs(voice, labelled, ends)
    )
    for each in sorted(found, key=lambda each: each.evidence[0].start):
        if rule.min_seconds <= each.seconds < (rule.below_seconds or float("inf")):
            yield each


def _gaps(segments: Segments) -> list[tuple[float, float]]:
    """Return where nobody is to be heard between segments."""
    ends = accumulate((segment.end for segment in segments), max)  # of whoever talks longest
    following = (segment.start for segment in segments[1:])
    return [(end, start) for end, start in zip(ends, following, strict=False) if start > end]


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
    felt = [
        (each, segment.strand.label)
        for segment in judged
        for each in _felt(rule.emotions, [segment], settings)
    ]
    waits: dict[tuple[Evidence, str], tuple[Evidence, ...]] = {}
    for wait in _waits(rule, segments, settings):
        end = wait[-1].end
        soon = (each for each in felt if end <= each[0].start <= end + rule.within_seconds)
        if (first := next(soon, None)) is not None:
            waits[first] = wait
    for (answer, speaker), wait in waits.items():
        told = {"wait": f"{total_seconds(wait):.0f}"}
        yield Finding((*wait, answer), answer.seconds, told, start=answer.start, speaker=speaker)


def _waits(
    rule: AfterRule, segments: Segments, settings: RiskSettings
) -> list[tuple[Evidence, ...]]:
    """Gather music without words and the like, and gaps between utterances, in order of time."""
    wordless = [segment for segment in segments if not segment.text]
    waits = [
        run
        for label in rule.waits
        if isinstance(label, AudioEvent)
        for run in label_runs(
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
            told = {"words": words}
            yield Finding((evidence,), evidence.seconds, told, speaker=segment.strand.label)


# The end ------------------------------------------------------------------------------------------


def _find_end(rule: EndRule, judged: Segments, settings: RiskSettings) -> Iterator[Finding]:
    spoken = [segment for segment in judged if segment.text]
    end = max((segment.end for segment in spoken), default=0.0)
    heard = voices(spoken) if rule.by_speaker else {"": spoken}
    for speaker, voice in heard.items():
        if voice and voice[-1].end >= end - rule.last_seconds:
            for finding in _end_of(rule, voice, settings):
                yield replace(finding, speaker=speaker)


def _end_of(rule: EndRule, spoken: Segments, settings: RiskSettings) -> Iterator[Finding]:
    """Judge the last seconds of what is spoken; of an utterance that began before, what is left."""
    last: list[Segment] = []
    left = rule.last_seconds
    for segment in reversed(spoken):
        if left > 0:
            last.insert(0, replace(segment, start=max(segment.start, segment.end - left)))
            left -= last[0].duration
    felt = tuple(_felt(rule.emotions, last, settings))
    seconds = sum(each.duration for each in last)
    felt_seconds = sum(each.seconds for each in felt)
    if felt_seconds > 0 and felt_seconds >= max(rule.min_seconds, rule.min_share * seconds):
        yield Finding(felt, seconds, {"share": f"{100 * felt_seconds / seconds:.0f}"})


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
