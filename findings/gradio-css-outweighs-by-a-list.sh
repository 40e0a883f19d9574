#!/usr/bin/env bash
# Gradio: in the page's own CSS, a selector with a list in :is() outweighs what stands below it.
#
# Expected: Gradio puts a class of its own before each selector of css=, which weighs all of them
# equally more. So of two rules of one weight the later one still holds, as in the sheet as written.
# What happens (gradio 6.31.0): a selector is parted at every comma, also at those within :is(). So
# ":is(.one, .two)" gets the prefix a second time inside of the list, and since a list weighs what its
# heaviest member does, the rule weighs about twice as much as those around it, for .one too. Later
# rules for .one and .two do nothing. Lists at the top, ".one, .two", are free of it. The
# rule is in the page twice, as written and with the prefix, so looking at the first tells nothing.
# Source: the function prefix_css of the page that gradio 6.31.0 serves. Needs Chromium of Debian.
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

LISTS = {"at the top": ".one, .two", "in :is()": ":is(.one, .two)"}
LATER = "{} {{ outline: 1px solid; }} .one {{ outline-width: 5px; }} .two {{ outline-width: 5px; }}"
WIDTHS = """() => [...document.querySelectorAll("p.one, p.two")].map(
  (each) => getComputedStyle(each).outlineWidth)"""
DRAWN = "() => getComputedStyle(document.querySelector('p.two')).outlineStyle == 'solid'"
RULES = """() => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
  .map((rule) => rule.selectorText).filter((text) => text?.includes(".one"))"""

print("gradio", version("gradio"))
found = {}
with sync_playwright() as started:
    browser = started.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    for name, selector in LISTS.items():
        with gr.Blocks() as page:
            gr.HTML('<p class="one">one</p><p class="two">two</p>')
        _, address, _ = page.launch(
            prevent_thread_lock=True, quiet=True, css=LATER.format(selector)
        )
        seen = browser.new_page()
        seen.goto(address)
        seen.wait_for_selector("p.two")
        seen.wait_for_function(DRAWN)
        found[name] = seen.evaluate(WIDTHS)
        print(f"{name}: outlines of {found[name]}; first of the rules with a prefix:")
        print("   ", next(each for each in seen.evaluate(RULES) if each.startswith(".gradio")))
        page.close(verbose=False)
    browser.close()
assert found == {"at the top": ["5px", "5px"], "in :is()": ["1px", "1px"]}, found
PYTHON
