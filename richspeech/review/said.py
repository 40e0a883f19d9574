"""Words that are meant: neither part of an idiom nor turned around by a negation.

    text → without idioms → clauses → words without a negation in reach

A negation counts in the clause of the word alone, up to ``reach`` words before or behind it, unless
a word that turns it back (``but``) stands between. A clause ends at any mark. Words, idioms and
negations are data of the rule. Nothing here understands a sentence: irony, reported speech and
negations that are further away are taken at their word.
"""

import re
from collections.abc import Iterator
from functools import cache

from postprocess import word_pattern
from richspeech.model.risk_rules import Negations, WordsRule

_MARKS = r"""[^\w\s'’\-]"""
_UNIT = re.compile(r"[\u3005-\u9fff\uac00-\ud7ff\uf900-\ufaff]|[^\W\u3005-\u9fff\uac00-\ud7ff]+")
"""A character of a script without blanks between words, or a word of another."""


def words_meant(text: str, rule: WordsRule) -> list[str]:
    """Return the words of a rule that somebody means, in the order of the rule."""
    bare = text.casefold().replace("’", "'")
    if not any(word.casefold() in bare for word in rule.words):
        return []
    for idiom in rule.idioms:
        bare = _without(bare, idiom.casefold())
    clauses = [each for each in re.split(_MARKS, bare) if each.strip()]
    return [
        word
        for word in rule.words
        if any(_is_meant(clause, word.casefold(), rule.negations) for clause in clauses)
    ]


def _without(text: str, idiom: str) -> str:
    """Leave blanks where an idiom stood; any marks may be between its words."""
    if idiom.split(maxsplit=1)[0] not in text:
        return text
    return _idiom(idiom).sub(lambda found: " " * len(found[0]), text)


@cache
def _idiom(idiom: str) -> re.Pattern[str]:
    return re.compile(r"\W+".join(word_pattern(part) for part in idiom.split()))


def _is_meant(clause: str, word: str, negations: Negations) -> bool:
    return any(
        not _is_negated(clause[:start], clause[end:], negations)
        for start, end in _places(clause, word)
    )


def _is_negated(before: str, after: str, negations: Negations) -> bool:
    between = (
        *(before[end:] for each in negations.before for _, end in _places(before, each)),
        *(after[:start] for each in negations.after for start, _ in _places(after, each)),
    )
    return any(_is_near(words, negations) for words in between)


def _is_near(between: str, negations: Negations) -> bool:
    is_turned = any(True for each in negations.turned_by for _ in _places(between, each))
    return not is_turned and len(_UNIT.findall(between)) <= negations.reach


def _places(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Give where a word stands in case-folded text."""
    bare = word.casefold()
    if bare in text:
        yield from (found.span() for found in _word(bare).finditer(text))


@cache
def _word(word: str) -> re.Pattern[str]:
    return re.compile(word_pattern(word))
