"""Scores of a recording and of its windows say the same, and every emotion has its words."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from richspeech.model.emotion_scores import EmotionScores, NineEmotion, risks, strongest

EMOTIONS = tuple(NineEmotion)


def scores(logits: object) -> EmotionScores:
    rows = np.asarray(logits, np.float32)
    return EmotionScores(len(rows) * 0.02, EMOTIONS, rows, np.zeros(4, np.float32), None, 0.02)


def values(scores: object) -> list[float]:
    assert isinstance(scores, dict)
    return [scores[emotion] for emotion in EMOTIONS]


logits = st.integers(1, 90).flatmap(
    lambda frames: arrays(np.float32, (frames, 9), elements=st.floats(-6, 6, width=32))
)


@given(logits)
def test_scores_are_the_softmax_of_the_mean_logit(rows: object) -> None:
    heard = scores(rows)
    odds = np.exp(heard.logits.astype(np.float64).mean(axis=0))
    np.testing.assert_allclose(values(heard.scores), odds / odds.sum(), atol=1e-7)
    assert heard.confidence == max(values(heard.scores))
    assert heard.scores[heard.emotion] == heard.confidence


@given(logits, st.integers(1, 6), st.integers(1, 20))
def test_the_windows_weighted_by_length_average_to_the_whole(
    rows: object, hops: int, hop_frames: int
) -> None:
    heard = scores(rows)
    windows = heard.windows(hops * hop_frames * 0.02, hop_frames * 0.02)
    weights = np.array([window.end - window.start for window in windows])
    log_scores = np.log([values(window.scores) for window in windows])
    mean = np.exp((log_scores * weights[:, None]).sum(axis=0) / weights.sum())
    np.testing.assert_allclose(mean / mean.sum(), values(heard.scores), atol=1e-5)


@given(logits, st.integers(1, 6), st.integers(1, 20))
def test_windows_lie_within_the_recording_and_cover_it(
    rows: object, hops: int, hop_frames: int
) -> None:
    heard = scores(rows)
    windows = heard.windows(hops * hop_frames * 0.02, hop_frames * 0.02)
    assert windows[0].start == 0.0
    assert windows[-1].end == pytest.approx(len(heard.logits) * 0.02)
    assert all(0 <= w.start < w.end <= w.start + hops * hop_frames * 0.02 + 1e-6 for w in windows)
    assert all(b.start <= a.end for a, b in pairwise(windows))
    assert all(sum(window.scores.values()) == pytest.approx(1.0) for window in windows)


@given(logits)
def test_a_window_over_the_whole_recording_has_its_scores(rows: object) -> None:
    heard = scores(rows)
    whole = [w for w in heard.windows(60.0, 0.5) if w.end - w.start > heard.duration - 1e-6]
    assert whole
    for window in whole:
        np.testing.assert_allclose(values(window.scores), values(heard.scores), atol=1e-6)


def test_the_curve_follows_a_change_of_emotion() -> None:
    rows = np.zeros((200, 9))
    rows[:100, EMOTIONS.index(NineEmotion.ANGRY)] = rows[100:, EMOTIONS.index(NineEmotion.SAD)] = 5
    curve = scores(rows).windows(0.5, 0.5)
    names = [strongest(window.scores) for window in curve]
    assert names == [NineEmotion.ANGRY] * 4 + [NineEmotion.SAD] * 4


@pytest.mark.parametrize(("score", "named"), [(0.75, False), (math.nextafter(0.75, 1), True)])
def test_a_risk_is_a_score_above_its_limit(score: float, named: bool) -> None:
    found = risks({NineEmotion.ANGRY: score}, {NineEmotion.ANGRY: 0.75, NineEmotion.SAD: 0.1})
    assert found == ((NineEmotion.ANGRY,) if named else ())
