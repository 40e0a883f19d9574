"""What pages are sent is what gradio would send, with less work."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from copy import deepcopy
from importlib import import_module
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from richspeech.console.sparing import SparingBlocks, spare_searches
from richspeech.console.widgets import QUICK

STEPS = (["<p>one</p>", gr.skip(), gr.skip()], ["<p>two</p>", gr.update(value="Go on"), gr.skip()])


async def steps() -> AsyncIterator[list[Any]]:
    for each in STEPS:
        yield each


def page(**how: Any) -> tuple[SparingBlocks, Any]:
    """Make a page of three widgets, and the event that writes to them."""
    with SparingBlocks() as blocks:
        button, place, choice = gr.Button("Begin"), gr.HTML(), gr.Dropdown(["a", "b"])
        button.click(steps, None, [place, button, choice], **how)
    blocks.create_limiter()
    [event] = blocks.fns.values()
    return blocks, event


@pytest.mark.parametrize(
    "answer",
    [
        ["<p>words</p>", gr.update(interactive=False), gr.skip()],
        [{"segments": ["{}"]}, gr.update(visible=False), "b"],
        [None, gr.update(value="Again", visible=True), gr.update(choices=["c"], value="c")],
        [gr.update(value="<p>words</p>"), gr.skip(), gr.update(visible=True, interactive=True)],
        gr.skip(),
    ],
)
def test_the_same_is_sent_as_gradio_sends(answer: Any) -> None:
    blocks, event = page(**QUICK)
    again = deepcopy(answer)  # gradio takes the values out of updates
    usual = gr.Blocks.postprocess_data(blocks, event, again, SessionState(blocks))
    spared = blocks.postprocess_data(event, answer, SessionState(blocks))
    assert asyncio.run(spared) == asyncio.run(usual)


def test_choices_that_come_later_are_known_to_the_server() -> None:
    blocks, event = page(**QUICK)
    state, [*_, choice] = SessionState(blocks), event.outputs
    answer = ["", gr.skip(), gr.update(choices=["c"])]
    asyncio.run(blocks.postprocess_data(event, answer, state))
    assert state[choice._id].choices == [("c", "c")]


def answers(blocks: SparingBlocks, event: Any) -> Sequence[list[Any]]:
    """Return what is sent of an event, from its beginning to its end."""

    async def asked() -> list[list[Any]]:
        state, iterator, sent = SessionState(blocks), None, list[list[Any]]()
        while not sent or iterator is not None:
            made = await blocks.process_api(
                block_fn=event,
                inputs=[],
                state=state,
                iterator=iterator,
                session_hash="page",
                event_id="event",
            )
            iterator = made["iterator"]
            sent.append(made["data"])
        return sent

    return asyncio.run(asked())


def test_the_end_of_steps_changes_nothing_any_more() -> None:
    first, _, end = answers(*page(**QUICK))
    assert first[0] == "<p>one</p>"
    assert end == [gr.skip()] * 3


def test_programs_get_the_last_step_as_their_answer() -> None:
    [*_, end] = answers(*page(api_visibility="public"))
    assert end[0] == "<p>two</p>"


class Searches:
    """Stands among those who find modules, and finds none."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, name: str, *_: object) -> None:
        self.names.append(name)


def test_what_is_not_installed_is_not_searched_for_with_every_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("richspeech.console.sparing.find_spec", lambda _: None)
    spare_searches()
    searches = Searches()
    monkeypatch.setattr(sys, "meta_path", [searches])
    with pytest.raises(ImportError):
        import_module("matplotlib")
    assert not searches.names
