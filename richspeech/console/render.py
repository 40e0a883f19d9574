"""Jobs and transcripts → HTML. What the templates need is made here, and they escape it."""

import mimetypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from markupsafe import Markup

from postprocess import AudioEvent, Emotion
from richspeech.console.templates import draw, macro
from richspeech.console.view import lanes, rules_of
from richspeech.engines.loader import Loaded
from richspeech.engines.registry import engines
from richspeech.errors import NoRecordingError, RichSpeechError
from richspeech.jobs.transcribe import Origin, Transcription
from richspeech.language.catalog import Notice, run_on, say
from richspeech.language.figures import clock, duration_text, moment
from richspeech.language.languages import language_name
from richspeech.model.job_state import State
from richspeech.model.labels import look_of, word_of
from richspeech.model.sentiment import Agreement
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Progress
from richspeech.stages.hotwords import hotwords_of
from richspeech.stages.second_opinion import disagrees
from richspeech.writers.labels import probability_of

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
    has_users: bool = False
    """Whether one has to log in, and finds what is one's own."""
    """How long; None: until somebody deletes them."""


# The page around the result ---------------------------------------------------------------------


def header(locale: str) -> Markup:
    """Say what this is, by its name."""
    return _page("header", locale)()


def _page(name: str, locale: str) -> Callable[..., Markup]:
    return macro("page.html", name, locale)


def _part(name: str, locale: str) -> Callable[..., Markup]:
    return macro("parts.html", name, locale)


def _listed(names: Sequence[str], locale: str) -> str:
    return say("list_comma", locale).join(names)


def banner(loaded: Loaded | None, locale: str) -> Markup:
    """Say that the model is loading or that the tiny one is in use; empty with any other."""
    if loaded is None:
        return _page("loading", locale)()
    if not loaded.is_embedded:
        return Markup()
    engine = engines()[loaded.engine]
    body = say("banner_body", locale, weights=engine.real_weights, group=engine.settings)
    remedy = [loaded.remedy.sentence(locale)] if loaded.remedy else []
    return _page("tiny", locale)(
        engine=_engine_name(loaded.engine),
        body=run_on([body, *remedy], locale),
        reason=loaded.weights.reason.sentence(locale),
    )


def _engine_name(engine: str) -> str:
    return engines()[engine].label if engine in engines() else engine


def logout(locale: str) -> Markup:
    """Draw the button that ends a login."""
    return _page("logout", locale)()


def insecure_notice(facts: Facts, locale: str) -> Markup:
    """Say why the microphone is blocked; page.js shows it only where it is."""
    return _page("insecure", locale)(facts.port)


def heading(key: str, locale: str) -> Markup:
    """Head of a card."""
    return _page("heading", locale)(key)


def subheading(key: str, locale: str) -> Markup:
    """Head of a part of a card."""
    return _page("subheading", locale)(key)


def note(key: str, kind: str, locale: str) -> Markup:
    """Say the text ``key`` in a paragraph of the class ``kind``."""
    return _part("note", locale)(key, kind)


def paragraphs(*sentences: str) -> Markup:
    """Say one thing after the other."""
    return _part("paragraphs", "en")(sentences)


def group(key: str, locale: str) -> Markup:
    """Head of a group of buttons, and what they are for."""
    return _page("group", locale)(key)


def remark(sentence: str) -> Markup:
    """Say something beside the matter."""
    return _page("remark", "en")(sentence)


def footer(
    facts: Facts,
    loaded: Loaded | None,
    locale: str,
    memory_bytes: Mapping[str, int | None] = MappingProxyType({}),
) -> Markup:
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
    kept = f" {history_sentence(facts, locale)}" if facts.keeps_history else ""
    return _page("footer", locale)(say("privacy", locale, time=time) + kept, parts)


def history_sentence(facts: Facts, locale: str) -> str:
    """Say what is kept of the words, for whom and for how long."""
    key = "privacy_history" if facts.keep_days is None else "privacy_history_days"
    return say(f"{key}_own" if facts.has_users else key, locale, days=facts.keep_days)


def _engine_memory(engine: str, size_bytes: int | None) -> str:
    size = "" if size_bytes is None else f" {size_bytes / 1e6:.0f} MB"
    return f"{_engine_name(engine)}{size}"


def _model_parts(loaded: Loaded | None, locale: str) -> tuple[tuple[str, str], ...]:
    if loaded is None:
        return (("model", say("loading", locale)),)
    why = loaded.device_reason.sentence(locale)
    device = say("with_note", locale, text=loaded.device, note=why)
    return (("model", plain_name(loaded.weights.name)), ("device", device))


def file_hint(facts: Facts, locale: str) -> Markup:
    """Say what may be uploaded."""
    return _page("file_hint", locale)(facts.max_bytes, facts.max_seconds)


