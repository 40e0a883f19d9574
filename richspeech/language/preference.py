"""The language that a reader prefers among those in which something can be said."""

from babel.core import get_global

from richspeech.language.catalog import locales

SCRIPT_LETTERS = 4


def preferred_locale(accepted: str) -> str | None:
    """Return the one with most weight in ``Accept-Language``; None where there is none of ours.

    Source: RFC 9110, 12.5.4
    """
    tags = [tag.strip().lower() for tag in accepted.split(",")]
    for tag in sorted(tags, key=_weight, reverse=True):
        if _weight(tag) > 0 and (locale := _locale(tag)):
            return locale
    return None


def _locale(tag: str) -> str | None:
    """Find our language of ``zh-tw;q=0.8``: that in its script (zh_Hant) before any other (zh)."""
    language, *more = tag.partition(";")[0].strip().split("-")
    scripts = [f"{language}_{each.title()}" for each in more if len(each) == SCRIPT_LETTERS]
    usually = get_global("likely_subtags")  # of CLDR: zh_TW → zh_Hant_TW
    likely = (usually.get(f"{language}_{each.upper()}", "") for each in more)
    usual = [each.rpartition("_")[0] for each in likely if each]
    return next((each for each in (*(scripts or usual), language) if each in locales()), None)


def _weight(tag: str) -> float:
    """Read the 0.8 of it; 0, as for what is not wanted, where it is no weight."""
    try:
        weight = float(tag.partition("q=")[2] or 1)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
