"""A page is right from its first moment: in the visitor's language, and asking the server once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect

from .visitor import Visitor, speak, visitor_of

WATCH = r"""
window.seen = new Set();
new MutationObserver(() => {
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: place, textContent: text } = walker.currentNode;
    if (place?.closest("script, style") || !/[\u3400-\u9fff]/.test(text)) continue;
    window.seen.add(text.trim());
  }
}).observe(document, { childList: true, subtree: true, characterData: true });
"""
"""Remembers every Chinese text that has ever stood in the page."""


@pytest.fixture
def english(playwright: Playwright) -> Iterator[Visitor]:
    """An English browser that remembers which Chinese it has met."""
    with visitor_of(playwright, is_cold=True, locale="en-US") as visitor:
        visitor.page.add_init_script(WATCH)
        yield visitor


@pytest.fixture
def chinese(playwright: Playwright) -> Iterator[Visitor]:
    """A Chinese browser that remembers the same."""
    with visitor_of(playwright, is_cold=True) as visitor:
        visitor.page.add_init_script(WATCH)
        yield visitor


def met(visitor: Visitor) -> set[str]:
    return set(visitor.page.evaluate("[...window.seen]"))


def test_an_english_reader_never_meets_a_chinese_word(english: Visitor, address: str) -> None:
    english.open(address)
    assert met(english) == set()


def test_the_watch_would_have_seen_chinese(chinese: Visitor, address: str) -> None:
    chinese.open(address)
    assert "转写" in met(chinese)


def test_a_language_that_was_chosen_is_there_from_the_first_moment_of_the_next_visit(
    chinese: Visitor, address: str
) -> None:
    chinese.open(address)
    speak(chinese.page, "English")
    expect(chinese.page.locator("#start")).to_have_text("Start AI recognition")
    chinese.open(address)
    assert met(chinese) == set()
    expect(chinese.page.locator("html")).to_have_attribute("lang", "en")


def test_a_choice_from_before_there_was_a_cookie_is_kept(chinese: Visitor, address: str) -> None:
    chinese.open(address)
    chinese.page.evaluate("localStorage.setItem('richspeech.locale', 'en')")
    chinese.open(address)
    expect(chinese.page.locator("#start")).to_have_text("Start AI recognition")
    expect(chinese.page.locator("html")).to_have_attribute("lang", "en")


STREAM_IS_OVER = """() => performance.getEntriesByType("resource")
  .some(({ name, responseEnd }) => name.includes("/queue/data") && responseEnd > 0)"""
"""Whether the page has heard all answers; either side may be first to close the stream."""


def test_a_new_window_asks_the_server_for_one_thing(english: Visitor, address: str) -> None:
    asked: list[str] = []
    english.page.on("request", lambda request: asked.append(request.url))
    english.open(address)
    english.page.wait_for_function(STREAM_IS_OVER)
    assert sum("/queue/join" in url for url in asked) == 1
