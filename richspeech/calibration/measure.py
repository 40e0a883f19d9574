"""How far probabilities are from what happens."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Of equal width, from 0 to 1."""

Values = NDArray[np.float64]


def expected_calibration_error(confidence: Values, right: NDArray[np.bool_]) -> float:
    """Return the mean distance of confidence and accuracy in bins, weighted by size, 0 to 1.

    Guo et al., On Calibration of Modern Neural Networks, 2017, equation 3. ``confidence`` [N] is
    the probability of the answer that was given, ``right`` [N] whether it is true; N is at least 1.
    """
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(confidence[places == each].sum() - right[places == each].sum()) for each in range(BINS)
    ]
    return float(sum(gaps) / len(confidence))


def sure_from(
    confidence: Values, right: NDArray[np.bool_], steps: Values, share: float
) -> float | None:
    """Return the lowest of ``steps`` above which such a share is right; None if there is none."""
    enough = (
        s for s in steps if (confidence >= s).any() and right[confidence >= s].mean() >= share
    )
    return next((float(each) for each in enough), None)


@dataclass(frozen=True)
class Limit:
    """What underlining all words below a probability finds."""

    below: float
    precision: float
    """Share of the underlined words that are wrong."""
    recall: float
    """Share of the wrong words that are underlined."""

    @property
    def f1(self) -> float:
        """Their harmonic mean; 0 where nothing is found."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def limits(confidence: Values, wrong: NDArray[np.bool_], below: Sequence[float]) -> list[Limit]:
    """Return what each of several limits would find."""
    found = []
    for each in below:
        marked = confidence < each
        hits = float((marked & wrong).sum())
        found.append(Limit(each, hits / max(marked.sum(), 1), hits / max(wrong.sum(), 1)))
    return found
