"""Experiments → HTML: what the templates need is made here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from postprocess import AudioEvent, Emotion
from richspeech.console.render import (
    Chip,
    emotion_chip,
    empty,
    event_chip,
    failure,
    message,
    meter,
    progress_parts,
    sound,
)
from richspeech.console.templates import draw
from richspeech.engines.registry import engine_named, usual_languages
from richspeech.jobs.compare import Experiment, Result, Trial
from richspeech.language.catalog import run_on, say
from richspeech.language.languages import language_name
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.transcript import Segment
from richspeech.review.comparison import LABELS, Alignment, Kind, Row

MOST_ROWS = 400
"""On the page; a longer comparison shows the first that differ, and the files have all."""

NAMES = ("A", "B")
PROBLEMS = (Kind.CHANGED, Kind.MISSING, Kind.ADDED)


# How far it is ------------------------------------------------------------------------------------


def status(experiment: Experiment | None, locale: str) -> Markup:
    """Progress of both sides, the message at the end, or what to do first."""
    if experiment is None:
        return empty("lab_empty", locale)
    if experiment.state is State.FAILED:
        return failure(experiment.error, locale)
    if experiment.state is State.CANCELLED:
        return message("info", say("lab_cancelled", locale))
    if experiment.state is State.FINISHED:
        return _finished(experiment, locale)
    if experiment.state is State.WAITING:
        return meter(say("lab_waiting", locale), None, (), say("progress", locale))
    named = zip(NAMES, experiment.trials, strict=True)
    meters = (_meter(name, trial, experiment, locale) for name, trial in named)
    return Markup('<div class="lab-meters">{}</div>').format(Markup().join(meters))


def _meter(name: str, trial: Trial, experiment: Experiment, locale: str) -> Markup:
    status = experiment.state if experiment.state is State.STOPPING else trial.state
    label = say("lab_progress", locale, side=name)
    if trial.state is State.FINISHED:
        return meter(f"{name} · {say('lab_trial_finished', locale)}", 1.0, (), label)
    if trial.state is State.FAILED:
        return meter(f"{name} · {say('lab_trial_failed', locale)}", 0.0, (), label)
    if trial.state is State.WAITING:
        return meter(f"{name} · {say('lab_waiting', locale)}", 0.0, (), label)
    head = f"{name} · {say(status.value, locale)}"
    fraction = trial.progress.fraction if trial.progress else None
    return meter(head, fraction, progress_parts(trial.progress, locale), label)


def _finished(experiment: Experiment, locale: str) -> Markup:
    failed = [
        failure(trial.error, locale, side=name)
        for name, trial in zip(NAMES, experiment.trials, strict=True)
        if trial.error
    ]
    if len(failed) == len(NAMES):
        return Markup().join(failed)
    if failed:
        return Markup().join(failed) + message("info", say("lab_half", locale))
    left, right = (trial.side for trial in experiment.trials)
    alike = [say("lab_alike", locale)] if left == right else []
    return message("done", run_on([say("lab_finished", locale), *alike], locale))


# What came out ------------------------------------------------------------------------------------


def result(experiment: Experiment | None, locale: str) -> Markup:
    """Both sides in numbers, row by row, and against the reference; empty before the end."""
    found = experiment.result if experiment else None
    if experiment is None or found is None or not any(t.transcript for t in experiment.trials):
        return Markup()
    compared = found.comparison.rows if found.comparison else ()
    return draw(
        "tabs/lab/result.html",
        locale,
        names=NAMES,
        numbers=_numbers(experiment, found, locale),
        is_scored=any(found.scores),
        comparison=found.comparison,
        lines=[_line(row, locale) for row in _shown(compared)],
        differ=sum(row.differs for row in compared),
        total=len(compared),
        most_rows=MOST_ROWS,
        against=[*_against(found)],
    )


def sounds(experiment: Experiment | None, paths: Sequence[Path], locale: str) -> Markup:
    """Play the beginning as both sides got it, one above the other; empty where they got one."""
    if experiment is None:
        return Markup()
    return Markup().join(
        sound(f"{name} · {_given(trial, locale)}", path, locale)
        for name, trial, path in zip(NAMES, experiment.trials, paths, strict=False)
    )


def _given(trial: Trial, locale: str) -> str:
    """Say what a side was given to hear."""
    if (method := trial.side.denoise) == Options.denoise:
        return say("lab_sound_plain", locale)
    return say("lab_sound_denoised", locale, method=say(f"denoise_{method}", locale))


def _numbers(
    experiment: Experiment, found: Result, locale: str
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the rows of the table of numbers that have any; a column a side."""
    columns = [
        _column(trial, rates, locale)
        for trial, rates in zip(experiment.trials, _rates(found), strict=True)
    ]
    rows = [(key, tuple(column[key] for column in columns)) for key in columns[0]]
    return [(key, values) for key, values in rows if {*values} != {"–"}]


