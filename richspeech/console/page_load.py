"""What follows the opening of a page: each event only where the session has something for it.

A page is sent as a session looks that has done nothing yet. When it is entered, the server names
the events that are worth their while, and page.js triggers those: usually none.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import gradio as gr

from richspeech.console.sessions import Session
from richspeech.console.widgets import QUICK

SIGHT = "sight"
"""The event by which a page tells whether anybody sees it."""


class _Event(NamedTuple):
    is_wanted: Callable[[Session], bool]
    handler: Callable[..., Any]
    outputs: Any
    how: Mapping[str, Any]


class PageLoad:
    """Events of an opened page, which the tabs add and the page triggers."""

    def __init__(self) -> None:
        self._events: list[_Event] = []
        self._follow: Callable[[Session, int], None] = lambda *_: None

    def add(
        self,
        is_wanted: Callable[[Session], bool],
        handler: Callable[..., Any],
        outputs: Any,
        how: Mapping[str, Any] = MappingProxyType(QUICK),
    ) -> None:
        """Have ``handler`` write to ``outputs`` when a page opens whose session wants it."""
        self._events.append(_Event(is_wanted, handler, outputs, how))

    def follow_with(self, follow: Callable[[Session, int], None]) -> None:
        """Have ``follow`` show the transcript to which the address of an opened page leads."""
        self._follow = follow

    def follow(self, session: Session, number: str) -> None:
        """Show the transcript of that number in the session; what is no number leads nowhere."""
        if number.isascii() and number.isdecimal():
            self._follow(session, int(number))

    def build(self) -> Any:
        """Make the widget to which a list of events is given, and connect them."""
        names = [_name(number) for number in range(len(self._events))]
        told = json.dumps([*names, SIGHT])
        script = f"window.richspeech.pageLoad(props, watch, trigger, {told});"
        bell = gr.HTML(js_on_load=script, apply_default_css=False, visible="hidden")
        for name, event in zip(names, self._events, strict=True):
            getattr(bell, name)(event.handler, None, event.outputs, **event.how)
        return bell

    def wanted(self, session: Session) -> dict[str, Any]:
        """Return the value of the widget that triggers what a session wants."""
        wanted: Sequence[str] = [
            _name(number) for number, event in enumerate(self._events) if event.is_wanted(session)
        ]
        # The page hears of values that are new only.
        return {"key": secrets.token_hex(4), "wanted": wanted}


def _name(number: int) -> str:
    return f"load_{number}"
