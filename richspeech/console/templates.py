"""The Jinja2 templates of the page, each beside the code that fills it in.

Whatever is filled in is escaped, but for what was drawn with another template. Lines and their
indentation are for whoever reads a template; nothing of them comes into the page.
"""

import re
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from richspeech.language.catalog import say
from richspeech.language.figures import clock, duration_text

FOLDER = Path(__file__).parent


class _WithoutLines(Extension):
    """Joins the lines of a template."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Take the ends of lines out, and the blanks that the next ones begin with."""
        return re.sub(r"\s*\n\s*", "", source)


def draw(template: str, locale: str, **values: Any) -> Markup:
    """Fill in a template, by its path below this folder.

    It has ``say(key, …)`` in its language and the filters ``clock``, ``duration`` and ``percent``.
    """
    filled = (
        _environment()
        .get_template(template)
        .render(
            locale=locale,
            say=partial(_say, locale),
            duration=partial(duration_text, locale=locale),
            **values,
        )
    )
    return Markup(filled)  # noqa: S704 - the template has escaped it


def percent(share: float) -> str:
    """Spell a probability or a share: 87%; what is not nothing is not called 0%."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=[_WithoutLines],
    )
    environment.filters.update(clock=clock, percent=percent)
    return environment


def _say(locale: str, key: str, **values: object) -> str:
    return say(key, locale, **values)
