"""Jobs and transcripts → HTML. Pure functions; whatever came from outside is escaped here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from postprocess import AudioEvent, Emotion
from richspeech.console.sentences import reason
from richspeech.console.sessions import Job, Status
from richspeech.console.words import clock, duration_words, language_name, say
from richspeech.loader import Loaded
from richspeech.pipeline import Progress
from richspeech.transcript import Segment, Transcript

LIVE_SEGMENTS = 100
"""Newest segments on the page while more are coming; all are shown at the end."""


@dataclass(frozen=True)
class Facts:
    """What the page says about the program itself."""

    version: str
    port: int
    keep_seconds: float
    max_bytes: int
    max_seconds: float


# The page around the result ---------------------------------------------------------------------


def header(locale: str) -> str:
    """Name and subtitle."""
    return f"<h1>{_say('name', locale)}</h1><p>{_say('subtitle', locale)}</p>"


def banner(loaded: Loaded | None, locale: str) -> str:
    """Say that the model is loading or that the tiny one is in use; empty with any other."""
    if loaded is None:
        return (
            f'<div class="notice loading" role="status"><strong>{_say("loading", locale)}</strong>'
            f"<p>{_say('loading_hint', locale)}</p></div>"
        )
    if not loaded.is_embedded:
        return ""
    why = say("banner_reason", locale, reason=reason(loaded.weights.reason, locale))
    return (
        f'<div class="notice warning" role="note"><strong>{_say("banner_head", locale)}</strong>'
        f"<p>{_say('banner_body', locale)}</p><p>{escape(why)}</p></div>"
    )


def insecure_notice(facts: Facts, locale: str) -> str:
    """Say why the microphone is blocked; page.js shows it only where it is."""
    body = say("insecure_body", locale, port=facts.port)
    command = f"ssh -L {facts.port}:127.0.0.1:{facts.port} "
    return (
        f'<div class="notice warning" role="note"><strong>{_say("insecure_head", locale)}</strong>'
        f"<p>{escape(body)}</p><code>{command}<span data-hostname></span></code></div>"
    )


def heading(key: str, locale: str) -> str:
    """Head of a card."""
    return f"<h2>{_say(key, locale)}</h2>"


def footer(facts: Facts, loaded: Loaded | None, locale: str) -> str:
    """Which model, where, and what happens to recordings."""
    time = _whole(duration_words(facts.keep_seconds, locale))
    parts = (*_model_parts(loaded, locale), ("version", facts.version))
    listed = "".join(
        f"<span>{_say(key, locale)} <b>{escape(value)}</b></span>" for key, value in parts
    )
    return f"<p>{escape(say('privacy', locale, time=time))}</p><p>{listed}</p>"


def _model_parts(loaded: Loaded | None, locale: str) -> tuple[tuple[str, str], ...]:
    if loaded is None:
        return (("model", say("loading", locale)),)
    device = f"{loaded.device} ({reason(loaded.device_reason, locale)})"
    if locale == "zh":
        device = device.replace(" (", "（").replace(")", "）")
    return (("model", loaded.weights.name), ("device", device))


def file_hint(facts: Facts, size: str, locale: str) -> str:
    """Say what may be uploaded."""
    length = _whole(duration_words(facts.max_seconds, locale))
    return f"<p>{escape(say('file_hint', locale, size=size, length=length))}</p>"


def _whole(duration: str) -> str:
    """Leave out the noughts of a round length: 12 小时 0 分 → 12 小时."""
    for ending in (" 0 分", " 0 min", " 0 秒", " 0 s"):
        duration = duration.removesuffix(ending)
    return duration


# The state of the job ---------------------------------------------------------------------------


def status(job: Job | None, locale: str) -> str:
    """Progress, the message at the end, or what to do first."""
    if job is None:
        return (
            f'<div class="empty"><p class="empty-head">{_say("result_empty", locale)}</p>'
            f"<p>{_say('result_empty_hint', locale)}</p></div>"
        )
    if job.status is Status.FAILED:
        sentence = job.notice.sentence(locale) if job.notice else ""
        more = f" {say('partial', locale)}" if _segments(job) else ""
        return _message("error", f"{sentence}{more}", role="alert")
    if job.status is Status.CANCELLED:
        key = "cancelled" if _segments(job) else "cancelled_empty"
        return _message("info", say(key, locale)) + _numbers(job, locale)
    if job.status is Status.FINISHED:
        return _finished(job, locale)
    return progress_bar(job, locale)


def _finished(job: Job, locale: str) -> str:
    if any(segment.text for segment in _segments(job)):
        return _message("done", say("finished", locale)) + _numbers(job, locale)
    key = "no_speech_sounds" if any(s.events for s in _segments(job)) else "no_speech"
    return _message("info", say(key, locale)) + _numbers(job, locale)


def _message(kind: str, text: str, role: str = "status") -> str:
    return f'<div class="message {kind}" role="{role}">{escape(text)}</div>'


def progress_bar(job: Job, locale: str) -> str:
    """Audio seconds done and total, percentage, time left and speed; a moving bar while unknown."""
    fraction = job.progress.fraction if job.progress else None
    label = escape(say("progress", locale), quote=True)
    head = _say(job.status.value, locale)
    if fraction is None:
        bar = f'<div class="bar moving" role="progressbar" aria-label="{label}"><i></i></div>'
        percent = ""
    else:
        whole = int(fraction * 100)
        percent = f"<b>{whole}%</b>"
        bar = (
            f'<div class="bar" role="progressbar" aria-label="{label}" aria-valuemin="0" '
            f'aria-valuemax="100" aria-valuenow="{whole}">'
            f'<i style="width:{fraction:.1%}"></i></div>'
        )
    details = "".join(
        f"<span>{escape(part)}</span>" for part in progress_parts(job.progress, locale)
    )
    return (
        f'<div class="progress"><div class="progress-head"><span>{head}</span>{percent}</div>'
        f'{bar}<div class="progress-details">{details}</div></div>'
    )


def progress_parts(progress: Progress | None, locale: str) -> tuple[str, ...]:
    """Say what is known about how far the job is."""
    if progress is None:
        return ()
    done = clock(progress.seconds_done)
    total = progress.seconds_total
    parts = [
        say("done", locale, done=done)
        if total is None
        else say("done_of", locale, done=done, total=clock(max(total, progress.seconds_done)))
    ]
    if progress.seconds_left is not None:
        left = duration_words(round(progress.seconds_left), locale)
        parts.append(say("left", locale, time=left))
    if progress.transcript.rtfx is not None:
        parts.append(say("speed", locale, speed=_speed(progress.transcript.rtfx)))
    return tuple(parts)


def _numbers(job: Job, locale: str) -> str:
    """Show the timing, and the model that did it."""
    if job.progress is None:
        return ""
    transcript = job.transcript or job.progress.transcript
    rtfx = "–" if transcript.rtfx is None else say("times", locale, value=_speed(transcript.rtfx))
    language = language_name(transcript.language, locale) if transcript.language else "–"
    pairs = (
        ("audio_seconds", duration_words(transcript.duration, locale)),
        ("processing_seconds", _short_time(transcript.processing_seconds, locale)),
        ("rtfx", rtfx),
        ("main_language", language),
        ("model", transcript.model),
    )
    return (
        '<dl class="numbers">'
        + "".join(f"<div><dt>{_say(k, locale)}</dt><dd>{escape(v)}</dd></div>" for k, v in pairs)
        + "</dl>"
    )


def _speed(rtfx: float) -> str:
    return f"{rtfx:.0f}" if rtfx >= 10 else f"{rtfx:.1f}"


def _short_time(seconds: float, locale: str) -> str:
    if seconds < 10:
        return say("seconds", locale, value=f"{seconds:.2f}")
    return duration_words(seconds, locale)


# The recording ---------------------------------------------------------------------------------


def player(job: Job | None, locale: str) -> str:
    """Play the recording of the transcript; its times in the page lead into it."""
    if job is None or job.path is None or (job.status is Status.FAILED and not _segments(job)):
        return ""
    source = escape(f"gradio_api/file={quote(str(job.path))}", quote=True)
    return (
        f'<div class="player"><p class="player-name">{escape(job.name)}</p>'
        f'<audio controls preload="metadata" src="{source}" '
        f'aria-label="{escape(say("player", locale), quote=True)}"></audio>'
        f'<p class="unplayable">{_say("unplayable", locale)}</p></div>'
    )


def emotion_chip(segment: Segment, locale: str) -> str:
    """Emotion and probability; all probabilities stand in its tooltip."""
    everything = "  ".join(
        f"{Emotion(name).word(locale)} {_percent(value)}"
        for name, value in sorted(segment.emotion_probabilities.items(), key=lambda pair: -pair[1])
    )
    return _chip(
        f"emotion {segment.emotion.value}",
        say("emotion", locale),
        segment.emotion.word(locale),
        None if "emotion" in segment.corrected else segment.emotion_probability,
        everything,
    )


def event_chip(event: AudioEvent, probabilities: Mapping[str, float], locale: str) -> str:
    """Sound and probability."""
    return _chip("event", say("events", locale), event.word(locale), probabilities.get(event), "")


def _chip(kind: str, group: str, word: str, probability: float | None, title: str) -> str:
    number = "" if probability is None else f" <small>{_percent(probability)}</small>"
    tooltip = f' title="{escape(title, quote=True)}"' if title else ""
    return (
        f'<span class="chip {kind}"{tooltip}><span class="sr-only">{escape(group)}: </span>'
        f"{escape(word)}{number}</span>"
    )


def _percent(probability: float) -> str:
    return f"{probability:.0%}"


# The table --------------------------------------------------------------------------------------

COLUMNS = ("start_time", "end_time", "segment_language", "emotion", "events", "text")


def table(job: Job | None, locale: str) -> str:
    """All segments: start, end, language, emotion with probability, events, text."""
    if job is None or not _segments(job):
        return ""
    shown, earlier = _shown(job, locale)
    head = "".join(f'<th scope="col">{_say(column, locale)}</th>' for column in COLUMNS)
    rows = "".join(_row(segment, locale) for segment in shown)
    caption = _say("segments", locale)
    return (
        f'<h3>{caption}</h3>{earlier}<table class="segments"><caption class="sr-only">{caption}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(segment: Segment, locale: str) -> str:
    measured = {} if "events" in segment.corrected else segment.event_probabilities
    events = (event_chip(e, measured, locale) for e in segment.events)
    rules = f' <small class="rule">{_say("rule_changed", locale)}</small>' if segment.rules else ""
    person = (
        f' <small class="rule">{_say("corrected", locale)}</small>' if segment.corrected else ""
    )
    cells = (
        _precise(segment.start),
        _precise(segment.end),
        _language_cell(segment, locale),
        emotion_chip(segment, locale) + rules + person,
        "".join(events) or "–",
        escape(segment.text) or "–",
    )
    labelled = zip(COLUMNS, cells, strict=True)
    return (
        "<tr>"
        + "".join(
            f'<td class="{column}" data-label="{_say(column, locale)}">{cell}</td>'
            for column, cell in labelled
        )
        + "</tr>"
    )


def _language_cell(segment: Segment, locale: str) -> str:
    name = escape(language_name(segment.language, locale))
    if segment.language_probability is None or "language" in segment.corrected:
        return name
    return f"{name} <small>{_percent(segment.language_probability)}</small>"


def _precise(seconds: float) -> str:
    minutes, rest = divmod(max(seconds, 0.0), 60)
    hours, minutes = divmod(int(minutes), 60)
    tenths = f"{int(rest * 10) / 10:04.1f}"
    return f"{hours}:{minutes:02}:{tenths}" if hours else f"{minutes}:{tenths}"


def _segments(job: Job) -> tuple[Segment, ...]:
    return _of(job.transcript) if job.transcript else ()


def _of(whole: Transcript) -> tuple[Segment, ...]:
    """Leave out segments with nothing to show: no words, no sounds."""
    return tuple(s for s in whole.segments if s.text or s.events or s.corrected)


def _shown(job: Job, locale: str) -> tuple[Sequence[Segment], str]:
    """Return the segments to draw and a line about those that are left out for now."""
    everything = _segments(job)
    if job.status.is_over or len(everything) <= LIVE_SEGMENTS:
        return everything, ""
    count = len(everything) - LIVE_SEGMENTS
    return everything[
        -LIVE_SEGMENTS:
    ], f'<p class="earlier">{_say("earlier", locale, count=count)}</p>'


def _say(key: str, locale: str, **values: object) -> str:
    return escape(say(key, locale, **values))