def _rates(found: Result) -> tuple[tuple[float | None, float | None], ...]:
    return tuple(
        (score.character_error_rate, score.word_error_rate) if score else (None, None)
        for score in found.scores
    )


def _column(trial: Trial, rates: tuple[float | None, float | None], locale: str) -> dict[str, str]:
    heard = trial.transcript
    rtfx = heard.rtfx if heard else None
    return {
        "lab_engine": engine_named(trial.side.engine).label,
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


def _shown(everything: Sequence[Row]) -> Sequence[Row]:
    if len(everything) <= MOST_ROWS:
        return everything
    return [row for row in everything if row.differs][:MOST_ROWS]


@dataclass(frozen=True)
class Run:
    """Words that stand on one side only, on both, or differ."""

    text: str
    kind: str = ""
    sign: str = ""
    """Empty where both sides have the words."""
    key: str = ""
    """Read aloud for the sign."""
    tag: str = "mark"


@dataclass(frozen=True)
class Group:
    """Labels of one sort, each once."""

    differs: bool
    chips: Sequence[Chip] = ()
    languages: Sequence[str] = ()


@dataclass(frozen=True)
class HalfLine:
    """What one side heard in a row."""

    name: str
    is_silent: bool
    words: Sequence[Run]
    labels: Sequence[Group]


@dataclass(frozen=True)
class Line:
    """A row of both sides."""

    start: float
    differs: bool
    sides: Sequence[HalfLine]


def _line(row: Row, locale: str) -> Line:
    sides = zip(NAMES, (row.left, row.right), (Kind.MISSING, Kind.ADDED), strict=True)
    halves = (
        HalfLine(name, not heard, [*_words(row.alignment, own)], [*_labels(heard, row, locale)])
        for name, heard, own in sides
    )
    return Line(row.start, row.differs, tuple(halves))


def _words(alignment: Alignment, own: Kind) -> Iterator[Run]:
    """Yield one side's words; ``own`` is the fate of those that stand on this side only."""
    signs = {Kind.CHANGED: ("≠", "lab_changed"), own: ("+", "lab_only_here")}
    for stretch in alignment.stretches:
        text = stretch.right if own is Kind.ADDED else stretch.left
        if text:
            yield _run(text, stretch.kind, signs)


def _run(text: str, kind: Kind, signs: Mapping[Kind, tuple[str, str]], tag: str = "mark") -> Run:
    return Run(text, kind.value, *signs[kind], tag) if kind in signs else Run(text)


def _labels(segments: Sequence[Segment], row: Row, locale: str) -> Iterator[Group]:
    """Yield the labels of one side as far as measured; languages only where they differ."""
    voices = [segment for segment in segments if segment.has_emotion]
    chips = {
        "emotion": [emotion_chip(s, locale) for s in _unlike(voices, lambda each: each.emotion)],
        "events": [*_event_chips(segments, locale)],
    }
    for name in LABELS:
        differs = name in row.differing
        languages = segments if name == "language" and differs else ()
        names = (language_name(each.language, locale) for each in _unlike(languages, _language))
        yield Group(differs, chips.get(name, ()), tuple(names))


def _event_chips(segments: Sequence[Segment], locale: str) -> Iterator[Chip]:
    first: dict[AudioEvent, Segment] = {}
    for segment in segments:
        for event in segment.events:
            first.setdefault(event, segment)
    for event, segment in first.items():
        yield event_chip(event, segment, locale)


def _language(segment: Segment) -> str | None:
    return segment.language


def _unlike(segments: Iterable[Segment], value: Callable[[Segment], object]) -> tuple[Segment, ...]:
    return tuple({value(segment): segment for segment in reversed([*segments])}.values())[::-1]


def _against(found: Result) -> Iterator[tuple[str, list[Run]]]:
    """Yield what each side left out of the reference, and what it put in."""
    for name, score in zip(NAMES, found.scores, strict=True):
        if score:
            yield name, [*_corrected(score.alignment)]


def _corrected(alignment: Alignment) -> Iterator[Run]:
    out = dict.fromkeys(PROBLEMS, ("−", "lab_left_out"))
    put = dict.fromkeys(PROBLEMS, ("+", "lab_put_in"))
    for stretch in alignment.stretches:
        if stretch.kind is Kind.SAME:
            yield Run(stretch.left)
            continue
        sides = ((stretch.left, out, "del"), (stretch.right, put, "ins"))
        yield from (_run(text, stretch.kind, signs, tag) for text, signs, tag in sides if text)


def rules_help(locale: str) -> Markup:
    """Explain the keys of a rule, and the names that it may use."""
    return draw(
        "tabs/lab/rules_help.html",
        locale,
        emotions=", ".join(Emotion),
        events=", ".join(event for event in AudioEvent if event is not AudioEvent.SPEECH),
        languages=", ".join(usual_languages()),
    )
