"""Names of the languages that are spoken in recordings."""

from babel import Locale, UnknownLocaleError

from richspeech.language.catalog import knows, say


def language_name(language: str | None, locale: str) -> str:
    """Name a language tag for people: as the page does, else as Babel does, else as unknown."""
    key = f"language_{language}"
    if language and knows(key):
        return say(key, locale)
    return _display_name(language or "", locale) or say("language_unknown", locale)


def _display_name(tag: str, locale: str) -> str | None:
    try:
        return Locale.parse(tag, sep="-").get_display_name(locale)
    except (ValueError, UnknownLocaleError):
        return None
