"""Tokens → words, as a reader sees them: what lights up while it is spoken, and can be clicked.

A Chinese, Cantonese or Japanese character is a word of its own; elsewhere letters and digits that
touch form one. Punctuation belongs to the word before it and counts for nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from richspeech.model.transcript import Token

_IDEOGRAPH = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOUCHING = re.compile(rf"[^\W{_IDEOGRAPH}]['’-]?[^\W{_IDEOGRAPH}]")
_MARKS = re.compile(r"[\W_]*")


@dataclass(frozen=True)
class TimedWord:
    """One word; the texts of all words in a row are the text of the segment."""

    text: str
    start: float | None
    """Seconds; None when none of its tokens was measured."""
    end: float | None
    probability: float | None
    """Of its least probable token: a word is as sure as its weakest part."""


def timed_words(tokens: Iterable[Token]) -> tuple[TimedWord, ...]:
    """Gather tokens into words."""
    groups: list[list[Token]] = []
    for token in tokens:
        if groups and _continues("".join(t.text for t in groups[-1]), token.text):
            groups[-1].append(token)
        else:
            groups.append([token])
    return tuple(_word(group) for group in groups)


def _continues(before: str, text: str) -> bool:
    if _MARKS.fullmatch(text):
        return not text.strip() or not text[0].isspace()
    tail = before.rstrip("'’-")[-1:] + before[len(before.rstrip("'’-")) :]
    return bool(_TOUCHING.fullmatch(tail + text[:1]))


def _word(tokens: Sequence[Token]) -> TimedWord:
    spoken = [token for token in tokens if not _MARKS.fullmatch(token.text)] or tokens
    starts = [token.start for token in spoken if token.start is not None]
    ends = [token.end for token in spoken if token.end is not None]
    sure = [token.probability for token in spoken if token.probability is not None]
    return TimedWord(
        "".join(token.text for token in tokens),
        min(starts, default=None),
        max(ends, default=None),
        min(sure, default=None),
    )
