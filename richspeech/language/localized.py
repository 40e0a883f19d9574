"""Localized text: what people read, in the languages of the page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from string import Template

from pydantic import ConfigDict

from richspeech.language.refused import Refused


@dataclass(frozen=True)
class LocalizedText:
    """A text that the settings may name: in Chinese and English, and in others if somebody did.

    A field for each language that has a catalogue.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    zh: str
    en: str
    zh_Hant: str | None = None  # noqa: N815 - as its catalogue is called
    ja: str | None = None
    ko: str | None = None

    @property
    def texts(self) -> Mapping[str, str]:
        """Locale → text, where there is one."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return {locale: text for locale, text in said.items() if text is not None}

    def in_locale(self, locale: str) -> str:
        """Return the text in a language, or else in Chinese of the other script or in English."""
        return self.texts.get(locale, self.zh if locale.startswith("zh") else self.en)

    def filled(self, words: Callable[[str], Mapping[str, str]]) -> "LocalizedText":
        """Put words, of which each locale has its own, in the place of each ``$name``."""
        texts = self.texts.items()
        filled = {locale: Template(text).substitute(words(locale)) for locale, text in texts}
        return LocalizedText(**filled)

    def require_names(self, known: Iterable[str]) -> None:
        """Refuse a ``$name`` that nobody fills, with a ``Refused``."""
        for text in self.texts.values():
            template = Template(text)
            if not template.is_valid() or not set(template.get_identifiers()) <= set(known):
                names = [f"${name}" for name in sorted(known)]
                raise Refused("text.names", text=repr(text), names=names)
