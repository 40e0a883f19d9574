"""Hearings and second opinions → HTML and data. Pure functions; what came from outside is escaped.

The curve goes to emotion.js as whole numbers, thousandths of a score.
"""

from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from richspeech.console import render
from richspeech.console.listening import ListeningTask
from richspeech.console.sessions import Job, Status
from richspeech.console.tabs.emotion.work import Hearing, Result, Step
from richspeech.language.catalog import say
from richspeech.language.figures import clock, duration_text
from richspeech.model.impression import NineEmotion, Scores, risks
from richspeech.model.transcript import Transcript
from richspeech.settings import ROOT
from richspeech.stages.second_opinion import disagreements, transcript_risks

# The state of a hearing -------------------------------------------------------------------------


def status(hearing: Hearing | None, locale: str) -> str:
    """Progress, what went wrong, or what to do first; nothing once there is a result."""
    if hearing is None:
        return (
            f'<div class="empty"><p class="empty-head">{_say("emotion_empty", locale)}</p>'
            f"<p>{_say('emotion_empty_hint', locale)}</p></div>"
        )
    if hearing.status is Status.FAILED:
        return render.failure(hearing.notice, locale)
    if hearing.status is Status.CANCELLED:
        return render.message("info", say("emotion_cancelled", locale))
    if hearing.status is Status.FINISHED:
        return ""
    return progress(hearing, "emotion", locale)


def progress(task: ListeningTask, prefix: str, locale: str) -> str:
    """Draw how far a listening is; ``prefix_running`` and so on are its words."""
    own = task.status in (Status.LOADING, Status.RUNNING)
    head = say(f"{prefix}_{task.status.value}" if own else task.status.value, locale)
    label = say(f"{prefix}_progress", locale)
    return render.meter(head, task.fraction, _progress_parts(task, locale), label)


def _progress_parts(task: ListeningTask, locale: str) -> list[str]:
    if task.began is None:
        return []
    done = clock(task.seconds_done)
    parts = [
        say("done", locale, done=done)
        if task.seconds_total is None
        else say("done_of", locale, done=done, total=clock(task.seconds_total))
    ]
    if task.seconds_left is not None:
        left = duration_text(round(task.seconds_left), locale)
        parts.append(say("left", locale, time=left))
    return parts


# What was heard ---------------------------------------------------------------------------------


def verdict(hearing: Hearing | None, limits: Scores, locale: str) -> str:
    """Draw the main emotion with symbol, word and confidence, and whether that is a high risk."""
    if hearing is None or hearing.result is None:
        return ""
    result = hearing.result
    emotion = result.impression.emotion
    sure = say("emotion_confidence", locale, value=percent(result.impression.confidence))
    return (
        f'<div class="verdict" role="status">'
        f'<span class="verdict-symbol" aria-hidden="true">{emotion.symbol}</span>'
        f'<div><p class="verdict-label">{_say("emotion_main", locale)}</p>'
        f'<p class="verdict-word">{escape(emotion.word(locale))} '
        f"<small>{escape(sure)}</small></p></div>"
        f"{_risk(result.impression.scores, limits, locale)}</div>"
        f"{_tiny(result, locale)}"
    )


def _risk(scores: Scores, limits: Scores, locale: str) -> str:
    found = risks(scores, limits)
    if not found:
        return ""
    why = (
        say(
            "emotion_high_risk_why",
            locale,
            emotion=each.word(locale),
            value=percent(scores[each]),
            limit=percent(limits[each]),
        )
        for each in found
    )
    return (
        f'<p class="high-risk"><strong>⚠ {_say("emotion_high_risk", locale)}</strong> '
        f"{escape(', '.join(why))}</p>"
    )


def _tiny(result: Result, locale: str) -> str:
    if not result.is_embedded:
        return ""
    return (
        '<div class="notice warning" role="note">'
        f"<strong>{_say('emotion_tiny_head', locale)}</strong>"
        f"<p>{_say('emotion_tiny_body', locale)}</p></div>"
    )


def player(hearing: Hearing | None, locale: str) -> str:
    """Play the recording that was heard."""
    if hearing is None or hearing.path is None or hearing.result is None:
        return ""
    source = escape(f"gradio_api/file={quote(str(hearing.path))}", quote=True)
    return (
        f'<div class="player"><p class="player-name">{escape(hearing.path.name)}</p>'
        f'<audio controls preload="metadata" src="{source}" '
        f'aria-label="{escape(say("player", locale), quote=True)}"></audio>'
        f'<p class="unplayable">{_say("unplayable", locale)}</p></div>'
    )


