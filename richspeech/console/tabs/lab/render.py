"""Experiments and tried rules → HTML. Pure functions; whatever came from outside is escaped."""

from collections.abc import Callable, Iterable, Sequence
from html import escape

from postprocess import AudioEvent, Emotion
from richspeech.console.render import (
    emotion_chip,
    event_chip,
    failure,
    message,
    meter,
    progress_parts,
)
from richspeech.console.sessions import Status
from richspeech.console.tabs.lab.work import Experiment, Result, Trial
from richspeech.engines.registry import engine_named
from richspeech.language.catalog import say
from richspeech.language.figures import clock
from richspeech.language.languages import language_name
from richspeech.model.transcript import LANGUAGES, Segment
from richspeech.review.comparison import LABELS, Alignment, Comparison, Kind, Row, Stretch

MOST_ROWS = 400
"""On the page; a longer comparison shows the first that differ, and the files have all."""

NAMES = ("A", "B")
PROBLEMS = (Kind.CHANGED, Kind.MISSING, Kind.ADDED)


# How far it is ------------------------------------------------------------------------------------


def status(experiment: Experiment | None, locale: str) -> str:
    """Progress of both sides, the message at the end, or what to do first."""
    if experiment is None:
        return empty("lab_empty", locale)
    if experiment.status is Status.FAILED:
        return failure(experiment.notice, locale)
    if experiment.status is Status.CANCELLED:
        return message("info", say("lab_cancelled", locale))
    if experiment.status is Status.FINISHED:
        return _finished(experiment, locale)
    if experiment.status is Status.WAITING:
        return meter(say("lab_waiting", locale), None, (), say("progress", locale))
    named = zip(NAMES, experiment.trials, strict=True)
    meters = (_meter(name, trial, experiment, locale) for name, trial in named)
    return f'<div class="lab-meters">{"".join(meters)}</div>'


def empty(key: str, locale: str) -> str:
    """Say what will be here, and what to do: the texts ``key`` and ``key_hint``."""
    return (
        f'<div class="empty"><p class="empty-head">{_say(key, locale)}</p>'
        f"<p>{_say(f'{key}_hint', locale)}</p></div>"
    )


def _meter(name: str, trial: Trial, experiment: Experiment, locale: str) -> str:
    status = experiment.status if experiment.status is Status.STOPPING else trial.status
    label = say("lab_progress", locale, side=name)
    if trial.status is Status.FINISHED:
        return meter(f"{name} · {say('lab_trial_finished', locale)}", 1.0, (), label)
    if trial.status is Status.FAILED:
        return meter(f"{name} · {say('lab_trial_failed', locale)}", 0.0, (), label)
    if trial.status is Status.WAITING:
        return meter(f"{name} · {say('lab_waiting', locale)}", 0.0, (), label)
    head = f"{name} · {say(status.value, locale)}"
    fraction = trial.progress.fraction if trial.progress else None
    return meter(head, fraction, progress_parts(trial.progress, locale), label)


def _finished(experiment: Experiment, locale: str) -> str:
    failed = [
        failure(trial.notice, locale, side=name)
        for name, trial in zip(NAMES, experiment.trials, strict=True)
        if trial.notice
    ]
    if len(failed) == len(NAMES):
        return "".join(failed)
    if failed:
        return "".join(failed) + message("info", say("lab_half", locale))
    left, right = (trial.side for trial in experiment.trials)
    alike = f" {say('lab_alike', locale)}" if left == right else ""
    return message("done", say("lab_finished", locale) + alike)


# What came out ------------------------------------------------------------------------------------


def result(experiment: Experiment | None, locale: str) -> str:
    """Both sides in numbers, row by row, and against the reference; empty before the end."""
    found = experiment.result if experiment else None
    if experiment is None or found is None or not any(t.transcript for t in experiment.trials):
        return ""
    parts = [sides(experiment, found, locale)]
    if found.comparison is not None:
        parts.append(summary(found.comparison, locale))
        parts.append(rows(found.comparison, locale))
    parts.append(against(found, locale))
    return "".join(parts)


