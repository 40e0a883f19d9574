"""Every text of the page, Chinese and English side by side; one table a tab."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from richspeech.console.words import (
    batch,
    emotion,
    engines,
    export,
    history,
    lab,
    live,
    page,
    review,
)

LOCALES = ("zh", "en")

_TABLES = (
    page.WORDS,
    engines.WORDS,
    emotion.WORDS,
    live.WORDS,
    batch.WORDS,
    history.WORDS,
    export.WORDS,
    review.WORDS,
    lab.WORDS,
)

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {key: texts for table in _TABLES for key, texts in table.items()}
)
"""Key → Chinese, English."""


def say(key: str, locale: str, **values: object) -> str:
    """Return a text with its values filled in."""
    return WORDS[key][LOCALES.index(locale)].format(**values)


def duration_words(seconds: float, locale: str) -> str:
    """Spell a length of time for people; tenths below a minute."""
    if round(seconds, 1) < 60:
        return say("seconds", locale, value=f"{seconds:.1f}".removesuffix(".0"))
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return say("minutes", locale, minutes=minutes, seconds=rest)
    return say("hours", locale, hours=minutes // 60, minutes=minutes % 60)


def clock(seconds: float) -> str:
    """Spell a point in a recording: 3:07, 1:02:45."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def moment(when: datetime, timezone: str) -> str:
    """Spell a point in time as clocks in a time zone (by its IANA name) show it."""
    return when.astimezone(zone_of(timezone)).strftime("%Y-%m-%d %H:%M")


def zone_of(name: str) -> tzinfo:
    """Find a time zone by the name that a browser gives; UTC if it is unknown."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return UTC


def size_words(size_bytes: int) -> str:
    """Spell a size: 2 GB, 500 MB, 15 KB."""
    for unit, size in (("GB", 1024**3), ("MB", 1024**2)):
        if size_bytes >= size:
            return f"{size_bytes / size:.3g} {unit}"
    return f"{size_bytes / 1024:.3g} KB"
