"""The example recordings that ship with the project."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Example:
    """A recording and what its button says."""

    path: Path
    titles: dict[str, str]
    """By locale."""
    words: str = ""
    """What is said in it; empty where nobody wrote it down."""

    def title(self, locale: str) -> str:
        """Return the words on the button; the file's name where nobody wrote any."""
        return self.titles.get(locale) or self.path.stem


def find_examples(folder: Path) -> tuple[Example, ...]:
    """Return the recordings in ``folder``, in the order of their references, then by name."""
    references = _references(folder / "references.json")
    order = [*references, *sorted(path.name for path in folder.glob("*.wav"))]
    paths = (folder.resolve() / name for name in dict.fromkeys(order) if name.endswith(".wav"))
    there = (path for path in paths if path.is_file())
    return tuple(references.get(path.name, Example(path, {})) for path in there)


def _references(path: Path) -> dict[str, Example]:
    try:
        references: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {name: _example(path.parent, name, entry) for name, entry in references.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError) as error:
        log.warning("%s: %s; the example buttons show file names", path.name, error)
        return {}


def _example(folder: Path, name: str, entry: dict[str, Any]) -> Example:
    said = filter(None, (line.get("text") for line in entry.get("lines", [])))
    return Example(folder.resolve() / name, dict(entry.get("title", {})), "\n".join(said))