def sides(experiment: Experiment, found: Result, locale: str) -> str:
    """Draw a table of numbers, a column a side; those of a side that failed are missing."""
    columns = [
        _numbers(trial, score, locale)
        for trial, score in zip(experiment.trials, _rates(found), strict=True)
    ]
    keys = [key for key in columns[0] if any(column[key] != "–" for column in columns)]
    body = "".join(
        f'<tr><th scope="row">{_say(key, locale)}</th>'
        + "".join(f"<td>{escape(column[key])}</td>" for column in columns)
        + "</tr>"
        for key in keys
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in NAMES)
    note = f'<p class="lab-note">{_say("lab_counting", locale)}</p>' if any(found.scores) else ""
    return (
        f'<table class="lab-sides"><caption class="sr-only">{_say("lab_sides", locale)}</caption>'
        '<thead><tr><th scope="col">'
        f'<span class="sr-only">{_say("lab_measure", locale)}</span></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{note}"
    )


def _rates(found: Result) -> tuple[tuple[float | None, float | None], ...]:
    return tuple(
        (score.character_error_rate, score.word_error_rate) if score else (None, None)
        for score in found.scores
    )


def _numbers(trial: Trial, rates: tuple[float | None, float | None], locale: str) -> dict[str, str]:
    heard = trial.transcript
    rtfx = heard.rtfx if heard else None
    return {
        "lab_engine": engine_named(trial.side.engine).title.in_locale(locale),
        "model": heard.model if heard else "–",
        "rtfx": "–" if rtfx is None else say("times", locale, value=f"{rtfx:.3g}"),
        "processing_seconds": say("seconds", locale, value=heard.processing_seconds)
        if heard
        else "–",
        "lab_cer": _rate(rates[0]),
        "lab_wer": _rate(rates[1]),
    }


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def summary(comparison: Comparison, locale: str) -> str:
    """Say how much differs."""
    words = say("lab_words_differ", locale, words=comparison.words, errors=comparison.errors)
    labels = say("lab_labels_differ", locale, shared=comparison.shared, **comparison.differing)
    return f'<ul class="lab-summary"><li>{escape(words)}</li><li>{escape(labels)}</li></ul>'


def rows(comparison: Comparison, locale: str) -> str:
    """Draw what both sides heard, row by row; a box hides the rows that are the same."""
    shown, note = _shown(comparison.rows, locale)
    if not shown:
        return ""
    differ = sum(row.differs for row in comparison.rows)
    same = f'<p class="lab-same">{_say("lab_all_same", locale)}</p>' if not differ else ""
    head = "".join(f'<th scope="col">{text}</th>' for text in (_say("lab_time", locale), *NAMES))
    body = "".join(_row(row, locale) for row in shown)
    only = (
        f'<label class="lab-only"><input type="checkbox"{" checked" if differ else ""}> '
        f"{_say('lab_only_differing', locale)}</label>"
    )
    return (
        f'<section class="lab-rows"><div class="lab-rows-head"><h3>{_say("lab_rows", locale)}</h3>'
        f'{only}</div><p class="lab-note">{_say("lab_key", locale)}</p>{same}{note}'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>"
    )


def _shown(everything: Sequence[Row], locale: str) -> tuple[Sequence[Row], str]:
    if len(everything) <= MOST_ROWS:
        return everything, ""
    shown = [row for row in everything if row.differs][:MOST_ROWS]
    text = _say("lab_many_rows", locale, shown=len(shown), total=len(everything))
    return shown, f'<p class="lab-note">{text}</p>'


def _row(row: Row, locale: str) -> str:
    cells = (
        _cell(name, segments, row, kind, locale)
        for name, segments, kind in zip(
            NAMES, (row.left, row.right), (Kind.MISSING, Kind.ADDED), strict=True
        )
    )
    same = "" if row.differs else ' class="same"'
    return f'<tr{same}><td class="lab-time">{clock(row.start)}</td>{"".join(cells)}</tr>'


def _cell(name: str, segments: Sequence[Segment], row: Row, own: Kind, locale: str) -> str:
    if not segments:
        inner = f'<p class="lab-nothing">{_say("lab_nothing_heard", locale)}</p>'
    else:
        inner = f"<p>{_words(row.alignment, own, locale)}</p>{_labels(segments, row, locale)}"
    return f'<td data-side="{name}">{inner}</td>'


def _words(alignment: Alignment, own: Kind, locale: str) -> str:
    """Write one side's words; ``own`` is the fate of those that stand on this side only."""
    signs = {Kind.CHANGED: ("≠", "lab_changed"), own: ("+", "lab_only_here")}

    def text(stretch: Stretch) -> str:
        return stretch.right if own is Kind.ADDED else stretch.left

    shown = (stretch for stretch in alignment.stretches if text(stretch))
    return "".join(_marked(text(each), each.kind, signs, locale) for each in shown) or "–"


