"""How much of what a model says in float32 it also says more coarsely, and the verdict on that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
from numpy.typing import NDArray

from richspeech.engines.sensevoice.decode import (
    EMOTION_FRAME,
    EVENT_FRAME,
    LANGUAGE_FRAME,
    Vocabulary,
    greedy_runs,
    posteriors,
)
from richspeech.engines.sensevoice.encoder import Scores

LEAST_TOKENS_EQUAL = 0.995
MOST_TAG_DIFFERENCE = 0.02


@dataclass(frozen=True)
class Parity:
    """Found on speech, for the weights that are used, on the processor that is used."""

    tokens: int
    """Compared in all."""
    tokens_equal: float
    """Share of the tokens that are the same, in the same order."""
    tag_difference: float
    """The largest difference between two probabilities of a language, an emotion or an event."""
    speedup: float
    """Over the fastest precision that costs next to no accuracy."""

    @property
    def is_exact(self) -> bool:
        """Whether the difference is small enough to be taken without being asked for."""
        return (
            self.tokens_equal >= LEAST_TOKENS_EQUAL and self.tag_difference <= MOST_TAG_DIFFERENCE
        )

    @property
    def rank(self) -> tuple[bool, float, float]:
        """More is better."""
        return self.is_exact, self.tokens_equal, -self.tag_difference

    @property
    def is_worth_it(self) -> bool:
        """Whether it is exact, and faster."""
        return self.is_exact and self.speedup > 1

    def __str__(self) -> str:
        return (
            f"{100 * self.tokens_equal:.2f} % of {self.tokens} tokens as in float32, tag "
            f"probabilities within {self.tag_difference:.3f}, {self.speedup:.2f} times as fast"
        )


def compare(
    expected: Sequence[Scores], found: Sequence[Scores], vocabulary: Vocabulary, speedup: float
) -> Parity:
    """Compare the scores of the same utterances."""
    tokens, others = (
        [[run.token for run in greedy_runs(each.tokens, each.probabilities)] for each in scores]
        for scores in (expected, found)
    )
    difference = max(
        _tag_difference(one.prompts, other.prompts, vocabulary)
        for one, other in zip(expected, found, strict=True)
    )
    equal = equal_share(tokens, others)
    return Parity(sum(map(len, tokens)), equal, difference, speedup)


def _tag_difference(
    one: NDArray[np.float32], other: NDArray[np.float32], vocabulary: Vocabulary
) -> float:
    families: Mapping[int, Mapping[Any, int]] = {
        LANGUAGE_FRAME: vocabulary.languages,
        EMOTION_FRAME: vocabulary.emotions,
        EVENT_FRAME: vocabulary.events,
    }
    return max(
        abs(share - posteriors(other[frame], ids)[name])
        for frame, ids in families.items()
        for name, share in posteriors(one[frame], ids).items()
    )


def equal_share(expected: Sequence[Sequence[Any]], found: Sequence[Sequence[Any]]) -> float:
    """Return which share of the tokens of all utterances is the same, in the same order."""
    same = longest = 0
    for row, other in zip(expected, found, strict=True):
        blocks = SequenceMatcher(None, row, other, autojunk=False).get_matching_blocks()
        same += sum(block.size for block in blocks)
        longest += max(len(row), len(other))
    return same / longest if longest else 1.0
