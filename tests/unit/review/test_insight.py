"""Transcript → shares, curves, rates, counts: sums that a person can check."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.errors import OptionError
from richspeech.model.transcript import Transcript
from richspeech.review.insight import make_insight
from tests.transcripts import segment, transcript, transcripts

CALL = transcript(
    segment(0, 6, "你好。", Emotion.ANGRY),
    segment(8, 10, "Hello there.", Emotion.UNKNOWN, language="en"),
    segment(10, 14, "", Emotion.UNKNOWN, AudioEvent.BGM, language="nospeech"),
    duration=20,
)


def shares(parts: tuple[object, ...]) -> dict[str, float]:
    return {part.label: part.share for part in parts}  # type: ignore[attr-defined]


# Shares -------------------------------------------------------------------------------------------


def test_the_recording_is_speech_sound_and_silence() -> None:
    assert shares(make_insight(CALL).times) == {"speech": 0.4, "silence": 0.4, "sound": 0.2}


def test_emotions_are_shares_of_speech_and_unknown_is_one_of_them() -> None:
    insight = make_insight(CALL)
    assert insight.speech_seconds == 8
    assert shares(insight.emotions) == {"angry": 0.75, "unknown": 0.25}


def test_an_engine_that_hears_words_only_gives_no_emotions() -> None:
    heard = segment(0, 6, "你好。", Emotion.UNKNOWN)
    insight = make_insight(transcript(replace(heard, emotion_probabilities={}), duration=20))
    assert (insight.emotions, insight.emotion_curves) == ((), {})
    assert shares(insight.languages) == {"zh": 1}


def test_languages_are_shares_of_speech() -> None:
    assert shares(make_insight(CALL).languages) == {"zh": 0.75, "en": 0.25}


def test_a_language_that_is_not_known_is_called_unknown() -> None:
    assert shares(make_insight(transcript(segment(0, 1, language=None))).languages) == {
        "unknown": 1
    }


def test_nothing_heard_is_all_silence_and_no_shares() -> None:
    insight = make_insight(transcript(duration=5))
    assert shares(insight.times) == {"silence": 1}
    assert (insight.emotions, insight.languages, insight.speech_rates) == ((), (), ())


def test_a_recording_of_no_length_has_no_shares_at_all() -> None:
    insight = make_insight(transcript(duration=0))
    assert (insight.times, insight.windows) == ((), ())


@given(transcripts())
def test_shares_sum_to_one_or_are_empty(heard: Transcript) -> None:
    insight = make_insight(heard)
    for parts in (insight.times, insight.emotions, insight.languages):
        assert not parts or math.isclose(sum(part.share for part in parts), 1)
        assert all(0 < part.share <= 1.000001 for part in parts)


# Curves -------------------------------------------------------------------------------------------


def test_a_curve_weighs_probabilities_by_seconds() -> None:
    heard = transcript(
        segment(0, 3, probabilities={"neutral": 0.8, "angry": 0.2}),
        segment(3, 4, emotion=Emotion.ANGRY, probabilities={"neutral": 0.4, "angry": 0.6}),
        duration=10,
    )
    curves = make_insight(heard, window_seconds=10).emotion_curves
    assert curves["angry"][0] == pytest.approx((3 * 0.2 + 1 * 0.6) / 4)
    assert curves["neutral"][0] == pytest.approx((3 * 0.8 + 1 * 0.4) / 4)


def test_a_segment_is_divided_between_the_windows_it_reaches_into() -> None:
    heard = transcript(segment(4, 12), duration=15)
    windows = make_insight(heard, window_seconds=5).windows
    assert [(w.start, w.end, w.speech_seconds) for w in windows] == [
        (0, 5, 1),
        (5, 10, 5),
        (10, 15, 2),
    ]


def test_where_nobody_speaks_the_curve_has_a_gap_and_no_zero() -> None:
    heard = transcript(segment(0, 1), segment(1, 5, "", Emotion.UNKNOWN), duration=10)
    curve = make_insight(heard, window_seconds=5).emotion_curves["neutral"]
    assert [value is None for value in curve] == [False, True]


@pytest.mark.parametrize("probabilities", [{}, {"neutral": 0.99, "angry": 0.01}])
def test_a_label_that_is_not_the_models_own_counts_in_full(probabilities: dict[str, float]) -> None:
    corrected = segment(0, 5, emotion=Emotion.ANGRY, probabilities=probabilities)
    curves = make_insight(transcript(corrected, duration=5)).emotion_curves
    assert (curves["angry"], curves["neutral"]) == ((1,), (0,))


@given(transcripts(), st.floats(1, 100))
def test_the_curves_of_a_window_sum_to_one_or_are_all_missing(
    heard: Transcript, window_seconds: float
) -> None:
    insight = make_insight(heard, window_seconds)
    for number, window in enumerate(insight.windows):
        values = [curve[number] for curve in insight.emotion_curves.values()]
        if not values:
            assert not insight.emotions
        elif window.speech_seconds:
            assert math.isclose(sum(value or 0 for value in values), 1)
        else:
            assert set(values) == {None}
    speech = sum(window.speech_seconds for window in insight.windows)
    assert math.isclose(speech, insight.speech_seconds, abs_tol=1e-6)


@pytest.mark.parametrize("window_seconds", [0, 0.5, -1, math.nan])
def test_windows_that_are_too_short_are_refused(window_seconds: float) -> None:
    with pytest.raises(OptionError, match="too short; choose 1 or more"):
        make_insight(CALL, window_seconds)


# Rates --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "unit", "count"),
    [
        ("zh", "你好，世界！", "characters", 4),
        ("zh", "我用 iPhone 拍了 200 张。", "characters", 7),
        ("yue", "我個枱燈壞咗。", "characters", 6),
        ("ja", "カメラを見て。", "characters", 6),
        ("en", "Don't panic, well-known friend!", "words", 4),
        ("ko", "왜 피자가 그렇게 짜요?", "words", 4),
    ],
)
def test_each_script_counts_in_its_own_unit(
    language: str, text: str, unit: str, count: int
) -> None:
    heard = transcript(segment(0, 30, text, language=language))
    insight = make_insight(heard)
    (rate,) = insight.speech_rates
    assert (rate.unit, rate.count, rate.seconds, rate.per_minute) == (unit, count, 30, 2 * count)
    assert insight.segment_rates == (2 * count,)


def test_a_rate_counts_speech_seconds_only() -> None:
    heard = transcript(segment(0, 3, "你好"), segment(50, 53, "世界"))
    assert [rate.per_minute for rate in make_insight(heard).speech_rates] == [40]


@pytest.mark.parametrize(
    ("text", "language"), [("", "nospeech"), ("你好", None), ("你好", "nospeech"), ("！", "zh")]
)
def test_without_words_or_language_there_is_no_rate(text: str, language: str | None) -> None:
    insight = make_insight(transcript(segment(0, 3, text, language=language)))
    assert (insight.speech_rates, insight.segment_rates) == ((), (None,))


# Events -------------------------------------------------------------------------------------------


def test_events_are_counted_and_timed_by_the_segments_that_have_them() -> None:
    heard = transcript(
        segment(0, 2, "哈", Emotion.HAPPY, AudioEvent.LAUGHTER, AudioEvent.APPLAUSE),
        segment(5, 6, "", Emotion.UNKNOWN, AudioEvent.LAUGHTER),
    )
    found = [(each.event, each.count, each.seconds) for each in make_insight(heard).events]
    assert found == [("laughter", 2, 3), ("applause", 1, 2)]


@given(transcripts())
def test_an_insight_is_plain_json(heard: Transcript) -> None:
    insight = make_insight(heard)
    form = json.loads(json.dumps(insight.to_dict(), allow_nan=False))
    assert len(form["segment_rates"]) == len(heard.segments)
    assert set(form["emotion_curves"]) == (set(Emotion) if insight.emotions else set())


def test_what_two_say_at_once_is_one_time_of_speech() -> None:
    over_it = transcript(segment(0, 6), segment(4, 5), segment(5, 8), duration=10)
    assert shares(make_insight(over_it).times) == {"speech": 0.8, "silence": 0.2}
