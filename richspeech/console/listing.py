"""Lists whose rows have buttons: drawn by the server, with one event a kind of button."""

import json
from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from richspeech.language.catalog import say

TEMPLATE = '<div class="listing"></div>'


def listing(events: Sequence[str], **properties: Any) -> Any:
    """Make the widget; each of ``events`` is one of it, and brings the ``id`` of the row."""
    script = f"window.richspeech.listing(element, props, watch, trigger, {json.dumps([*events])});"
    return gr.HTML(html_template=TEMPLATE, js_on_load=script, apply_default_css=False, **properties)


def button(
    event: str,
    row: object,
    text: str,
    *,
    label: str | None = None,
    sure: str | None = None,
    kind: str = "quiet",
    usable: bool = True,
    key: str | None = None,
) -> str:
    """Draw a button of a row: ``label`` is read aloud, ``sure`` asks for a second press.

    What is drawn with the same ``key`` stays the same button; unless given, it is that of the row.
    """
    attributes = {
        "class": kind,
        "data-press": event,
        "data-id": str(row),
        "data-key": key or f"{event}-{row}",
        "aria-label": label,
        "data-sure": sure,
    }
    given = "".join(
        f' {name}="{escape(value, quote=True)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f'<button type="button"{given}{"" if usable else " disabled"}>{escape(text)}</button>'


def pager(page: int, size: int, count: int, locale: str) -> str:
    """Draw the way to other pages of ``size`` rows, counted from 0; empty if there is one only."""
    if count <= size:
        return ""
    first, last = page * size + 1, min((page + 1) * size, count)
    back, on = say("previous_page", locale), say("next_page", locale)
    before = button("turn_page", page - 1, back, usable=page > 0, key="previous_page")
    after = button("turn_page", page + 1, on, usable=last < count, key="next_page")
    place = escape(say("page_range", locale, first=first, last=last))
    return f'<div class="pager">{before}<span>{place}</span>{after}</div>'


def page_within(page: int, size: int, count: int) -> int:
    """Return the page, or the nearest that there is."""
    return max(min(page, (count - 1) // size), 0)