def scores(hearing: Hearing | None, locale: str) -> str:
    """Draw a bar with its number for each emotion, the strongest first."""
    if hearing is None or hearing.result is None:
        return ""
    heard = hearing.result.impression.scores
    every = len(heard) == len(NineEmotion)
    title = _say("emotion_scores" if every else "emotion_scores_fewer", locale)
    rows = "".join(
        _bar(emotion, heard[emotion], locale)
        for emotion in sorted(heard, key=heard.__getitem__, reverse=True)
    )
    return f'<h3>{title}</h3><ul class="scores">{rows}</ul>'


def _bar(emotion: NineEmotion, score: float, locale: str) -> str:
    return (
        f'<li class="nine-{emotion.value}"><span class="score-word">'
        f'<span aria-hidden="true">{emotion.symbol}</span> {escape(emotion.word(locale))}</span>'
        f'<span class="score-bar" aria-hidden="true"><i style="width:{score:.2%}"></i></span>'
        f"<b>{percent(score)}</b></li>"
    )


def journal(hearing: Hearing | None, locale: str) -> str:
    """List the steps with their milliseconds, the numbers, and where the run was kept."""
    if hearing is None or not hearing.steps:
        return ""
    rows = "".join(_step(step, locale) for step in hearing.steps)
    return (
        f"{_numbers(hearing, locale)}{_kept(hearing.result, locale)}"
        f'<h3>{_say("emotion_log", locale)}</h3><ol class="steps">{rows}</ol>'
    )


def _step(step: Step, locale: str) -> str:
    took = _say("emotion_milliseconds", locale, value=_milliseconds(step.milliseconds))
    return f"<li><span>{_say(f'emotion_step_{step.name}', locale)}</span><b>{took}</b></li>"


def _numbers(hearing: Hearing, locale: str) -> str:
    if hearing.result is None:
        return ""
    seconds = sum(step.milliseconds for step in hearing.steps) / 1000
    pairs = (
        ("audio_seconds", duration_text(hearing.result.impression.duration, locale)),
        ("processing_seconds", say("seconds", locale, value=seconds)),
        ("model", hearing.result.model),
    )
    listed = (f"<div><dt>{_say(k, locale)}</dt><dd>{escape(v)}</dd></div>" for k, v in pairs)
    return f'<dl class="numbers">{"".join(listed)}</dl>'


def _kept(result: Result | None, locale: str) -> str:
    if result is None or result.kept is None:
        return ""
    place = escape(str(_plain_path(result.kept)))
    return f'<p class="kept">{_say("emotion_kept", locale)}<code>{place}</code></p>'


def _plain_path(folder: Path) -> Path:
    return folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def percent(value: float) -> str:
    """Spell a score; what is nearly nothing or nearly certain is not called so."""
    return f"{value * 100:.1f}%"


# The curve --------------------------------------------------------------------------------------

CURVE_WORDS = ("curve", "strongest", "keys")


def curve(hearing: Hearing | None, locale: str) -> dict[str, Any] | None:
    """Return what emotion.js draws; None without a curve."""
    if hearing is None or hearing.result is None or not hearing.result.curve:
        return None
    windows, emotions = hearing.result.curve, hearing.result.impression.emotions
    return {
        "key": hearing.key,
        "duration": hearing.result.impression.duration,
        "times": [round((each.start + each.end) / 2, 2) for each in windows],
        "scores": {
            emotion.value: [round(each.scores[emotion] * 1000) for each in windows]
            for emotion in emotions
        },
        "emotions": {emotion.value: emotion.word(locale) for emotion in emotions},
        "words": {key: say(f"emotion_{key}", locale) for key in CURVE_WORDS},
    }


# A second opinion -------------------------------------------------------------------------------


def opinion(job: Job | None, limits: Scores, locale: str) -> str:
    """Say how far the second listener is, or how often the two disagree."""
    if job is None or job.opinion is None:
        return f'<p class="opinion-hint">{_say("opinion_hint", locale)}</p>'
    asked = job.opinion
    if asked.status is Status.FAILED:
        return render.failure(asked.notice, locale)
    if asked.status is Status.CANCELLED:
        return render.message("info", say("opinion_cancelled", locale))
    if asked.status is not Status.FINISHED:
        return progress(asked, "opinion", locale)
    return render.message("done", _outcome(job.transcript, asked.model, limits, locale)) + (
        f'<p class="opinion-note">{_say("opinion_tiny", locale)}</p>' if asked.is_embedded else ""
    )


def _outcome(heard: Transcript | None, model: str, limits: Scores, locale: str) -> str:
    count = len(disagreements(heard)) if heard else 0
    key = "opinion_some" if count else "opinion_none"
    parts = [say(key, locale, model=model, count=count)]
    if heard and (found := transcript_risks(heard, limits)):
        emotions = say("list_comma", locale).join(each.word(locale) for each in found)
        parts.append(say("opinion_risk", locale, emotions=emotions))
    return " ".join(parts)


def _say(key: str, locale: str, **values: object) -> str:
    return escape(say(key, locale, **values))
