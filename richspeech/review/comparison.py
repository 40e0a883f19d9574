"""Two transcripts of one recording side by side, and each against a reference.

Words are compared; a Chinese or Japanese character is a word. Case, punctuation, spaces and the
width of letters do not count. Everything else does: 30 is not thirty, and 電 is not 电.

Not covered: words that moved. They are missing in one place and added in another.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jiwer

from postprocess import join_texts
from richspeech.model.transcript import Segment, Transcript

LABELS = ("emotion", "events", "language")
"""Fields of a segment that are compared beside its words."""

SHARED_TIME = 0.5
"""Segments stand in one row if they share this much of the shorter one. Less is an edge that the
detector puts elsewhere; more would part an utterance from what it was joined to."""

_CHARACTER = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_CHARACTER}]|[^\W_{_CHARACTER}]+(?:['’][^\W_{_CHARACTER}]+)*")


class Kind(StrEnum):
    """What became of a stretch of the left text in the right one."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"
    """On the left only."""
    ADDED = "added"
    """On the right only."""


@dataclass(frozen=True)
class Word:
    """A word of a text."""

    text: str
    """As it stands there, with the punctuation and the spaces behind it."""
    compared: str
    """What counts of it."""


@dataclass(frozen=True)
class Stretch:
    """Words in a row with the same fate; the stretches of a text in a row are the text."""

    kind: Kind
    left: str
    right: str


@dataclass(frozen=True)
class Alignment:
    """Two texts, aligned with the fewest errors."""

    stretches: tuple[Stretch, ...]
    words: int
    """On the left."""
    changed: int
    missing: int
    added: int

    @property
    def errors(self) -> int:
        """Words that differ."""
        return self.changed + self.missing + self.added

    @property
    def rate(self) -> float | None:
        """Errors per word on the left: WER if that is the reference; None without words.

        May be above 1.
        """
        return self.errors / self.words if self.words else None


@dataclass(frozen=True)
class Score:
    """How far a hypothesis is from its reference."""

    alignment: Alignment
    """The reference on the left, the hypothesis on the right."""
    character_error_rate: float
    """0 is perfect; may be above 1."""

    @property
    def word_error_rate(self) -> float:
        """0 is perfect; may be above 1."""
        return self.alignment.rate or 0.0


@dataclass(frozen=True)
class Row:
    """What both sides recognised at one time; one of them may have nothing there."""

    left: tuple[Segment, ...]
    right: tuple[Segment, ...]
    alignment: Alignment
    differing: tuple[str, ...]
    """Those of LABELS in which both sides differ; none where only one has anything."""

    @property
    def start(self) -> float:
        """Seconds."""
        return min(segment.start for segment in (*self.left, *self.right))

    @property
    def end(self) -> float:
        """Seconds."""
        return max(segment.end for segment in (*self.left, *self.right))

    @property
    def is_shared(self) -> bool:
        """Whether both sides have something."""
        return bool(self.left and self.right)

    @property
    def differs(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.alignment.errors or self.differing or not self.is_shared)


@dataclass(frozen=True)
class Comparison:
    """Two transcripts of one recording."""

    rows: tuple[Row, ...]
    """In the order of time."""

    @property
    def words(self) -> int:
        """On the left."""
        return sum(row.alignment.words for row in self.rows)

    @property
    def errors(self) -> int:
        """Words that differ."""
        return sum(row.alignment.errors for row in self.rows)

    @property
    def shared(self) -> int:
        """Rows in which both sides have something."""
        return sum(row.is_shared for row in self.rows)

    @property
    def differing(self) -> dict[str, int]:
        """In how many shared rows each of LABELS differs."""
        found = Counter(name for row in self.rows for name in row.differing)
        return {name: found[name] for name in LABELS}


def compare(left: Transcript, right: Transcript) -> Comparison:
    """Put two transcripts side by side."""
    return Comparison(tuple(_row(*pair) for pair in paired(left.segments, right.segments)))


def score(reference: str, hypothesis: str) -> Score | None:
    """Score a hypothesis against a reference; None if the reference has no words."""
    truth, words = (
        "".join(word.compared for word in words_of(text)) for text in (reference, hypothesis)
    )
    if not truth:
        return None
    return Score(align(reference, hypothesis), float(jiwer.cer(truth, words)) if words else 1.0)


