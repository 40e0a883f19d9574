"""Texts of the settings: in every language of the page, and in Chinese or English where not."""

from collections.abc import Iterator
from dataclasses import fields

import pytest

from richspeech.console.examples import find_examples
from richspeech.engines.registry import engines
from richspeech.language.catalog import locales
from richspeech.language.localized import LocalizedText
from richspeech.presets.rules import PRESETS, preset_rules
from richspeech.settings import load_settings
from tests.unit.test_imports import ROOT


def shipped() -> Iterator[LocalizedText]:
    """What is said by the engines, the presets of risk and the highlights that come with us."""
    yield from (engine.title for engine in engines().values())
    yield from (rule.sentence for preset in PRESETS for rule in preset_rules(preset))
    yield from (rule.title for rule in load_settings().highlights.rules)


def test_a_text_has_room_for_every_language_that_has_a_catalogue() -> None:
    assert {each.name for each in fields(LocalizedText)} == {*locales()}


@pytest.mark.parametrize("locale", locales())
def test_what_comes_with_the_program_is_said_in_every_language(locale: str) -> None:
    texts = [*shipped()]
    assert len(texts) > 30
    assert [text.en for text in texts if not text.texts.get(locale, "").strip()] == []


def test_every_example_has_a_title_in_every_language() -> None:
    examples = find_examples(ROOT / "examples")
    assert len(examples) > 5
    assert [each.path.name for each in examples if {*each.titles} != {*locales()}] == []


def test_what_somebody_wrote_in_two_languages_is_said_in_the_nearer_one() -> None:
    text = LocalizedText("笑声", "Laughter", ko="웃음")
    assert [text.in_locale(each) for each in ("zh_Hant", "ja", "ko")] == [
        "笑声",
        "Laughter",
        "웃음",
    ]


def test_each_language_is_filled_with_its_own_words() -> None:
    words = {"zh": "愤怒", "en": "angry", "ja": "怒り"}
    filled = LocalizedText("高点：$label", "Peak: $label", ja="ピーク：$label").filled(
        lambda locale: {"label": words[locale]}
    )
    assert filled == LocalizedText("高点：愤怒", "Peak: angry", ja="ピーク：怒り")


def test_a_name_that_nobody_fills_is_refused_in_any_language() -> None:
    with pytest.raises(ValueError, match="웃음"):
        LocalizedText("笑声", "Laughter", ko="웃음 $who").require_names({"label"})
