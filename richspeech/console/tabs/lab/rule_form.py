"""The form of rules: what rule_form.js draws, and its words.

A change of language brings ``words`` alone, since what is written stays; an opened form brings its
``form`` as well, or a ``problem`` where what is written is no list of rules. The answer to a change
has ``problems``, one for each rule, and the number under which it was ``sent``.
"""

from typing import Any

from postprocess import Emotion
from richspeech.errors import SettingsError
from richspeech.language.catalog import say, sentence
from richspeech.language.languages import language_name
from richspeech.model.labels import word_of
from richspeech.storage.rule_form import HEARD_EVENTS, RULE_LANGUAGES, RuleForm, read_form

PARTS = (
    *("emotion", "event", "language", "any_words", "no_words", "endings", "probability_below"),
    *("set_emotion", "drop_emotion", "set_event", "drop_event"),
)
WORDS = (
    *("name", "locked", "none", "when", "effects", "add", "add_when", "add_effects", "up", "down"),
    *("copy", "remove", "word_hint", *PARTS),
)


def form_words(locale: str, *, may_save: bool) -> dict[str, Any]:
    """Return what stands around the rules, and what there is to choose from."""
    words = {f"rule_{name}": say(f"rule_{name}", locale) for name in WORDS}
    return {
        **words,
        "rule_without": say("rule_without", locale, part="{part}"),
        "lab_save": say("lab_save", locale),
        "may_save": may_save,
        "choices": {
            "emotion": [(each.value, word_of(each, locale)) for each in Emotion],
            "event": [(each.value, word_of(each, locale)) for each in HEARD_EVENTS],
            "language": [(each, language_name(each, locale)) for each in RULE_LANGUAGES],
        },
    }


def opened_form(text: str, locale: str, *, may_save: bool) -> dict[str, Any]:
    """Return the rules that are written, or why a form cannot show them.

    With all words: it may come before the form is drawn for the first time.
    """
    words = form_words(locale, may_save=may_save)
    try:
        form = read_form(text)
    except SettingsError as error:
        said = say("rule_no_form", locale, why=sentence(error, locale))
        return {"words": words, "form": None, "problem": said}
    rules = [draft.to_dict(locale) for draft in form.drafts]
    return {"words": words, "form": {"prologue": form.prologue, "rules": rules}, "problem": ""}


def answer_of(form: RuleForm | None, sent: int | None, locale: str) -> dict[str, Any]:
    """Return what is wrong with each rule, in words; nothing for those that are right."""
    drafts = form.drafts if form else ()
    problems = [sentence(each.problem, locale) if each.problem else "" for each in drafts]
    return {"problems": problems, "sent": sent}
