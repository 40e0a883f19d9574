"""What was put into answers is found again; what there is too little of is not claimed."""

import numpy as np
import pytest

from richspeech.calibration.fit import fit
from richspeech.calibration.measure import expected_calibration_error
from richspeech.calibration.observe import Answer, HeardUtterance, HeardWord, Observed
from richspeech.calibration.report import flagged, report
from richspeech.model.calibration import Calibration

RNG = np.random.default_rng(7)


def sharpened(share: float, power: float) -> float:
    """What a model says that is too sure of itself by a temperature of ``power``."""
    odds = (share / (1 - share)) ** power
    return float(odds / (1 + odds))


def words(count: int, power: float) -> tuple[HeardWord, ...]:
    truth = RNG.uniform(0.05, 0.99, count)
    return tuple(HeardWord(sharpened(p, power), bool(RNG.uniform() < p)) for p in truth)


def label(power: float) -> Answer:
    share = float(RNG.uniform(0.5, 0.99))
    truth = "happy" if RNG.uniform() < share else "sad"
    sure = sharpened(share, power)
    return Answer({"happy": sure, "sad": 1 - sure}, truth)


def utterance(*, misheard: bool) -> HeardUtterance:
    mean = float(RNG.normal(0.5 if misheard else 4.0, 1.0))
    signals = {"mean_word": mean, "tokens_a_second": 4.0, "blank_share": 0.6}
    return HeardUtterance(2.0, signals, misheard, has_words=True)


@pytest.fixture(scope="module")
def observed() -> list[Observed]:
    rows = []
    for number in range(600):
        heard = (utterance(misheard=number % 3 == 0),)
        rows.append(Observed("all", heard, words(5, 2.0), {"emotion": label(3.0)}))
    return rows


@pytest.fixture(scope="module")
def fitted(observed: list[Observed]) -> Calibration:
    return fit(observed, "digest")


def test_the_temperature_that_was_put_in_is_found(fitted: Calibration) -> None:
    assert fitted.temperatures.emotion == pytest.approx(3.0, rel=0.2)
    assert fitted.words is not None
    assert fitted.words.temperature == pytest.approx(2.0, rel=0.1)
    assert fitted.words.bias == pytest.approx(0.0, abs=0.15)


def test_the_error_of_words_gets_small(observed: list[Observed], fitted: Calibration) -> None:
    heard = [word for each in observed for word in each.words]
    right = np.array([each.is_right for each in heard])
    before = np.array([each.probability for each in heard])
    assert fitted.words is not None
    after = np.array([fitted.words.sure(each) for each in before])
    assert expected_calibration_error(before, right) > 0.1
    assert expected_calibration_error(after, right) < 0.05


def test_the_limit_of_the_underline_lies_where_words_begin_to_be_wrong(
    fitted: Calibration,
) -> None:
    assert fitted.unsure_below is not None
    assert 0.4 <= fitted.unsure_below <= 0.8


def test_misheard_utterances_are_told_from_others(fitted: Calibration) -> None:
    said = [
        flagged(Observed("all", (utterance(misheard=wrong),)), fitted)
        for wrong in [True] * 50 + [False] * 50
    ]
    assert sum(map(bool, said[:50])) >= 40
    assert sum(map(bool, said[50:])) <= 5


def test_silence_that_nobody_has_shown_is_not_judged(fitted: Calibration) -> None:
    quiet = HeardUtterance(1.0, {"no_speech": 3.0, "event": 1.0}, False, has_words=False)
    assert flagged(Observed("all", (quiet,)), fitted) is None


def test_of_too_little_nothing_is_claimed(observed: list[Observed]) -> None:
    few = fit(observed[:3], "digest")
    assert few == Calibration("digest", fitted_on=few.fitted_on)


def test_words_that_are_never_wrong_leave_nothing_to_fit() -> None:
    perfect = [Observed("all", words=tuple(HeardWord(0.9, True) for _ in range(100)))]
    found = fit(perfect, "digest")
    assert (found.words, found.unsure_below) == (None, None)


def test_words_whose_probability_says_nothing_leave_nothing_to_fit() -> None:
    said = ((0.3, 500, 500), (0.7, 501, 499))
    told = [
        HeardWord(p, is_right)
        for p, *of in said
        for is_right in (True, False)
        for _ in range(of[not is_right])
    ]
    assert fit([Observed("all", words=tuple(told))], "digest").words is None


def test_what_words_tell_at_once_can_be_read_again() -> None:
    told = [HeardWord(p, p > 0.5) for p in (0.499, 0.501) for _ in range(100)]
    found = fit([Observed("all", words=tuple(told))], "digest")
    assert found.words is not None
    assert Calibration.from_dict(found.to_dict(), "it") == found


def test_the_report_tells_of_each_part(observed: list[Observed], fitted: Calibration) -> None:
    text = report(observed, fitted)
    assert "| all | word |" in text
    assert "| all | emotion |" in text
    assert ", fitted |" in text
