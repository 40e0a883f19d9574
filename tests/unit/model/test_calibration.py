"""A calibration changes how sure a model is, never what it says."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.errors import ModelError
from richspeech.model.calibration import (
    Calibration,
    Logistic,
    Misheard,
    Temperatures,
    WordOdds,
    tempered,
)
from richspeech.model.transcript import Hypothesis, Token

TWO_SECONDS = 2.0
HEARD = Hypothesis(
    text="你好",
    language="zh",
    language_probabilities={"zh": 0.98, "yue": 0.015, "nospeech": 0.005},
    emotion=Emotion.HAPPY,
    emotion_probabilities={Emotion.HAPPY: 0.6, Emotion.NEUTRAL: 0.3, Emotion.UNKNOWN: 0.1},
    events=(),
    event_probabilities={AudioEvent.SPEECH: 0.9, AudioEvent.BGM: 0.1},
    tokens=(Token("你", 0.1, 0.2, 0.99), Token("好", 0.4, 0.5, 0.7)),
    raw_text="<|zh|><|HAPPY|><|Speech|>你好",
)
SILENT = replace(HEARD, text="", language="nospeech", tokens=())
HOT = Temperatures(language=2.0, emotion=3.0, event=1.5)
PROBABILITIES = st.lists(st.floats(1e-12, 1.0), min_size=2, max_size=8).map(
    lambda values: {str(n): value / sum(values) for n, value in enumerate(values)}
)


def misheard(calibration: Calibration, heard: Hypothesis) -> float:
    found = calibration.apply(heard, TWO_SECONDS).misheard_probability
    assert found is not None
    return found


@given(PROBABILITIES, st.floats(0.2, 20.0))
def test_a_temperature_leaves_every_order_as_it_was(
    probabilities: dict[str, float], temperature: float
) -> None:
    found = tempered(probabilities, temperature)
    assert sum(found.values()) == pytest.approx(1.0)
    ordered = sorted(probabilities, key=probabilities.__getitem__)
    values = [found[name] for name in ordered]
    assert values == sorted(values)
    assert found[ordered[-1]] == max(found.values())


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.2, 20.0), st.floats(-5.0, 5.0))
def test_a_surer_word_stays_surer(
    one: float, other: float, temperature: float, bias: float
) -> None:
    odds = WordOdds(temperature, bias)
    low, high = sorted((one, other))
    assert 0.0 <= odds.sure(low) <= odds.sure(high) <= 1.0


def test_a_word_that_a_float_takes_for_certain_can_be_doubted() -> None:
    assert WordOdds(4.0, 0.0).sure(1.0) == pytest.approx(0.985, abs=0.001)


def test_an_overconfident_model_becomes_less_sure_and_says_the_same() -> None:
    found = Calibration("w", HOT, WordOdds(2.0, 0.0)).apply(HEARD, TWO_SECONDS)
    assert found.language_probabilities["zh"] < HEARD.language_probabilities["zh"]
    assert [t.probability for t in found.tokens] == pytest.approx([0.9087, 0.6044], abs=1e-3)
    for name in ("text", "language", "emotion", "events", "raw_text"):
        assert getattr(found, name) == getattr(HEARD, name)


def test_an_emotion_that_is_not_certain_enough_is_unknown_and_stays_measured() -> None:
    calibration = Calibration("w", HOT, sure_emotion=0.5)
    found = calibration.apply(HEARD, TWO_SECONDS)
    assert found.emotion is Emotion.UNKNOWN
    assert max(found.emotion_probabilities, key=found.emotion_probabilities.__getitem__) == "happy"
    assert found.raw_text == HEARD.raw_text


def test_an_emotion_is_named_anyhow_where_somebody_wants_one() -> None:
    calibration = Calibration("w", HOT, sure_emotion=0.5)
    assert calibration.apply(HEARD, TWO_SECONDS, names_any=True).emotion is Emotion.HAPPY


def test_without_a_calibration_of_it_nothing_is_claimed() -> None:
    found = Calibration("w").apply(HEARD, TWO_SECONDS)
    assert found == HEARD
    assert found.misheard_probability is None


def test_unsure_words_make_an_utterance_misheard() -> None:
    calibration = Calibration("w", misheard=Misheard(words=Logistic(2.0, {"mean_word": -1.0})))
    unsure = replace(HEARD, tokens=tuple(replace(t, probability=0.3) for t in HEARD.tokens))
    sure, doubtful = (misheard(calibration, each) for each in (HEARD, unsure))
    assert sure < 0.5 < doubtful


def test_silence_is_judged_by_how_sure_the_model_is_of_it() -> None:
    fitted = Misheard(silence=Logistic(4.0, {"no_speech": -1.0, "event": 0.0}))
    calibration = Calibration("w", misheard=fitted)
    sure = replace(SILENT, language_probabilities={"nospeech": 0.999, "zh": 0.001})
    unsure = replace(SILENT, language_probabilities={"nospeech": 0.6, "zh": 0.4})
    quiet, missed = (misheard(calibration, each) for each in (sure, unsure))
    assert quiet < 0.5 < missed
    assert calibration.apply(HEARD, TWO_SECONDS).misheard_probability is None


def test_what_is_written_is_read_again() -> None:
    whole = Calibration(
        "w",
        HOT,
        WordOdds(1.5, -0.5),
        unsure_below=0.6,
        sure_emotion=0.5,
        misheard=Misheard(words=Logistic(1.0, {"mean_word": -1.0})),
        fitted_on={"words": 100},
    )
    document = json.loads(json.dumps(whole.to_dict()))
    assert Calibration.from_dict(document, "x") == whole


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"weights": "w", "secret": 1},
        {"weights": "w", "temperatures": {"emotion": 0}},
        {"weights": "w", "unsure_below": 2},
        {"weights": "w", "words": {"temperature": 1.0, "bias": float("nan")}},
        {"weights": "w", "misheard": {"words": {"bias": 0.0, "weights": {"phase": 1.0}}}},
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(ModelError, match=r"mine\.json"):
        Calibration.from_dict(wrong, "mine.json")
