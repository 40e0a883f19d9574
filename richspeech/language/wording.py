"""Wording: what people read, in both languages of the page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Template
from typing import Self

from pydantic import ConfigDict


@dataclass(frozen=True)
class Wording:
    """A text that the settings may name, in Chinese and English."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    zh: str
    en: str

    def in_locale(self, locale: str) -> str:
        """Return the text in Chinese, or else in English."""
        return self.zh if locale == "zh" else self.en

    def filled(self, zh: Mapping[str, str], en: Mapping[str, str]) -> "Wording":
        """Put words in the place of each ``$name``."""
        return Wording(Template(self.zh).substitute(zh), Template(self.en).substitute(en))

    def require_names(self, known: Iterable[str]) -> None:
        """Refuse a ``$name`` that nobody fills, with a ``ValueError``."""
        for text in (self.zh, self.en):
            template = Template(text)
            if not template.is_valid() or not set(template.get_identifiers()) <= set(known):
                names = ", ".join(f"${name}" for name in sorted(known))
                message = f"the text {text!r} may name {names} and nothing else ($$ is a dollar)"
                raise ValueError(message)


class Label(StrEnum):
    """A label with a sign and a word: NAME = value, sign, Chinese, English."""

    _value_: str
    symbol: str
    """A sign that is told apart without colour."""
    wording: Wording

    def __new__(cls, value: str, *look: str) -> Self:
        """Make a member; ``look`` is its sign and its words."""
        label = str.__new__(cls, value)
        label._value_ = value
        label.symbol, zh, en = look
        label.wording = Wording(zh, en)
        return label

    def word(self, locale: str) -> str:
        """Name the label for people."""
        return self.wording.in_locale(locale)
