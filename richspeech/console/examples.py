"""The example recordings that ship with the project."""

import json
import logging
import wave
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from postprocess import AudioEvent, Emotion

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Example:
    """A recording and what its card says."""

    path: Path
    titles: dict[str, str] = field(default_factory=dict)
    """By locale."""
    words: str = ""
    """What is said in it; empty where nobody wrote it down."""
    language: str | None = None
    """That of its first words; None where nobody wrote it down."""
    emotions: tuple[Emotion, ...] = ()
    """Each once, in the order in which they are to be heard."""
    sounds: tuple[AudioEvent, ...] = ()
    """Likewise."""
    seconds: float | None = None
    """None where the file does not tell."""

    def title(self, locale: str) -> str:
        """Return the words on the card; the file's name where nobody wrote any."""
        return self.titles.get(locale) or self.path.stem


def find_examples(folder: Path) -> tuple[Example, ...]:
    """Return the recordings in ``folder``, in the order of their references, then by name."""
    references = _references(folder / "references.json")
    order = [*references, *sorted(path.name for path in folder.glob("*.wav"))]
    paths = (folder.resolve() / name for name in dict.fromkeys(order) if name.endswith(".wav"))
    there = (path for path in paths if path.is_file())
    found = (references.get(path.name, Example(path)) for path in there)
    return tuple(replace(each, seconds=_seconds(each.path)) for each in found)


def _seconds(path: Path) -> float | None:
    try:
        with wave.open(str(path)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError):  # it is transcribed all the same, or says what is wrong
        return None


def _references(path: Path) -> dict[str, Example]:
    try:
        references: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {name: _example(path.parent, name, entry) for name, entry in references.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError) as error:
        log.warning("%s: %s; the cards of the examples show file names", path.name, error)
        return {}


def _example(folder: Path, name: str, entry: dict[str, Any]) -> Example:
    lines = entry.get("lines", [])
    said, felt, heard = (
        [line[kind] for line in lines if line.get(kind)] for kind in ("text", "emotion", "event")
    )
    return Example(
        folder.resolve() / name,
        dict(entry.get("title", {})),
        "\n".join(said),
        entry.get("language") if said else None,
        tuple(map(Emotion, dict.fromkeys(felt))),
        tuple(map(AudioEvent, dict.fromkeys(heard))),
    )
