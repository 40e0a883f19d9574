"""What a form offers of an engine, and what becomes of what was chosen when the engine changes."""

from typing import Any

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.console.offers import (
    Offers,
    allowed_offer,
    fitting,
    itn_offer,
    language_offer,
    offer_of,
)
from richspeech.console.sessions import Session
from richspeech.console.widgets import Widgets
from richspeech.engines.registry import engine_named, engines, usual_languages
from richspeech.language.catalog import locales
from richspeech.model.capability import Capability


class Chosen:
    """The engine of every session."""

    name = "sensevoice"

    def __call__(self, _: Session) -> Any:
        return engine_named(self.name)


def made(chosen: Chosen) -> tuple[Offers, list[Any]]:
    with gr.Blocks():
        offers = Offers(Widgets(), chosen)
        return offers, [
            offers.add(gr.Dropdown, language_offer, "en"),
            offers.add(gr.CheckboxGroup, allowed_offer, ["zh", "en"]),
            offers.add(gr.Textbox, offer_of(Capability.HOTWORDS, "hotwords"), ""),
        ]


CHOSEN = Chosen()


@pytest.fixture(scope="module")
def form() -> tuple[Offers, list[Any]]:
    return made(CHOSEN)


@given(names=st.lists(st.sampled_from(sorted(engines())), min_size=1, max_size=4))
def test_what_is_shown_is_always_among_what_is_offered(
    form: tuple[Offers, list[Any]], names: list[str]
) -> None:
    chosen = CHOSEN
    offers, (language, allowed, hotwords) = form
    values: dict[Any, Any] = {language: "en", allowed: ["zh", "en"], hotwords: "退款"}
    for name in names:
        chosen.name = name
        updates = offers.updates(Session(), values)
        values |= {each: update["value"] for each, update in updates.items() if "value" in update}
        assert values[language] in [value for _, value in updates[language]["choices"]]
        assert {*values[allowed]} <= {value for _, value in updates[allowed]["choices"]}
    assert values == {language: "en", allowed: ["zh", "en"], hotwords: "退款"}


@pytest.mark.parametrize("locale", locales())
def test_what_an_engine_cannot_do_is_shut_and_says_so(locale: str) -> None:
    chosen = Chosen()
    offers, (language, allowed, hotwords) = made(chosen)
    chosen.name = "paraformer"
    updates = offers.updates(Session(locale=locale))
    assert [updates[each]["interactive"] for each in (language, allowed, hotwords)] == [
        False,
        False,
        True,
    ]
    assert "Paraformer" in updates[language]["info"]
    assert updates[hotwords]["info"] == ""
    assert updates[language]["value"] == "en"


def test_a_main_engine_that_takes_no_hint_shows_a_value_that_its_widget_has() -> None:
    chosen = Chosen()
    chosen.name = "paraformer"
    _, (language, allowed, _) = made(chosen)
    assert language.value in [value for _, value in language.choices]
    assert [value for _, value in allowed.choices] == [*usual_languages()]


def test_without_anything_that_is_offered_the_first_is_chosen_or_all() -> None:
    choices = [("a", "zh"), ("b", "en")]
    assert fitting("ko", choices) == "zh"
    assert fitting("en", choices) == "en"
    assert fitting(["ko"], choices) == ["zh", "en"]
    assert fitting(["ko", "en"], choices) == ["en"]


@pytest.mark.parametrize("locale", locales())
def test_a_hundred_languages_are_a_list_to_choose_one_from_and_not_to_tick(locale: str) -> None:
    chosen = Chosen()
    offers, (language, allowed, hotwords) = made(chosen)
    chosen.name = "whisper"
    updates = offers.updates(Session(locale=locale))
    assert len(updates[language]["choices"]) == 101
    assert updates[language]["interactive"]
    assert updates[hotwords]["interactive"]
    assert not updates[allowed]["interactive"]
    assert "Whisper" in updates[allowed]["info"]
    assert [value for _, value in updates[allowed]["choices"]] == [*usual_languages()]


@pytest.mark.parametrize("locale", locales())
def test_an_engine_that_always_punctuates_is_not_said_to_be_unable_to(locale: str) -> None:
    whisper = engine_named("whisper")
    offer = itn_offer(whisper, locale)
    assert not offer["interactive"]
    assert "Whisper" in offer["info"]
    assert offer["info"] != offer_of(Capability.ITN, "itn")(whisper, locale)["info"]
    assert itn_offer(engine_named("sensevoice"), locale)["info"] == ""
