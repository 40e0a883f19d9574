"""Features and labels → a classifier whose probabilities hold, and its answers to what is new.

A logistic regression on standardised features, at a temperature that is fitted on its answers to
clips of other groups (scikit-learn's ``CalibratedClassifierCV``). It is linear, so that some
hundred clips are enough for it, and so that what it has learned is a table of numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from richspeech.errors import OptionError
from richspeech.stages.cascade import Features

LEAST_OF_LABEL = 4
FOLDS = 5
"""Into which groups are divided, by chance."""
STRENGTH = 0.3
"""Inverse of the penalty on coefficients."""
MOST_STEPS = 1_000

Values = NDArray[np.float64]
Places = NDArray[np.int64]
"""Of clips, or numbers of labels or groups, [N]."""
Fold: TypeAlias = tuple[Places, Places]
"""For training, for testing."""


@dataclass(frozen=True)
class Fitted:
    """softmax(((x - offset) * scale) · coefficientsᵀ + intercepts)."""

    labels: tuple[str, ...]
    offset: Values
    """[F]"""
    scale: Values
    """[F]"""
    coefficients: Values
    """[K, F]"""
    intercepts: Values
    """[K]"""

    def probabilities(self, features: Features) -> Values:
        """Return those of each label, [N, K]."""
        scaled = (features - self.offset) * self.scale
        logits = scaled @ self.coefficients.T + self.intercepts
        odds: Values = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: Values = odds / odds.sum(axis=1, keepdims=True)
        return shares


def fit(features: Features, labels: Sequence[str], groups: Sequence[int], seed: int = 0) -> Fitted:
    """Fit to all clips, [N, F]; there are at least two labels, and LEAST_OF_LABEL clips of each."""
    known, numbers = np.unique(np.asarray(labels), return_inverse=True)
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=MOST_STEPS))
    splits = _whole_folds(numbers, np.asarray(groups), seed)
    calibrated = CalibratedClassifierCV(plain, method="temperature", cv=splits, ensemble=False)
    (found,) = calibrated.fit(features, numbers).calibrated_classifiers_
    scaler, regression = found.estimator
    (calibrator,) = found.calibrators
    weights, intercepts = regression.coef_, regression.intercept_
    if len(known) == 2:  # scikit-learn has one row for two labels
        weights, intercepts = np.vstack([-weights, weights]), np.array([-1, 1]) * intercepts
    beta = float(calibrator.beta_)
    names = tuple(str(each) for each in known)
    return Fitted(names, scaler.mean_, 1 / scaler.scale_, beta * weights, beta * intercepts)


def held_out(
    features: Features, labels: Sequence[str], groups: Sequence[int], seed: int = 0
) -> list[dict[str, float]]:
    """Return what is said of each clip by one that was fitted without its fold.

    There are two groups at least. Raises ``OptionError`` where a fold leaves but one label.
    """
    found: list[dict[str, float]] = [{} for _ in labels]
    said, kinds = np.asarray(labels), np.asarray(groups)
    for training, test in _folds(said, kinds, seed):
        names, counts = np.unique(said[training], return_counts=True)
        kept = training[np.isin(said[training], names[counts >= LEAST_OF_LABEL])]
        if len(np.unique(said[kept])) < 2:
            raise OptionError("cascade.one_group", count=len(np.unique(kinds)))
        fitted = fit(features[kept], said[kept].tolist(), kinds[kept].tolist(), seed + 1)
        for at, row in zip(test, fitted.probabilities(features[test]).tolist(), strict=True):
            found[at] = dict(zip(fitted.labels, row, strict=True))
    return found


def _whole_folds(labels: Places, groups: Places, seed: int) -> list[Fold]:
    """Return folds that leave every label to learn from, of whole groups if that can be."""
    count = len(np.unique(labels))
    splits = [*_folds(labels, groups, seed)] if len(np.unique(groups)) > 1 else []
    if splits and all(len(np.unique(labels[training])) == count for training, _ in splits):
        return splits
    plain = StratifiedKFold(2, shuffle=True, random_state=seed)
    return [*plain.split(labels, labels)]


def _folds(labels: NDArray[Any], groups: Places, seed: int) -> Iterator[Fold]:
    """Yield places for training and for testing; clips of a group are on one side."""
    count = min(FOLDS, len(np.unique(groups)))
    folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    yield from folds.split(labels, labels, groups)
