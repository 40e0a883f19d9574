"""Examples: recordings whose truth is known, in SenseVoice's format, read line by line.

    {"key", "source", "target", "text_language", "emo_target", "event_target", "with_or_wo_itn",
     "source_len", "target_len"}

as ``funasr``'s ``sensevoice2jsonl`` and the page's export of corrections write it. ``source`` and
``target`` are needed; where nobody speaks ``target`` is empty. A label that is missing nobody has
given. ``session`` may say what belongs together, and ``kind`` of which figures it is a part. A line
that cannot be read is a fault with its number, and the rest goes on.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from postprocess import LANGUAGES, NO_SPEECH, AudioEvent, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.errors import OptionError, RichSpeechError
from richspeech.model.languages import is_language
from richspeech.review.training import has_punctuation

NEEDED = ("source", "target")
LONGEST_LINE = 100_000
"""Characters."""
LONGEST_NAME = 40
"""Of a kind."""
FRAMES_PER_SECOND = 100
"""``source_len`` counts them."""
MOST_FRAMES = 10**9
"""Four months."""
EXPORTED = "train.jsonl"
"""In the zip that the page exports."""
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError)
"""What reading a damaged zip raises."""
LANGUAGE_TAGS = tuple(f"<|{name}|>" for name in (*LANGUAGES, NO_SPEECH))
"""Those that SenseVoice knows; other engines know more."""
EMOTION_TAGS = {each.tag: each for each in Emotion}
EVENT_TAGS = {each.tag: each for each in AudioEvent} | {"<|Speech|>": AudioEvent.SPEECH}
ITN_TAGS = {"<|withitn|>": True, "<|woitn|>": False}
ALL = "all"


@dataclass(frozen=True)
class Example:
    """What one line says; None where nobody has said."""

    key: str
    """Its name, or empty."""
    text: str
    """Empty where nobody speaks."""
    language: str | None = None
    """A BCP-47 tag, or NO_SPEECH."""
    emotion: Emotion | None = None
    event: AudioEvent | None = None
    itn: bool = True
    """Whether the text has punctuation and digits; where nobody says so, punctuation tells."""
    session: str | None = None
    """What the file says about what belongs together."""
    source: str = field(default="", compare=False)
    """Path or name of the sound."""
    seconds: float | None = field(default=None, compare=False)
    """Length of the sound, as the line has it."""
    kind: str = field(default=ALL, compare=False)
    line: int = field(default=0, compare=False)
    """Where it stands in its file, from 1."""


@dataclass(frozen=True)
class Fault:
    """A line that is left out."""

    file: str
    """Its name."""
    line: int
    """From 1."""
    error: RichSpeechError


class _Sources(Protocol):
    """Where the sounds of a file's lines lie."""

    def open(self, source: str, limits: AudioLimits) -> Path | BinaryIO:
        """Return one; raises ``OSError`` or ``KeyError`` when there is none."""


@dataclass(frozen=True)
class Examples:
    """The lines of one file, read once, and their sounds."""

    name: str
    """Of the file."""
    _lines: Iterable[str]
    _sources: _Sources

    def __iter__(self) -> Iterator[Example | Fault]:
        """Give what each line says, but for empty ones.

        Raises ``OptionError`` where the file cannot be read on.
        """
        for number, line in enumerate(self._lines, 1):
            if line.strip():
                try:
                    yield _example(line, number)
                except OptionError as error:
                    yield Fault(self.name, number, error)

    def sound(self, example: Example, limits: AudioLimits) -> Path | BinaryIO:
        """Return what is to be decoded; raises ``OptionError`` where there is nothing."""
        try:
            return self._sources.open(example.source, limits)
        except (OSError, KeyError, ValueError, RuntimeError, *DAMAGED) as error:
            raise OptionError("examples.no_source", name=example.source) from error

    def fault(self, example: Example, error: RichSpeechError) -> Fault:
        """Return why an example is left out all the same."""
        return Fault(self.name, example.line, error)


