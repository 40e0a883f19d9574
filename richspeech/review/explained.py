"""A risk in words: every reason, its points, its seconds, and why the level follows."""

from collections.abc import Iterable, Iterator

from richspeech.language.catalog import say
from richspeech.language.figures import clock
from richspeech.language.printing import shown
from richspeech.review.evidence import Evidence
from richspeech.review.risk import Reason, Risk, RiskPoint
from richspeech.settings import RiskSettings


def explain(risk: Risk, settings: RiskSettings, locale: str) -> Iterator[str]:
    """Give the lines, without line ends."""
    yield f"{say('risk_score', locale, score=risk.score)}: {say(f'risk_{risk.level}', locale)}"
    yield say("risk_rules", locale, rules=rules_named(settings, locale))
    for reason in risk.reasons:
        yield ""
        yield from _reason(reason, locale)
    yield ""
    if not risk.points:
        yield say("risk_none", locale)
    yield why_level(risk, settings, locale)


def rules_named(settings: RiskSettings, locale: str) -> str:
    """Name the rules in force."""
    return say(f"risk_preset_{settings.preset if settings.rules is None else 'own'}", locale)


def signed(points: int) -> str:
    """Write points with their sign."""
    return f"{points:+d}".replace("-", "−") if points else "0"


def why_level(risk: Risk, settings: RiskSettings, locale: str) -> str:
    """Say what the points add up to, and why the level follows."""
    limits = {"medium": settings.medium_from, "high": settings.high_from}
    return say(f"risk_why_{risk.level}", locale, sum=_sum(risk, locale), **limits)


def told(finding: RiskPoint, locale: str) -> str:
    """Say what was found, and of whom."""
    sentence = finding.sentence.in_locale(locale)
    if not finding.speaker:
        return sentence
    return say("risk_of", locale, speaker=shown(finding.speaker), sentence=sentence)


def _sum(risk: Risk, locale: str) -> str:
    """Add up the points, and say where the score is less or more than they are."""
    points = " ".join(signed(reason.points) for reason in risk.reasons if reason.points) or "0"
    total = sum(reason.points for reason in risk.reasons)
    key = "risk_sum" if total == risk.score else "risk_capped" if total > 0 else "risk_raised"
    said = f"{total}".replace("-", "−")
    return say(key, locale, points=points, total=said, score=risk.score)


def _reason(reason: Reason, locale: str) -> Iterator[str]:
    yield f"{say('risk_points', locale, points=signed(reason.points))}  {reason.rule}"
    for finding in reason.findings:
        points = signed(finding.points).rjust(5)
        yield f"{points}  {told(finding, locale)}  [{_spans(finding, locale)}]"


def _spans(finding: RiskPoint, locale: str) -> str:
    """Name the seconds; where the sentence tells how many several are together, their sum."""
    spans = _joined(finding.evidence)
    written = ", ".join(f"{_exact(start)}–{_exact(end)}" for start, end in spans)
    total = sum(end - start for start, end in spans)
    if len(spans) == 1 or abs(total - round(100 * finding.seconds)) > len(spans):
        return written
    return say("risk_spans", locale, spans=written, seconds=f"{total / 100:g}")


def _joined(evidence: Iterable[Evidence]) -> list[tuple[int, int]]:
    """Return spans in hundredths of seconds, as segments are timed; those that overlap are one."""
    ends = [(round(100 * each.start), round(100 * each.end)) for each in evidence]
    spans = ends[:1]
    for start, end in ends[1:]:
        if start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], end)
        else:
            spans.append((start, end))
    return spans


def _exact(hundredths: int) -> str:
    """Write a time with the hundredths that it has: 1:07.25."""
    seconds, rest = divmod(hundredths, 100)
    return clock(seconds) + f".{rest:02d}".rstrip("0").rstrip(".")
