"""Recognised text is written from left to right or from right to left as its own letters are."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.unit.test_imports import ROOT

TEMPLATES = [*ROOT.glob("richspeech/console/**/*.html"), ROOT / "richspeech/writers/report.html"]
SAID = re.compile(
    r"\{\{[^}]*(?:marked\(|quote\(|(?:piece|row)\.text\b|line\.quote|\bspeaker(?: or \"–\")? \}\})"
)
"""What recordings say, or how somebody in them is called, in a template."""
EMPTY = {"input", "br", "img", "option"}


class Sayings(HTMLParser):
    """Finds what recordings say, and whether an element around it follows its letters."""

    def __init__(self) -> None:
        super().__init__()
        self.around: list[tuple[str, bool]] = []
        self.found: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in EMPTY:
            self.around.append((tag, ("dir", "auto") in attrs))

    def handle_endtag(self, tag: str) -> None:
        while self.around and self.around.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        follows = any(each for _, each in self.around)
        self.found += [follows] * len(SAID.findall(data))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_what_is_said_follows_its_own_letters(path: Path) -> None:
    sayings = Sayings()
    sayings.feed(path.read_text(encoding="utf-8"))
    assert all(sayings.found)


def test_there_is_something_said_on_the_page() -> None:
    counts = [len(SAID.findall(path.read_text(encoding="utf-8"))) for path in TEMPLATES]
    assert sum(counts) >= 10