def words_of(text: str) -> list[Word]:
    """Return the words of a text; joined again they are the text, unless there are none."""
    text = unicodedata.normalize("NFC", text)
    found = [*_WORD.finditer(text)]
    starts = [0, *(match.start() for match in found[1:])]
    ends = [*starts[1:], len(text)]
    return [
        Word(text[start:end], _compared(match[0]))
        for match, start, end in zip(found, starts, ends, strict=False)
    ]


def align(left: str, right: str) -> Alignment:
    """Align two texts, word by word."""
    lefts, rights = words_of(left), words_of(right)
    if not lefts or not rights:
        return _one_sided(left, right, len(lefts), len(rights))
    one, other = (" ".join(word.compared for word in side) for side in (lefts, rights))
    output = jiwer.process_words(one, other)
    stretches = tuple(
        Stretch(
            _KINDS[chunk.type],
            _text(lefts[chunk.ref_start_idx : chunk.ref_end_idx]),
            _text(rights[chunk.hyp_start_idx : chunk.hyp_end_idx]),
        )
        for chunk in output.alignments[0]
    )
    return Alignment(
        stretches, len(lefts), output.substitutions, output.deletions, output.insertions
    )


_KINDS = {
    "equal": Kind.SAME,
    "substitute": Kind.CHANGED,
    "delete": Kind.MISSING,
    "insert": Kind.ADDED,
}
"""By the names of jiwer."""


def _one_sided(left: str, right: str, lefts: int, rights: int) -> Alignment:
    sides = ((Kind.MISSING, left, ""), (Kind.ADDED, "", right))
    stretches = tuple(Stretch(*side) for side in sides if side[1] or side[2])
    if not lefts and not rights and left and right:
        stretches = (Stretch(Kind.SAME, left, right),)
    return Alignment(stretches, lefts, 0, lefts, rights)


def _text(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words)


def _compared(word: str) -> str:
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(filter(str.isalnum, folded)) or word


# Rows ---------------------------------------------------------------------------------------------


def paired(
    left: Sequence[Segment], right: Sequence[Segment]
) -> list[tuple[tuple[Segment, ...], tuple[Segment, ...]]]:
    """Group segments that share time, as few together as possible; each is in one group.

    Both sides are in the order of time. An utterance that was joined on one side stands beside its
    parts on the other.
    """
    groups = _Groups(len(left) + len(right))
    for one, other in _overlapping(left, right):
        groups.join(one, len(left) + other)
    found: dict[int, tuple[list[Segment], list[Segment]]] = {}
    for number, segment in enumerate((*left, *right)):
        group = found.setdefault(groups.root(number), ([], []))
        group[number >= len(left)].append(segment)
    pairs = ((tuple(one), tuple(other)) for one, other in found.values())
    return sorted(pairs, key=lambda pair: min(segment.start for side in pair for segment in side))


class _Groups:
    """Numbers that belong together (a disjoint-set forest)."""

    def __init__(self, count: int) -> None:
        self._parents = [*range(count)]

    def root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number

    def join(self, one: int, other: int) -> None:
        self._parents[self.root(other)] = self.root(one)


def _overlapping(left: Sequence[Segment], right: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    """Yield the places of segments that share enough time."""
    first = 0
    for place, segment in enumerate(left):
        while first < len(right) and right[first].end <= segment.start:
            first += 1
        for other in range(first, len(right)):
            if right[other].start >= segment.end:
                break
            if _share(segment, right[other]) >= SHARED_TIME:
                yield place, other


def _share(one: Segment, other: Segment) -> float:
    shared = min(one.end, other.end) - max(one.start, other.start)
    shorter = min(one.duration, other.duration)
    return shared / shorter if shorter > 0 else 0.0


def _row(left: tuple[Segment, ...], right: tuple[Segment, ...]) -> Row:
    texts = (text_of(side) for side in (left, right))
    differing = (name for name in LABELS if _label(left, name) != _label(right, name))
    return Row(left, right, align(*texts), tuple(differing) if left and right else ())


def text_of(segments: Sequence[Segment]) -> str:
    """Return the words of one side of a row."""
    return join_texts((segment.language, segment.text) for segment in segments)


def _label(segments: Sequence[Segment], name: str) -> frozenset[Any]:
    """Return all values of a label, so that a joined utterance is like its parts if these agree."""
    values = (getattr(segment, name) for segment in segments)
    return frozenset(each for value in values for each in ((value,) if name != "events" else value))
