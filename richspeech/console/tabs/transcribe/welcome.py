"""What somebody meets who has no transcript yet: examples to press, and what is heard."""

from collections.abc import Sequence
from functools import partial

from markupsafe import Markup

from postprocess import AudioEvent, Emotion
from richspeech.console.examples import Example
from richspeech.console.templates import draw
from richspeech.engines.registry import usual_languages
from richspeech.language.languages import language_name
from richspeech.model.labels import sign_of, word_of

SCRIPT = """
window.richspeech.examples(element, (id) => trigger("choose", { id }));
"""


def welcome(examples: Sequence[Example], locale: str) -> Markup:
    """Draw a card an example, by its place among them, and a line a kind of what is heard."""
    features = (
        ("languages", [language_name(each, locale) for each in usual_languages()]),
        ("emotions", [word_of(each, locale) for each in Emotion if each is not Emotion.UNKNOWN]),
        ("events", [word_of(each, locale) for each in AudioEvent if each is not AudioEvent.SPEECH]),
    )
    return draw(
        "tabs/transcribe/welcome.html",
        locale,
        examples=examples,
        features=features,
        language_word=partial(language_name, locale=locale),
        sign=partial(sign_of, locale=locale),
    )
