"""Scripts and styles as they are sent: each entry with all that it imports, as one script.

    page.js + data (words, labels), live_tap.js → web/HASH/NAME, the same for ever at that address
    live.js, emotion.js, forms.js               → likewise, when a tab with them is opened
    captions.js, phone.js, screen.js            → likewise, for pages of their own
    overview.js                                 → likewise, when a recording needs a map
    level.js                                    → likewise, when somebody records
    trim.js                                     → likewise, when somebody moves a highlight's points
    tour.js + its words                         → likewise, when somebody asks for it
    report.js                                   → within a file that opens without a server

Through a tunnel every file costs a round trip on one of six connections. ``bundle`` needs modules
that keep four rules, which tests hold: an import or export begins its line, imports name what they
take and do not rename it, an export is never written to again, and no two modules of a bundle
export the same name. What a module does not export it keeps to itself.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rjsmin import jsmin

FOLDER = Path(__file__).parent
ENTRY = "page.js"
"""What the page loads."""
TAP = "live_tap.js"
"""What the browser's audio thread loads."""
LIVE = "live.js"
"""What the page loads for those who talk."""
TRIM = "trim.js"
"""What the page loads for who moves the points of a highlight."""
OVERVIEW = "overview.js"
"""What the page loads for a recording that is long, or looked at closely."""
CURVE = "emotion.js"
"""What the page loads for the curve of emotions."""
LEVEL = "level.js"
"""What the page loads for who records."""
FORMS = "forms.js"
"""What the page loads for those who change rules or settings."""
LATER = (LIVE, CURVE, FORMS, OVERVIEW, TRIM, LEVEL)
"""What the page takes something of once it is needed."""
CAPTIONS = "captions.js"
"""What the window of large captions loads."""
PHONE = "phone.js"
"""What the page of a phone loads."""
TOUR = "tour.js"
"""What the page loads for who wants to be guided."""
SCREEN = "screen.js"
"""What the page of a screen on another computer loads."""
DATA = "data.js"
"""Made when the page is: what the modules need of words, labels and settings."""
ASIDE = (CAPTIONS, PHONE, SCREEN)
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z_]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function\*?) (\w+))", re.MULTILINE)


def read(name: str) -> str:
    """Return a script or, with its folder, a style."""
    return (FOLDER / name).read_text(encoding="utf-8")


def page_files(data: Mapping[str, Any], guide: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the scripts of the page by their addresses below the root: web/HASH/NAME.

    ``data`` is what page.js takes from ``DATA``, ``guide`` what tour.js does.
    """
    files = {ENTRY: _values(data) + bundle(ENTRY)}
    files |= {name: f"{bundle(name)}\nexport {{ {_exported(name)} }};\n" for name in LATER}
    files[TOUR] = _values(guide) + bundle(TOUR)
    files |= {name: bundle(name) for name in (TAP, *ASIDE)}
    whole = hashlib.sha256("\0".join(files.values()).encode())
    folder = f"web/{whole.hexdigest()[:16]}"
    return {f"{folder}/{name}": text.encode() for name, text in files.items()}


def _values(data: Mapping[str, Any]) -> str:
    return "".join(f"const {name} = {_json(value)};\n" for name, value in data.items())


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
    """Return ``joined`` without remarks and spaces, which are a quarter of what is sent."""
    return str(jsmin(joined(entry)))


def joined(entry: str) -> str:
    """Return a module and all that it imports as one script, but for the data.

    It has neither imports nor exports.
    """
    return "\n".join(_bare(read(name)) for name in imported_by(entry) if name != DATA)


def _bare(module: str) -> str:
    """Return a module as a piece of a script that leaves nothing behind but what it exports."""
    names, body = _names(module), EXPORT.sub("", IMPORT.sub("", module))
    result = f"const {{ {names} }} = " if names else ""
    return f"{result}(() => {{\n{body}return {{ {names} }};\n}})();"


def _exported(entry: str) -> str:
    return _names(read(entry))


def _names(module: str) -> str:
    return ", ".join(EXPORT.findall(module))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
