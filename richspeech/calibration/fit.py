"""Observed → Calibration: temperatures and regressions by log loss, limits by what they find."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from richspeech.calibration.measure import Limit, limits, sure_from
from richspeech.calibration.observe import LABELS, Answer, HeardUtterance, HeardWord, Observed
from richspeech.model.calibration import (
    HIGHEST_TEMPERATURE,
    SILENCE_SIGNALS,
    WORD_SIGNALS,
    Calibration,
    Logistic,
    Misheard,
    Temperatures,
    WordOdds,
    log_odds,
    tempered,
)

LEAST = 20
"""Answers, words and utterances of either kind from which something is fitted."""
LOG_TEMPERATURES = (-3.0, 4.0)
LOWEST_TEMPERATURE = 1e-4
"""What rounding leaves."""
FREE = 1e6
"""Inverse strength of a penalty that is next to none."""
STEPS = np.arange(1, 100) / 100
"""Limits that are tried."""
RIGHT_EMOTIONS = 0.95
"""Share of the emotions that are named which has to be right."""
EPSILON = 1e-12


def fit(observed: Sequence[Observed], weights: str) -> Calibration:
    """Fit what there is enough of; the rest stays None. ``weights`` is the digest of the model."""
    answers = {name: answers_of(observed, name) for name in LABELS}
    words = [word for each in observed for word in each.words]
    utterances = [each for one in observed for each in one.utterances]
    temperatures = Temperatures(**{name: _temperature(found) for name, found in answers.items()})
    odds = _word_odds(words)
    silence, spoken = (
        [each for each in utterances if each.has_words is wanted] for wanted in (False, True)
    )
    misheard = Misheard(_logistic(spoken, WORD_SIGNALS), _logistic(silence, SILENCE_SIGNALS))
    counts = Counter({"recordings": len(observed), "words": len(words)})
    counts.update({"utterances": len(utterances)} | {n: len(a) for n, a in answers.items()})
    return Calibration(
        weights=weights,
        temperatures=temperatures,
        words=odds,
        unsure_below=None if odds is None else best_limit(words, odds).below,
        sure_emotion=_sure_emotion(answers["emotion"], temperatures.emotion),
        misheard=misheard if misheard != Misheard() else None,
        fitted_on=dict(counts),
    )


def answers_of(observed: Sequence[Observed], name: str) -> list[Answer]:
    """Return the answers of one kind."""
    return [each.labels[name] for each in observed if name in each.labels]


def confidences(
    answers: Sequence[Answer], temperature: float | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the probability of each answer that is given, [N], and whether it is true, [N]."""
    given = [max(each.probabilities, key=each.probabilities.__getitem__) for each in answers]
    sure = [
        tempered(each.probabilities, temperature)[name]
        for each, name in zip(answers, given, strict=True)
    ]
    right = [each.truth == name for each, name in zip(answers, given, strict=True)]
    return np.array(sure), np.array(right, bool)


def word_confidences(
    words: Sequence[HeardWord], odds: WordOdds | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the same of words."""
    sure = [odds.sure(each.probability) if odds else each.probability for each in words]
    return np.array(sure), np.array([each.is_right for each in words], bool)


def best_limit(words: Sequence[HeardWord], odds: WordOdds) -> Limit:
    """Return the limit of the underline with the highest F1, the lowest of several."""
    sure, right = word_confidences(words, odds)
    return max(limits(sure, ~right, STEPS.tolist()), key=lambda limit: limit.f1)


def _temperature(answers: Sequence[Answer]) -> float | None:
    """Return the temperature with the lowest mean log loss."""
    if len(answers) < LEAST:
        return None

    def loss(logarithm: float) -> float:
        held = (tempered(a.probabilities, np.exp(logarithm))[a.truth] for a in answers)
        return -float(np.mean(np.log(np.maximum([*held], EPSILON))))

    return _rounded(np.exp(minimize_scalar(loss, bounds=LOG_TEMPERATURES, method="bounded").x))


def _word_odds(words: Sequence[HeardWord]) -> WordOdds | None:
    right = np.array([each.is_right for each in words], bool)
    if min(right.sum(), (~right).sum()) < LEAST:
        return None
    odds = np.array([[log_odds(each.probability)] for each in words])
    fitted = LogisticRegression(C=FREE).fit(odds, right)
    slope = float(fitted.coef_[0, 0])
    if slope < 1 / HIGHEST_TEMPERATURE:  # a word that is surer is hardly righter, or even less so
        return None
    return WordOdds(max(_rounded(1 / slope), LOWEST_TEMPERATURE), _rounded(fitted.intercept_[0]))


def _logistic(utterances: Sequence[HeardUtterance], names: Sequence[str]) -> Logistic | None:
    misheard = np.array([each.is_misheard for each in utterances], bool)
    if min(misheard.sum(), (~misheard).sum()) < LEAST:
        return None
    found = np.array([[each.signals[name] for name in names] for each in utterances])
    fitted = LogisticRegression(max_iter=1_000).fit(found, misheard)
    weights = {name: _rounded(w) for name, w in zip(names, fitted.coef_[0], strict=True)}
    return Logistic(_rounded(fitted.intercept_[0]), weights)


def _sure_emotion(answers: Sequence[Answer], temperature: float | None) -> float | None:
    """Return the lowest limit above which enough emotions are right; None if none is found."""
    if temperature is None:
        return None
    sure, right = confidences(answers, temperature)
    return sure_from(sure, right, STEPS, RIGHT_EMOTIONS)


def _rounded(value: float) -> float:
    return round(float(value), 4)
