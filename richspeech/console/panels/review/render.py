"""Reviews → HTML: insight, highlights and risk.

Pure functions; whatever came from outside is escaped here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from postprocess import AudioEvent, Emotion
from richspeech.language.catalog import say
from richspeech.language.figures import clock, duration_text
from richspeech.language.languages import language_name
from richspeech.model.transcript import Transcript
from richspeech.review.evidence import SILENCE, Evidence
from richspeech.review.highlights import Highlight
from richspeech.review.insight import EventCount, Insight, Share, SpeechRate, Window
from richspeech.review.risk import Risk, RiskPoint
from richspeech.settings import RiskSettings

FEW_WINDOWS = 18
"""So many columns have room for a sign on a phone."""


# Insight ------------------------------------------------------------------------------------------


def insight(found: Insight, locale: str) -> str:
    """Bars with numbers, rates, counts, and the emotions over time."""
    emotions = _gauges(
        found.emotions, locale, lambda label: Emotion(label).word(locale), tone="tone-{}"
    )
    times = _gauges(found.times, locale, lambda label: say(f"time_{label}", locale), tone="time-{}")
    languages = _gauges(found.languages, locale, lambda label: language_name(label, locale))
    events = _facts((_event(each, locale) for each in found.events), locale)
    rates = _facts((_rate(each, locale) for each in found.speech_rates), locale)
    share = say("insight_emotions_hint", locale)
    return (
        '<div class="insight">'
        + (_section("insight_emotions", emotions, locale, share) if found.emotions else "")
        + _section("insight_times", times, locale)
        + _section("insight_languages", languages, locale, share)
        + _section("insight_rates", rates, locale)
        + _section("insight_events", events, locale)
        + "</div>"
        + _curve(found, locale)
    )


def _section(key: str, content: str, locale: str, hint: str = "") -> str:
    small = f" <small>{escape(hint)}</small>" if hint else ""
    return f'<section class="{key}"><h3>{_say(key, locale)}{small}</h3>{content}</section>'


def _gauges(
    shares: Sequence[Share], locale: str, name: Callable[[str], str], tone: str = ""
) -> str:
    rows = "".join(
        f'<li><span class="name">{escape(name(each.label))}</span>'
        f'<span class="gauge"><i class="{escape(tone.format(each.label), quote=True)}" '
        f'style="width:{each.share:.2%}"></i></span>'
        f'<span class="value"><b>{_percent(each.share)}</b> '
        f"{escape(duration_text(each.seconds, locale))}</span></li>"
        for each in shares
    )
    return f'<ul class="gauges">{rows}</ul>' if rows else _nothing(locale)


def _facts(facts: Iterable[tuple[str, str, str]], locale: str) -> str:
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd><b>{escape(value)}</b> {escape(more)}</dd></div>"
        for name, value, more in facts
    )
    return f'<dl class="facts">{rows}</dl>' if rows else _nothing(locale)


def _nothing(locale: str) -> str:
    return f'<p class="nothing">{_say("insight_nothing", locale)}</p>'


def _event(each: EventCount, locale: str) -> tuple[str, str, str]:
    count = say("event_count", locale, count=each.count)
    return AudioEvent(each.event).word(locale), count, duration_text(each.seconds, locale)


def _rate(each: SpeechRate, locale: str) -> tuple[str, str, str]:
    rate = say(f"rate_{each.unit}", locale, count=f"{each.per_minute:.0f}")
    return language_name(each.language, locale), rate, ""


# Emotion over time --------------------------------------------------------------------------------


def _curve(found: Insight, locale: str) -> str:
    """One column a window, the emotions on top of each other; each plays from its start."""
    if not found.windows or not found.emotions:
        return ""
    columns = "".join(
        _column(
            window, {name: curve[at] for name, curve in found.emotion_curves.items()}, at, locale
        )
        for at, window in enumerate(found.windows)
    )
    length = found.windows[0].end - found.windows[0].start
    hint = say("curve_hint", locale, time=duration_text(length, locale))
    few = " few" if len(found.windows) <= FEW_WINDOWS else ""
    head = f"{_say('curve', locale)} <small>{escape(hint)}</small>"
    marks = (clock(found.duration * part / 4) for part in range(5))
    axis = "".join(f"<span>{mark}</span>" for mark in marks)
    label = _say("curve", locale)
    return (
        f'<figure class="curve"><figcaption>{head}</figcaption>'
        f'<div class="windows{few}" role="group" aria-label="{label}">{columns}</div>'
        f'<div class="axis" aria-hidden="true">{axis}</div>{_legend(found, locale)}</figure>'
    )


def _column(window: Window, values: Mapping[str, float | None], number: int, locale: str) -> str:
    felt = sorted(
        ((Emotion(name), value) for name, value in values.items() if value and value >= 0.005),
        key=lambda pair: -pair[1],
    )
    told = "  ".join(f"{emotion.word(locale)} {_percent(value)}" for emotion, value in felt)
    label = f"{_span(window.start, window.end)}  {told or say('curve_quiet', locale)}"
    in_order = sorted(felt, key=lambda pair: list(Emotion).index(pair[0]))
    parts = "".join(
        f'<i class="tone-{emotion}" style="height:{value:.1%}">'
        + (f"<b>{_sign(emotion, locale)}</b>" if emotion is felt[0][0] else "")
        + "</i>"
        for emotion, value in in_order
    )
    text = escape(label, quote=True)
    return (
        f'<button type="button" data-seek="{window.start:.2f}" '
        f'tabindex="{-1 if number else 0}" title="{text}" aria-label="{text}">{parts}</button>'
    )


def _legend(found: Insight, locale: str) -> str:
    shown = {each.label for each in found.emotions} | {
        name for name, curve in found.emotion_curves.items() if any(v and v >= 0.05 for v in curve)
    }
    marks = "".join(
        f'<span><i class="tone-{each}">{_sign(each, locale)}</i>{escape(each.word(locale))}</span>'
        for each in Emotion
        if each in shown
    )
    return f'<p class="tones">{marks}</p>'


def _sign(emotion: Emotion, locale: str) -> str:
    return escape(say(f"sign_{emotion.value}", locale))


# Highlights ---------------------------------------------------------------------------------------


def highlight_key(highlight: Highlight) -> str:
    """Name a highlight by its span, since they do not overlap."""
    return f"{highlight.start:.3f}-{highlight.end:.3f}"


def highlights(
    found: Sequence[Highlight], transcript: Transcript, locale: str, *, can_cut: bool
) -> str:
    """Each with a box to tick, its span and its evidence; below, what can be made of them."""
    if not found:
        return f'<p class="nothing">{_say("highlights_none", locale)}</p>'
    said = {segment.start: segment.text for segment in transcript.segments}
    rows = "".join(_highlight(each, said, locale) for each in found)
    return (
        f'<p class="hint">{_say("highlights_hint", locale)}</p><div class="choose">'
        f'<button type="button" class="quiet" data-all>{_say("highlights_all", locale)}</button>'
        f'<button type="button" class="quiet" data-none>{_say("highlights_no", locale)}</button>'
        f'<span role="status" data-count="{escape(say("highlights_chosen", locale, count="#"))}">'
        f'</span></div><ol class="found">{rows}</ol>{_makers(locale, can_cut=can_cut)}'
    )


def _highlight(each: Highlight, said: Mapping[float, str], locale: str) -> str:
    span = _span(each.start, each.end)
    label = escape(say("highlight_choose", locale, time=span), quote=True)
    quotes = (said.get(evidence.start, "") for evidence in each.evidence)
    quote = " ".join(dict.fromkeys(filter(None, quotes)))
    rules = say("highlight_rules", locale, rules=", ".join(each.rules))
    return (
        f'<li><input type="checkbox" checked data-key="{highlight_key(each)}" aria-label="{label}">'
        f'<div><p class="found-head"><b>{escape(each.title(locale))}</b>'
        f"{_time_button(each.start, span)}"
        f"<span>{escape(duration_text(each.end - each.start, locale))}</span></p>"
        + (f'<p class="quote">{escape(quote)}</p>' if quote else "")
        + f'<p class="why">{_say("highlight_why", locale)} {_evidence(each.evidence, locale)}'
        f"<small>{escape(rules)}</small></p></div></li>"
    )


def _makers(locale: str, *, can_cut: bool) -> str:
    gone = "" if can_cut else f'<p class="hint">{_say("highlights_gone", locale)}</p>'
    buttons = "".join(
        f'<button type="button" class="make" data-make="{form}"'
        f"{'' if can_cut or form in ('chapters', 'edl') else ' disabled data-gone'}>"
        f"{_say(f'make_{form}', locale)}</button>"
        for form in ("clips", "reel", "chapters", "edl")
    )
    return f'{gone}<div class="makers">{buttons}</div>'


# Risk ---------------------------------------------------------------------------------------------


def risk(found: Risk, settings: RiskSettings, locale: str) -> str:
    """Draw the score, its level, and what it is made of."""
    score = escape(say("risk_score", locale, score=found.score), quote=True)
    levels = say("risk_levels", locale, medium=settings.medium_from, high=settings.high_from)
    marks = "".join(
        f'<s style="left:{value}%"></s>' for value in (settings.medium_from, settings.high_from)
    )
    points = "".join(_point(each, locale) for each in found.points)
    listed = f'<ol class="points">{points}</ol>' if points else _no_points(locale)
    return (
        f'<div class="risk {found.level}"><p class="score"><b>{found.score}</b>'
        f'<span class="level">{_say(f"risk_{found.level}", locale)}</span></p>'
        f'<div class="scale"><div class="meter" role="meter" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{found.score}" aria-label="{score}"><i style="width:{found.score}%"></i>'
        f"{marks}</div><p>{escape(levels)}</p></div></div>"
        f'<p class="hint">{_say("risk_hint", locale)}</p>{listed}'
    )


def _no_points(locale: str) -> str:
    return f'<p class="nothing">{_say("risk_none", locale)}</p>'


def _point(each: RiskPoint, locale: str) -> str:
    kind = "adds" if each.points > 0 else "takes"
    sentence = escape(each.sentence.in_locale(locale))
    points = escape(say("risk_points", locale, points=f"{each.points:+d}".replace("-", "−")))
    return (
        f'<li><span class="amount {kind}">{points}</span><div><p>{sentence}</p>'
        f'<p class="why">{_evidence(each.evidence, locale)}</p></div></li>'
    )


# Evidence -----------------------------------------------------------------------------------------


def _evidence(evidence: Iterable[Evidence], locale: str) -> str:
    return "".join(_time_button(each.start, _told(each, locale)) for each in evidence)


def _told(each: Evidence, locale: str) -> str:
    sure = "" if each.probability is None else f" {_percent(each.probability)}"
    return f"{_span(each.start, each.end)} {_word(each.label, locale)}{sure}"


def _word(label: str, locale: str) -> str:
    """Name an emotion, an event or silence; what was said stays as it was said."""
    if label == SILENCE:
        return say("silence", locale)
    if label in {*Emotion}:
        return Emotion(label).word(locale)
    return AudioEvent(label).word(locale) if label in {*AudioEvent} else label


def _time_button(seconds: float, text: str) -> str:
    return f'<button type="button" class="at" data-seek="{seconds:.2f}">{escape(text)}</button>'


def _span(start: float, end: float) -> str:
    return f"{clock(start)}–{clock(end)}"


def _percent(share: float) -> str:
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _say(key: str, locale: str, **values: object) -> str:
    return escape(say(key, locale, **values), quote=True)
