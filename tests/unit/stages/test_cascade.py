"""What a cascade is told of a segment, and when it has a say."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from postprocess import AudioEvent, Emotion
from richspeech.model.options import Options
from richspeech.model.prosody import Prosody
from richspeech.model.sentiment import Sentiment
from richspeech.model.transcript import Segment, Token
from richspeech.stages.cascade import (
    feature_names,
    features_of,
    matrix,
    revise_segments,
)
from richspeech.stages.chain import Recipe
from tests.fakes import FakeCascade, FakeClassifier

VOICE = Prosody(320.0, 4.0, 0.5, -20.0, 30.0)
ANGRY = Segment(
    *(1.0, 3.0, "我要退款", "zh", 0.9, Emotion.ANGRY, {"angry": 0.7, "neutral": 0.3}),
    *((AudioEvent.BGM,), {"bgm": 0.6, "speech": 0.4}),
    (Token("我", 1.0, 1.5, 0.5), Token("要", 1.5, 2.0, 0.5)),
    "<|zh|><|ANGRY|><|BGM|>我要退款",
    prosody=VOICE,
)


def calm(probability: float) -> dict[str, dict[str, float]]:
    return {"emotion": {"neutral": probability, "angry": 1 - probability}}


def test_what_is_known_of_a_segment_has_a_name_and_is_finite() -> None:
    known = features_of(ANGRY)
    assert known["emotion.angry"] == pytest.approx(np.log(0.7))
    assert known["voice.pitch"] == pytest.approx(1)
    assert known["words.rate"] == 1
    assert known["language.zh"] == 1
    assert np.isfinite([*known.values()]).all()


def test_a_probability_of_nothing_and_a_voice_without_pitch_are_finite_too() -> None:
    silent = replace(VOICE, pitch_hz=None, pitch_range_semitones=None)
    odd = replace(
        ANGRY, emotion_probabilities={"angry": 1.0, "sad": 0.0}, prosody=silent, tokens=()
    )
    assert np.isfinite([*features_of(odd).values()]).all()
    assert features_of(odd)["voice.pitched"] == 0


def test_what_a_segment_lacks_is_zero() -> None:
    assert matrix([replace(ANGRY, prosody=None)], ["voice.pitch"]).tolist() == [[0]]


def test_rules_change_nothing_of_it() -> None:
    ruled = replace(ANGRY, emotion=Emotion.SAD, events=(), rules=("x",))
    assert features_of(ruled) == features_of(ANGRY)


def test_sentiment_is_wanted_only_where_words_are_read() -> None:
    names = feature_names([ANGRY])
    assert not [name for name in names if name.startswith("sentiment.")]
    assert "sentiment.positive" in feature_names([ANGRY], sentiment=True)
    glad = replace(ANGRY, sentiment_probabilities={Sentiment.POSITIVE: 0.9})
    assert features_of(glad)["sentiment.positive"] == 0.9


def test_what_is_more_likely_than_not_is_found_and_said_by_whom() -> None:
    edit = revise_segments([ANGRY], FakeCascade(calm(0.8)))
    (segment,) = edit.apply([ANGRY])
    assert (segment.emotion, edit.by) == (Emotion.NEUTRAL, "calls")
    assert segment.emotion_probability == 0.8


@pytest.mark.parametrize(
    ("segment", "scores"),
    [
        (ANGRY, {"emotion": {"neutral": 0.45, "angry": 0.3, "sad": 0.25}}),
        (ANGRY, {"emotion": {"neutral": 0.9, "sad": 0.1}}),  # it has never heard anybody angry
        (replace(ANGRY, text=""), calm(0.9)),
        (replace(ANGRY, emotion_probabilities={}), calm(0.9)),
    ],
)
def test_otherwise_it_has_no_say(
    segment: Segment, scores: Mapping[str, Mapping[str, float]]
) -> None:
    assert revise_segments([segment], FakeCascade(scores)).found == ((),)


@pytest.mark.parametrize(("sure", "shown"), [({}, "unknown"), ({"emotion": 0.9}, "unknown")])
def test_what_a_calibration_leaves_in_doubt_stays_so(sure: Mapping[str, float], shown: str) -> None:
    doubted = replace(ANGRY, emotion=Emotion.UNKNOWN)
    edit = revise_segments([doubted], FakeCascade(calm(0.8), sure=sure))
    assert edit.apply([doubted])[0].emotion.value == shown


def test_unless_the_cascade_is_sure_enough() -> None:
    doubted = replace(ANGRY, emotion=Emotion.UNKNOWN)
    edit = revise_segments([doubted], FakeCascade(calm(0.95), sure={"emotion": 0.9}))
    assert edit.apply([doubted])[0].emotion is Emotion.NEUTRAL


def test_it_comes_after_rules_and_sentiment() -> None:
    recipe = Recipe(reader=FakeClassifier(lambda _: {}), cascade=FakeCascade(calm(0.8)))
    segments, edits = recipe.chain(Options()).edited([ANGRY])
    assert [each.kind for each in edits] == ["sentiment", "cascade"]
    assert segments[0].emotion is Emotion.NEUTRAL
