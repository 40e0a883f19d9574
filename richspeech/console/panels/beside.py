"""The row over a result that was opened from a list: where it stands there, what is beside it."""

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import Markup

from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.templates import draw

STEP = "step_row"
"""What the widget triggers, with the ``id`` next or previous."""


@dataclass(frozen=True)
class Beside:
    """Where a recording that was opened stands among those of its list."""

    job: str = ""
    """Id of the transcription that is shown; what stands here is of no other."""
    at: int = 0
    """From 1."""
    count: int = 0
    list_tab: str = ""
    """Name of the tab with the list."""


def beside_row() -> Any:
    """Make the widget."""
    script = f"window.richspeech.beside(element, props, watch, trigger, {json.dumps(STEP)});"
    return gr.HTML(
        html_template='<div class="beside"></div>',
        js_on_load=script,
        apply_default_css=False,
        elem_id="beside",
    )


def paint_beside(session: Session) -> Markup:
    """Draw the row; nothing where what is shown comes from no list."""
    job, place = shown(session), session.view(Beside)
    if job is None or place.job != job.id:
        return Markup()
    return draw("panels/beside.html", session.locale, place=place)
