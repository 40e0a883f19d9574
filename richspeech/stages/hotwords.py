"""Hotwords: what sounds like a word that somebody expects is written as that word.

A Chinese hotword is compared with as many characters by their pinyin without tones, every reading
of each; a hotword in letters with one word or a few neighbouring ones, by the letters that they
share. Nothing is heard anew. So a hotword takes the place of any word that sounds like it, expected
or not, and the segment names it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate, pairwise

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from richspeech.model.relabelling import RULE_PREFIX
from richspeech.model.transcript import Segment, Token
from richspeech.settings import HotwordSettings

_CHARACTER = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(rf"[{_CHARACTER}]|[^\W_{_CHARACTER}]+(?:['’-][^\W_{_CHARACTER}]+)*")
_IS_CHARACTER = re.compile(rf"[{_CHARACTER}]")


@dataclass(frozen=True)
class Match:
    """A stretch of a text that sounds like a hotword, or is it."""

    start: int
    """Characters of the text."""
    end: int
    hotword: str
    difference: float
    """0 to 1; below 0 where it is the hotword already."""


@dataclass(frozen=True)
class _Unit:
    """A Chinese character, or a word in letters and digits."""

    text: str
    start: int
    end: int
    is_character: bool


def write_hotwords(
    segments: Iterable[Segment], hotwords: Sequence[str], limits: HotwordSettings
) -> tuple[Segment, ...]:
    """Write hotwords in every segment where they were probably said."""
    return tuple(replace_hotwords(segment, hotwords, limits) for segment in segments)


def replace_hotwords(segment: Segment, hotwords: Sequence[str], limits: HotwordSettings) -> Segment:
    """Write hotwords where they were probably said, and name them in ``rules``.

    Tokens keep their times. A token whose text is another one now has no probability: the model's
    was about what it had heard.
    """
    text, tokens = segment.text, segment.tokens
    named: list[str] = []
    spelt = "".join(token.text for token in tokens) == text
    for match in reversed(matches_of(text, hotwords, limits)):
        tokens = _respell(tokens, match) if spelt else tokens
        text = text[: match.start] + match.hotword + text[match.end :]
        named.insert(0, RULE_PREFIX + match.hotword)
    if not named:
        return segment
    rules = (*segment.rules, *dict.fromkeys(named))
    return replace(segment, text=text, tokens=tokens, rules=rules)


def hotwords_of(segment: Segment) -> tuple[str, ...]:
    """Return the hotwords that were put into a segment, in order."""
    named = (rule for rule in segment.rules if rule.startswith(RULE_PREFIX))
    return tuple(rule.removeprefix(RULE_PREFIX) for rule in named)


def matches_of(text: str, hotwords: Sequence[str], limits: HotwordSettings) -> list[Match]:
    """Return what is to be replaced, in order and without overlap; the most alike goes first."""
    units = _units(text)
    windows = cache(lambda size: [*_windows(text, units, size)])
    found = [match for hotword in hotwords for match in _matches(text, windows, hotword, limits)]
    found.sort(key=lambda match: (match.difference, match.start - match.end, match.start))
    taken: list[Match] = []
    for match in found:
        if all(match.end <= other.start or other.end <= match.start for other in taken):
            taken.append(match)
    changing = (match for match in taken if match.difference >= 0)
    return sorted(changing, key=lambda match: match.start)


def _matches(
    text: str,
    windows: Callable[[int], Iterable[Sequence[_Unit]]],
    hotword: str,
    limits: HotwordSettings,
) -> Iterator[Match]:
    wanted = _units(hotword)
    in_letters = not any(unit.is_character for unit in wanted)
    sizes = range(1, len(wanted) + 2) if in_letters else (len(wanted),)
    compare = _compare_letters if in_letters else _compare_units
    for size in sizes if wanted else ():
        for window in windows(size):
            start, end = window[0].start, window[-1].end
            difference = compare(window, wanted, limits)
            if text[start:end] == hotword:
                yield Match(start, end, hotword, -1.0)
            elif difference is not None:
                yield Match(start, end, hotword, difference)


def _windows(text: str, units: Sequence[_Unit], size: int) -> Iterator[Sequence[_Unit]]:
    """Yield neighbours with nothing but spaces between them."""
    for first in range(len(units) - size + 1):
        window = units[first : first + size]
        between = pairwise(window)
        if not any(text[one.end : other.start].strip() for one, other in between):
            yield window


def _units(text: str) -> list[_Unit]:
    return [
        _Unit(found[0], found.start(), found.end(), _IS_CHARACTER.fullmatch(found[0]) is not None)
        for found in _UNIT.finditer(text)
    ]


def _compare_letters(
    heard: Sequence[_Unit], wanted: Sequence[_Unit], limits: HotwordSettings
) -> float | None:
    """Return how much words in letters differ, 0 to 1; None when it is too much."""
    if any(unit.is_character for unit in heard):
        return None
    one, other = ("".join(unit.text.casefold() for unit in each) for each in (heard, wanted))
    likeness = fuzz.ratio(one, other)
    return 1 - likeness / 100 if likeness >= limits.min_likeness else None


def _compare_units(
    heard: Sequence[_Unit], wanted: Sequence[_Unit], limits: HotwordSettings
) -> float | None:
    """Return how much as many units differ, 0 to 1; None when it is too much."""
    left = int(limits.edits_per_character * sum(unit.is_character for unit in wanted))
    letters = edits = 0
    difference = 0.0
    for one, other in zip(heard, wanted, strict=True):
        if one.is_character != other.is_character:
            return None
        if one.is_character:
            edits += _edits(one.text, other.text)
            letters += len(_readings(other.text)[0])
        elif (apart := _compare_letters([one], [other], limits)) is None:
            return None
        else:
            difference = max(difference, apart)
        if edits > left:
            return None
    return max(difference, edits / letters)


@lru_cache(maxsize=2**16)
def _edits(one: str, other: str) -> int:
    """Return the letters that two characters differ by, in the readings that are most alike."""
    if one == other:
        return 0
    readings = ((a, b) for a in _readings(one) for b in _readings(other))
    return min(Levenshtein.distance(a, b) for a, b in readings)


@lru_cache(maxsize=2**13)
def _readings(character: str) -> Sequence[str]:
    """Return every pinyin of a character without tones; itself when it has none."""
    from pypinyin import Style, pinyin  # noqa: PLC0415 - its dictionary takes a quarter of a second

    return pinyin(character, style=Style.NORMAL, heteronym=True)[0] or [character]


def _respell(tokens: Sequence[Token], match: Match) -> tuple[Token, ...]:
    """Write a hotword over the tokens that it covers.

    As long a word is spread over them as the old one was; another one makes one token of them.
    """
    ends = [*accumulate(len(token.text) for token in tokens)]
    first = next(i for i, end in enumerate(ends) if end > match.start)
    last = next(i for i, end in enumerate(ends) if end >= match.end)
    covered = tokens[first : last + 1]
    begin = ends[first] - len(tokens[first].text)
    old = "".join(token.text for token in covered)
    new = old[: match.start - begin] + match.hotword + old[match.end - begin :]
    if len(new) == len(old):
        cuts = [end - begin for end in ends[first : last + 1]]
        parts = [new[a:b] for a, b in zip([0, *cuts], cuts, strict=False)]
        told = tuple(map(_retold, covered, parts))
    else:
        told = (_joined(covered, new),)
    return (*tokens[:first], *told, *tokens[last + 1 :])


def _retold(token: Token, text: str) -> Token:
    return token if text == token.text else replace(token, text=text, probability=None)


def _joined(tokens: Sequence[Token], text: str) -> Token:
    starts = [token.start for token in tokens if token.start is not None]
    ends = [token.end for token in tokens if token.end is not None]
    return Token(text, min(starts, default=None), max(ends, default=None), None)
