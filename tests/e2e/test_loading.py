"""The page while the model is still loading: it says so, and goes on by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from .conftest import SECONDS_TO_END, started, wait_for
from .program import Program
from .visitor import speak, visitor_of

HELD_BACK = """
import sys, time
from pathlib import Path
from richspeech.cli.app import main
from richspeech.engines import loader
from richspeech.errors import ModelError

load, gate = loader.load_engine, Path(sys.argv.pop(1))

def held_back(settings, engine):
    while not gate.exists():
        time.sleep(0.05)
    if gate.read_text() == "fail":
        raise ModelError("The weights are gone.")
    return load(settings, engine)

loader.load_engine = held_back
sys.exit(main(["serve", *sys.argv[1:]]))
"""


@dataclass
class Console:
    """A server whose model does not load before it is told to."""

    server: Program
    address: str
    gate: Path
    log: Path

    def let_load(self, how: str = "well") -> None:
        part = self.gate.with_suffix(".part")
        part.write_text(how)
        part.rename(self.gate)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    gate, log = tmp_path / "gate", tmp_path / "log.txt"
    with started(["-c", HELD_BACK, str(gate)], log) as (server, address):
        wait_for(server, f"{address}/health", log)
        yield Console(server, address, gate, log)


def test_a_page_that_is_opened_while_the_model_loads_says_so_and_then_transcribes(
    playwright: Playwright, console: Console, spoken: tuple[Path, str]
) -> None:
    with visitor_of(playwright) as visitor:
        visitor.open(console.address)
        banner, status, foot = map(visitor.page.locator, ("#banner", "#status", "#foot"))
        expect(banner).to_contain_text("模型加载中")
        expect(foot).to_contain_text("模型加载中")
        visitor.upload(spoken[0])
        visitor.press_start()
        status.get_by_text("模型加载中").wait_for()
        expect(visitor.page.locator("#cancel")).to_be_enabled()
        speak(visitor.page, "English")
        status.get_by_text("Loading the model").wait_for()
        expect(banner).to_contain_text("Loading the model")
        expect(foot).to_contain_text("Loading the model")
        assert visitor.page.request.get(f"{console.address}/readyz").status == 503
        console.let_load()
        assert visitor.result() == "Finished"
        expect(visitor.page.locator("#transcript .line").first).to_be_visible()
        banner.get_by_text("Small built-in model").wait_for()
        expect(foot).to_contain_text("sensevoice-tiny")
        assert visitor.page.request.get(f"{console.address}/readyz").status == 200


def test_waiting_for_the_model_can_be_cancelled(
    playwright: Playwright, console: Console, spoken: tuple[Path, str]
) -> None:
    with visitor_of(playwright, locale="en-US") as visitor:
        visitor.open(console.address)
        expect(visitor.page.locator("#banner")).to_contain_text("Loading the model")
        visitor.upload(spoken[0])
        visitor.press_start()
        visitor.page.locator("#status .progress").wait_for()
        visitor.page.click("#cancel")
        assert visitor.result() == "Cancelled before anything was transcribed."
        expect(visitor.page.locator("#start")).to_be_enabled()


def test_a_model_that_cannot_be_loaded_ends_the_process_with_one_sentence(
    playwright: Playwright, console: Console
) -> None:
    with visitor_of(playwright) as visitor:
        visitor.open(console.address)
        console.let_load("fail")
        assert console.server.wait(SECONDS_TO_END) == 1
    log = console.log.read_text(encoding="utf-8")
    assert log.endswith("The weights are gone.\n")
    assert "Traceback" not in log


def test_an_open_page_does_not_keep_the_process_from_ending(
    playwright: Playwright, console: Console
) -> None:
    with visitor_of(playwright) as visitor:
        visitor.open(console.address)
        console.server.terminate()
        assert console.server.wait(SECONDS_TO_END) == 0
    assert "Traceback" not in console.log.read_text(encoding="utf-8")
