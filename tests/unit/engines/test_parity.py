"""Scores of one precision held against those of another."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from richspeech.engines.sensevoice.encoder import Scores
from richspeech.engines.sensevoice.parity import Parity, compare

EXACT = Parity(tokens=300, tokens_equal=0.995, tag_difference=0.02, speedup=1.1)


def test_the_limits_themselves_are_exact_enough() -> None:
    assert EXACT.is_worth_it
    assert not replace(EXACT, tokens_equal=0.9949).is_worth_it
    assert not replace(EXACT, tag_difference=0.0201).is_worth_it
    assert not replace(EXACT, speedup=1.0).is_worth_it
    assert replace(EXACT, speedup=0.5).is_exact


def test_a_verdict_says_what_was_found() -> None:
    said = "99.50 % of 300 tokens as in float32, tag probabilities within 0.020, 1.10 times as fast"
    assert str(EXACT) == said


VOCABULARY: Any = SimpleNamespace(
    languages={"zh": 1, "en": 2}, emotions={"happy": 3, "sad": 4}, events={"BGM": 5, "Speech": 6}
)


def scores(*tokens: int, sad: float = 0.0) -> Scores:
    prompts = np.zeros((4, 8), np.float32)
    prompts[1, 4] = sad
    return Scores(prompts, np.array(tokens), np.full(len(tokens), 0.9, np.float32))


def test_tokens_are_compared_without_blanks_and_repeats() -> None:
    one, other = scores(0, 7, 7, 0, 6, 5, 0), scores(7, 0, 0, 6, 6, 5, 5)
    found = compare([one], [other], VOCABULARY, speedup=2.0)
    assert found == Parity(tokens=3, tokens_equal=1.0, tag_difference=0.0, speedup=2.0)
    assert compare([one], [scores(7, 6, 4)], VOCABULARY, 1.0).tokens_equal == pytest.approx(2 / 3)


def test_the_largest_difference_of_any_tag_counts() -> None:
    pairs = ([scores(7), scores(7)], [scores(7), scores(7, sad=1.0)])
    expected = 1 / (1 + np.exp(-1.0)) - 0.5
    assert compare(*pairs, VOCABULARY, 1.0).tag_difference == pytest.approx(expected)
