"""Risk: how much a call needs a person to check it, 0 to 100, and the seconds that say so.

The rules, their points and their sentences are settings (``risk`` in config.yaml), or one of the
presets. The same transcript and the same rules always give the same score. docs/risk.md tells what
rules know, and what they do not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, TypeAlias

from richspeech.language.figures import clock
from richspeech.language.localized import LocalizedText
from richspeech.model.recording_warning import UNLIKE_KNOWN, RecordingWarning
from richspeech.model.risk_rules import RiskRule
from richspeech.model.transcript import Transcript, plain
from richspeech.review.evidence import Evidence
from richspeech.review.risk_findings import Finding, findings
from richspeech.settings import RiskSettings

Level: TypeAlias = Literal["low", "medium", "high", "unknown"]
LEVELS: tuple[Level, ...] = ("high", "medium", "unknown", "low")
"""Those that ask most for somebody first; of what is unknown nobody can say that it is low."""


@dataclass(frozen=True)
class RiskPoint:
    """One finding, and what it counts."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    rule: str
    points: int
    """Negative where it speaks against a risk; 0 where the rule has counted all that it may."""
    sentence: LocalizedText
    evidence: tuple[Evidence, ...]
    """In order of time; never empty."""
    speaker: str = ""
    """Whose voice or words it is; nothing where nobody is told apart, or it is of all together."""
    seconds: float = 0.0
    """What the sentence calls seconds."""


@dataclass(frozen=True)
class Reason:
    """All that one rule has found."""

    rule: str
    points: int
    """Of all its findings together."""
    findings: tuple[RiskPoint, ...]
    """In order of time; never empty."""


@dataclass(frozen=True)
class Risk:
    """The score of one recording."""

    score: int
    """0 to 100: the sum of the points, cut to this range."""
    level: Level
    """Unknown where nothing speaks for a risk, but what was said was probably misheard."""
    points: tuple[RiskPoint, ...]
    """Every finding, in order of time."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The findings by rule: what adds most comes first, then what takes off."""
        by_rule = sorted(self.points, key=lambda point: point.rule)
        groups = (tuple(group) for _, group in groupby(by_rule, lambda point: point.rule))
        reasons = (Reason(each[0].rule, sum(p.points for p in each), each) for each in groups)
        return tuple(sorted(reasons, key=lambda each: (-each.points, each.findings[0].start)))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        form: dict[str, Any] = plain(self)
        return form


def assess_risk(transcript: Transcript, settings: RiskSettings) -> Risk:
    """Apply the rules and add up their points."""
    rules = sorted(settings.rules_in_force, key=lambda rule: rule.points < 0)  # what adds, first
    standing: dict[str, int] = {}
    points: list[RiskPoint] = []
    for rule in rules:
        found = findings(rule, transcript.segments, settings)
        if rule.points < 0 and rule.against:
            points += _taken_off(rule, found, standing)
        else:
            counted = [*_counted(rule, found, rule.max_points)]
            standing[rule.name] = sum(point.points for point in counted)
            points += counted
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


def _counted(rule: RiskRule, found: Iterable[Finding], most: int) -> Iterator[RiskPoint]:
    """Give a point for each finding; it counts nothing once the rule has counted all it may."""
    left = most
    for finding in found:
        points = max(-left, min(left, rule.points))
        left -= abs(points)
        yield _point(rule, finding, points)


def _taken_off(
    rule: RiskRule, found: Iterable[Finding], standing: dict[str, int]
) -> list[RiskPoint]:
    """Take from what the rules that it is against have counted, and leave in it what remains."""
    there = sum(standing.get(name, 0) for name in rule.against)
    points = [*_counted(rule, found, min(rule.max_points, there))]
    left = -sum(point.points for point in points)
    for name in rule.against:
        taken = min(left, standing.get(name, 0))
        left -= taken
        standing[name] = standing.get(name, 0) - taken
    return points


def _point(rule: RiskRule, finding: Finding, points: int) -> RiskPoint:
    start, end = finding.evidence[0].start, finding.evidence[-1].end
    told = {
        "start": clock(start if finding.start is None else finding.start),
        "end": clock(end),
        "seconds": f"{finding.seconds:.0f}",
        **finding.told,
    }
    sentence = rule.sentence.filled(lambda _: told)
    return RiskPoint(
        start,
        end,
        rule.name,
        points,
        sentence,
        finding.evidence,
        finding.speaker,
        finding.seconds,
    )
