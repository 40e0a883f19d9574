"""The login page: a form in the reader's language, which loads and runs nothing."""

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from richspeech.language.catalog import say
from richspeech.language.figures import duration_text
from richspeech.web.files import read


def login_page(locale: str, problem: str | None = None, seconds: int = 0) -> str:
    """Draw the form.

    ``problem`` is "wrong" after a wrong name or password, and "wait" for somebody who has tried too
    often and may try again in ``seconds``.
    """
    return _template().render(
        locale=locale,
        say=partial(_say, locale),
        looks=read("styles/login.css"),
        problem=problem,
        time=duration_text(seconds, locale),
    )


def _say(locale: str, key: str, **values: object) -> str:
    return say(key, locale, **values)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("login.html")
