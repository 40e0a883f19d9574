"""Lists whose rows have buttons: drawn by the server, with one event a kind of button.

``row_list.html`` has the buttons, and the way to other pages.
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import gradio as gr

from richspeech.review.risk import Level

LEVEL_SIGNS: Mapping[Level, str] = MappingProxyType(
    {"high": "▲", "medium": "◆", "unknown": "?", "low": "●"}
)
"""Of risks in a row, told apart without colour and without reading."""
TEMPLATE = '<div class="row-list"></div>'


def row_list(events: Sequence[str], **properties: Any) -> Any:
    """Make the widget; each of ``events`` is one of it, and brings the ``id`` of the row."""
    script = f"window.richspeech.rowList(element, props, watch, trigger, {json.dumps([*events])});"
    return gr.HTML(html_template=TEMPLATE, js_on_load=script, apply_default_css=False, **properties)


def page_within(page: int, size: int, count: int) -> int:
    """Return the page, or the nearest that there is."""
    return max(min(page, (count - 1) // size), 0)
