"""Jobs and transcripts → HTML. Pure functions; whatever came from outside is escaped here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from urllib.parse import quote

from postprocess import AudioEvent, Emotion
from richspeech.console.languages import ORDER
from richspeech.console.sentences import Notice, reason
from richspeech.console.sessions import Job, Origin, Status
from richspeech.console.view import rules_of
from richspeech.engines.loader import Loaded
from richspeech.engines.registry import engines
from richspeech.language.catalog import say
from richspeech.language.figures import clock, duration_text, moment
from richspeech.language.languages import language_name
from richspeech.model.sentiment import Agreement
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Progress
from richspeech.stages.hotwords import hotwords_of
from richspeech.stages.second_opinion import disagrees
from richspeech.storage.recall import ComparingProgress

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
    keeps_history: bool = False
    """Whether transcripts are kept."""
    keep_days: int | None = None
    """How long; None: until somebody deletes them."""


# The page around the result ---------------------------------------------------------------------


def header(locale: str) -> str:
    """Say what this is, by its name, and what it hears in a line each."""
    named = {
        "languages": [language_name(each, locale) for each in ORDER],
        "emotions": [each.word(locale) for each in Emotion if each is not Emotion.UNKNOWN],
        "events": [each.word(locale) for each in AudioEvent if each is not AudioEvent.SPEECH],
    }
    features = (
        f"<li><b>{_say(f'feature_{key}', locale)}</b> "
        f"<span>{escape(_listed(names, locale))}</span></li>"
        for key, names in named.items()
    )
    return (
        f'<div class="names"><h1>{_say("title", locale)}</h1><p>{_say("name", locale)}</p></div>'
        f'<ul class="features">{"".join(features)}</ul>'
    )


def _listed(names: Sequence[str], locale: str) -> str:
    return say("list_comma", locale).join(names)


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
    head = _say("banner_head", locale, engine=_engine_name(loaded.engine))
    engine = engines()[loaded.engine]
    body = say("banner_body", locale, weights=engine.real_weights, group=engine.settings)
    return (
        f'<div class="notice warning" role="note"><strong>{head}</strong>'
        f"<p>{escape(body)}</p><p>{escape(why)}</p></div>"
    )


def _engine_name(engine: str) -> str:
    return engines()[engine].label if engine in engines() else engine


def logout(locale: str) -> str:
    """Draw the button that ends a login; a form, so that no link of another site can do it."""
    word = _say("logout", locale)
    return f'<form method="post" action="logout"><button class="quiet">{word}</button></form>'


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


def group(key: str, locale: str) -> str:
    """Head of a group of buttons, and what they are for."""
    hint = _say(f"{key}_hint", locale)
    return f'<p class="group">{_say(key, locale)} <small>{hint}</small></p>'


def remark(sentence: str) -> str:
    """Say something beside the matter."""
    return f'<p class="remark">{escape(sentence)}</p>'


def footer(
    facts: Facts,
    loaded: Loaded | None,
    locale: str,
    memory_bytes: Mapping[str, int | None] = MappingProxyType({}),
) -> str:
    """Which model, where, and what happens to recordings.

    ``memory_bytes`` are those of every engine that is loaded.
    """
    time = duration_text(facts.keep_seconds, locale)
    engines = [_engine_memory(*each) for each in memory_bytes.items()]
    parts = (
        *_model_parts(loaded, locale),
        *([("engines_loaded", _listed(engines, locale))] if engines else []),
        ("version", facts.version),
    )
    listed = "".join(
        f"<span>{_say(key, locale)} <b>{escape(value)}</b></span>" for key, value in parts
    )
    kept = f" {history_sentence(facts, locale)}" if facts.keeps_history else ""
    return f"<p>{escape(say('privacy', locale, time=time) + kept)}</p><p>{listed}</p>"


def history_sentence(facts: Facts, locale: str) -> str:
    """Say what is kept of the words, for whom and for how long."""
    key = "privacy_history" if facts.keep_days is None else "privacy_history_days"
    return say(key, locale, days=facts.keep_days)


def _engine_memory(engine: str, size_bytes: int | None) -> str:
    size = "" if size_bytes is None else f" {size_bytes / 1e6:.0f} MB"
    return f"{_engine_name(engine)}{size}"


def _model_parts(loaded: Loaded | None, locale: str) -> tuple[tuple[str, str], ...]:
    if loaded is None:
        return (("model", say("loading", locale)),)
    why = reason(loaded.device_reason, locale)
    device = say("with_note", locale, text=loaded.device, note=why)
    return (("model", loaded.weights.name), ("device", device))


def file_hint(facts: Facts, locale: str) -> str:
    """Say what may be uploaded."""
    hint = say("file_hint", locale, size=facts.max_bytes, length=facts.max_seconds)
    return f"<p>{escape(hint)}</p>"


# The state of the job ---------------------------------------------------------------------------


def status(job: Job | None, locale: str, timezone: str = "UTC") -> str:
    """Progress, the message at the end, or what to do first."""
    if job is None:
        return (
            f'<div class="empty"><p class="empty-head">{_say("result_empty", locale)}</p>'
            f"<p>{_say('result_empty_hint', locale)}</p></div>"
        )
    if job.status is Status.FAILED:
        more = f" {say('partial', locale)}" if _segments(job) else ""
        return failure(job.notice, locale, more)
    if job.status is Status.CANCELLED:
        key = "cancelled" if _segments(job) else "cancelled_empty"
        return message("info", say(key, locale)) + _numbers(job, locale)
    if job.status is Status.FINISHED:
        return _finished(job, locale, timezone)
    return progress_bar(job, locale)


def _finished(job: Job, locale: str, timezone: str) -> str:
    return _end(job, locale, timezone) + _unkept(job, locale) + _numbers(job, locale)


def _unkept(job: Job, locale: str) -> str:
    """Warn that the history does not have what should be there; empty where it does."""
    if job.unkept is None:
        return ""
    key = "unkept" if job.entry is None else "unkept_corrections"
    said = say(key, locale, reason=job.unkept.sentence(locale))
    return message("warning", said, role="alert")


def _end(job: Job, locale: str, timezone: str) -> str:
    if job.origin is not Origin.HEARD and job.entry is not None:
        made = moment(job.entry.created, timezone)
        said = say(f"finished_{job.origin.value}", locale, time=made)
        return message("done", said)
    if any(segment.text for segment in _segments(job)):
        return message("done", say("finished", locale))
    key = "no_speech_sounds" if any(s.events for s in _segments(job)) else "no_speech"
    return message("info", say(key, locale))


def message(kind: str, text: str, role: str = "status") -> str:
    """Say something: ``kind`` is done, info, warning or error."""
    return f'<div class="message {kind}" role="{role}">{escape(text)}</div>'


def failure(notice: Notice | None, locale: str, more: str = "", side: str = "") -> str:
    """Say why nothing, or no more, was recognised; or what to do before anything can be.

    ``side`` tells which of several recognitions it was, and ``more`` is said in the end.
    """
    said = reason_of_failure(notice, locale) if notice else ""
    whose = f"<strong>{escape(side)}</strong> · " if side else ""
    return f'<div class="message error" role="alert">{whose}{said}{escape(more)}</div>'


def reason_of_failure(notice: Notice, locale: str) -> str:
    """Write that recognition failed, and why; what only asks for something stands by itself."""
    failed = "" if notice.asks else f"<strong>{_say('failed', locale)}</strong>"
    return f"{failed}{escape(notice.sentence(locale))}"


def progress_bar(job: Job, locale: str) -> str:
    """Audio seconds done and total, percentage, time left and speed; a moving bar while unknown."""
    fraction = job.progress.fraction if job.progress else None
    parts = progress_parts(job.progress, locale)
    comparing = job.status is Status.RUNNING and isinstance(job.progress, ComparingProgress)
    head = "comparing" if comparing else job.status.value
    return meter(say(head, locale), fraction, parts, say("progress", locale))


def meter(head: str, fraction: float | None, parts: Sequence[str], label: str) -> str:
    """Draw how far something is: a word, a percentage, a bar, and details below it."""
    label = escape(label, quote=True)
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
    details = "".join(f"<span>{escape(part)}</span>" for part in parts)
    return (
        '<div class="progress">'
        f'<div class="progress-head"><span>{escape(head)}</span>{percent}</div>'
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
        left = duration_text(round(progress.seconds_left), locale)
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
    sentiment = _whole_sentiment(transcript, locale)
    pairs = (
        ("audio_seconds", duration_text(transcript.duration, locale)),
        ("processing_seconds", _short_time(transcript.processing_seconds, locale)),
        ("rtfx", rtfx),
        ("main_language", language),
        *([("sentiment", sentiment)] if sentiment else []),
        ("model", transcript.model),
    )
    return (
        '<dl class="numbers">'
        + "".join(f"<div><dt>{_say(k, locale)}</dt><dd>{escape(v)}</dd></div>" for k, v in pairs)
        + "</dl>"
    )


def _whole_sentiment(transcript: Transcript, locale: str) -> str:
    """Name the sentiment of all words with its confidence; empty where they were not read."""
    sentiment, scores = transcript.sentiment, transcript.sentiment_probabilities
    if sentiment is None:
        return ""
    return f"{sentiment.symbol} {sentiment.word(locale)} {_percent(scores[sentiment])}"


def _speed(rtfx: float) -> str:
    return f"{rtfx:.0f}" if rtfx >= 10 else f"{rtfx:.1f}"


def _short_time(seconds: float, locale: str) -> str:
    if seconds < 10:
        return say("seconds", locale, value=seconds)
    return duration_text(seconds, locale)


# The recording ---------------------------------------------------------------------------------


def player(job: Job | None, locale: str) -> str:
    """Play the recording of the transcript; its times in the page lead into it."""
    if job is None or (job.status is Status.FAILED and not _segments(job)):
        return ""
    if job.path is None:
        return _no_player(job, locale) if job.title else ""
    source = escape(f"gradio_api/file={quote(str(job.path))}", quote=True)
    return (
        f'<div class="player"><p class="player-name">{escape(job.name)}</p>'
        f'<audio controls preload="metadata" src="{source}" '
        f'aria-label="{escape(say("player", locale), quote=True)}"></audio>'
        f'<p class="unplayable">{_say("unplayable", locale)}</p></div>'
    )


def _no_player(job: Job, locale: str) -> str:
    return (
        f'<div class="player"><p class="player-name">{escape(job.name)}</p>'
        f'<p class="gone">{_say("recording_gone", locale)}</p></div>'
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


def second_chip(segment: Segment, locale: str) -> str:
    """Draw what the second listener heard, and whether that contradicts the first."""
    emotion = segment.second_emotion
    if emotion is None:
        return ""
    heard = segment.second_emotion_probabilities
    everything = "  ".join(
        f"{name.word(locale)} {_percent(value)}"
        for name, value in sorted(heard.items(), key=lambda pair: -pair[1])
    )
    kind = "second disagrees" if disagrees(segment) else "second"
    said = f": {say('disagree', locale)}" if disagrees(segment) else ""
    group = say("second_emotion", locale) + said
    return _chip(kind, group, emotion.word(locale), heard.get(emotion), everything)


def sentiment_chip(segment: Segment, locale: str) -> str:
    """Draw how the words are meant, and possible irony; tooltips hold what that rests on."""
    sentiment, scores = segment.sentiment, segment.sentiment_probabilities
    if sentiment is None:
        return ""
    agreement, irony = segment.agreement, segment.irony
    everything = "  ".join(
        f"{name.word(locale)} {_percent(value)}"
        for name, value in sorted(scores.items(), key=lambda pair: -pair[1])
    )
    agrees = f"  {_agreement_title(agreement, locale)}" if agreement and not irony else ""
    word = f"{sentiment.symbol} {sentiment.word(locale)}"
    group = say("sentiment", locale)
    chip = _chip(
        f"sentiment {sentiment.value}", group, word, scores.get(sentiment), everything + agrees
    )
    if irony is None:
        return chip
    title = _agreement_title(irony, locale)
    return chip + _chip("irony", group, say("irony", locale), None, title)


def _agreement_title(agreement: Agreement, locale: str) -> str:
    return say(
        f"{agreement.accord.value}_title",
        locale,
        voice=_percent(agreement.voice),
        words=_percent(agreement.words),
        confidence=_percent(agreement.confidence),
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

COLUMNS = (
    *("start_time", "end_time", "segment_language", "emotion", "second_emotion", "sentiment"),
    *("events", "text"),
)
"""Those of emotions and sentiment are there if anything was heard, or read, for them."""


def table(job: Job | None, locale: str) -> str:
    """All segments: start, end, language, emotion with probability, events, text."""
    if job is None or not _segments(job):
        return ""
    shown, earlier = _shown(job, locale)
    segments = _segments(job)
    empty = {
        "emotion": not any(segment.has_emotion or rules_of(segment) for segment in segments),
        "second_emotion": not any(segment.second_emotion for segment in segments),
        "sentiment": not any(segment.sentiment for segment in segments),
    }
    columns = [column for column in COLUMNS if not empty.get(column)]
    head = "".join(f'<th scope="col">{_say(column, locale)}</th>' for column in columns)
    rows = "".join(_row(segment, columns, locale) for segment in shown)
    caption = _say("segments", locale)
    return (
        f'{earlier}<table class="segments"><caption class="sr-only">{caption}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(segment: Segment, columns: Sequence[str], locale: str) -> str:
    measured = {} if "events" in segment.corrected else segment.event_probabilities
    events = (event_chip(e, measured, locale) for e in segment.events)
    rules = _remark("rule_changed", locale) if rules_of(segment) else ""
    person = _remark("corrected", locale) if segment.corrected else ""
    hotwords = hotwords_of(segment)
    named = _remark("hotword_changed", locale, words=" ".join(hotwords)) if hotwords else ""
    cells = (
        _precise(segment.start),
        _precise(segment.end),
        _language_cell(segment, locale),
        (emotion_chip(segment, locale) if segment.has_emotion else "–") + rules + person,
        second_chip(segment, locale) or "–",
        sentiment_chip(segment, locale) or "–",
        "".join(events) or "–",
        (escape(segment.text) or "–") + named,
    )
    every = zip(COLUMNS, cells, strict=True)
    labelled = ((column, cell) for column, cell in every if column in columns)
    return (
        "<tr>"
        + "".join(
            f'<td class="{column}" data-label="{_say(column, locale)}">{cell}</td>'
            for column, cell in labelled
        )
        + "</tr>"
    )


def _remark(key: str, locale: str, **values: object) -> str:
    return f' <small class="rule">{_say(key, locale, **values)}</small>'


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
