"""Files being made → HTML: what the template needs is made here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from richspeech.console.render import how_far
from richspeech.console.templates import draw
from richspeech.errors import UnexpectedError
from richspeech.jobs.export import SLOW, Export
from richspeech.language.catalog import Notice
from richspeech.language.figures import size_text
from richspeech.model.job_state import State


@dataclass(frozen=True)
class File:
    """What is drawn of a file that is being made, is ready, or could not be made."""

    form: str
    key: str
    failure: str = ""
    """Why it could not be made."""
    is_ready: bool = False
    name: str = ""
    size: str = ""
    note: str = ""
    head: str = ""
    """Key of the text that says what is being made."""
    fraction: float = 0.0
    """0 to 1."""
    details: Sequence[str] = ()


def exports(shown: Iterable[Export], locale: str) -> Markup:
    """Draw what is being made, what is ready, and why something could not be made."""
    files = (_file(each, locale) for each in shown)
    drawn = [file for file in files if file is not None]
    return draw("panels/export/exports.html", locale, shown=drawn)


def _file(each: Export, locale: str) -> File | None:
    if each.error is not None:
        unexpected = isinstance(each.error, UnexpectedError)
        notice = Notice("export_unexpected") if unexpected else Notice.of(each.error)
        return File(each.form, each.id, notice.sentence(locale))
    if each.form not in SLOW:
        return None
    return _ready(each, locale) if each.is_over else _progress(each, locale)


def _progress(each: Export, locale: str) -> File:
    head = "export_waiting" if each.state is State.WAITING else f"export_{each.form}"
    details = tuple(how_far(each.seconds, each.seconds_left, locale))
    return File(each.form, each.id, head=head, fraction=each.fraction, details=details)


def _ready(each: Export, locale: str) -> File | None:
    if each.path is None or not each.path.exists():
        return None
    return File(
        each.form,
        each.id,
        is_ready=True,
        name=each.path.name,
        size=size_text(max(each.path.stat().st_size, 1), locale),
        note=each.note.sentence(locale) if each.note else "",
    )
