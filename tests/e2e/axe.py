"""Whether everybody can use what is on the page, as far as axe-core can tell."""

import os
from functools import cache
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from .visitor import ROOT

SCRIPT = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
"""Put there by scripts/check_web.sh."""
STANDARDS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
"""WCAG 2.0, 2.1 and 2.2, levels A and AA."""
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
"""What of it depends on the colours."""

IS_DRAWN = """dark => !document.querySelector("gradio-app")
  || document.body.classList.contains("dark") === dark"""
VIOLATIONS = """async (rules) => {
  for (const each of document.getAnimations()) if (each instanceof CSSTransition) each.finish();
  const found = await axe.run({ runOnly: rules, resultTypes: ["violations"] });
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`));
}"""


def expect_usable_by_all(page: Page) -> None:
    """Hold what is shown now to the standards: in light colours all of them, in dark the contrast.

    Ends the test there, outside CI, where axe-core is not installed.
    """
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(script())
    found = [*violations(page, "dark", CONTRAST), *violations(page, "light", STANDARDS)]
    assert not found, "\n".join(found)


def violations(page: Page, colours: Literal["light", "dark"], rules: dict[str, Any]) -> list[str]:
    page.emulate_media(color_scheme=colours)
    page.wait_for_function(IS_DRAWN, arg=colours == "dark")
    return [f"{colours}: {each}" for each in page.evaluate(VIOLATIONS, rules)]


@cache
def script() -> str:
    if not SCRIPT.is_file():
        message = "axe-core is missing: run scripts/check_web.sh"
        assert not os.environ.get("CI"), message
        pytest.skip(message)
    return SCRIPT.read_text("utf-8")
