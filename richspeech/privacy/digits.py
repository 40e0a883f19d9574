"""Digits as they are said and written → ASCII digits, each with the place of what it was read from.

    138 · １３８ · 一三八 · 幺三八 · one three eight · double five · ゼロ九ゼロ · 공일공

What is covered: digits said one by one in Mandarin, Cantonese, English, Japanese and Korean.
What is not: numbers said as such, as in 八百 or *twenty one*; they are amounts, or ages.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

ENGLISH: Mapping[str, str] = MappingProxyType(
    {"zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4"}
    | {"five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9"}
)
TIMES: Mapping[str, int] = MappingProxyType({"double": 2, "triple": 3})
JAPANESE: Mapping[str, str] = MappingProxyType(
    {
        "ゼロ": "0",
        "ぜろ": "0",
        "れい": "0",
        "レイ": "0",
        "まる": "0",
        "マル": "0",
        "いち": "1",
        "イチ": "1",
    }
    | {
        "に": "2",
        "ニ": "2",
        "さん": "3",
        "サン": "3",
        "よん": "4",
        "ヨン": "4",
        "し": "4",
        "ご": "5",
    }
    | {
        "ゴ": "5",
        "ろく": "6",
        "ロク": "6",
        "なな": "7",
        "ナナ": "7",
        "しち": "7",
        "はち": "8",
        "ハチ": "8",
    }
    | {"きゅう": "9", "キュウ": "9", "きゅー": "9", "く": "9"}
)
KOREAN: Mapping[str, str] = MappingProxyType(
    {
        "공": "0",
        "영": "0",
        "일": "1",
        "이": "2",
        "삼": "3",
        "사": "4",
        "오": "5",
        "육": "6",
        "륙": "6",
    }
    | {"칠": "7", "팔": "8", "구": "9"}
)
"""Each is a part of ordinary words, too."""
OWN_WORDS = MappingProxyType({"幺": "1"})
"""What Unicode does not know to be a digit."""

PAUSES = r"(?:嗯|呃|啊|那个|um|uh|er|えーと|えっと|음|어)"
BETWEEN = rf"(?:[\s,.，、。．·\-–—－()（）の에의]|\bdash\b|{PAUSES})"
"""What may stand between the digits of one number."""
FEWEST = 7
"""Digits in a row from which on parts of words are read as digits."""

_ENGLISH = re.compile(
    rf"\b(?:({'|'.join(TIMES)})\s+)?({'|'.join(ENGLISH)})\b", re.IGNORECASE | re.ASCII
)
_WITHIN_WORDS = tuple(
    re.compile(rf"(?:{one})(?:{BETWEEN}{{0,3}}(?:{one})){{{FEWEST - 1},}}")
    for one in (
        rf"{'|'.join(sorted(JAPANESE, key=len, reverse=True))}|[\d〇零一二三四五六七八九]",
        rf"[{''.join(KOREAN)}\d]",
    )
)
_PARTS = re.compile("|".join(sorted({**JAPANESE, **KOREAN}, key=len, reverse=True)))
_RUN = re.compile(rf"\d(?:{BETWEEN}{{0,4}}\d)*", re.ASCII)


Span = tuple[int, int]
"""Characters of a text, the last one excluded."""


@dataclass(frozen=True)
class Reading:
    """A text in which digits are ASCII digits."""

    source: str
    text: str
    starts: tuple[int, ...]
    """Of each character, where in the source it was read from begins."""
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the characters of the source that a stretch of the text, not empty, stands for."""
        return self.starts[start], self.ends[end - 1]


@dataclass(frozen=True)
class Group:
    """Digits that touch each other, said or written in the same way."""

    digits: str
    start: int
    """Of the reading, as is ``end``."""
    end: int


@lru_cache(maxsize=4096)
def read_digits(text: str) -> Reading:
    """Read all digits of a text."""
    letters: list[tuple[str, int, int]] = []
    at = 0
    for start, end, digits in _said(text):
        letters += [_alone(text, place) for place in range(at, start)]
        letters += [(digit, start, end) for digit in digits]
        at = end
    letters += [_alone(text, place) for place in range(at, len(text))]
    read, starts, ends = zip(*letters, strict=True) if letters else ((), (), ())
    return Reading(text, "".join(read), starts, ends)


def _alone(text: str, place: int) -> tuple[str, int, int]:
    letter = text[place]
    value = unicodedata.numeric(letter, None)
    is_digit = value is not None and value in range(10) and not letter.isascii()
    read = str(int(value)) if is_digit and value is not None else OWN_WORDS.get(letter, letter)
    return read, place, place + 1


def _said(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what is said with more than one letter, or with parts of words, in order."""
    found = [
        (each.start(), each.end(), ENGLISH[each[2].lower()] * TIMES.get((each[1] or "").lower(), 1))
        for each in _ENGLISH.finditer(text)
    ]
    for pattern in _WITHIN_WORDS:
        for run in pattern.finditer(text):
            found += [
                (part.start(), part.end(), JAPANESE.get(part[0]) or KOREAN[part[0]])
                for part in _PARTS.finditer(text, *run.span())
            ]
    at = 0
    for start, end, digits in sorted(found):
        if start >= at:
            yield start, end, digits
            at = end


def number_groups(reading: Reading) -> Iterator[tuple[Group, ...]]:
    """Yield what may be one number each: groups with little between them."""
    for run in _RUN.finditer(reading.text):
        groups: list[Group] = []
        for place in range(*run.span()):
            letter = reading.text[place]
            if not letter.isdigit():
                continue
            last = groups[-1] if groups else None
            if last and last.end == place and _alike(reading, place - 1, place):
                groups[-1] = Group(last.digits + letter, last.start, place + 1)
            else:
                groups.append(Group(letter, place, place + 1))
        yield tuple(groups)


def _alike(reading: Reading, *places: int) -> bool:
    """Tell whether digits were all written as such, or all said."""
    return len({reading.source[reading.starts[each]].isascii() for each in places}) == 1
