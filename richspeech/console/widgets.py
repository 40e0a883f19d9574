"""Widgets with words: made once in Chinese, and renamed when the page changes its language."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gradio as gr

from richspeech.console import render
from richspeech.console.sessions import Session
from richspeech.language.catalog import say

Words = Callable[[str], dict[str, Any]]
"""Locale → what a widget shows in it."""
Looks = Callable[[Session], dict[str, Any]]
"""Session → how a widget looks for it."""

QUICK: dict[str, Any] = {
    "show_progress": "hidden",
    "concurrency_limit": None,
    "api_visibility": "private",
    "trigger_mode": "multiple",
}
"""Of every event: the page shows progress itself, no event waits for another, and no press is
dropped because the one before it is still being answered."""

DRAWS: dict[str, Any] = {**QUICK, "postprocess": False}
"""Of an event that writes pieces of HTML alone, again and again: gradio takes them as they are, and
starts no thread for each."""

BEGINS: dict[str, Any] = {**QUICK, "trigger_mode": "once"}
"""Of a button that begins work: pressed twice in a row, it begins once."""

CHOSEN: dict[str, Any] = {**QUICK, "trigger_mode": "always_last"}
"""Of a choice: what was chosen last holds, even if the one before it is still being answered."""

DRAWN: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
"""Of every piece of HTML that the server draws."""


class Widgets:
    """Makes widgets, and remembers how each is called in every language."""

    def __init__(self) -> None:
        self.worded: list[tuple[Any, Looks]] = []
        """Widgets with words, in the order in which a change of language updates them."""

    def add(self, kind: Callable[..., Any], words: Words, **properties: Any) -> Any:
        """Make a widget whose properties of the page's language come from ``words``."""
        return self.add_for_session(kind, lambda session: words(session.locale), **properties)

    def add_for_session(self, kind: Callable[..., Any], looks: Looks, **properties: Any) -> Any:
        """Make a widget whose properties come from what was chosen in a session, too."""
        widget = kind(**looks(Session()), **properties)
        self.worded.append((widget, looks))
        return widget

    def html(self, draw: Callable[[str], str], **properties: Any) -> Any:
        """Make a piece of HTML that ``draw`` writes in a language."""
        return self.add(gr.HTML, lambda locale: {"value": draw(locale)}, **DRAWN, **properties)

    def heading(self, key: str) -> Any:
        """Make the head of a card."""
        return self.html(partial(render.heading, key))

    def labelled(self, kind: Callable[..., Any], key: str, **properties: Any) -> Any:
        """Make a widget whose label is the text ``key``."""
        return self.add(kind, lambda locale: {"label": say(key, locale)}, **properties)

    def explained(self, kind: Callable[..., Any], key: str, **properties: Any) -> Any:
        """Make one with a label and the text ``key_info`` below it."""

        def words(locale: str) -> dict[str, Any]:
            return {"label": say(key, locale), "info": say(f"{key}_info", locale)}

        return self.add(kind, words, **properties)

    def button(self, key: str, **properties: Any) -> Any:
        """Make a button with the text ``key`` on it."""
        return self.add(gr.Button, lambda locale: {"value": say(key, locale)}, **properties)

    def order(self, choices: Mapping[str, str], **properties: Any) -> Any:
        """Make the choice by what a list is sorted: texts by their values, the first chosen."""

        def words(locale: str) -> dict[str, Any]:
            said = [(say(key, locale), value) for value, key in choices.items()]
            return {"label": say("batch_order", locale), "choices": said}

        first = next(iter(choices))
        return self.add(
            gr.Radio, words, value=first, show_label=False, container=False, **properties
        )

    def start_and_cancel(
        self, start: str, prefix: str, cancel: str = "cancel", cancel_width: int = 88
    ) -> tuple[Any, Any]:
        """Make the row of the button that begins the tab's work and of the one that ends it.

        ``cancel_width`` is the least, in pixels.
        """
        with gr.Row(elem_classes="actions"):
            return (
                self.button(
                    start,
                    variant="primary",
                    elem_id=f"{prefix}start",
                    elem_classes="starts",
                    scale=3,
                ),
                self.button(
                    cancel,
                    interactive=False,
                    elem_id=f"{prefix}cancel",
                    scale=1,
                    min_width=cancel_width,
                ),
            )
