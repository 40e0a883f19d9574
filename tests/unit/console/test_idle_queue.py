"""What Gradio's queue costs while nobody is there."""

import asyncio

import gradio as gr
import pytest

from richspeech.console.layout import rest_when_idle


def test_the_queue_looks_for_events_some_fifty_times_a_second_and_not_a_thousand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[float] = []
    mine: list[asyncio.AbstractEventLoop] = []
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        if asyncio.get_running_loop() in mine:  # other tests' servers may run beside
            looks.append(seconds)
        await sleep(seconds)

    async def idle(seconds: float) -> None:
        mine.append(asyncio.get_running_loop())
        with gr.Blocks() as page:
            rest_when_idle(page._queue)
        monkeypatch.setattr(asyncio, "sleep", counted)
        tasks = [page._queue.start_processing(), page._queue.start_progress_updates()]
        running = [asyncio.create_task(each) for each in tasks]
        await sleep(seconds)
        for each in running:
            each.cancel()

    asyncio.run(idle(0.5))
    assert 0 < len(looks) <= 60
