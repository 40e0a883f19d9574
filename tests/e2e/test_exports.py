"""A person who takes the transcript along: every format, its options, and the report that plays."""

import csv
import json
import re
from io import StringIO
from pathlib import Path

import docx
import pysubs2
import webvtt
from playwright.sync_api import Playwright, expect

from .axe import expect_usable_by_all
from .test_viewer import correct_first
from .visitor import EXAMPLES, Visitor, visitor_of

CALL = EXAMPLES / "zh-call.wav"
WORDS = "请把冰箱退掉。"
NARROW = re.compile(r"\n请耐心\S{1,5}\n")
"""The first sentence, of nine characters, in a line of eight."""


def downloaded(visitor: Visitor, form: str) -> Path:
    """Press the button of a form; returns the file, under the name that the browser would give."""
    visitor.open_part("export")
    with visitor.page.expect_download() as caught:
        visitor.page.click(f"#download-{form}")
    path = Path(caught.value.path())
    named = path.with_name(caught.value.suggested_filename)
    path.rename(named)
    return named


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def test_a_correction_is_in_all_ten_formats(visitor: Visitor) -> None:
    visitor.transcribe(CALL)
    correct_first(visitor.page, WORDS)
    files = {form: downloaded(visitor, form) for form in ("txt", "md", "docx", "html")}
    assert {path.name for path in files.values()} == {f"zh-call.{form}" for form in files}
    assert WORDS in text_of(files["txt"])
    assert WORDS in text_of(files["md"])
    assert "data:audio/mpeg" in text_of(files["html"])
    document = docx.Document(str(files["docx"]))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert WORDS in "\n".join([*cells, *(each.text for each in document.paragraphs)])
    for form in ("srt", "ass"):
        assert WORDS in pysubs2.load(str(downloaded(visitor, form)))[0].plaintext
    assert WORDS in webvtt.read(str(downloaded(visitor, "vtt")))[0].text
    assert WORDS in text_of(downloaded(visitor, "lrc"))
    assert json.loads(text_of(downloaded(visitor, "json")))["segments"][0]["text"] == WORDS
    rows = csv.DictReader(StringIO(text_of(downloaded(visitor, "csv"))))
    assert WORDS in next(rows).values()


def test_subtitles_do_without_emotions_and_sounds_when_told_to(visitor: Visitor) -> None:
    visitor.transcribe(CALL)
    page = visitor.page
    coloured = text_of(downloaded(visitor, "vtt"))
    assert "<c.angry>" in coloured
    assert "[背景音乐]" in coloured
    page.click("#subtitle-preview > button")
    page.locator("#preview-form input[value=vtt]").check()
    preview = page.locator("#subtitles pre")
    expect(preview).to_contain_text("<c.happy>")
    assert coloured.startswith(preview.inner_text())
    page.get_by_label("字幕里标出情绪").uncheck()
    page.get_by_label("字幕里标出声音").uncheck()
    expect(preview).not_to_contain_text("<c.")
    page.locator("#wide-per-line input[type=number]").fill("8")
    page.keyboard.press("Tab")
    expect(preview).to_contain_text(NARROW)
    expect_usable_by_all(page)
    bare = text_of(downloaded(visitor, "vtt"))
    assert "<c." not in bare
    assert "[背景音乐]" not in bare
    assert bare.startswith(preview.inner_text())


def test_the_report_plays_from_a_file_without_a_network(
    visitor: Visitor, playwright: Playwright
) -> None:
    visitor.transcribe(CALL)
    report = downloaded(visitor, "html")
    with visitor_of(playwright, offline=True) as reader:
        reader.page.goto(report.as_uri())
        reader.page.locator(".rows li").nth(3).click()
        reader.page.wait_for_function(
            "() => [...document.querySelectorAll('audio')].some((a) => a.currentTime > 3)"
        )


def test_a_finished_report_can_be_downloaded_again(visitor: Visitor) -> None:
    visitor.transcribe(CALL)
    downloaded(visitor, "html")
    page = visitor.page
    expect(page.locator("#export-jobs")).to_contain_text("zh-call.html 已做好")
    page.reload()
    page.locator("html[data-settled]").wait_for(state="attached")
    with page.expect_download() as caught:
        page.get_by_role("button", name="再次下载").click()
    assert caught.value.suggested_filename == "zh-call.html"


def test_there_is_nothing_to_export_before_there_is_a_transcript(visitor: Visitor) -> None:
    expect(visitor.page.locator("#status .empty")).to_be_visible()
    expect(visitor.page.locator("#exports")).to_be_hidden()
    expect(visitor.page.locator("#result-tabs, #export-last, #verdict").first).to_be_hidden()
