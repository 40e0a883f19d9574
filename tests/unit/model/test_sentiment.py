"""Four sentiments, their mean, and voice against words by table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import Emotion
from richspeech.model.sentiment import (
    Accord,
    Limits,
    Sentiment,
    compare,
    mean_scores,
    strongest,
)

POSITIVE, NEGATIVE = Sentiment.POSITIVE, Sentiment.NEGATIVE
NEUTRAL, EXCITED = Sentiment.NEUTRAL, Sentiment.EXCITED
IRONY, AGREEMENT = Accord.IRONY, Accord.AGREEMENT


# Means --------------------------------------------------------------------------------------------

shares = st.lists(st.integers(1, 100), min_size=4, max_size=4).map(
    lambda parts: {s: part / sum(parts) for s, part in zip(Sentiment, parts, strict=True)}
)


@given(st.lists(st.tuples(shares, st.integers(1, 1_000)), min_size=1))
def test_a_mean_sums_to_one_and_lies_within_its_parts(
    parts: list[tuple[dict[Sentiment, float], float]],
) -> None:
    mean = mean_scores(parts)
    assert sum(mean.values()) == pytest.approx(1.0)
    for sentiment, score in mean.items():
        found = [scores[sentiment] for scores, _ in parts]
        assert min(found) - 1e-9 <= score <= max(found) + 1e-9


def test_what_has_no_scores_or_no_weight_does_not_count() -> None:
    assert mean_scores([({POSITIVE: 1.0}, 3), ({}, 90), ({NEGATIVE: 1.0}, 0)]) == {POSITIVE: 1.0}
    assert mean_scores([]) == mean_scores([({}, 5)]) == {}
    assert strongest({}) is None


# Voice against words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voice", "words", "expected"),
    [
        # contradictions
        ({"angry": 0.9, "neutral": 0.1}, {POSITIVE: 0.8, NEUTRAL: 0.2}, (IRONY, 0.9, 0.8, 0.72)),
        ({"happy": 0.7, "neutral": 0.3}, {NEGATIVE: 0.9, EXCITED: 0.1}, (IRONY, 0.7, 0.9, 0.63)),
        ({"disgusted": 0.6, "happy": 0.4}, {POSITIVE: 1.0}, (IRONY, 0.6, 1.0, 0.6)),
        # emotions of one direction count together
        ({"angry": 0.35, "sad": 0.35, "happy": 0.3}, {POSITIVE: 0.6}, (IRONY, 0.7, 0.6, 0.42)),
        # agreement makes both surer
        ({"happy": 0.8}, {POSITIVE: 0.8}, (AGREEMENT, 0.8, 0.8, 0.64 / 0.68)),
        ({"angry": 0.6, "fearful": 0.3}, {NEGATIVE: 0.7}, (AGREEMENT, 0.9, 0.7, 0.63 / 0.66)),
        ({"sad": 1.0}, {NEGATIVE: 1.0}, (AGREEMENT, 1.0, 1.0, 1.0)),
        # one of them is not sure, or has no direction
        ({"angry": 0.59, "neutral": 0.41}, {POSITIVE: 0.9}, None),
        ({"angry": 0.9}, {POSITIVE: 0.59, NEUTRAL: 0.41}, None),
        ({"neutral": 0.9, "angry": 0.1}, {POSITIVE: 0.9}, None),
        ({"surprised": 1.0}, {NEGATIVE: 1.0}, None),
        ({"unknown": 1.0}, {NEGATIVE: 1.0}, None),
        ({"angry": 0.9}, {EXCITED: 1.0}, None),
        ({"happy": 0.9}, {NEUTRAL: 1.0}, None),
        # nothing was measured
        ({}, {POSITIVE: 1.0}, None),
        ({"angry": 0.9}, {}, None),
    ],
)
def test_voice_against_words(
    voice: dict[str, float],
    words: dict[Sentiment, float],
    expected: tuple[Accord, float, float, float] | None,
) -> None:
    found = compare(voice, words, Limits(voice=0.6, words=0.6))
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert found.accord is expected[0]
        assert (found.voice, found.words, found.confidence) == pytest.approx(expected[1:])


def test_the_limits_decide_who_is_sure() -> None:
    voice, words = {"angry": 0.7}, {POSITIVE: 0.7}
    assert compare(voice, words, Limits(0.7, 0.7)) is not None
    assert compare(voice, words, Limits(0.71, 0.5)) is None
    assert compare(voice, words, Limits(0.5, 0.71)) is None


@given(st.sampled_from(Emotion), st.floats(0.5, 1), st.floats(0.5, 1))
def test_agreement_is_surer_than_either_and_irony_less_sure(
    emotion: Emotion, p: float, q: float
) -> None:
    for words in (POSITIVE, NEGATIVE):
        found = compare({emotion: p}, {words: q}, Limits(0.5, 0.5))
        if found and found.accord is AGREEMENT:
            assert found.confidence >= max(p, q) - 1e-9
        elif found:
            assert found.confidence <= min(p, q)
