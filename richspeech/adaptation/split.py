"""Clips apart for training and for testing, so that what is alike stays on one side.

Clips of one session share a voice, a room and a subject, and near-duplicates share their words: a
test that holds the one while training has the other measures memory.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from richspeech.errors import OptionError
from richspeech.review.comparison import words_of
from richspeech.review.examples import Example

TEST_SHARE = 0.2
MOST_TIMES_THE_SHARE = 2.0
"""A group may make the test larger than asked for, but not by more."""
ALIKE = 90.0
"""Percent of two texts that is the same, from which on they are near-duplicates."""
LEAST_TEST, LEAST_TRAINING = 5, 10
ROWS_AT_ONCE = 500
_COUNTED = re.compile(r"-\d{8,}-\d{8,}(-\d+)?$|[-_.]\d+$|\d+$")
"""What a key ends in: times of a clip, as the page exports them, or its number."""


@dataclass(frozen=True)
class Split:
    """Which clips are for what, by their places."""

    training: tuple[int, ...]
    test: tuple[int, ...]
    groups: tuple[int, ...]
    """The group of every clip; clips of a group are on one side."""
    keeps_sessions: bool
    """Whether sessions are whole; if not, the test says nothing of another day."""


def session_of(example: Example) -> str | None:
    """Return what says where a clip comes from: the file's own word, or its key without numbers.

    >>> session_of(Example("call-00001200-00004300", "…"))
    'call'
    """
    return example.session or _COUNTED.sub("", example.key, count=1) or None


def split(examples: Sequence[Example], share: float = TEST_SHARE, seed: int = 0) -> Split:
    """Put a ``share`` of the clips aside for testing, whole groups of them.

    Where all are of one session, near-duplicates alone are kept together. Raises ``OptionError``
    when there are too few clips, or all say the same.
    """
    if len(examples) < LEAST_TEST + LEAST_TRAINING:
        raise OptionError("adapt.few", count=len(examples), least=LEAST_TEST + LEAST_TRAINING)
    for groups, keeps in _ways(examples):
        if test := _test(groups, share, seed):
            training = tuple(sorted({*range(len(examples))} - test))
            return Split(training, tuple(sorted(test)), groups, keeps)
    raise OptionError("adapt.all_alike", count=len(examples))


def grouped(examples: Sequence[Example], least: int = 2) -> tuple[tuple[int, ...], bool]:
    """Return the group of every clip, and whether sessions are whole.

    They are if that leaves ``least`` groups; else near-duplicates alone are kept together.
    """
    return next(
        (groups, keeps) for groups, keeps in _ways(examples) if len({*groups}) >= least or not keeps
    )


def _ways(examples: Sequence[Example]) -> Iterator[tuple[tuple[int, ...], bool]]:
    """Yield two ways to group clips, the one that keeps sessions whole first."""
    alike = [*near_duplicates([each.text for each in examples])]
    yield _groups(len(examples), [*_sessions(examples), *alike]), True
    yield _groups(len(examples), alike), False


def near_duplicates(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of texts that are nearly the same, apart from case and punctuation."""
    compared = ["".join(word.compared for word in words_of(text)) for text in texts]
    for first in range(0, len(texts), ROWS_AT_ONCE):
        rows = compared[first : first + ROWS_AT_ONCE]
        likeness = process.cdist(
            rows, compared, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.uint8
        )
        for row, other in zip(*np.nonzero(likeness), strict=True):
            if first + int(row) < int(other):
                yield first + int(row), int(other)


def _sessions(examples: Sequence[Example]) -> Iterator[tuple[int, int]]:
    """Yield each clip with the first one of its session."""
    firsts: dict[str, int] = {}
    for place, example in enumerate(examples):
        if (session := session_of(example)) is not None:
            yield firsts.setdefault(session, place), place


def _groups(count: int, pairs: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Give what belongs together one number (a disjoint-set forest)."""
    parents = [*range(count)]

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    for one, other in pairs:
        parents[root(other)] = root(one)
    return tuple(map(root, range(count)))


def _test(groups: Sequence[int], share: float, seed: int) -> set[int]:
    """Return the places of whole groups, about a ``share`` of all; empty if there are no such."""
    sizes = Counter(groups)
    order = sorted(sizes)
    random.Random(seed).shuffle(order)  # noqa: S311 - nobody has to guess it
    count = len(groups)
    chosen: set[int] = set()
    taken = 0
    for group in order:
        if taken >= share * count:
            break
        if taken + sizes[group] <= MOST_TIMES_THE_SHARE * share * count:
            chosen.add(group)
            taken += sizes[group]
    if taken < LEAST_TEST or count - taken < LEAST_TRAINING:
        return set()
    return {place for place, group in enumerate(groups) if group in chosen}
