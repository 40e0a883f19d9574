#!/usr/bin/env bash
# Gradio: a page on which nothing happens asks for sixty frames a second for as long as it is open.
#
# Expected: once a page has been drawn, and no event is on its way, its browser rests.
# What happens (gradio 6.31.0): the tracker of progress asks for the next frame as long as its event is
# pending, to count tenths of a second. It does not stop when it is taken away while that is so, as the
# one of the page's own loading always is. Here a page of one text, with no event at all, asks for 60
# frames a second ten seconds after it was opened. In Chromium without a GPU that was a tenth of a core of
# the visitor's computer, three tenths with a page that has much to draw. Frames stop only in a tab that is
# hidden. A second page gives that one script a slow function: it asks for as good as none.
# Source: the script statustracker-*.js of the page that gradio 6.31.0 serves. Needs Chromium of Debian.
set -euo pipefail
chromium=$(command -v chromium) || { echo "chromium is missing: apt-get install chromium" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gradio==6.31.0 playwright==1.65.2
cd "$folder"
GRADIO_ANALYTICS_ENABLED=False "$folder/venv/bin/python" - "$chromium" <<'PYTHON'
import sys
from importlib.metadata import version

import gradio as gr
from playwright.sync_api import sync_playwright

REST, WATCHED = 10, 4  # seconds
COUNT = """
window.asked = {};
const frame = window.requestAnimationFrame;
const slow = (draw) => setTimeout(() => frame(draw), 1000);
window.requestAnimationFrame = (draw) => {
  const tracker = new Error().stack.includes("/statustracker-");
  const who = tracker ? "tracker" : "others";
  window.asked[who] = (window.asked[who] ?? 0) + 1;
  return tracker && SLOW ? slow(draw) : frame(draw);
};
"""

print("gradio", version("gradio"))
with gr.Blocks() as page:
    gr.HTML("nothing happens here")
_, address, _ = page.launch(prevent_thread_lock=True, quiet=True)
found = {}
with sync_playwright() as started:
    browser = started.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    for name, slow in (("as it is", "false"), ("with a slow function", "true")):
        seen = browser.new_page()
        seen.add_init_script(COUNT.replace("SLOW", slow))
        seen.goto(address)
        seen.get_by_text("nothing happens here").wait_for()
        seen.wait_for_timeout(REST * 1_000)
        seen.evaluate("window.asked = {}")
        seen.wait_for_timeout(WATCHED * 1_000)
        found[name] = {who: count / WATCHED for who, count in seen.evaluate("window.asked").items()}
        print(f"  {name}: frames a second asked for by {found[name]}")
        seen.close()
    browser.close()
page.close(verbose=False)
assert found["as it is"]["tracker"] > 20, found
assert found["with a slow function"]["tracker"] < 3, found
PYTHON
