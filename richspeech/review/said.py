"""Words that are meant: neither part of an idiom nor turned around by a negation.

    text → folded → without idioms → clauses → words without a negation in reach

A negation counts in the clause of the word alone, up to ``reach`` words before or behind it, unless
a word that turns it back (``but``) stands between, or it is asked about. A clause ends at any mark
that is not part of a word of the rule. Words, idioms and negations are data of the rule. Nothing
here understands a sentence: irony, reported speech and negations that are further away are taken at
their word. Every phrase is looked for once, and a word asks for what is next to it alone,
so that the time grows with the text and no faster.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from operator import itemgetter
from unicodedata import category

from postprocess import LETTER, POINT, folded, word_pattern
from richspeech.model.risk_rules import Negations, WordsRule
from richspeech.review.questions import Place, asked
from richspeech.review.unreal import bound, unreal

_UNIT = re.compile(rf"(?:{LETTER}|{POINT})+|\w")
"""A word, or a character of a script without blanks between words."""
_ENDING = re.compile(r"[ぁ-ゟ가-힣]")
_ENDING_UNIT = re.compile(rf"(?:{LETTER}|{POINT})+|[ぁ-ゟ]+|[ァ-ヿ]+|[一-鿿々]+|[가-힣]+|\w")
"""A run of one script: Japanese and Korean deny at the end, behind verbs of many characters."""


def words_meant(text: str, rule: WordsRule) -> list[str]:
    """Return the words of a rule that somebody means, in the order of the rule."""
    bare = folded(text)
    if not any(word in bare for word in _folded(rule.words)):
        return []
    for idiom in _folded(rule.idioms):
        bare = _without(bare, idiom)
    words = zip(rule.words, _folded(rule.words), strict=True)
    found = {word: places for word, each in words if (places := [*_places(bare, each)])}
    if not found:
        return []
    said = _said(bare, [place for places in found.values() for place in places], rule.negations)
    return [word for word, places in found.items() if any(map(said.is_meant, places))]


@cache
def _folded(phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(folded, phrases))


def _without(text: str, idiom: str) -> str:
    """Leave blanks where an idiom stood; any marks may be between its words."""
    if idiom.split(maxsplit=1)[0] not in text:
        return text
    return _idiom(idiom).sub(lambda found: " " * len(found[0]), text)


@cache
def _idiom(idiom: str) -> re.Pattern[str]:
    return re.compile(r"\W+".join(word_pattern(part) for part in idiom.split()))


def _places(text: str, phrase: str) -> Iterator[Place]:
    """Give where a phrase stands; both are folded."""
    if phrase in text:
        yield from (found.span() for found in _phrase(phrase).finditer(text))


@cache
def _phrase(phrase: str) -> re.Pattern[str]:
    return re.compile(word_pattern(phrase))


@dataclass(frozen=True)
class _Said:
    """A text in which everything that bears on the meaning of a word is found."""

    clauses: Sequence[int]
    """Where each begins."""
    asked: Callable[[int], Sequence[Place]]
    """What the clause of a number asks about; found out once, and where it matters."""
    units: Sequence[int]
    """Where each word begins."""
    before: Sequence[int]
    """Ends of the negations that count for what follows, in order; all others likewise."""
    after: Sequence[int]
    """Starts of those that count for what stands before."""
    whole: Sequence[Place]
    """Negations with their word: where each begins, and how far those up to it reach."""
    turns: Sequence[Place]
    """What turns back: where each begins, and where the first of those from it ends."""
    unreal: Sequence[Place]
    """What would have been: somebody did what is denied there, and nothing else of it."""
    bound: Sequence[Place]
    """Denials that hold for as long as the other side does something."""
    reach: int

    def is_meant(self, place: Place) -> bool:
        """Say whether no negation bears on what stands there that is not asked about."""
        start, end = place
        negations = (self._part(start, end), self._followed(start), self._preceded(end))
        is_denied = any(at is not None and not self._is_asked(at, start) for at in negations)
        if _is_in(place, self.unreal):
            return is_denied
        return not is_denied or _is_in(place, self.bound)

    def _part(self, start: int, end: int) -> int | None:
        """Return where the negation is that has the word in it; others likewise."""
        at = bisect_left(self.whole, (end,)) - 1
        return self.whole[at][0] if at >= 0 and self.whole[at][1] > start else None

    def _followed(self, start: int) -> int | None:
        """Return the next negation before the word, if it bears on it."""
        at = bisect_right(self.before, start) - 1
        return self.before[at] - 1 if at >= 0 and self._is_near(self.before[at], start) else None

    def _preceded(self, end: int) -> int | None:
        at = bisect_left(self.after, end)
        is_near = at < len(self.after) and self._is_near(end, self.after[at])
        return self.after[at] if is_near else None

    def _is_asked(self, negation: int, word: int) -> bool:
        clause = self._clause(word)
        at = negation - self.clauses[clause]
        places = self.asked(clause)
        next_place = bisect_right(places, at, key=itemgetter(0))
        return next_place > 0 and at < places[next_place - 1][1]

    def _is_near(self, start: int, end: int) -> bool:
        """Say whether little, and no turn and no end of a clause, stands between."""
        if self._clause(start - 1) != self._clause(end):
            return False
        at = bisect_left(self.turns, (start,))
        is_turned = at < len(self.turns) and self.turns[at][1] <= end
        between = bisect_left(self.units, end) - bisect_left(self.units, start)
        return between <= self.reach and not is_turned

    def _clause(self, at: int) -> int:
        return max(0, bisect_right(self.clauses, at) - 1)


def _is_in(place: Place, places: Sequence[Place]) -> bool:
    return any(start <= place[0] and place[1] <= end for start, end in places)


def _said(text: str, words: Sequence[Place], negations: Negations) -> _Said:
    before, after, whole, turns = (
        sorted(place for phrase in _folded(phrases) for place in _places(text, phrase))
        for phrases in (negations.before, negations.after, negations.whole, negations.turned_by)
    )
    inside = {at for place in (*words, *before, *after, *whole, *turns) for at in range(*place)}
    clauses = [*_clauses(text, inside)]
    until = [*clauses[1:], len(text)]
    reached = accumulate((end for _, end in whole), max)
    first = accumulate((end for _, end in reversed(turns)), min)
    shape = _ENDING_UNIT if _ENDING.search(text) else _UNIT
    return _Said(
        clauses=clauses,
        asked=cache(lambda number: asked(text[clauses[number] : until[number]])),
        units=[unit.start() for unit in shape.finditer(text)],
        before=sorted(end for _, end in before),
        after=[start for start, _ in after],
        whole=[*zip((start for start, _ in whole), reached, strict=True)],
        turns=[*zip((start for start, _ in turns), reversed([*first]), strict=True)],
        unreal=unreal(text),
        bound=bound(text),
        reach=negations.reach,
    )


def _clauses(text: str, inside: Iterable[int]) -> Iterator[int]:
    """Give where clauses begin: behind marks, which belong to the one that they end."""
    kept = frozenset(inside)
    is_ended = True
    for at, sign in enumerate(text):
        if at not in kept and sign not in "'-_" and category(sign)[0] in "PS":
            is_ended = True
        elif is_ended and not sign.isspace():
            is_ended = False
            yield at
