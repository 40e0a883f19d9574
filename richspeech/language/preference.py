"""The language that a reader prefers among those in which something can be said."""

from richspeech.language.catalog import locales


def preferred_locale(accepted: str) -> str | None:
    """Return the one with most weight in ``Accept-Language``; None where there is none of ours.

    Source: RFC 9110, 12.5.4
    """
    tags = [tag.strip().lower() for tag in accepted.split(",")]
    for tag in sorted(tags, key=_weight, reverse=True):
        if _weight(tag) > 0 and (language := _language(tag)) in locales():
            return language
    return None


def _language(tag: str) -> str:
    """Read the ``zh`` of ``zh-hant;q=0.8``."""
    return tag.partition(";")[0].partition("-")[0].strip()


def _weight(tag: str) -> float:
    """Read the 0.8 of it; 0, as for what is not wanted, where it is no weight."""
    try:
        weight = float(tag.partition("q=")[2] or 1)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
