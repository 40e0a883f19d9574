"""The choice of the spoken language, the same on every tab that has one."""

from typing import Any

from richspeech.engines.registry import known_languages
from richspeech.language.catalog import say
from richspeech.language.languages import language_name
from richspeech.model.languages import AUTO


def language_words(locale: str) -> dict[str, Any]:
    """Return the label and the choices of a widget that asks for the language."""
    return {"label": say("language", locale), "choices": language_choices(locale)}


def language_choices(locale: str) -> list[tuple[str, str]]:
    """Return the text and the value of each: auto, then what engines know."""
    known = {each: language_name(each, locale) for each in known_languages()}
    names = {AUTO: say("auto", locale)} | known
    return [(f"{value} · {name}", value) for value, name in names.items()]
