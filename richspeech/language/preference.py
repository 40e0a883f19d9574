"""The language that a reader prefers among those in which something can be said."""

from babel.core import get_global
from werkzeug.http import parse_accept_header

from richspeech.language.catalog import locales

SCRIPT_LETTERS = 4


def preferred_locale(accepted: str) -> str | None:
    """Return the one with most weight in ``Accept-Language``; None where there is none of ours.

    Source: RFC 9110, 12.5.4
    """
    weights = parse_accept_header(accepted)  # the heaviest first, and none that is no weight
    found = (_locale(tag) for tag, weight in weights if weight > 0)
    return next(filter(None, found), None)


def _locale(tag: str) -> str | None:
    """Find our language of ``zh-TW``: that in its script (zh_Hant) before any other (zh)."""
    language, *more = tag.lower().split("-")
    scripts = [f"{language}_{each.title()}" for each in more if len(each) == SCRIPT_LETTERS]
    usually = get_global("likely_subtags")  # of CLDR: zh_TW → zh_Hant_TW
    likely = (usually.get(f"{language}_{each.upper()}", "") for each in more)
    usual = [each.rpartition("_")[0] for each in likely if each]
    return next((each for each in (*(scripts or usual), language) if each in locales()), None)
