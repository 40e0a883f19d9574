"""Recordings whose truth is known, as SenseVoice's training data tells of them: JSON lines.

    {"source": "wav/1.wav", "target": "what is said", "text_language": "<|zh|>",
     "emo_target": "<|HAPPY|>", "event_target": "<|Speech|>", "with_or_wo_itn": "<|withitn|>"}

``source`` is relative to the file, and ``target`` may be empty where nobody speaks. A label that is
missing is not asked for. ``kind`` may say what of the figures a recording belongs to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from richspeech.errors import OptionError
from richspeech.model.validation import why_refused

LONGEST_TEXT = 10_000
"""Characters."""
NO_ITN = "woitn"


class Line(BaseModel):
    """One line; what it has beside these is ignored."""

    model_config = ConfigDict(frozen=True)

    source: Annotated[str, Field(min_length=1, max_length=4_096)]
    target: Annotated[str, Field(max_length=LONGEST_TEXT)]
    text_language: str | None = None
    emo_target: str | None = None
    event_target: str | None = None
    with_or_wo_itn: str | None = None
    kind: Annotated[str, Field(max_length=40)] = "all"


@dataclass(frozen=True)
class Clip:
    """One recording and its truth; None where nobody has said."""

    path: Path
    text: str
    language: str | None
    emotion: str | None
    event: str | None
    itn: bool
    kind: str


def read_clips(file: Path) -> list[Clip]:
    """Read a file; raises ``OptionError`` that names the first line that does not fit."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError("calibrate.unreadable", name=file.name) from error
    return [*_clips(file, lines)]


def _clips(file: Path, lines: list[str]) -> Iterator[Clip]:
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = Line.model_validate_json(text)
        except ValidationError as error:
            why = why_refused(error)
            raise OptionError("calibrate.line", name=file.name, number=number, why=why) from error
        yield Clip(
            file.parent / line.source,
            line.target,
            _name(line.text_language),
            _name(line.emo_target),
            _name(line.event_target),
            _name(line.with_or_wo_itn) != NO_ITN,
            line.kind,
        )


_NAMES = {"EMO_UNKNOWN": "unknown"}


def _name(tag: str | None) -> str | None:
    """Return what a tag says, in the words of the transcript."""
    if tag is None:
        return None
    bare = tag.removeprefix("<|").removesuffix("|>")
    return _NAMES.get(bare, bare.lower())
