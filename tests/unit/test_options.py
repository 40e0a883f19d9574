"""Options refuse what does not exist, and say what does."""

import typing

import pytest

from richspeech.errors import OptionError
from richspeech.options import LONGEST_MERGE_S, Options, language_hint
from richspeech.settings import Language, LanguageHint, RecognitionSettings
from richspeech.transcript import LANGUAGES


def test_the_defaults_detect_the_language_and_keep_utterances_apart() -> None:
    options = Options()
    assert options.language is None
    assert options.allowed_languages == LANGUAGES
    assert options.inverse_text_normalization
    assert not options.merge


def test_the_settings_know_the_same_languages_and_lengths() -> None:
    assert typing.get_args(Language) == LANGUAGES
    assert typing.get_args(LanguageHint) == ("auto", *LANGUAGES)
    assert RecognitionSettings(merge_length_s=LONGEST_MERGE_S).merge_length_s == LONGEST_MERGE_S
    with pytest.raises(ValueError, match="merge_length_s"):
        RecognitionSettings(merge_length_s=LONGEST_MERGE_S + 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_may_be_asked_for(language: str) -> None:
    assert Options(language=language, allowed_languages=(language,)).language == language


@pytest.mark.parametrize("language", ["fr", "ZH", "", "auto", "nospeech", "zh "])
def test_an_unknown_language_is_refused_by_name(language: str) -> None:
    with pytest.raises(OptionError, match=f"{language!r} is unknown; .* auto, zh, yue, en, ja, ko"):
        Options(language=language)
    with pytest.raises(OptionError, match=f"{language!r} is unknown"):
        Options(allowed_languages=("zh", language))


def test_no_language_at_all_is_refused() -> None:
    with pytest.raises(OptionError, match="No language is allowed; name at least one of zh, yue"):
        Options(allowed_languages=())


@pytest.mark.parametrize("length", [0.0, -1.0, float("nan"), float("-inf")])
def test_a_merge_length_must_be_above_zero(length: float) -> None:
    with pytest.raises(OptionError, match=f"{length} is not above 0"):
        Options(merge_length_s=length)


@pytest.mark.parametrize("length", [30.1, 3600.0, float("inf")])
def test_a_merge_length_must_be_one_that_the_model_was_trained_on(length: float) -> None:
    with pytest.raises(OptionError, match=f"{length} is over 30 seconds"):
        Options(merge=True, merge_length_s=length)


@pytest.mark.parametrize("choice", [None, "", "auto"])
def test_choosing_nothing_or_auto_means_detection(choice: str | None) -> None:
    assert language_hint(choice) is None


@pytest.mark.parametrize("choice", [*LANGUAGES, "fr"])
def test_any_other_choice_is_passed_on(choice: str) -> None:
    assert language_hint(choice) == choice
