"""The login page: a form in the reader's language, which loads and runs nothing."""

from richspeech.console.templates import draw, looks
from richspeech.language.figures import duration_text


def login_page(locale: str, problem: str | None = None, seconds: int = 0, user: str = "") -> str:
    """Draw the form.

    ``problem`` is "wrong" after a wrong name or password, "wait" for somebody who has tried too
    often and may try again in ``seconds``, and "broken" when nobody can tell who may come in. The
    name that was given stays in its field.
    """
    return draw(
        "login.html",
        locale,
        looks=looks("login"),
        problem=problem,
        user=user,
        time=duration_text(seconds, locale),
    )
