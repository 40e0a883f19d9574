"""Hotwords: what sounds like a word that somebody expects is written as that word.

A Chinese hotword is compared with as many characters by their pinyin without tones, every reading
of each; a hotword in letters with one word or a few neighbouring ones, by the letters that they
share. Nothing is heard anew. So a hotword takes the place of any word that sounds like it, expected
or not, and the segment names it. How much may differ grows with the weight of the hotword, and of
two that fit as well the heavier one is taken. Words that are protected stay as they are.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import TypeAlias

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from richspeech.model.options import SENTENCE_MARKS, USUAL_WEIGHT
from richspeech.model.relabelling import RULE_PREFIX
from richspeech.model.transcript import Segment, Token
from richspeech.settings import HotwordSettings

_CHARACTER = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(rf"[{_CHARACTER}]|[^\W_{_CHARACTER}]+(?:['’-][^\W_{_CHARACTER}]+)*")
_IS_CHARACTER = re.compile(rf"[{_CHARACTER}]")
_CLOSING = "\"'”’」』)）]】》 "
"""Behind these, a mark of the sentence may follow."""
MOST_EDITS, LEAST_LIKENESS = 2.0, 50.0
"""What no weight goes beyond, as no setting does."""


ALREADY, PROTECTED = -1.0, -2.0


@dataclass(frozen=True)
class Match:
    """A stretch of a text that sounds like a hotword, or is it."""

    start: int
    """Characters of the text."""
    end: int
    hotword: str
    written: str
    """What stands there then: a mark that the sentence has there already is not written again."""
    difference: float
    """0 to 1; ALREADY where it is the hotword, PROTECTED where nothing may be put."""
    weight: int = USUAL_WEIGHT

    @property
    def order(self) -> tuple[float, ...]:
        """What goes first is smaller."""
        apart = self.difference / self.weight if self.difference > 0 else self.difference
        return (apart, -self.weight, self.start - self.end, self.start)


@dataclass(frozen=True)
class _Limits:
    """How much may differ from one hotword."""

    edits_per_character: float
    min_likeness: float

    @classmethod
    def of(cls, limits: HotwordSettings, weight: int) -> "_Limits":
        times = weight / USUAL_WEIGHT
        return cls(
            min(limits.edits_per_character * times, MOST_EDITS),
            max(100 - (100 - limits.min_likeness) * times, LEAST_LIKENESS),
        )


@dataclass(frozen=True)
class _Unit:
    """A Chinese character, or a word in letters and digits."""

    text: str
    start: int
    end: int
    is_character: bool


_Windows: TypeAlias = Callable[[int], Iterable[Sequence[_Unit]]]
"""How many units → all such neighbours of a text."""


def write_hotwords(
    segments: Iterable[Segment],
    hotwords: Mapping[str, int],
    limits: HotwordSettings,
    protected: Sequence[str] = (),
) -> tuple[Segment, ...]:
    """Write hotwords in every segment where they were probably said."""
    return tuple(replace_hotwords(segment, hotwords, limits, protected) for segment in segments)


def replace_hotwords(
    segment: Segment,
    hotwords: Mapping[str, int],
    limits: HotwordSettings,
    protected: Sequence[str] = (),
) -> Segment:
    """Write hotwords where they were probably said, and name them in ``rules``.

    ``hotwords`` have a weight each, 1 to 100: at 20 as much may differ as ``limits`` say, at 40
    twice as much. Nothing is put over a word that is ``protected``.

    Tokens keep their times. A token whose text is another one now has no probability: the model's
    was about what it had heard.
    """
    text, tokens = segment.text, segment.tokens
    named: list[str] = []
    spelt = "".join(token.text for token in tokens) == text
    for match in reversed(matches_of(text, hotwords, limits, protected)):
        tokens = _respell(tokens, match) if spelt else tokens
        text = text[: match.start] + match.written + text[match.end :]
        named.insert(0, RULE_PREFIX + match.hotword)
    if not named:
        return segment
    rules = (*segment.rules, *dict.fromkeys(named))
    return replace(segment, text=text, tokens=tokens, rules=rules)


def hotwords_of(segment: Segment) -> tuple[str, ...]:
    """Return the hotwords that were put into a segment, in order."""
    named = (rule for rule in segment.rules if rule.startswith(RULE_PREFIX))
    return tuple(rule.removeprefix(RULE_PREFIX) for rule in named)


def matches_of(
    text: str,
    hotwords: Mapping[str, int],
    limits: HotwordSettings,
    protected: Sequence[str] = (),
) -> list[Match]:
    """Return what is to be replaced, in order and without overlap; the most alike goes first."""
    units = _units(text)
    windows = cache(lambda size: [*_windows(text, units, size)])
    found = [*_protected(text, windows, protected)]
    for hotword, weight in hotwords.items():
        within = _Limits.of(limits, weight)
        found += (
            replace(match, weight=weight) for match in _matches(text, windows, hotword, within)
        )
    taken: list[Match] = []
    for match in sorted(found, key=lambda match: match.order):
        if all(match.end <= other.start or other.end <= match.start for other in taken):
            taken.append(match)
    changing = (match for match in taken if match.difference >= 0)
    return sorted(changing, key=lambda match: match.start)


def _protected(text: str, windows: _Windows, words: Iterable[str]) -> Iterator[Match]:
    """Yield where a protected word stands, upper case or lower, as a word and not within one."""
    spelt = {tuple(unit.text.casefold() for unit in _units(word)) for word in words}
    for size in {len(units) for units in spelt if units}:
        for window in windows(size):
            if tuple(unit.text.casefold() for unit in window) in spelt:
                start, end = window[0].start, window[-1].end
                yield Match(start, end, "", text[start:end], PROTECTED)


def _matches(text: str, windows: _Windows, hotword: str, limits: _Limits) -> Iterator[Match]:
    wanted = _units(hotword)
    in_letters = not any(unit.is_character for unit in wanted)
    sizes = range(1, len(wanted) + 2) if in_letters else (len(wanted),)
    compare = _compare_letters if in_letters else _compare_units
    for size in sizes if wanted else ():
        for window in windows(size):
            start, end = window[0].start, window[-1].end
            difference = compare(window, wanted, limits)
            if difference is None:
                continue
            written = _fitted(hotword, wanted, text[:start], text[end:])
            is_there = text[start:end] == written
            yield Match(start, end, hotword, written, ALREADY if is_there else difference)


def _fitted(hotword: str, units: Sequence[_Unit], before: str, after: str) -> str:
    """Return a hotword without the marks at its ends that the sentence has there itself.

    Of the marks that end sentences or part them, one is enough: the sentence's.
    """
    head, tail = hotword[: units[0].start], hotword[units[-1].end :]
    if after.lstrip(_CLOSING).startswith((*SENTENCE_MARKS,)):
        tail = "".join(mark for mark in tail if mark not in SENTENCE_MARKS)
    twice = next((n for n in range(len(head), 0, -1) if before.endswith(head[:n])), 0)
    again = next((n for n in range(len(tail), 0, -1) if after.startswith(tail[-n:])), 0)
    return head[twice:] + hotword[len(head) : units[-1].end] + tail[: len(tail) - again]


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
    heard: Sequence[_Unit], wanted: Sequence[_Unit], limits: _Limits
) -> float | None:
    """Return how much words in letters differ, 0 to 1; None when it is too much."""
    if any(unit.is_character for unit in heard):
        return None
    one, other = ("".join(unit.text.casefold() for unit in each) for each in (heard, wanted))
    likeness = fuzz.ratio(one, other)
    return 1 - likeness / 100 if likeness >= limits.min_likeness else None


def _compare_units(
    heard: Sequence[_Unit], wanted: Sequence[_Unit], limits: _Limits
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
    new = old[: match.start - begin] + match.written + old[match.end - begin :]
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
