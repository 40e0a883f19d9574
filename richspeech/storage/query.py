"""The search line of the history: words and ``key:value`` terms → terms that must all hold.

    退款 "call me back" emotion:angry event:laughter lang:yue risk:high tag:refund name:call

Each term must hold somewhere in the recording, not all of them in one utterance. Words are parts of
the text, whatever stands around them, so one character of Chinese is a word. Case does not matter,
nor does the width of letters, signs and blanks. Labels may be given as the page shows them, in
either language.

Not covered: "or", "not", and words that look like a key (``note:this``).
"""

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from postprocess import NO_SPEECH, AudioEvent, Emotion
from richspeech.engines.registry import usual_languages
from richspeech.errors import OptionError
from richspeech.language.catalog import Notice, locales, say
from richspeech.model.labels import word_of
from richspeech.model.languages import is_language
from richspeech.model.tag import tag_of
from richspeech.review.risk import LEVELS

LONGEST_LINE = 500
"""Characters; SQLite takes patterns and chains of conditions far longer, but not any."""

YEARS = range(1970, 3000)
"""A date beyond them overflows in some time zone or database."""

KEYED = re.compile(r"([a-z]+):(.*)", re.DOTALL)
CURLY_QUOTES = str.maketrans("“”", '""')


class Key(StrEnum):
    """What a term is about."""

    WORD = "word"
    """Has no key in the line."""
    EMOTION = "emotion"
    EVENT = "event"
    LANGUAGE = "lang"
    RISK = "risk"
    TAG = "tag"
    NAME = "name"
    AFTER = "after"
    """That day or later."""
    BEFORE = "before"
    """Earlier than that day."""


@dataclass(frozen=True)
class Term:
    """One condition."""

    key: Key
    value: str
    """Folded words, a label, a language, or a date as YYYY-MM-DD."""


@dataclass(frozen=True)
class Query:
    """What to search for; without terms, everything."""

    terms: tuple[Term, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The free words, folded, for marking them in a text."""
        return tuple(term.value for term in self.terms if term.key is Key.WORD)


def fold(text: str) -> str:
    """Bring text into the form in which it is searched: width and case do not matter any more."""
    return storable(unicodedata.normalize("NFKC", text).casefold())


def storable(text: str) -> str:
    """Leave out what no database can hold: NUL and halves of characters."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def parse_query(line: str) -> Query:
    """Read a search line; raises ``OptionError`` naming what is unknown and what is known."""
    if len(line) > LONGEST_LINE:
        raise OptionError("search.too_long", count=len(line), most=LONGEST_LINE)
    return Query(tuple(map(_term, _pieces(fold(line.translate(CURLY_QUOTES))))))


def toggled(line: str, tag: str) -> str:
    """Return a search line that wants a tag as well, or no longer where it did."""
    others = re.sub(rf"(^|\s+)tag:{re.escape(tag)}(?=\s|$)", "", line, flags=re.IGNORECASE)
    return others.strip() if others != line else f"{line} tag:{tag}".strip()


def _pieces(line: str) -> Iterator[str]:
    """Cut at blanks outside of double quotes; an apostrophe is a letter here."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.quotes, lexer.escape = True, "", '"', ""
    try:
        yield from filter(str.strip, lexer)
    except ValueError as error:
        raise OptionError("search.quotation") from error


def _term(piece: str) -> Term:
    keyed = KEYED.fullmatch(piece)
    if not keyed:
        return Term(Key.WORD, piece)
    name, value = keyed.groups()
    if name not in READERS:
        raise OptionError(
            "option.unknown", what=Notice("what.key"), value=name, known=tuple(READERS)
        )
    return Term(Key(name), READERS[Key(name)](value.strip()))


def _emotion(value: str) -> str:
    return _label("emotion", value, tuple(Emotion))


def _event(value: str) -> str:
    return _label("event", value, [each for each in AudioEvent if each is not AudioEvent.SPEECH])


FORMER_WORDS: Mapping[str, Emotion | AudioEvent] = MappingProxyType(
    {
        "生气": Emotion.ANGRY,
        "难过": Emotion.SAD,
        "害怕": Emotion.FEARFUL,
        "平静": Emotion.NEUTRAL,
        "呼吸声": AudioEvent.BREATH,
    }
)
"""What labels were called on the page before; people may have such lines by heart."""


def _label(kind: str, value: str, known: Sequence[Emotion | AudioEvent]) -> str:
    """Find a label by its name, by one of its words on the page, or by a former one."""
    for label in known:
        if FORMER_WORDS.get(value) is label:
            return label.value
        if value in (label, *(fold(word_of(label, locale)) for locale in locales())):
            return label.value
    raise _unknown(kind, value, [label.value for label in known])


def _language(value: str) -> str:
    if value != NO_SPEECH and not is_language(value):
        raise _unknown("language", value, (*usual_languages(), NO_SPEECH))
    return value


def _risk(value: str) -> str:
    for level in LEVELS:
        if value in (level, *(fold(say(f"risk_{level}", locale)) for locale in locales())):
            return level
    raise _unknown("risk", value, LEVELS)


def _name(value: str) -> str:
    if not value:
        raise OptionError("search.name")
    return value


def _date(value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise OptionError("search.date", date=value)
    return day.isoformat()


def _unknown(kind: str, value: str, known: Sequence[str]) -> OptionError:
    return OptionError("option.unknown", what=Notice(f"what.{kind}"), value=value, known=known)


READERS: MappingProxyType[str, Callable[[str], str]] = MappingProxyType(
    {
        Key.EMOTION: _emotion,
        Key.EVENT: _event,
        Key.LANGUAGE: _language,
        Key.RISK: _risk,
        Key.TAG: tag_of,
        Key.NAME: _name,
        Key.AFTER: _date,
        Key.BEFORE: _date,
    }
)
"""The keys of the line, and what checks their values."""
