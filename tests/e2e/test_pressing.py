"""Slow fingers: what is pressed while the page is painted stays there, and no press is lost."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from .test_emotion import enter, hear
from .test_exports import downloaded
from .test_history import show
from .test_lab import go_to_lab
from .test_live import start_talking, talker
from .test_viewer import correct_first
from .visitor import Visitor, long_call, visitor_at, write_flac

PRESSED_MS = 700
"""The page paints more often than that."""


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording over which there is time to press everything."""
    return write_flac(tmp_path_factory.mktemp("long") / "slow.flac", *long_call(times=14))


@pytest.fixture
def guest(playwright: Playwright, remembering: str) -> Iterator[Visitor]:
    """Someone at the batch of the server that keeps a history."""
    with visitor_at(playwright, remembering) as visitor:
        show(visitor, "批量")
        yield visitor


def wait_for_paints(page: Page, place: str, times: int = 3) -> None:
    for _ in range(times):
        before = page.locator(place).inner_html()
        page.wait_for_function(
            "([place, before]) => document.querySelector(place).innerHTML !== before",
            arg=[place, before],
        )


def press_slowly(page: Page, button: str, place: str) -> None:
    """Look at ``place`` being painted, and press: the button is the same all the time."""
    pressed = page.locator(button).element_handle()
    wait_for_paints(page, place)
    assert pressed.evaluate("pressed => pressed.isConnected"), "it was exchanged for another"
    page.locator(button).click(delay=PRESSED_MS)


def test_a_slow_press_cancels_a_transcription(visitor: Visitor, long: Path) -> None:
    visitor.upload(long)
    visitor.press_start()
    press_slowly(visitor.page, "#cancel", "#status")
    assert visitor.result().startswith("已取消")


def test_work_can_be_begun_again_as_soon_as_it_was_cancelled(visitor: Visitor, long: Path) -> None:
    page = visitor.page
    visitor.upload(long)
    for _ in range(3):
        visitor.press_start()
        wait_for_paints(page, "#status", times=2)
        page.click("#cancel")
        expect(page.locator("#status .message")).to_contain_text("已取消")


def test_a_slow_press_cancels_a_report_beside_a_file_that_is_ready(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor.page
    visitor.upload(write_flac(tmp_path / "late.flac", *long_call(times=18)))
    visitor.press_start()
    visitor.result()
    correct_first(page, "请把冰箱退掉。")
    visitor.open_part("export")
    with page.expect_download():
        page.click("#download-training")
    expect(page.locator("#export-jobs .made")).to_have_count(1)
    page.click("#download-html")
    expect(page.locator("#export-jobs .making")).to_contain_text("/ 26:")
    press_slowly(page, "[data-stop=html]", "#export-jobs")
    page.locator("#export-jobs .making").wait_for(state="detached")
    expect(page.locator("#export-jobs .made")).to_have_count(1)
    page.locator("#export-jobs [data-save=training]").wait_for()
    assert zipfile.is_zipfile(downloaded(visitor, "docx"))


def test_a_slow_press_cancels_an_emotion_job(visitor: Visitor, long: Path) -> None:
    enter(visitor.page)
    hear(visitor.page, long)
    press_slowly(visitor.page, "#emotion-cancel", "#emotion-status")
    expect(visitor.page.locator("#emotion-status .message")).to_have_text("已取消。")


def test_a_slow_press_cancels_a_comparison(visitor: Visitor, long: Path) -> None:
    page = visitor.page
    go_to_lab(visitor)
    page.set_input_files("#lab-file input[type=file]", long)
    page.locator("#lab-file .file-preview").wait_for()
    page.click("#lab-start")
    press_slowly(page, "#lab-cancel", "#lab-status")
    expect(page.locator("#lab-status .message")).to_have_text("已取消。")


def test_a_slow_press_ends_a_talk(
    playwright: Playwright, address: str, spoken: tuple[Path, str]
) -> None:
    with talker(playwright, address, spoken[0]) as visitor:
        start_talking(visitor)
        press_slowly(visitor.page, "#live-start.stops", "#live-elapsed")
        assert visitor.result() == "识别完成"


def test_no_press_in_a_batch_is_lost(guest: Visitor, tmp_path: Path) -> None:
    page = guest.page
    names = [f"slow-{n}.flac" for n in range(6)]
    paths = [
        write_flac(tmp_path / name, *long_call(times=10, shift=n)) for n, name in enumerate(names)
    ]
    page.set_input_files("#batch-files input[type=file]", paths)
    expect(page.locator("#batch-files tr.file")).to_have_count(len(paths))
    page.click("#batch-start")
    expect(page.locator("#batch-list li")).to_have_count(len(paths))

    press_slowly(page, cancel_of(names[2]), "#batch-list")
    expect_cancelled(page, names[2])

    in_a_row = [cancel_of(name) for name in names[3:5]]
    page.evaluate("all => all.forEach((each) => document.querySelector(each).click())", in_a_row)
    for name in names[3:5]:
        expect_cancelled(page, name)

    page.locator(cancel_of(names[5])).focus()
    wait_for_paints(page, "#batch-list")
    page.keyboard.press(" ", delay=PRESSED_MS)
    expect_cancelled(page, names[5])

    press_slowly(page, "#batch-cancel", "#batch-status")
    expect(page.locator("#batch-status .message")).to_contain_text("已取消")


def cancel_of(name: str) -> str:
    return f"#batch-list [aria-label='取消 {name}']"


def expect_cancelled(page: Page, name: str) -> None:
    expect(page.locator("#batch-list li", has_text=name)).to_contain_text("已取消")