# The state of the job ---------------------------------------------------------------------------


def status(job: Transcription | None, locale: str, timezone: str = "UTC") -> Markup:
    """Progress, the message at the end, or what to do first."""
    if job is None:
        return empty("result_empty", locale)
    if job.state is State.FAILED:
        more = f" {say('partial', locale)}" if _segments(job) else ""
        return failure(job.error, locale, more)
    if job.state is State.CANCELLED:
        return message("info", say("cancelled" if _segments(job) else "cancelled_empty", locale))
    if job.state is State.FINISHED:
        return _finished(job, locale, timezone)
    return progress_bar(job, locale)


def _finished(job: Transcription, locale: str, timezone: str) -> Markup:
    return _end(job, locale, timezone) + _warnings(job, locale) + _unkept(job, locale)


def _warnings(job: Transcription, locale: str) -> Markup:
    """Say what is amiss with the recording, each by itself; empty where nothing is."""
    warnings = job.transcript.warnings if job.transcript else ()
    return Markup().join(message("warning", each.sentence(locale)) for each in warnings)


def _unkept(job: Transcription, locale: str) -> Markup:
    """Warn that the history does not have what should be there; empty where it does."""
    if job.unkept is None:
        return Markup()
    key = "unkept" if job.entry is None else "unkept_corrections"
    said = say(key, locale, reason=Notice.of(job.unkept).sentence(locale))
    return message("warning", said, role="alert")


def _end(job: Transcription, locale: str, timezone: str) -> Markup:
    if job.origin is not Origin.RECOGNISED and job.entry is not None:
        made = moment(job.entry.created, timezone)
        said = say(f"finished_{job.origin.value}", locale, time=made)
        return message("done", said)
    if any(segment.text for segment in _segments(job)):
        return message("done", say("finished", locale))
    key = "no_speech_sounds" if any(s.events for s in _segments(job)) else "no_speech"
    return message("info", say(key, locale))


def message(kind: str, text: str, role: str = "status") -> Markup:
    """Say something: ``kind`` is done, info, warning or error."""
    return _part("message", "en")(kind, text, role)


def empty(key: str, locale: str) -> Markup:
    """Say what will be here, and what to do: the texts ``key`` and ``key_hint``."""
    return _part("empty", locale)(key)


def failure(error: RichSpeechError | None, locale: str, more: str = "", side: str = "") -> Markup:
    """Say why nothing, or no more, was recognised; or what to do before anything can be.

    ``side`` tells which of several recognitions it was, and ``more`` is said in the end.
    """
    said = Notice.of(error).sentence(locale) if error else ""
    failed = error is not None and not isinstance(error, NoRecordingError)
    return _part("failure", locale)(said, failed, more=more, side=side)


def progress_bar(job: Transcription, locale: str) -> Markup:
    """Audio seconds done and total, percentage, time left and speed; a moving bar while unknown."""
    fraction = job.progress.fraction if job.progress else None
    parts = progress_parts(job.progress, locale)
    comparing = job.state is State.RUNNING and job.compared_with is not None
    head = "comparing" if comparing else job.state.value
    return meter(say(head, locale), fraction, parts, say("progress", locale))


def meter(head: str, fraction: float | None, parts: Sequence[str], label: str) -> Markup:
    """Draw how far something is: a word, a percentage, a bar, and details below it."""
    return _part("meter", "en")(head, fraction, parts, label)


def progress_parts(progress: Progress | None, locale: str) -> tuple[str, ...]:
    """Say what is known about how far the job is."""
    if progress is None:
        return ()
    seconds, left = (progress.seconds_done, progress.seconds_total), progress.seconds_left
    rtfx = progress.transcript.rtfx
    speed = () if rtfx is None else (say("speed", locale, speed=_speed(rtfx)),)
    return (*how_far(seconds, left, locale), *speed)


def how_far(
    seconds: tuple[float, float | None], seconds_left: float | None, locale: str
) -> Iterator[str]:
    """Say how much of the sound is done, of what total, and how long the rest takes if known.

    ``seconds`` are those of ``Job.seconds``.
    """
    done, total = seconds
    if total is None:
        yield say("done", locale, done=clock(done))
    else:
        yield say("done_of", locale, done=clock(done), total=clock(max(total, done)))
    if seconds_left is not None:
        yield time_left(seconds_left, locale)


def time_left(seconds: float, locale: str) -> str:
    """Say how long the rest takes."""
    return say("left", locale, time=duration_text(round(seconds), locale))


