"""Where a recording comes from, on every tab that wants one: a file, the microphone, an example."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import gradio as gr

from richspeech.console import render
from richspeech.console.examples import Example
from richspeech.console.tab import Context
from richspeech.console.widgets import QUICK

SHOW = "() => ({ __type__: 'update', visible: true })"
"""Has the front end show a widget, for which it fetches what the widget needs, without asking the
server."""


class Sources:
    """A file or the microphone, whichever was used last."""

    def __init__(self, context: Context, prefix: str = "") -> None:
        """``prefix`` goes before the ids of the widgets."""
        self._context, self._widgets, self._prefix = context, context.widgets, prefix

    def build(self) -> None:
        """Make the widgets."""
        with gr.Tabs(elem_id=f"{self._prefix}sources", elem_classes="sources"):
            with self._widgets.labelled(gr.Tab, "upload", id="upload"):
                self._build_file()
            place = self._widgets.labelled(gr.Tab, "microphone", id="microphone")
            with place:
                self._build_microphone()
            place.select(None, None, self._microphone, js=SHOW, **QUICK)

    def _build_file(self) -> None:
        self._file = self._widgets.labelled(
            gr.File,
            "file_label",
            elem_id=f"{self._prefix}file",
            elem_classes="file-input",
            height=150,
            show_label=False,
        )
        self._widgets.html(partial(render.file_hint, self._context.facts), elem_classes="file-hint")

    def _build_microphone(self) -> None:
        self._microphone = self._widgets.labelled(
            gr.Audio,
            "microphone_label",
            visible=False,  # its scripts are as large as all others, and few want them
            sources=["microphone"],
            type="filepath",
            editable=False,
            buttons=[],
            elem_id=f"{self._prefix}microphone",
            elem_classes="microphone-input",
            show_label=False,
            waveform_options=gr.WaveformOptions(
                waveform_color="#8aa3a1", waveform_progress_color="#0b7a73"
            ),
        )

    def wire(self) -> None:
        """Let what comes from one empty the other."""
        self._file.upload(lambda: None, None, self._microphone, **QUICK)
        self._microphone.stop_recording(lambda: None, None, self._file, **QUICK)

    @property
    def file(self) -> Any:
        """The widget of the file."""
        return self._file

    @property
    def widgets(self) -> list[Any]:
        """The file and the microphone; one of them has a path, or neither."""
        return [self._file, self._microphone]

    def chosen(self, values: Mapping[Any, Any]) -> str | None:
        """Return the path among the values of an event, if there is one."""
        path: str | None = values[self._file] or values[self._microphone]
        return path

    def showing(self, path: str) -> dict[Any, Any]:
        """Return the values of the widgets that show an example, or what was recorded."""
        return {self._file: path, self._microphone: None}


def example_buttons(context: Context, prefix: str = "") -> list[Any]:
    """Make a card with a button an example; none without examples."""
    if not context.examples:
        return []
    with gr.Column(elem_classes="card"):
        context.widgets.heading("examples")
        with gr.Row(elem_id=f"{prefix}examples", elem_classes="examples"):
            return [_example_button(context, example) for example in context.examples]


def _example_button(context: Context, example: Example) -> Any:
    return context.widgets.add(
        gr.Button,
        lambda locale: {"value": example.title(locale)},
        size="sm",
        min_width=120,
        elem_classes="example",
    )
