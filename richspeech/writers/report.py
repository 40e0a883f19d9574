"""Transcript → html: one file with timeline, search and, if given, audio; needs no network.

``report.html`` is a Jinja template with autoescape. Its content security policy forbids every
address, and every script and style but its own (by hash), so that a stranger's text stays text even
if an escape were forgotten.
"""

import hashlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from richspeech.language.figures import clock
from richspeech.language.languages import language_name
from richspeech.model.labels import label_styles, voice_of, word_of
from richspeech.model.transcript import Segment, Transcript
from richspeech.web.files import bundle, read
from richspeech.writers.labels import (
    emotion_label,
    event_labels,
    facts,
    has_content,
    heading,
    misheard_label,
    on_one_line,
    printable,
    probability_of,
    remark,
    sentiment_label,
    speaker_of,
    words_to_check,
)
from richspeech.writers.options import DEFAULT_OPTIONS, WriterOptions

_FOLDER = Path(__file__).parent
_FAINTEST = 0.35
"""Opacity of a label with probability 0, so that it can still be seen."""


@dataclass(frozen=True)
class Bar:
    """One segment on a lane of the timeline."""

    left: str
    """Share of the recording, in percent; so is ``width``."""
    width: str
    opacity: str
    hint: str
    tone: str
    """Class of its colours; empty for those of its kind."""


@dataclass(frozen=True)
class Lane:
    """All segments of one speaker, or with one emotion, sound or language."""

    kind: str
    """speaker, emotion, event or language."""
    value: str
    """What the filter looks for; of a speaker its number, since names have blanks."""
    word: str
    seconds: str
    """How long they are together."""
    bars: Sequence[Bar]
    tone: str = ""
    """Class of a speaker's colours, which underline the bars in those of emotions."""


@dataclass(frozen=True)
class Row:
    """One segment in the list."""

    start: float
    end: float
    clock: str
    speaker: str
    voice: int | None
    """Number of the speaker; None where nobody is told apart."""
    text: str
    parts: Sequence[tuple[str, bool]]
    """The text, and of each part whether it is to be checked."""
    language: str
    language_word: str
    emotion: str
    emotion_label: str
    events: str
    """Names, separated by blanks."""
    event_labels: str
    sentiment_label: str
    misheard: str
    corrected: bool


def write_html(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> str:
    """Return a report that opens from a file, in light and dark, on wide screens and phones."""
    segments = [segment for segment in transcript.segments if has_content(segment)]
    duration = max([transcript.duration, *(segment.end for segment in segments)])
    script, styles = bundle("report.js"), _styles()
    voices = {name: number for number, name in enumerate(transcript.speakers)}
    return _template().render(
        heading=partial(heading, locale=options.locale),
        locale=options.locale,
        title=printable(options.title or heading("report", options.locale)),
        facts=facts(transcript, options.locale),
        remark=remark(transcript, options.locale),
        duration=duration,
        lanes=[
            *_speaker_lanes(segments, voices, duration),
            *_lanes(segments, duration, options.locale),
        ],
        rows=[_row(each, options, options.limit_of(transcript), voices) for each in segments],
        voice=voice_of,
        audio=_data_uri(options.audio) if options.audio else None,
        script=Markup(script),  # noqa: S704 - our own files
        script_hash=_hash(script),
        styles=Markup(styles),  # noqa: S704
        styles_hash=_hash(styles),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")


@cache
def _styles() -> str:
    return label_styles("@media (prefers-color-scheme: dark)") + read("styles/report.css")


def _hash(content: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _data_uri(mp3: bytes) -> str:
    return f"data:audio/mpeg;base64,{b64encode(mp3).decode()}"


def _row(
    segment: Segment, options: WriterOptions, below: float | None, voices: Mapping[str, int]
) -> Row:
    style, locale = options.style, options.locale
    return Row(
        segment.start,
        segment.end,
        clock(segment.start),
        speaker_of(segment),
        voices.get(segment.strand.label),
        printable(segment.text),
        [(on_one_line(part), unsure) for part, unsure in words_to_check(segment, below)],
        segment.language or "",
        language_name(segment.language, locale),
        segment.emotion.value,
        emotion_label(segment, style, locale),
        " ".join(event.value for event in segment.events),
        event_labels(segment, style, locale),
        sentiment_label(segment, style, locale),
        misheard_label(segment, style, locale),
        bool(segment.corrected),
    )


# The timeline -------------------------------------------------------------------------------------

_KINDS = ("emotion", "event", "language")

Label: TypeAlias = tuple[str, str, str]
"""Kind, value and word of a lane."""


def _speaker_lanes(
    segments: Sequence[Segment], voices: Mapping[str, int], duration: float
) -> Iterator[Lane]:
    """Give a lane for each speaker, with the emotions in it."""
    for name, number in voices.items():
        own = [segment for segment in segments if segment.strand.label == name]
        yield Lane(
            "speaker",
            str(number),
            printable(name),
            clock(sum(segment.duration for segment in own)),
            [_said(segment, voice_of(number), duration) for segment in own],
            f"tone-{voice_of(number)}",
        )


def _said(segment: Segment, voice: str, duration: float) -> Bar:
    emotion, name = segment.emotion, speaker_of(segment)
    if not segment.has_emotion:
        return _bar(segment, name, None, duration, f"tone-{voice}")
    sure = probability_of(segment, emotion)
    return _bar(segment, name, sure, duration, f"tone-{emotion}")


def _lanes(segments: Sequence[Segment], duration: float, locale: str) -> list[Lane]:
    """Return a lane for each emotion, sound and language, the longest of a kind first."""
    found: defaultdict[Label, list[tuple[Segment, float | None]]] = defaultdict(list)
    for segment in segments:
        for label, probability in _labels(segment, locale):
            found[label].append((segment, probability))
    seconds = {
        label: sum(segment.duration for segment, _ in members) for label, members in found.items()
    }
    return [
        Lane(
            *label,
            clock(seconds[label]),
            [
                _bar(segment, label[2], probability, duration, _tone(*label))
                for segment, probability in found[label]
            ],
        )
        for label in sorted(found, key=lambda label: (_KINDS.index(label[0]), -seconds[label]))
    ]


def _labels(segment: Segment, locale: str) -> Iterator[tuple[Label, float | None]]:
    emotion, language = segment.emotion, segment.language
    if segment.has_emotion:
        yield ("emotion", emotion.value, word_of(emotion, locale)), probability_of(segment, emotion)
    for event in segment.events:
        yield ("event", event.value, word_of(event, locale)), probability_of(segment, event)
    if segment.text:
        heard = None if "language" in segment.corrected else segment.language_probability
        yield ("language", language or "", language_name(language, locale)), heard


def _tone(kind: str, value: str, _: str) -> str:
    return f"tone-{value}" if kind == "emotion" else ""


def _bar(segment: Segment, word: str, probability: float | None, duration: float, tone: str) -> Bar:
    sure = "" if probability is None else f" {probability:.0%}"
    whole = duration or 1.0  # a report of a recording without length has bars without width
    return Bar(
        left=f"{100 * segment.start / whole:.4f}%",
        width=f"{100 * segment.duration / whole:.4f}%",
        opacity=f"{_FAINTEST + (1 - _FAINTEST) * (1 if probability is None else probability):.2f}",
        hint=f"{clock(segment.start)}–{clock(segment.end)} {word}{sure} {printable(segment.text)}",
        tone=tone,
    )
