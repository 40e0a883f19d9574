"""Risk: how much a call needs a person to check it, 0 to 100, and the seconds that say so.

The rules, their points and their sentences are settings (``risk`` in config.yaml). The same
transcript and the same rules always give the same score. No rule understands words or knows who
speaks: a complaint that the agent reads out counts like the customer's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Any, Literal, TypeAlias

from postprocess import AudioEvent, Emotion, stands_in
from richspeech.language.figures import clock
from richspeech.language.localized import LocalizedText
from richspeech.model.recording_warning import UNLIKE_KNOWN, RecordingWarning
from richspeech.model.rules import AfterRule, EndRule, RiskRule, RunRule, WordsRule
from richspeech.model.transcript import Segment, Transcript, plain
from richspeech.review.evidence import SILENCE, Evidence, Label, evidence_of, runs, total_seconds
from richspeech.settings import RiskSettings

Level: TypeAlias = Literal["low", "medium", "high", "unknown"]
Segments: TypeAlias = Sequence[Segment]


@dataclass(frozen=True)
class RiskPoint:
    """One finding, and what it counts."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    rule: str
    points: int
    """Negative where it speaks against a risk."""
    sentence: LocalizedText
    evidence: tuple[Evidence, ...]
    """In order of time; never empty."""


@dataclass(frozen=True)
class Risk:
    """The score of one recording."""

    score: int
    """0 to 100: the sum of the points, cut to this range."""
    level: Level
    """Unknown where nothing speaks for a risk, but what was said was probably misheard."""
    points: tuple[RiskPoint, ...]
    """In order of time."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        form: dict[str, Any] = plain(self)
        return form


@dataclass(frozen=True)
class _Finding:
    """What a rule has found."""

    evidence: tuple[Evidence, ...]
    """In order of time."""
    seconds: float
    told: Mapping[str, str] = field(default_factory=dict)
    """What the sentence tells beside times and seconds."""
    start: float | None = None
    """What the sentence calls the start, if it is not that of the evidence."""


def assess_risk(transcript: Transcript, settings: RiskSettings) -> Risk:
    """Apply the rules and add up their points."""
    points = chain.from_iterable(_points(rule, transcript, settings) for rule in settings.rules)
    in_order = tuple(sorted(points, key=lambda point: (point.start, point.end, point.rule)))
    score = max(0, min(100, sum(point.points for point in in_order)))
    return Risk(score, level_of(score, settings, transcript.warnings), in_order)


def level_of(score: int, settings: RiskSettings, warnings: Iterable[RecordingWarning]) -> Level:
    """Name what a score means of a recording with these warnings."""
    if score >= settings.high_from:
        return "high"
    if score >= settings.medium_from:
        return "medium"
    return "unknown" if any(each.code == UNLIKE_KNOWN for each in warnings) else "low"


def _points(rule: RiskRule, transcript: Transcript, settings: RiskSettings) -> Iterator[RiskPoint]:
    """Give a point for each finding until the rule has counted all that it may."""
    left = rule.max_points
    for finding in _findings(rule, transcript, settings):
        points = max(-left, min(left, rule.points))
        left -= abs(points)
        if points:
            yield _point(rule, finding, points)


def _point(rule: RiskRule, finding: _Finding, points: int) -> RiskPoint:
    start, end = finding.evidence[0].start, finding.evidence[-1].end
    told = {
        "start": clock(start if finding.start is None else finding.start),
        "end": clock(end),
        "seconds": f"{finding.seconds:.0f}",
        **finding.told,
    }
    sentence = rule.sentence.filled(told, told)
    return RiskPoint(start, end, rule.name, points, sentence, finding.evidence)


# The four kinds of rules --------------------------------------------------------------------------


def _findings(rule: RiskRule, transcript: Transcript, settings: RiskSettings) -> Iterator[_Finding]:
    match rule:
        case RunRule():
            return _find_runs(rule, transcript.segments, settings)
        case AfterRule():
            return _find_after(rule, transcript.segments, settings)
        case WordsRule():
            return _find_words(rule, transcript.segments)
        case EndRule():
            return _find_end(rule, transcript.segments, settings)


def _find_runs(rule: RunRule, segments: Segments, settings: RiskSettings) -> Iterator[_Finding]:
    for emotion in rule.emotions:
        for run in _runs(segments, emotion, settings):
            if total_seconds(run) >= rule.min_seconds:
                yield _Finding(run, total_seconds(run))


def _find_after(rule: AfterRule, segments: Segments, settings: RiskSettings) -> Iterator[_Finding]:
    """Find who is angry soon after a wait; of several waits before, the last one is named."""
    felt = _felt(rule.emotions, segments, settings)
    waits: dict[Evidence, tuple[Evidence, ...]] = {}
    for wait in _waits(rule, segments, settings):
        end = wait[-1].end
        soon = (each for each in felt if end <= each.start <= end + rule.within_seconds)
        if answer := next(soon, None):
            waits[answer] = wait
    for answer, wait in waits.items():
        told = {"wait": f"{total_seconds(wait):.0f}"}
        yield _Finding((*wait, answer), answer.seconds, told, start=answer.start)


def _waits(
    rule: AfterRule, segments: Segments, settings: RiskSettings
) -> list[tuple[Evidence, ...]]:
    """Gather music without words and the like, and gaps between utterances, in order of time."""
    wordless = [segment for segment in segments if not segment.text]
    waits = [
        run
        for label in rule.waits
        if isinstance(label, AudioEvent)
        for run in _runs(wordless, label, settings)
    ]
    if SILENCE in rule.waits:
        ends = accumulate((segment.end for segment in segments), max)  # of whoever talks longest
        gaps = (
            Evidence(end, following.start, SILENCE, None)
            for end, following in zip(ends, segments[1:], strict=False)
        )
        waits += [(gap,) for gap in gaps]
    long_enough = (wait for wait in waits if total_seconds(wait) >= rule.min_seconds)
    return sorted(long_enough, key=lambda wait: wait[-1].end)


def _find_words(rule: WordsRule, segments: Segments) -> Iterator[_Finding]:
    for segment in segments:
        text = segment.text.casefold()
        if said := [word for word in rule.words if stands_in(text, word)]:
            words = ", ".join(said)
            evidence = Evidence(segment.start, segment.end, words, None)
            yield _Finding((evidence,), evidence.seconds, {"words": words})


def _find_end(rule: EndRule, segments: Segments, settings: RiskSettings) -> Iterator[_Finding]:
    last: list[Segment] = []
    seconds = 0.0
    for segment in reversed([segment for segment in segments if segment.text]):
        if seconds < rule.last_seconds:
            last.insert(0, segment)
            seconds += segment.duration
    felt = tuple(_felt(rule.emotions, last, settings))
    if felt and total_seconds(felt) >= max(rule.min_seconds, rule.min_share * seconds):
        yield _Finding(felt, seconds, {"share": f"{100 * total_seconds(felt) / seconds:.0f}"})


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


def _runs(
    segments: Segments, label: Label, settings: RiskSettings
) -> Iterator[tuple[Evidence, ...]]:
    return runs(
        segments,
        label,
        min_probability=settings.min_probability,
        max_gap_seconds=settings.max_gap_seconds,
    )