def _marked(
    text: str, kind: Kind, signs: dict[Kind, tuple[str, str]], locale: str, tag: str = "mark"
) -> str:
    """Write words with a colour, a line and a sign, so that none of them alone carries it."""
    if kind not in signs:
        return escape(text)
    sign, key = signs[kind]
    bare = text.rstrip()
    return (
        f'<{tag} class="{kind.value}"><i aria-hidden="true">{sign}</i>'
        f'<span class="sr-only">({_say(key, locale)}) </span>{escape(bare)}</{tag}>'
        f"{escape(text[len(bare) :])}"
    )


def _labels(segments: Sequence[Segment], row: Row, locale: str) -> str:
    """Draw the labels of one side, each once; those that differ have a sign."""
    chips: dict[str, list[str]] = {name: [] for name in LABELS}
    for segment in _unlike(segments, lambda each: each.emotion):
        chips["emotion"].append(emotion_chip(segment, locale))
    for segment in segments:
        for event in segment.events:
            chip = event_chip(event, segment.event_probabilities, locale)
            if not any(_word(event, locale) in known for known in chips["events"]):
                chips["events"].append(chip)
    if "language" in row.differing:
        for segment in _unlike(segments, lambda each: each.language):
            chips["language"].append(_language(segment, locale))
    drawn = (_group(chips[name], name in row.differing, locale) for name in LABELS)
    return f'<div class="chips">{"".join(drawn)}</div>'


def _word(event: AudioEvent, locale: str) -> str:
    return escape(event.word(locale))


def _unlike(segments: Iterable[Segment], value: Callable[[Segment], object]) -> tuple[Segment, ...]:
    return tuple({value(segment): segment for segment in reversed([*segments])}.values())[::-1]


def _language(segment: Segment, locale: str) -> str:
    return f'<span class="chip language">{escape(language_name(segment.language, locale))}</span>'


def _group(chips: Sequence[str], differs: bool, locale: str) -> str:  # noqa: FBT001
    if not differs:
        return "".join(chips)
    sign = (
        f'<i aria-hidden="true">≠</i><span class="sr-only">({_say("lab_changed", locale)})</span>'
    )
    return f'<span class="lab-differing">{sign}{"".join(chips) or "–"}</span>'


def against(found: Result, locale: str) -> str:
    """Draw what each side left out of the reference, and what it put in."""
    parts = [
        f"<h4>{name}</h4><p>{_corrected(score.alignment, locale)}</p>"
        for name, score in zip(NAMES, found.scores, strict=True)
        if score
    ]
    if not parts:
        return ""
    return (
        f'<details class="lab-against"><summary>{_say("lab_against", locale)}</summary>'
        f'<p class="lab-note">{_say("lab_key_reference", locale)}</p>{"".join(parts)}</details>'
    )


def _corrected(alignment: Alignment, locale: str) -> str:
    out = dict.fromkeys(PROBLEMS, ("−", "lab_left_out"))
    put = dict.fromkeys(PROBLEMS, ("+", "lab_put_in"))
    drawn = []
    for stretch in alignment.stretches:
        if stretch.kind is Kind.SAME:
            drawn.append(escape(stretch.left))
            continue
        sides = ((stretch.left, out, "del"), (stretch.right, put, "ins"))
        drawn += [
            _marked(text, stretch.kind, signs, locale, tag) for text, signs, tag in sides if text
        ]
    return "".join(drawn)


def rules_help(locale: str) -> str:
    """Explain the keys of a rule, and the names that it may use."""
    names = {
        "emotions": ", ".join(Emotion),
        "events": ", ".join(event for event in AudioEvent if event is not AudioEvent.SPEECH),
        "languages": ", ".join(LANGUAGES),
    }
    conditions = "".join(
        f"<li>{_say(key, locale)}</li>"
        for key in ("lab_help_emotion", "lab_help_words", "lab_help_probability")
    )
    return (
        f'<details class="lab-help"><summary>{_say("lab_rules_help", locale)}</summary>'
        f"<p>{_say('lab_help_when', locale)}</p><ul>{conditions}</ul>"
        f"<p>{_say('lab_help_then', locale)}</p>"
        f"<p>{_say('lab_help_values', locale, **names)}</p></details>"
    )


def _say(key: str, locale: str, **values: object) -> str:
    return escape(say(key, locale, **values))
