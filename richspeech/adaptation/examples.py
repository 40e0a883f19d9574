"""Training data in SenseVoice's format, read line by line; what cannot be learned from is named.

    {"key", "source", "target", "text_language", "emo_target", "event_target", "with_or_wo_itn",
     "source_len", "target_len"}

as ``funasr``'s ``sensevoice2jsonl`` and the page's export of corrections write it. ``key``,
``source`` and ``target`` are needed. A label that is missing is not learned, and neither is
``<|EMO_UNKNOWN|>``, which those write who have not listened for emotion. ``session`` may say what
belongs together; see ``split``.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from postprocess import LANGUAGES, AudioEvent, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.errors import OptionError, RichSpeechError
from richspeech.review.training import has_punctuation

NEEDED = ("key", "source", "target")
LONGEST_LINE = 100_000
"""Characters."""
SHORTEST_SECONDS, LONGEST_SECONDS = 0.3, 30.0
"""SenseVoice was trained on up to 30 s."""
FRAMES_PER_SECOND = 100
"""``source_len`` counts them."""
MOST_OFF = 0.1
"""Share by which ``source_len`` may be off the length of the file, and half a second beside: what
differs more is another recording."""
EXPORTED = "train.jsonl"
"""In the zip that the page exports."""
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError)
"""What reading a damaged zip raises."""
LANGUAGE_TAGS = {f"<|{name}|>": name for name in LANGUAGES}
EMOTION_TAGS = {each.tag: each for each in Emotion}
EVENT_TAGS = {each.tag: each for each in AudioEvent} | {"<|Speech|>": AudioEvent.SPEECH}
ITN_TAGS = {"<|withitn|>": True, "<|woitn|>": False}


@dataclass(frozen=True)
class Example:
    """One clip and what it holds; None where nobody has said."""

    key: str
    text: str
    language: str | None = None
    emotion: Emotion | None = None
    event: AudioEvent | None = None
    itn: bool = True
    """Whether the text has punctuation and digits; where nobody says so, punctuation tells."""
    session: str | None = None
    """What the file says about what belongs together."""
    line: int = field(default=0, compare=False)
    """Where it stands in its file, from 1."""


@dataclass(frozen=True)
class Clip:
    """An example with its sound."""

    example: Example
    waveform: Waveform

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.waveform) / SAMPLE_RATE


@dataclass(frozen=True)
class Fault:
    """A line that nothing is learned from."""

    file: str
    """Its name."""
    line: int
    """From 1."""
    error: RichSpeechError


def read_clips(file: Path, limits: AudioLimits) -> Iterator[Clip | Fault]:
    """Read a .jsonl, or a .zip that the page exported, a line at a time.

    Sources are relative to the .jsonl, or names within the zip. Raises ``OptionError`` when the
    file itself cannot be read.
    """
    seen: set[str] = set()
    with _opened(file) as (lines, sources):
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield _clip(number, line, partial(_heard, sources, limits), seen)
                except RichSpeechError as error:
                    yield Fault(file.name, number, error)


def _clip(number: int, line: str, heard: Callable[[str], Waveform], seen: set[str]) -> Clip:
    document = _document(line)
    key = document["key"]
    if key in seen:
        raise OptionError("adapt.key_twice", key=key)
    seen.add(key)
    example = _example(document)
    waveform = heard(document["source"])
    _require_length(document.get("source_len"), waveform)
    return Clip(replace(example, line=number), waveform)


def _document(line: str) -> Mapping[str, Any]:
    """Return what stands in a line; raises ``OptionError`` unless it has the needed texts."""
    if len(line) > LONGEST_LINE:
        raise OptionError("adapt.long_line", count=len(line), most=LONGEST_LINE)
    try:
        document = json.loads(line)
    except ValueError as error:
        raise OptionError("adapt.no_json") from error
    if not isinstance(document, dict):
        raise OptionError("adapt.no_json")
    for name in NEEDED:
        value = document.get(name)
        if not isinstance(value, str) or not value.strip():
            raise OptionError("adapt.needed", name=name, known=NEEDED)
    return document


def _example(document: Mapping[str, Any]) -> Example:
    text = document["target"].strip()
    emotion = _tag(document, "emo_target", EMOTION_TAGS)
    itn = _tag(document, "with_or_wo_itn", ITN_TAGS)
    session = document.get("session")
    return Example(
        key=document["key"],
        text=text,
        language=_tag(document, "text_language", LANGUAGE_TAGS),
        emotion=None if emotion is Emotion.UNKNOWN else emotion,
        event=_tag(document, "event_target", EVENT_TAGS),
        itn=has_punctuation(text) if itn is None else itn,
        session=None if session is None else str(session),
    )


def _tag(document: Mapping[str, Any], name: str, known: Mapping[str, Any]) -> Any:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or value not in known:
        raise OptionError("adapt.tag", name=name, value=str(value)[:40], known=tuple(known))
    return known[value]


def _require_length(frames: object, waveform: Waveform) -> None:
    """Raise ``OptionError`` for a clip that is no utterance, or another one than is said."""
    seconds = len(waveform) / SAMPLE_RATE
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise OptionError(
            "adapt.seconds", seconds=seconds, low=SHORTEST_SECONDS, high=LONGEST_SECONDS
        )
    if isinstance(frames, int) and not isinstance(frames, bool):
        said = frames / FRAMES_PER_SECOND
        if abs(said - seconds) > MOST_OFF * seconds + 0.5:
            raise OptionError("adapt.other_length", said=said, seconds=seconds)


class _Sources(Protocol):
    """Where the sounds of a file's lines lie."""

    def open(self, source: str, limits: AudioLimits) -> Path | BinaryIO:
        """Return one; raises ``OSError`` or ``KeyError`` when there is none."""


@dataclass(frozen=True)
class _Folder:
    folder: Path

    def open(self, source: str, limits: AudioLimits) -> Path:
        del limits  # whoever decodes it keeps to them
        path = self.folder / source  # an absolute one stays as it is
        if not path.is_file():
            raise FileNotFoundError(source)
        return path


@dataclass(frozen=True)
class _Archive:
    archive: zipfile.ZipFile

    def open(self, source: str, limits: AudioLimits) -> BinaryIO:
        with self.archive.open(source) as packed:  # whatever its header claims to hold
            content = packed.read(limits.max_bytes + 1)
        return io.BytesIO(content)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Iterable[str], _Sources]]:
    """Give the lines, and where their sources lie; raises ``OptionError``."""
    with ExitStack() as stack:
        sources: _Sources
        try:
            stream: IO[bytes]
            if zipfile.is_zipfile(file):
                archive = stack.enter_context(zipfile.ZipFile(file))
                stream, sources = archive.open(EXPORTED), _Archive(archive)
            else:
                stream, sources = file.open("rb"), _Folder(file.parent)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise OptionError("adapt.unreadable", name=file.name) from error
        lines = stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8-sig"))
        yield _decoded(lines, file.name), sources


def _decoded(lines: Iterable[str], name: str) -> Iterator[str]:
    try:
        yield from lines
    except (UnicodeDecodeError, OSError, *DAMAGED) as error:
        raise OptionError("adapt.unreadable", name=name) from error


def _heard(sources: _Sources, limits: AudioLimits, source: str) -> Waveform:
    """Decode a source; raises ``OptionError`` where there is none, ``AudioError`` for no sound."""
    try:
        opened = sources.open(source, limits)
    except (OSError, KeyError, ValueError, RuntimeError, *DAMAGED) as error:
        raise OptionError("adapt.no_source", name=source) from error
    return load_waveform(opened, limits, name=Path(source).name)
