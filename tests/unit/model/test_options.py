"""Options refuse what does not exist, and say what does."""

import pytest

from postprocess import LANGUAGES
from richspeech.errors import OptionError
from richspeech.model.options import (
    LONGEST_MERGE_S,
    MOST_HOTWORDS,
    MOST_PROTECTED,
    Options,
    language_hint,
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


def test_weights_are_those_of_the_hotwords_and_the_heaviest_goes_first() -> None:
    options = Options(hotwords=("达摩院", "张珊", "百度"), hotword_weights=(20, 100, 20))
    assert [*options.weighed_hotwords.items()] == [("张珊", 100), ("达摩院", 20), ("百度", 20)]
    usual = Options(hotwords=("达摩院", "张珊"))
    assert usual.weighed_hotwords == {"达摩院": 20, "张珊": 20}
    assert Options(hotwords=("达摩院", "张珊"), hotword_weights=(20, 20)) == usual


@pytest.mark.parametrize("weight", [-1, 0, 101])
def test_a_weight_beyond_the_range_is_refused_with_its_word(weight: int) -> None:
    with pytest.raises(OptionError, match=f"The weight {weight} of the hotword '张珊' cannot"):
        Options(hotwords=("达摩院", "张珊"), hotword_weights=(1, weight))
    assert Options(hotwords=("达摩院", "张珊"), hotword_weights=(1, 100)).hotword_weights == (
        1,
        100,
    )


def test_weights_that_are_not_as_many_as_the_hotwords_are_refused() -> None:
    with pytest.raises(OptionError, match=r"The number of weights, 1, is not that of .*, 2"):
        Options(hotwords=("达摩院", "张珊"), hotword_weights=(40,))


@pytest.mark.parametrize("word", ["", "二" * 21, " 地址", "a  b"])
def test_a_protected_word_that_cannot_be_one_is_refused(word: str) -> None:
    assert Options(protected_words=("她", "二" * 20)).protected_words[0] == "她"
    with pytest.raises(OptionError, match="cannot be a protected word; give words of 1 to 20"):
        Options(protected_words=("地址", word))


def test_too_many_protected_words_are_refused_with_their_number() -> None:
    with pytest.raises(OptionError, match="1,001 protected words are too many; give at most 1,000"):
        Options(protected_words=tuple(map(str, range(MOST_PROTECTED + 1))))
