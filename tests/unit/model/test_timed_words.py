"""Tokens become words: none is lost, and each keeps its measured time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.model.timed_words import timed_words
from richspeech.model.transcript import Token


def tokens(*texts: str) -> list[Token]:
    return [Token(text, n, n + 0.5, 0.9 - n / 100) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        (["你", "好", "。"], ["你", "好。"]),
        ([" real", "ly", " good", "!"], [" really", " good!"]),
        (["The", " mode", "l", ",", " it"], ["The", " model,", " it"]),
        (["it", "'", "s", " ok"], ["it's", " ok"]),
        (["안녕", "하", "세요", " 네"], ["안녕하세요", " 네"]),
        (["用", "A", "PI", "吗", "？"], ["用", "API", "吗？"]),
        (["2", "0", "0", "元"], ["200", "元"]),
        (["こ", "れ", "は"], ["こ", "れ", "は"]),
        ([], []),
    ],
)
def test_words_are_what_a_reader_sees(pieces: list[str], words: list[str]) -> None:
    assert [word.text for word in timed_words(tokens(*pieces))] == words


def test_a_word_lasts_from_its_first_to_its_last_token_and_is_as_sure_as_its_weakest() -> None:
    (word,) = timed_words(tokens(" real", "ly", "!"))
    assert (word.start, word.end, word.probability) == (0, 1.5, 0.89)


def test_what_was_not_measured_stays_unmeasured() -> None:
    (word,) = timed_words([Token("你", None, None, None)])
    assert (word.start, word.end, word.probability) == (None, None, None)


@given(st.lists(st.text(alphabet="ab'’-你は。, 5", min_size=1, max_size=3)))
def test_no_character_is_lost(pieces: list[str]) -> None:
    words = timed_words(tokens(*pieces))
    assert "".join(word.text for word in words) == "".join(pieces)
