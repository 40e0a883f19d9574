"""What people read: one gettext file a language, whose message ids are keys.

A language is known when its file lies here: ``ja.po`` makes Japanese. What it leaves out is said
in English, and the log says what that is. A file is read when its language is first spoken; nothing
is compiled.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, reduce
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from richspeech.language.figures import Figure

FOLDER = Path(__file__).parent
DEFAULT_LOCALE = "zh"
FALLBACK_LOCALE = "en"

log = logging.getLogger(__name__)


class _Texts(NamedTuple):
    """One file, read."""

    translations: GNUTranslations
    counted_by: Mapping[str, str]
    """Key → the value that decides between one and many, which the ``msgid_plural`` names."""
    keys: frozenset[str]

    def text(self, key: str, values: Mapping[str, object]) -> str:
        """Return a text with its values still to be filled in."""
        count = values.get(self.counted_by.get(key, ""))
        if isinstance(count, int):
            return self.translations.ngettext(key, key, count)
        return self.translations.gettext(key)


class Told(Protocol):
    """What can be said in any language: an error, a notice."""

    @property
    def key(self) -> str:
        """Key of its text."""

    @property
    def fields(self) -> Mapping[str, object]:
        """Values of its text."""


@dataclass(frozen=True)
class Notice:
    """Something to tell, in whatever language the reader has by then."""

    key: str
    fields: Mapping[str, object] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, told: Told) -> "Notice":
        """Return what an error says."""
        return cls(told.key, told.fields)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Notice":
        """Read what ``to_dict`` gave."""
        return cls(kept["key"], {name: _read(each) for name, each in kept["fields"].items()})

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {
            "key": self.key,
            "fields": {name: _written(each) for name, each in self.fields.items()},
        }

    def sentence(self, locale: str) -> str:
        """Say it."""
        return sentence(self, locale)

    def __str__(self) -> str:
        return self.sentence(FALLBACK_LOCALE)


@cache
def locales() -> tuple[str, ...]:
    """Return the languages that have a file, the default of the page first."""
    found = (path.stem for path in FOLDER.glob("*.po"))
    return tuple(sorted(found, key=lambda locale: (locale != DEFAULT_LOCALE, locale)))


def say(key: str, locale: str, /, **values: object) -> str:
    """Return a text, its values filled in as its language spells them.

    Raises:
        KeyError: English has no such key, or a value is missing.
        ValueError: there is no file for the locale.

    """
    texts = _texts(locale)
    if key not in texts.keys:
        texts = _texts(FALLBACK_LOCALE)
    if key not in texts.keys:
        raise KeyError(key)
    text = texts.text(key, values)
    return text.format(**{name: _spelled(value, locale) for name, value in values.items()})


def sentence(told: Told, locale: str) -> str:
    """Say what an error or a notice tells.

    What has no text here, as the error of an engine from elsewhere may have none, is told as it is.
    """
    if not knows(told.key):
        return say("error.untranslated", locale, message=told.key)
    return say(told.key, locale, **told.fields)


def run_on(sentences: Iterable[str], locale: str) -> str:
    """Write sentences one behind the other, with a blank where the language has one there.

    >>> run_on(["One.", "Two."], "en"), run_on(["一。", "二。"], "zh")
    ('One. Two.', '一。二。')
    """
    return reduce(lambda text, each: say("two_sentences", locale, text=text, next=each), sentences)


def knows(key: str) -> bool:
    """Tell whether there is such a text."""
    return key in _texts(FALLBACK_LOCALE).keys


def read_catalog(locale: str) -> Catalog:
    """Read a file as it is; a ``ValueError`` says that there is none."""
    if locale not in locales():
        message = f"locale {locale!r} is not one of {', '.join(locales())}"
        raise ValueError(message)
    with (FOLDER / f"{locale}.po").open("rb") as file:
        return read_po(file, locale=locale)


@cache
def _texts(locale: str) -> _Texts:
    catalog = read_catalog(locale)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    ids = [message.id for message in catalog if message.id]
    texts = _Texts(
        GNUTranslations(compiled),
        {each[0]: each[1] for each in ids if not isinstance(each, str)},
        frozenset(each if isinstance(each, str) else each[0] for each in ids),
    )
    if locale != FALLBACK_LOCALE and (lacking := _texts(FALLBACK_LOCALE).keys - texts.keys):
        log.warning("%s.po lacks these, said in English: %s", locale, ", ".join(sorted(lacking)))
    return texts


def _spelled(value: object, locale: str) -> object:
    """Prepare a value to be filled in: a number, a notice, or a list of them."""
    if isinstance(value, int | float):
        return Figure(value, locale)
    if isinstance(value, Notice):
        return value.sentence(locale)
    if isinstance(value, tuple | list):
        return say("list_comma", locale).join(format(_spelled(each, locale)) for each in value)
    return value


def _written(value: object) -> object:
    """Return a value of a notice as JSON knows it; what that does not know is spelled out."""
    if isinstance(value, Notice):
        return value.to_dict()
    if isinstance(value, tuple | list):
        return [_written(each) for each in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _read(kept: object) -> object:
    if isinstance(kept, Mapping):
        return Notice.from_dict(kept)
    return tuple(map(_read, kept)) if isinstance(kept, list) else kept
