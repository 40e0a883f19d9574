"""Languages as data: any tag of BCP 47 that is registered, whichever engine knows it."""

from collections.abc import Collection
from functools import cache
from typing import Annotated

from langcodes import Language, standardize_tag, tag_is_valid
from pydantic import AfterValidator

from postprocess import NO_SPEECH
from richspeech.errors import OptionError

AUTO = "auto"
"""Stands for whatever language is spoken."""
SCRIPTS_OF_CHARACTERS = frozenset({"Hans", "Hant", "Jpan"})
"""Of ISO 15924: what is written in them is counted in characters, all else in words."""


def is_language(tag: str) -> bool:
    """Say whether a tag is well-formed and registered, such as ``yue`` or ``pt-BR``."""
    return tag_is_valid(tag)


def short_tag(code: str) -> str:
    """Return the tag for a code of ISO 639 as containers have them, such as ``en`` for ``eng``.

    What is none stays as it is.
    """
    return standardize_tag(code) if is_language(code) else code


def require_language(tag: str) -> str:
    """Return a tag; raises ``OptionError`` unless it is one."""
    if not is_language(tag):
        raise OptionError("language.no_tag", language=tag)
    return tag


def closest_language(tag: str, known: Collection[str]) -> str | None:
    """Return which of the known languages a tag means, as ``zh`` for ``zh-CN``; None for none.

    Chinese of Hong Kong and Macau is spoken Cantonese.
    """
    if tag in known:
        return tag
    language, _, rest = tag.replace("_", "-").lower().partition("-")
    is_cantonese = language == "zh" and {"hk", "mo", "yue"} & {*rest.split("-")}
    spoken = "yue" if is_cantonese else language
    return spoken if spoken in known else None


@cache
def is_of_characters(tag: str) -> bool:
    """Say whether a language is usually written in Han characters or kana."""
    return Language.get(tag).maximize().script in SCRIPTS_OF_CHARACTERS


def _tag(value: str) -> str:
    if not is_language(value):
        message = "a language is a tag such as zh, en or pt-BR"
        raise ValueError(message)
    return value


def _tag_or_silence(value: str) -> str:
    return value if value == NO_SPEECH else _tag(value)


LanguageTag = Annotated[str, AfterValidator(_tag)]
HeardLanguage = Annotated[str, AfterValidator(_tag_or_silence)]
"""A tag, or NO_SPEECH."""
