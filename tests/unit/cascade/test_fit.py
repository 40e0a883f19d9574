"""A known rule is learned, its probabilities hold, and nobody is judged by what he taught."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV

from richspeech.calibration.measure import expected_calibration_error
from richspeech.cascade import fit as fitting
from richspeech.cascade.fit import fit, held_out
from richspeech.errors import OptionError
from richspeech.stages.cascade import Features

COUNT = 400


def clips(labels: tuple[str, ...], seed: int = 0) -> tuple[Features, list[str], list[int]]:
    """Labels whose log-odds are known of two features; a third one is noise. Four clips a group."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(COUNT, 3))
    logits = np.column_stack([2 * features[:, 0], 2 * features[:, 1], 0 * features[:, 2]])
    chance = rng.gumbel(size=(COUNT, len(labels)))
    said = (logits[:, : len(labels)] + chance).argmax(axis=1)
    return features.astype(np.float32), [labels[at] for at in said], [*np.arange(COUNT) // 4]


def right_and_sure(
    scores: list[dict[str, float]], said: list[str]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    given = [max(each, key=each.__getitem__) for each in scores]
    sure = [each[label] for each, label in zip(scores, given, strict=True)]
    return np.array([one == other for one, other in zip(given, said, strict=True)]), np.array(sure)


@pytest.mark.parametrize("labels", [("angry", "sad"), ("angry", "happy", "neutral")])
def test_a_known_rule_is_learned_and_its_probabilities_hold(labels: tuple[str, ...]) -> None:
    features, said, groups = clips(labels)
    right, sure = right_and_sure(held_out(features, said, groups), said)
    assert right.mean() > 1.3 / len(labels)
    assert expected_calibration_error(sure, right) < 0.08


def test_labels_that_follow_nothing_are_not_learned() -> None:
    features, said, groups = clips(("angry", "sad"))
    mixed = [said[at] for at in np.random.default_rng(1).permutation(COUNT)]
    right, sure = right_and_sure(held_out(features, mixed, groups), mixed)
    assert right.mean() < 0.6
    assert sure.mean() < 0.6


def test_nobody_is_judged_by_his_own_group() -> None:
    """Every group has a feature of its own, which tells its labels and those of no other."""
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(20), 10)
    said = [("angry", "sad")[each] for each in rng.integers(0, 2, 20)[groups]]
    features = np.eye(20, dtype=np.float32)[groups]
    right, _ = right_and_sure(held_out(features, said, [*groups]), said)
    assert right.mean() < 0.75
    by_heart = fit(features, said, [*groups])
    found = by_heart.probabilities(features).argmax(axis=1)
    assert [by_heart.labels[at] for at in found] == said


@pytest.mark.parametrize("labels", [("angry", "sad"), ("angry", "happy", "neutral")])
def test_what_is_kept_says_what_scikit_learn_said(
    labels: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    class Remembered(CalibratedClassifierCV):  # type: ignore[misc]
        def fit(self, *arguments: Any) -> Any:
            made.append(super().fit(*arguments))
            return made[-1]

    monkeypatch.setattr(fitting, "CalibratedClassifierCV", Remembered)
    features, said, groups = clips(labels)
    ours = fit(features, said, groups).probabilities(features)
    assert np.allclose(ours, made[0].predict_proba(features), atol=1e-6)


def test_what_one_group_alone_holds_cannot_be_tested() -> None:
    features, said, _ = clips(("angry", "sad"))
    alone = [0 if label == "angry" else 1 for label in said]
    with pytest.raises(OptionError, match="form 2 groups"):
        held_out(features, said, alone)
