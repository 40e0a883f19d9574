"""The Jinja2 templates of the page, each beside the code that fills it in.

Whatever is filled in is escaped, but for what was drawn with another template. Lines and their
indentation are for whoever reads a template; nothing of them comes into the page.
"""

import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from richspeech.language.catalog import say
from richspeech.language.figures import clock, duration_text
from richspeech.model.labels import look_of, word_of
from richspeech.web.files import read

FOLDER = Path(__file__).parent


class _WithoutLines(Extension):
    """Joins the lines of a template."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Take the ends of lines out, and the blanks that the next ones begin with."""
        return re.sub(r"\s*\n\s*", "", source)


def draw(template: str, locale: str, **values: Any) -> Markup:
    """Fill in a template, by its path below this folder.

    It has ``say(key, …)``, ``duration(seconds)`` and ``word_of(label)`` in the language ``locale``,
    and the filters ``clock``, ``percent`` (of a share), ``probability`` and ``look`` (of a label).
    """
    filled = _environment().get_template(template).render(**_spoken(locale), **values)
    return Markup(filled)  # noqa: S704 - the template has escaped it


def looks(*names: str) -> Markup:
    """Return style sheets of ours, to stand within a page: nothing in them is to be escaped."""
    return Markup("".join(read(f"styles/{each}.css") for each in names))  # noqa: S704 - our own


def macro(template: str, name: str, locale: str) -> Callable[..., Markup]:
    """Return a macro of a template, which draws a part of others."""
    found: Callable[..., Markup] = getattr(_module(template, locale), name)
    return found


@cache
def _module(template: str, locale: str) -> Any:
    return _environment().get_template(template).make_module(_spoken(locale))


def _spoken(locale: str) -> dict[str, Any]:
    return {
        "locale": locale,
        "say": partial(_say, locale),
        "duration": partial(duration_text, locale=locale),
        "word_of": partial(word_of, locale=locale),
    }


def percent(share: float) -> str:
    """Spell a share of something: 87%; what is not nothing is not called 0%."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _probability(probability: float) -> str:
    return f"{probability:.0%}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        extensions=[_WithoutLines],
    )
    environment.filters.update(look=look_of, clock=clock, percent=percent, probability=_probability)
    return environment


def _say(locale: str, key: str, **values: object) -> str:
    return say(key, locale, **values)
