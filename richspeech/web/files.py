"""Scripts and styles as they are sent: ES modules under one hash, or bundled into one script.

    modules (*.js) + data.js (words, labels) → web/HASH/NAME, which never change under that address
    report.js and what it imports            → one script, for a file that opens without a server

``bundle`` needs modules that keep three rules, which tests hold: an import or export begins its
line, imports name what they take and do not rename it, and no two modules of a bundle have a name
at their top in common.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
STYLES = FOLDER / "styles"
ENTRY = "page.js"
"""What the page loads; it imports the others."""
DATA = "data.js"
"""Made when the page is: what the modules need of words, labels and settings."""
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z_]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=const |let |class |function|async )", re.MULTILINE)


def read(name: str) -> str:
    """Return a script or, with its folder, a style."""
    return (FOLDER / name).read_text(encoding="utf-8")


def page_files(data: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the modules of the page by their addresses below the root: web/HASH/NAME."""
    values = (f"export const {name} = {_json(value)};\n" for name, value in data.items())
    files = {DATA: "".join(values)}
    files |= {path.name: read(path.name) for path in sorted(FOLDER.glob("*.js"))}
    whole = hashlib.sha256("\0".join(f"{name}\0{files[name]}" for name in files).encode())
    folder = f"web/{whole.hexdigest()[:16]}"
    return {f"{folder}/{name}": text.encode() for name, text in files.items()}


def imported_by(entry: str) -> tuple[str, ...]:
    """Return a module and all that it imports, each after those that it needs itself."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        for other in IMPORT.findall(read(name)) if name != DATA else ():
            if other not in found:
                visit(other)
        found[name] = None

    visit(entry)
    return tuple(found)


@cache
def bundle(entry: str) -> str:
    """Return a module and all that it imports as one script without imports and exports."""
    return "\n".join(_bare(read(name)) for name in imported_by(entry))


def _bare(module: str) -> str:
    return EXPORT.sub("", IMPORT.sub("", module))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
