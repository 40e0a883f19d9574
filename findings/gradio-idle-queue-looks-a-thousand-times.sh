#!/usr/bin/env bash
# Gradio: a page that nobody has open keeps its event loop awake.
#
# Expected: a queue of events is a queue, so a server without visitors sleeps until a request comes.
# What happens (gradio 6.31.0): the queue looks for events every millisecond, and for progress every
# ten, as long as the server runs, whether or not it has a visitor. A server that did nothing else used
# 5 % of a core, and 1 % with fifty looks a second. Blocks._queue.sleep_when_free and
# progress_update_sleep_when_free change it; queue() has no argument for them.
# Source: Queue.start_processing and Queue.start_progress_updates in gradio/queueing.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gradio==6.31.0
GRADIO_ANALYTICS_ENABLED=False "$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import time
from importlib.metadata import version

import gradio as gr

with gr.Blocks() as page:
    gr.Textbox("nothing to do")

sleep = asyncio.sleep
looks = []


async def counted(seconds):
    looks.append(seconds)
    await sleep(seconds)


async def idle_for(seconds):
    asyncio.sleep = counted
    tasks = [asyncio.create_task(page._queue.start_processing())]
    await sleep(seconds)
    for each in tasks:
        each.cancel()
    asyncio.sleep = sleep
    return len(looks)


print("gradio", version("gradio"))
print("between looks, in seconds:", page._queue.sleep_when_free)
assert page._queue.sleep_when_free == 0.001, page._queue.sleep_when_free
before = time.process_time()
found = asyncio.run(idle_for(2))
print("looks in two seconds without any event:", found)
print("processor seconds of these two:", round(time.process_time() - before, 3))
assert found > 200, found
PYTHON
