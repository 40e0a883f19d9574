#!/usr/bin/env bash
# Gradio: a handler that returns a dict of what changed may not return an empty one.
#
# Expected: a handler may return {component: value} for those of its outputs that change, so the empty
# dict says that nothing does.
# What happens (gradio 6.31.0): an empty dict counts as a value. With one output it is shown there, a
# textbox then reads "{}"; with two or more the event fails for want of values. What says "nothing
# changed" is gr.skip().
# Source: Blocks.postprocess_data in gradio/blocks.py looks for component keys only in a dict that
# holds something.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gradio==6.31.0
GRADIO_ANALYTICS_ENABLED=False "$folder/venv/bin/python" - <<'PYTHON'
import asyncio
from importlib.metadata import version

import gradio as gr

with gr.Blocks() as page:
    one, two = gr.Textbox("one"), gr.Textbox("two")
    button = gr.Button()
    button.click(lambda: {one: "changed"}, None, [one, two], api_name="some")
    button.click(lambda: {}, None, one, api_name="none_of_one")
    button.click(lambda: {}, None, [one, two], api_name="none_of_two")
    button.click(lambda: gr.skip(), None, [one, two], api_name="skip")


def answer(name):
    [event] = [each for each in page.fns.values() if each.api_name == name]
    return asyncio.run(page.process_api(event, []))["data"]


print("gradio", version("gradio"))
print("some of two:", answer("some"))
print("none of one:", answer("none_of_one"))
assert answer("none_of_one") == ["{}"], answer("none_of_one")
try:
    found = answer("none_of_two")
except ValueError as error:
    found = str(error).strip().splitlines()[0]
print("none of two:", found)
assert "enough output values" in str(found), found
print("skip:", answer("skip"))
assert all(each.get("__type__") == "update" for each in answer("skip"))
PYTHON
