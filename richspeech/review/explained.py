"""A risk in words: every reason, its points, its seconds, and why the level follows."""

from collections.abc import Iterator

from richspeech.language.catalog import say
from richspeech.language.figures import clock
from richspeech.review.risk import Reason, Risk
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
    points = " ".join(signed(reason.points) for reason in risk.reasons if reason.points) or "0"
    limits = {"medium": settings.medium_from, "high": settings.high_from}
    return say(f"risk_why_{risk.level}", locale, points=points, score=risk.score, **limits)


def _reason(reason: Reason, locale: str) -> Iterator[str]:
    yield f"{say('risk_points', locale, points=signed(reason.points))}  {reason.rule}"
    for finding in reason.findings:
        spans = ", ".join(f"{clock(each.start)}–{clock(each.end)}" for each in finding.evidence)
        points = signed(finding.points).rjust(5)
        yield f"{points}  {finding.sentence.in_locale(locale)}  [{spans}]"