def numbers(job: Transcription, locale: str) -> Markup:
    """Show how long it took, in which language most was said, and the model that did it."""
    transcript = job.transcript or (job.progress.transcript if job.progress else None)
    if transcript is None:
        return Markup()
    language = language_name(transcript.language, locale) if transcript.language else "–"
    sentiment = whole_sentiment(transcript, locale)
    pairs = (
        ("audio_seconds", duration_text(transcript.duration, locale)),
        ("processing_seconds", _short_time(transcript.processing_seconds, locale)),
        ("pace", times_faster(transcript.rtfx, locale) or "–"),
        ("main_language", language),
        *([("sentiment", sentiment)] if sentiment else []),
        ("model", plain_name(transcript.model)),
    )
    return _part("numbers", locale)(pairs)


def whole_sentiment(transcript: Transcript, locale: str) -> str:
    """Name the sentiment of all words with its confidence; empty where they were not read."""
    sentiment, scores = transcript.sentiment, transcript.sentiment_probabilities
    if sentiment is None:
        return ""
    return f"{look_of(sentiment).symbol} {word_of(sentiment, locale)} {_percent(scores[sentiment])}"


def times_faster(rtfx: float | None, locale: str) -> str:
    """Say how fast a recording was done, of seconds of sound a second; empty for None."""
    if rtfx is None:
        return ""
    if rtfx < 1:
        return say("slower", locale, value=_speed(1 / rtfx))
    return say("faster", locale, value=_speed(rtfx))


def plain_name(model: str) -> str:
    """Return the name of a model without the account or the folder that it comes from."""
    return model.rstrip("/").rpartition("/")[2] or model


def _speed(rtfx: float) -> str:
    return f"{rtfx:.0f}" if rtfx >= 10 else f"{rtfx:.1f}"


def _short_time(seconds: float, locale: str) -> str:
    if seconds < 10:
        return say("seconds", locale, value=seconds)
    return duration_text(seconds, locale)


# The recording ---------------------------------------------------------------------------------


def player(job: Transcription | None, locale: str) -> Markup:
    """Play the recording of the transcript; its times in the page lead into it.

    The browser fetches nothing of it before the text is there (viewer.js), or is asked to play.
    """
    if job is None or (job.state is State.FAILED and not _segments(job)):
        return Markup()
    if job.hides_sound and not job.is_over:
        return Markup()
    if job.path is None and not job.title:
        return Markup()
    if job.path is None or job.hides_sound:
        return _part("player", locale)(job.name, None, gone=_why_silent(job))
    path = job.playback or job.path
    return _part("player", locale)(job.name, address(path), is_film=is_film(path), preload="none")


def _why_silent(job: Transcription) -> str:
    if job.path is None:
        return "recording_gone"
    is_coming = job.being_prepared and not job.being_prepared.is_over
    return "recording_covering" if is_coming else "recording_masked"


def is_film(path: Path) -> bool:
    """Tell whether the page shows a recording's picture, by its name."""
    kind, _ = mimetypes.guess_type(path.name)
    return (kind or "").startswith("video/")


def sound(name: str, path: Path, locale: str) -> Markup:
    """Play a file of the window, which the page fetches when somebody wants to hear it."""
    return _part("player", locale)(name, address(path))


def address(path: Path) -> str:
    """Return where the page finds a file of the window."""
    return f"gradio_api/file={quote(str(path))}"


@dataclass(frozen=True)
class Chip:
    """A label as it is drawn."""

    kind: str
    """Its class."""
    group: str
    """Read aloud before it."""
    word: str
    probability: float | None = None
    """0 to 1; None where none was measured."""
    title: str = ""
    """What the pointer shows."""

    def draw(self, locale: str) -> Markup:
        """Draw it alone."""
        return _part("chip", locale)(**vars(self))


def emotion_chip(segment: Segment, locale: str) -> Chip:
    """Emotion and probability; all probabilities stand in its tooltip."""
    words = {
        word_of(Emotion(name), locale): value
        for name, value in segment.emotion_probabilities.items()
    }
    return Chip(
        f"emotion {segment.emotion.value}",
        say("emotion", locale),
        word_of(segment.emotion, locale),
        probability_of(segment, segment.emotion),
        _everything(words),
    )


def _everything(probabilities: Mapping[str, float]) -> str:
    """Name all that was measured, the likeliest first."""
    ordered = sorted(probabilities.items(), key=lambda pair: -pair[1])
    return "  ".join(f"{word} {_percent(value)}" for word, value in ordered)


def second_chips(segment: Segment, locale: str) -> list[Chip]:
    """Draw what the emotion recogniser found, and whether that contradicts the first."""
    emotion = segment.second_emotion
    if emotion is None:
        return []
    heard = segment.second_emotion_probabilities
    everything = _everything({word_of(name, locale): value for name, value in heard.items()})
    kind = "second disagrees" if disagrees(segment) else "second"
    said = f": {say('disagree', locale)}" if disagrees(segment) else ""
    group = say("second_emotion", locale) + said
    return [Chip(kind, group, word_of(emotion, locale), heard.get(emotion), everything)]


