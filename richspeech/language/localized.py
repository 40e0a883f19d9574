"""Localized text: what people read, in both languages of the page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template

from pydantic import ConfigDict


@dataclass(frozen=True)
class LocalizedText:
    """A text that the settings may name, in Chinese and English."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    zh: str
    en: str

    def in_locale(self, locale: str) -> str:
        """Return the text in Chinese, of whichever script, or else in English."""
        return self.zh if locale.startswith("zh") else self.en

    def filled(self, zh: Mapping[str, str], en: Mapping[str, str]) -> "LocalizedText":
        """Put words in the place of each ``$name``."""
        return LocalizedText(Template(self.zh).substitute(zh), Template(self.en).substitute(en))

    def require_names(self, known: Iterable[str]) -> None:
        """Refuse a ``$name`` that nobody fills, with a ``ValueError``."""
        for text in (self.zh, self.en):
            template = Template(text)
            if not template.is_valid() or not set(template.get_identifiers()) <= set(known):
                names = ", ".join(f"${name}" for name in sorted(known))
                message = f"the text {text!r} may name {names} and nothing else ($$ is a dollar)"
                raise ValueError(message)