@contextmanager
def opened(file: Path) -> Iterator[Examples]:
    """Give the examples of a .jsonl, or of a .zip that the page exported.

    Sources are relative to the .jsonl, or names within the zip. Raises ``OptionError`` when the
    file cannot be read.
    """
    with ExitStack() as stack:
        sources: _Sources
        try:
            stream: IO[bytes]
            if zipfile.is_zipfile(file):
                archive = stack.enter_context(zipfile.ZipFile(file))
                stream, sources = archive.open(EXPORTED), _Archive(archive)
            else:
                stream, sources = file.open("rb"), _Folder(file.parent)
        except FileNotFoundError as error:
            raise OptionError("examples.missing", name=str(file)) from error
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise OptionError("examples.unreadable", name=file.name) from error
        lines = stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8-sig"))
        yield Examples(file.name, _decoded(lines, file.name), sources)


def require_examples(file: Path) -> None:
    """Raise ``OptionError`` for a file that cannot be read, or in which no line is an example.

    Whoever loads a model to learn from examples asks this first.
    """
    with opened(file) as examples:
        if not any(isinstance(each, Example) for each in examples):
            raise OptionError("examples.none", name=file.name, known=NEEDED)


def _decoded(lines: Iterable[str], name: str) -> Iterator[str]:
    try:
        yield from lines
    except (UnicodeDecodeError, OSError, *DAMAGED) as error:
        raise OptionError("examples.unreadable", name=name) from error


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


def _example(line: str, number: int) -> Example:
    document = _document(line)
    text = document["target"].strip()
    itn = _tag(document, "with_or_wo_itn", ITN_TAGS)
    session = document.get("session")
    return Example(
        key=str(document.get("key") or ""),
        text=text,
        language=_language(document.get("text_language")),
        emotion=_tag(document, "emo_target", EMOTION_TAGS),
        event=_tag(document, "event_target", EVENT_TAGS),
        itn=has_punctuation(text) if itn is None else itn,
        session=None if session is None else str(session),
        source=document["source"],
        seconds=_seconds(document.get("source_len")),
        kind=str(document.get("kind") or ALL)[:LONGEST_NAME],
        line=number,
    )


def _document(line: str) -> Mapping[str, Any]:
    """Return what stands in a line; raises ``OptionError`` unless it has the needed texts."""
    if len(line) > LONGEST_LINE:
        raise OptionError("examples.long_line", count=len(line), most=LONGEST_LINE)
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise OptionError("examples.no_json") from error
    if not isinstance(document, dict):
        raise OptionError("examples.no_json")
    for name in NEEDED:
        value = document.get(name)
        if not isinstance(value, str) or not (value.strip() or name == "target"):
            raise OptionError("examples.needed", name=name, known=NEEDED)
    return document


def _seconds(frames: object) -> float | None:
    """Return how long so many frames are; what is no such number says nothing."""
    if not isinstance(frames, int) or isinstance(frames, bool) or abs(frames) > MOST_FRAMES:
        return None
    return frames / FRAMES_PER_SECOND


def _language(tag: object) -> str | None:
    """Return what a tag names, which need not be a language that SenseVoice knows."""
    if tag is None:
        return None
    name = str(tag).removeprefix("<|").removesuffix("|>")
    if tag != f"<|{name}|>" or not (name == NO_SPEECH or is_language(name)):
        raise no_such_tag("text_language", tag, LANGUAGE_TAGS)
    return name


def _tag(document: Mapping[str, Any], name: str, known: Mapping[str, Any]) -> Any:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or value not in known:
        raise no_such_tag(name, value, tuple(known))
    return known[value]


def no_such_tag(name: str, value: object, known: tuple[str, ...]) -> OptionError:
    """Say which tags there are."""
    return OptionError("examples.tag", name=name, value=str(value)[:40], known=known)
