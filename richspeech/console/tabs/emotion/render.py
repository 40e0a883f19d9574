"""Emotion jobs and second opinions → HTML and data: what the templates need is made here.

The curve goes to emotion.js as whole numbers, thousandths of a score.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from richspeech.console import render
from richspeech.console.templates import draw
from richspeech.jobs.emotion import EmotionJob
from richspeech.jobs.emotion_recogniser import EmotionRecogniserJob
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import say
from richspeech.language.figures import duration_text
from richspeech.model.emotion_scores import NineEmotion, Scores, risks
from richspeech.model.job_state import State
from richspeech.model.labels import word_of
from richspeech.model.transcript import Transcript
from richspeech.places import HOME
from richspeech.stages.second_opinion import disagreements, transcript_risks

# The state of an emotion job ---------------------------------------------------------------------


def status(job: EmotionJob | None, locale: str) -> Markup:
    """Progress, what went wrong, or what to do first; nothing once there is a result."""
    if job is None:
        return render.empty("emotion_empty", locale)
    if job.state is State.FAILED:
        return render.failure(job.error, locale)
    if job.state is State.CANCELLED:
        return render.message("info", say("emotion_cancelled", locale))
    if job.state is State.FINISHED:
        return Markup()
    return progress(job, "emotion", locale)


def progress(task: EmotionRecogniserJob, prefix: str, locale: str) -> Markup:
    """Draw how far a job is; ``prefix_running`` and so on are its words."""
    own = task.state in (State.LOADING, State.RUNNING)
    head = say(f"{prefix}_{task.state.value}" if own else task.state.value, locale)
    label = say(f"{prefix}_progress", locale)
    begun = task.began is not None
    parts = render.how_far(task.seconds, task.seconds_left, locale) if begun else ()
    return render.meter(head, task.fraction, tuple(parts), label)


# What was heard ---------------------------------------------------------------------------------


def verdict(job: EmotionJob | None, limits: Scores, locale: str) -> Markup:
    """Draw the main emotion with symbol, word and confidence, and whether that is a high risk."""
    if job is None or job.result is None:
        return Markup()
    scores = job.result.emotion
    return draw(
        "tabs/emotion/verdict.html",
        locale,
        emotion=scores.emotion,
        confidence=percent(scores.confidence),
        risks=_risks(scores.scores, limits, locale),
        is_tiny=job.result.is_embedded,
    )


def _risks(scores: Scores, limits: Scores, locale: str) -> list[str]:
    return [
        say(
            "emotion_high_risk_why",
            locale,
            emotion=word_of(each, locale),
            value=percent(scores[each]),
            limit=percent(limits[each]),
        )
        for each in risks(scores, limits)
    ]


def player(job: EmotionJob | None, locale: str) -> Markup:
    """Play the recording that was heard."""
    if job is None or job.path is None or job.result is None:
        return Markup()
    return render.sound(job.name, job.path, locale)


def scores(job: EmotionJob | None, locale: str) -> Markup:
    """Draw a bar with its number for each emotion, the strongest first."""
    if job is None or job.result is None:
        return Markup()
    heard = job.result.emotion.scores
    return draw(
        "tabs/emotion/scores.html",
        locale,
        scores=sorted(heard.items(), key=lambda pair: -pair[1]),
        title="emotion_scores" if len(heard) == len(NineEmotion) else "emotion_scores_fewer",
        spelled=percent,
    )


def journal(job: EmotionJob | None, locale: str) -> Markup:
    """List the steps with their milliseconds, the numbers, and where the run was kept."""
    if job is None or not job.steps:
        return Markup()
    kept = job.result.kept if job.result else None
    return draw(
        "tabs/emotion/journal.html",
        locale,
        numbers=_numbers(job, locale),
        kept=None if kept is None else _plain_path(kept),
        steps=[(step.name, _milliseconds(step.milliseconds)) for step in job.steps],
    )


def _numbers(job: EmotionJob, locale: str) -> Sequence[tuple[str, str]]:
    if job.result is None:
        return ()
    seconds = sum(step.milliseconds for step in job.steps) / 1000
    return (
        ("audio_seconds", duration_text(job.result.emotion.duration, locale)),
        ("processing_seconds", say("seconds", locale, value=seconds)),
        ("model", job.result.model),
    )


def _plain_path(folder: Path) -> Path:
    return folder.relative_to(HOME) if folder.is_relative_to(HOME) else folder


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def percent(value: float) -> str:
    """Spell a score; what is nearly nothing or nearly certain is not called so."""
    return f"{value * 100:.1f}%"


# The curve --------------------------------------------------------------------------------------

CURVE_WORDS = ("curve", "strongest", "keys")


def curve(job: EmotionJob | None, locale: str) -> dict[str, Any] | None:
    """Return what emotion.js draws; None without a curve."""
    if job is None or job.result is None or not job.result.curve:
        return None
    windows, emotions = job.result.curve, job.result.emotion.emotions
    return {
        "key": job.id,
        "duration": job.result.emotion.duration,
        "times": [round((each.start + each.end) / 2, 2) for each in windows],
        "scores": {
            emotion.value: [round(each.scores[emotion] * 1000) for each in windows]
            for emotion in emotions
        },
        "emotions": {emotion.value: word_of(emotion, locale) for emotion in emotions},
        "words": {key: say(f"emotion_{key}", locale) for key in CURVE_WORDS},
    }


# A second opinion -------------------------------------------------------------------------------


def second_opinion(job: Transcription | None, limits: Scores, locale: str) -> Markup:
    """Say how far the emotion recogniser is, or how often the two disagree."""
    if job is None or job.second_opinion is None:
        return render.note("second_opinion_hint", "second-opinion-hint", locale)
    asked = job.second_opinion
    if asked.state is State.FAILED:
        return render.failure(asked.error, locale)
    if asked.state is State.CANCELLED:
        return render.message("info", say("second_opinion_cancelled", locale))
    if asked.state is not State.FINISHED:
        return progress(asked, "second_opinion", locale)
    outcome = render.message("done", _outcome(job.transcript, asked.model, limits, locale))
    if not asked.is_embedded:
        return outcome
    return outcome + render.note("second_opinion_tiny", "second-opinion-note", locale)


def _outcome(heard: Transcript | None, model: str, limits: Scores, locale: str) -> str:
    count = len(disagreements(heard)) if heard else 0
    key = "second_opinion_some" if count else "second_opinion_none"
    parts = [say(key, locale, model=model, count=count)]
    if heard and (found := transcript_risks(heard, limits)):
        emotions = say("list_comma", locale).join(word_of(each, locale) for each in found)
        parts.append(say("second_opinion_risk", locale, emotions=emotions))
    return " ".join(parts)
