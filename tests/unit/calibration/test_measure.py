"""Calibration errors and limits, by hand."""

import numpy as np
import pytest

from richspeech.calibration.measure import Limit, expected_calibration_error, limits


def test_a_model_that_is_as_often_right_as_it_says_has_no_error() -> None:
    confidence = np.array([0.75] * 4 + [0.5] * 2)
    right = np.array([True, True, True, False, True, False])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.0)


def test_the_error_is_the_distance_weighted_by_how_many_there_are() -> None:
    confidence = np.array([1.0, 1.0, 0.9, 0.1])  # the first two in one bin: 2 said, 1 right
    right = np.array([True, False, True, False])
    assert expected_calibration_error(confidence, right) == pytest.approx((1.0 + 0.1 + 0.1) / 4)


def test_a_limit_is_told_by_what_it_finds() -> None:
    confidence = np.array([0.2, 0.4, 0.6, 0.9])
    wrong = np.array([True, False, True, False])
    assert limits(confidence, wrong, [0.5]) == [Limit(0.5, precision=0.5, recall=0.5)]
    assert limits(confidence, wrong, [0.5])[0].f1 == pytest.approx(0.5)


def test_a_limit_that_finds_nothing_is_worth_nothing() -> None:
    assert limits(np.array([0.9]), np.array([True]), [0.1])[0].f1 == 0.0
