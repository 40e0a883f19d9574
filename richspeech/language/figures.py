"""Numbers, sizes, lengths and points of time as people write them.

Babel spells what languages spell differently. Two things are alike in all of them: points in a
recording (3:07), as every player shows them, and moments (2026-11-01 09:05), since the search of
the history takes days in that form and 11/1/26 can be misread.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

_FIGURE_BESIDE_CHARACTER = re.compile(r"(?<=\d)(?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff])(?=\d)")
UNITS_BYTES = (("gigabyte", 1024**3), ("megabyte", 1024**2), ("kilobyte", 1024))


class Figure(NamedTuple):
    """A number within a text: ``{count}``, ``{length:duration}``, ``{most:size}``, ``{line:d}``."""

    value: float
    locale: str

    def __format__(self, form: str) -> str:
        """Spell it: without a form with separators, by a name below, or as Python does."""
        spell = FORMS.get(form)
        return spell(self.value, self.locale) if spell else format(self.value, form)


def number(value: float, locale: str) -> str:
    """Spell a number: 12,345.6."""
    return f"{value:.0f}" if value in range(1000) else format_decimal(value, locale=locale)


def percent(fraction: float, locale: str) -> str:
    """Spell a share of one: 87%."""
    return format_percent(fraction, locale=locale)


def size_text(size_bytes: float, locale: str) -> str:
    """Spell a size, with a tenth where there is one: 2 GB, 1.5 MB."""
    unit, unit_bytes = next(
        (unit for unit in UNITS_BYTES if size_bytes >= unit[1]), UNITS_BYTES[-1]
    )
    form = "#,##0.#"
    return format_unit(
        size_bytes / unit_bytes, f"digital-{unit}", length="short", format=form, locale=locale
    )


def duration_text(seconds: float, locale: str) -> str:
    """Spell a length of time, its two largest units; tenths below a minute."""
    if round(seconds, 1) < 60:
        return _units(((round(seconds, 1), "second"),), locale)
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return _units(((minutes, "minute"), (rest, "second")), locale)
    return _units(((minutes // 60, "hour"), (minutes % 60, "minute")), locale)


def _units(parts: Sequence[tuple[float, str]], locale: str) -> str:
    words = [_duration(count, unit, locale) for count, unit in parts if count or len(parts) == 1]
    return _spaced(format_list(words, style="unit-narrow", locale=locale))


@lru_cache(maxsize=1_000)
def _duration(count: float, unit: str, locale: str) -> str:
    """Spell so many of a unit; a page that counts down spells the same ones again and again."""
    return format_unit(count, f"duration-{unit}", length="short", locale=locale)


def _spaced(text: str) -> str:
    """Part figures from Chinese characters, as all Chinese of the page does and CLDR does not."""
    return _FIGURE_BESIDE_CHARACTER.sub(" ", text)


def clock(seconds: float) -> str:
    """Spell a point in a recording: 3:07, 1:02:45; a begun second does not count."""
    minutes, second = divmod(int(max(seconds, 0)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _clock(seconds: float, _locale: str) -> str:
    return clock(seconds)


def moment(when: datetime, timezone: str) -> str:
    """Spell a point in time as clocks in a time zone (by its IANA name) show it."""
    return when.astimezone(zone_of(timezone)).strftime("%Y-%m-%d %H:%M")


def zone_of(name: str) -> tzinfo:
    """Find a time zone by the name that a browser gives; UTC if it is unknown."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return UTC


FORMS: Mapping[str, Callable[[float, str], str]] = MappingProxyType(
    {
        "": number,
        "percent": percent,
        "size": size_text,
        "duration": duration_text,
        "clock": _clock,
    }
)
"""What may stand behind the colon of a value in a text."""
