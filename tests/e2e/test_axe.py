"""That the tests of the page would notice what somebody cannot use."""

import pytest
from playwright.sync_api import Playwright

from .axe import expect_usable_by_all
from .visitor import visitor_of

PALE = """<!doctype html><html lang="en"><title>Pale</title>
<style>@media (prefers-color-scheme: dark) { body { background: #111; color: #555 } }</style>
<p>Some words</p>"""


def test_a_button_without_a_name_and_words_too_dark_for_the_dark_are_found(
    playwright: Playwright,
) -> None:
    with visitor_of(playwright) as visitor:
        visitor.page.set_content(f"{PALE}<button></button>")
        with pytest.raises(AssertionError) as found:
            expect_usable_by_all(visitor.page)
    told = str(found.value)
    assert "light: button-name at button" in told
    assert "dark: color-contrast at p" in told
    assert "light: color-contrast" not in told
