"""What an adapter is worth: errors before and after, with intervals, and whether it may be used.

Intervals are of a bootstrap over groups of clips (Bisani and Ney, 2004): clips of a session or with
nearly the same words say less than as many others. Both sides of a difference are of the same
clips, so it is known better than either.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from postprocess import AudioEvent
from richspeech.model.transcript import Hypothesis
from richspeech.review.comparison import words_of
from richspeech.review.examples import Example

RESAMPLED = 2_000
INTERVAL = (2.5, 97.5)
"""Percent of the resampled values below its ends."""
MOST_LOST = 1.0
"""Points of the general set, in percent, beyond which an adapter is refused."""

Counts = NDArray[np.float64]
"""[clips, 2]: how many were wrong, of how many."""


@dataclass(frozen=True)
class Rate:
    """Errors in percent, before and after, and their difference with its interval."""

    of: str
    """characters, words, language, emotion or event."""
    count: int
    """Of these there are so many."""
    before: float
    after: float
    difference: float
    """Negative is better."""
    low: float
    high: float
    """In 95 % of resampled sets the difference lies between these."""


@dataclass(frozen=True)
class Judged:
    """One set of clips that training never heard."""

    clips: int
    rates: tuple[Rate, ...]
    """Of all that somebody has labelled."""

    @property
    def characters(self) -> Rate:
        """The error rate that decides."""
        return self.rates[0]

    @property
    def lost(self) -> tuple[Rate, ...]:
        """What has become worse by more than a point: characters, or labels beyond chance."""
        return tuple(
            rate
            for rate in self.rates
            if rate.difference > MOST_LOST
            and (rate.of == "characters" or (rate.of != "words" and rate.low > 0))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {"clips": self.clips, "rates": [asdict(rate) for rate in self.rates]}


def judge(
    said: Sequence[Example],
    before: Sequence[Hypothesis],
    after: Sequence[Hypothesis],
    groups: Sequence[int],
) -> Judged:
    """Compare what was heard before and after with what was said."""
    found = []
    for of, count in COUNTED.items():
        one, other = (
            np.array([count(*pair) for pair in zip(said, heard, strict=True)], np.float64)
            for heard in (before, after)
        )
        if one[:, 1].sum():
            found.append(rate_of(of, one, other, np.asarray(groups)))
    return Judged(len(said), tuple(found))


def rate_of(of: str, before: Counts, after: Counts, groups: NDArray[np.int64]) -> Rate:
    """Return how many of all are wrong before and after; ``groups`` are the group of each clip."""
    total = before[:, 1].sum()
    one, other = (float(100 * each[:, 0].sum() / total) for each in (before, after))
    low, high = np.percentile(_differences(before, after, groups), INTERVAL)
    return Rate(of, int(total), one, other, other - one, float(low), float(high))


def _differences(before: Counts, after: Counts, groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the differences of resampled groups, in points."""
    _, places = np.unique(groups, return_inverse=True)
    sums = np.zeros((places.max() + 1, 2))
    np.add.at(sums, places, np.column_stack([after[:, 0] - before[:, 0], before[:, 1]]))
    drawn = np.random.default_rng(0).integers(0, len(sums), (RESAMPLED, len(sums)))
    more, of = sums[drawn].sum(1).T
    differences: NDArray[np.float64] = 100 * more / np.maximum(of, 1)
    return differences


# What is counted ----------------------------------------------------------------------------------


def _characters(said: Example, heard: Hypothesis) -> tuple[int, int]:
    one, other = ("".join(_words(text)) for text in (said.text, heard.text))
    return Levenshtein.distance(one, other), len(one)


def _spoken(said: Example, heard: Hypothesis) -> tuple[int, int]:
    one, other = _words(said.text), _words(heard.text)
    return Levenshtein.distance(one, other), len(one)


def _words(text: str) -> list[str]:
    """Return what counts of a text: no case, no punctuation, a Chinese character is a word."""
    return [word.compared for word in words_of(text)]


def _label(said: object, heard: object) -> tuple[int, int]:
    return (0, 0) if said is None else (int(said != heard), 1)


def _language(said: Example, heard: Hypothesis) -> tuple[int, int]:
    return _label(said.language, heard.language)


def _emotion(said: Example, heard: Hypothesis) -> tuple[int, int]:
    return _label(said.emotion, heard.emotion)


def _event(said: Example, heard: Hypothesis) -> tuple[int, int]:
    return _label(said.event, event_of(heard))


def event_of(heard: Hypothesis) -> AudioEvent:
    """Return the event that a model names; speech alone is one of its answers."""
    return heard.events[0] if heard.events else AudioEvent.SPEECH


COUNTED: dict[str, Callable[[Example, Hypothesis], tuple[int, int]]] = {
    "characters": _characters,
    "words": _spoken,
    "language": _language,
    "emotion": _emotion,
    "event": _event,
}
"""How many of a clip are wrong, of how many; of none where nobody has said."""
