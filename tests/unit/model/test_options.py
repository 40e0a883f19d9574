"""Options refuse what does not exist, and say what does."""

import pytest

from postprocess import LANGUAGES
from richspeech.errors import OptionError
from richspeech.model.options import (
    LONGEST_MERGE_S,
    MOST_HOTWORDS,
    Options,
    hotwords_in,
    language_hint,
    without_weights,
)
from richspeech.settings import RecognitionSettings


def test_the_defaults_detect_the_language_and_keep_utterances_apart() -> None:
    options = Options()
    assert options.language is None
    assert options.allowed_languages is None
    assert options.inverse_text_normalization
    assert not options.merge


def test_the_settings_know_the_same_lengths() -> None:
    assert RecognitionSettings(merge_length_s=LONGEST_MERGE_S).merge_length_s == LONGEST_MERGE_S
    with pytest.raises(ValueError, match="merge_length_s"):
        RecognitionSettings(merge_length_s=LONGEST_MERGE_S + 1)


@pytest.mark.parametrize("language", [*LANGUAGES, "fr", "pt-BR", "zh-Hant-TW", "haw"])
def test_every_language_may_be_asked_for(language: str) -> None:
    assert Options(language=language, allowed_languages=(language,)).language == language


@pytest.mark.parametrize("language", ["xx", "", "auto", "nospeech", "zh ", "zh-", "français"])
def test_what_is_no_language_is_refused_by_name(language: str) -> None:
    for options in ({"language": language}, {"allowed_languages": ("zh", language)}):
        with pytest.raises(OptionError) as caught:
            Options(**options)
        assert str(caught.value).startswith(f"'{language}' is not a language: write a BCP-47")


def test_no_language_at_all_is_refused() -> None:
    with pytest.raises(OptionError, match="No language is allowed: name at least one"):
        Options(allowed_languages=())


@pytest.mark.parametrize("length", [0.0, -1.0, float("nan"), float("-inf")])
def test_a_merge_length_must_be_above_zero(length: float) -> None:
    with pytest.raises(OptionError, match=f"{length:g} seconds is not above 0"):
        Options(merge_length_s=length)


@pytest.mark.parametrize("length", [30.1, 3600.0, float("inf")])
def test_a_merge_length_must_be_one_that_the_model_was_trained_on(length: float) -> None:
    with pytest.raises(OptionError, match=f"{length:g} seconds is over 30"):
        Options(merge=True, merge_length_s=length)


@pytest.mark.parametrize("choice", [None, "", "auto"])
def test_choosing_nothing_or_auto_means_detection(choice: str | None) -> None:
    assert language_hint(choice) is None


@pytest.mark.parametrize("choice", [*LANGUAGES, "fr"])
def test_any_other_choice_is_passed_on(choice: str) -> None:
    assert language_hint(choice) == choice


@pytest.mark.parametrize("hotword", ["达摩", "ChatGPT", "machine learning", "二" * 20])
def test_hotwords_of_two_to_twenty_characters_are_taken(hotword: str) -> None:
    assert Options(hotwords=(hotword,)).hotwords == (hotword,)


@pytest.mark.parametrize("hotword", ["", "达", "二" * 21, " 达摩院", "达摩院\n", "a  b"])
def test_another_hotword_is_refused_by_name(hotword: str) -> None:
    with pytest.raises(OptionError, match="cannot be used; give words of 2 to 20 char") as caught:
        Options(hotwords=("达摩院", hotword))
    assert repr(hotword[:40].replace("\n", " ")) in str(caught.value)


def test_too_many_hotwords_are_refused_with_their_number() -> None:
    words = tuple(f"词{n}" for n in range(MOST_HOTWORDS + 1))
    assert len(Options(hotwords=words[:-1]).hotwords) == MOST_HOTWORDS
    with pytest.raises(OptionError, match="201 hotwords are too many; give at most 200"):
        Options(hotwords=words)


def test_weights_of_a_hotword_file_for_the_runtime_of_funasr_are_left_out() -> None:
    lines = ["冰箱坏掉 20", "", " machine  learning\t-5 ", "地址 20"]
    assert without_weights(lines) == ("冰箱坏掉", "machine learning", "地址")
    assert hotwords_in("冰箱坏掉 20\n地址 20\n") == ("冰箱坏掉", "地址")


@pytest.mark.parametrize("lines", [["iPhone 15", "地址"], ["20", "地址 20"], ["a1", "b2"], []])
def test_numbers_stay_where_not_every_line_has_a_weight(lines: list[str]) -> None:
    assert without_weights(lines) == tuple(lines)
    assert hotwords_in("iPhone 15") == ("iPhone", "15")