def sentiment_chips(segment: Segment, locale: str) -> list[Chip]:
    """Draw how the words are meant, and possible irony; tooltips hold what that rests on."""
    sentiment, scores = segment.sentiment, segment.sentiment_probabilities
    if sentiment is None:
        return []
    agreement, irony = segment.agreement, segment.irony
    everything = _everything({word_of(name, locale): value for name, value in scores.items()})
    agrees = f"  {_agreement_title(agreement, locale)}" if agreement and not irony else ""
    word = f"{look_of(sentiment).symbol} {word_of(sentiment, locale)}"
    group, kind = say("sentiment", locale), f"sentiment {sentiment.value}"
    chips = [Chip(kind, group, word, scores.get(sentiment), everything + agrees)]
    if irony is not None:
        title = _agreement_title(irony, locale)
        chips.append(Chip("irony", group, say("irony", locale), None, title))
    return chips


def _agreement_title(agreement: Agreement, locale: str) -> str:
    return say(
        f"{agreement.accord.value}_title",
        locale,
        voice=_percent(agreement.voice),
        words=_percent(agreement.words),
        confidence=_percent(agreement.confidence),
    )


def event_chip(event: AudioEvent, segment: Segment, locale: str) -> Chip:
    """Sound and probability."""
    sure = probability_of(segment, event)
    return Chip("event", say("events", locale), word_of(event, locale), sure)


def _percent(probability: float) -> str:
    return f"{probability:.0%}"


# The table --------------------------------------------------------------------------------------

COLUMNS = (
    *(
        "start_time",
        "end_time",
        "speaker",
        "segment_language",
        "emotion",
        "second_emotion",
        "sentiment",
    ),
    *("events", "text"),
)
"""Those of emotions, sentiment and sounds are there if somebody has listened, or read, for them."""


def table(job: Transcription | None, locale: str) -> Markup:
    """All segments: start, end, language, emotion with probability, events, text."""
    if job is None or not _segments(job):
        return Markup()
    shown, earlier = _shown(job)
    segments = _segments(job)
    sounds = bool(job.transcript and "events" in lanes(job.transcript))
    empty = {
        "events": not sounds,
        "emotion": not any(segment.has_emotion or rules_of(segment) for segment in segments),
        "second_emotion": not any(segment.second_emotion for segment in segments),
        "sentiment": not any(segment.sentiment for segment in segments),
        "speaker": not any(segment.strand.label for segment in segments),
    }
    columns = [column for column in COLUMNS if not empty.get(column)]
    rows = [_row(segment, locale) for segment in shown]
    return draw("table.html", locale, columns=columns, rows=rows, earlier=earlier)


@dataclass(frozen=True)
class Row:
    """What the table shows of a segment."""

    start: str
    end: str
    speaker: str
    language: str
    language_probability: float | None
    """None where it was not measured, or a person put another language there."""
    emotion: Chip | None
    second: Sequence[Chip]
    sentiment: Sequence[Chip]
    events: Sequence[Chip]
    text: str
    is_ruled: bool
    """Whether a rule changed a label."""
    is_corrected: bool
    hotwords: Sequence[str]


def _row(segment: Segment, locale: str) -> Row:
    is_own_language = "language" not in segment.corrected
    return Row(
        _precise(segment.start),
        _precise(segment.end),
        segment.strand.label,
        language_name(segment.language, locale),
        segment.language_probability if is_own_language else None,
        emotion_chip(segment, locale) if segment.has_emotion else None,
        second_chips(segment, locale),
        sentiment_chips(segment, locale),
        [event_chip(event, segment, locale) for event in segment.events],
        segment.text,
        is_ruled=bool(rules_of(segment)),
        is_corrected=bool(segment.corrected),
        hotwords=hotwords_of(segment),
    )


def _precise(seconds: float) -> str:
    minutes, rest = divmod(max(seconds, 0.0), 60)
    hours, minutes = divmod(int(minutes), 60)
    tenths = f"{int(rest * 10) / 10:04.1f}"
    return f"{hours}:{minutes:02}:{tenths}" if hours else f"{minutes}:{tenths}"


def _segments(job: Transcription) -> tuple[Segment, ...]:
    return _of(job.transcript) if job.transcript else ()


def _of(whole: Transcript) -> tuple[Segment, ...]:
    """Leave out segments with nothing to show: no words, no sounds."""
    return tuple(s for s in whole.segments if s.text or s.events or s.corrected)


def _shown(job: Transcription) -> tuple[Sequence[Segment], int]:
    """Return the segments to draw, and how many before them are left out for now."""
    everything = _segments(job)
    if job.is_over or len(everything) <= LIVE_SEGMENTS:
        return everything, 0
    return everything[-LIVE_SEGMENTS:], len(everything) - LIVE_SEGMENTS
