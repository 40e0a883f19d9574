"""Gradio's blocks, without the work that they do in vain for what pages are sent again and again.

For each value gradio starts a thread that looks at it, and searches it for files; for each update,
even one that changes nothing, it makes the widget anew; and an event that was answered in steps
ends with the last one once more. What our pages are sent most is HTML, and data for scripts of
ours, in which there is nothing to find.
"""

import sys
from copy import copy
from importlib.util import find_spec
from typing import Any

import gradio as gr
from gradio.blocks import convert_component_dict_to_list

from richspeech.console.widgets import QUICK

UNCHANGED: dict[str, Any] = gr.skip()
"""What leaves a widget as it is."""
LOOKS_ALONE = {"__type__", "visible", "interactive"}
"""Of an update that the server need not remember: no value is judged by these."""


class SparingBlocks(gr.Blocks):
    """Blocks whose values are sent as they are where gradio would not change them."""

    async def process_api(self, *args: Any, **asked: Any) -> dict[str, Any]:
        """Do what an event asks for; the end of steps does not repeat the last one to a page."""
        made = await super().process_api(*args, **asked)
        is_for_page = asked["block_fn"].api_visibility == QUICK["api_visibility"]
        if asked["iterator"] is not None and not made["is_generating"] and is_for_page:
            made["data"] = [UNCHANGED] * len(made["data"])
        return made

    async def postprocess_data(
        self, block_fn: Any, predictions: Any, state: Any = None
    ) -> list[Any]:
        """Turn what a handler has answered into what is sent."""
        widgets = block_fn.outputs
        if isinstance(predictions, dict):
            predictions = convert_component_dict_to_list(widgets, predictions)
        is_whole = isinstance(predictions, list | tuple) and len(predictions) == len(widgets) > 1
        if not is_whole:
            return list(await super().postprocess_data(block_fn, predictions, state))
        sent = [*predictions]
        left = [n for n, widget in enumerate(widgets) if not _is_sent_as_it_is(widget, sent[n])]
        if left:
            part = copy(block_fn)
            part.outputs = [widgets[n] for n in left]
            values = [sent[n] for n in left]
            values = values if len(values) > 1 else values[0]
            made = await super().postprocess_data(part, values, state)
            for n, value in zip(left, made, strict=True):
                sent[n] = value
        return sent


def _is_sent_as_it_is(widget: Any, value: Any) -> bool:
    if isinstance(value, dict) and "__type__" in value:
        return value.keys() <= LOOKS_ALONE
    return isinstance(widget, gr.HTML) and isinstance(value, str | dict | None)


def spare_searches() -> None:
    """Tell Python where there is no matplotlib, for which gradio searches twice with each event."""
    if find_spec("matplotlib") is None:
        sys.modules["matplotlib"] = None  # type: ignore[assignment]
