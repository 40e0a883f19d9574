"""A person who wants to know what a recording is like, and to show its best or worst moments."""

import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
import webvtt
from playwright.sync_api import Page, Playwright, expect

from .test_page import video_of
from .test_viewer import player_time, wait_until_shown
from .visitor import EXAMPLES, Visitor, speak, visitor_at

CALL = EXAMPLES / "zh-call.wav"
CHINESE = re.compile(r"[\u3400-\u9fff]+")


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    """Someone before the review of the call."""
    visitor.transcribe(CALL)
    wait_until_shown(visitor)
    return visitor


def choose(page: Page, name: str) -> None:
    page.locator("#result-tabs").get_by_role("tab", name=name).click()


def length(content: bytes) -> tuple[float, bool]:
    """Seconds of sound, and whether there are pictures."""
    with av.open(BytesIO(content), "r") as container:
        pictures = bool(container.streams.video)
        frames = [frame.samples / frame.sample_rate for frame in container.decode(audio=0)]
    return sum(frames), pictures


def made(page: Page, form: str) -> tuple[str, bytes]:
    with page.expect_download() as caught:
        page.click(f"[data-make={form}]")
    return caught.value.suggested_filename, Path(caught.value.path()).read_bytes()


def span(page: Page, number: int) -> tuple[float, float]:
    """Start and end of a highlight in seconds."""
    trim = page.locator("#highlights .trim").nth(number)
    start, end = (trim.get_attribute(f"data-{edge}") or "nan" for edge in ("start", "end"))
    return float(start), float(end)


def test_insight_tells_shares_rates_and_sounds(reader: Visitor) -> None:
    choose(reader.page, "分析")
    insight = reader.page.locator("#insight")
    for words in (r"愤怒\s+\d+%", r"普通话\s+每分钟 \d+ 字", r"音乐\s+\d+ 段"):
        expect(insight).to_have_text(re.compile(words), use_inner_text=True)
    head = insight.inner_text().split("时间分布")[0]
    shares = [int(each) for each in re.findall(r"(\d+)%", head)]
    assert sum(shares) == pytest.approx(100, abs=3)


def test_a_column_of_the_curve_plays_from_its_start(reader: Visitor) -> None:
    page = reader.page
    choose(page, "分析")
    columns = page.locator("#insight .windows button")
    column = columns.nth(4)
    start = float(column.get_attribute("data-seek") or "nan")
    column.click()
    assert start - 0.1 <= player_time(page) < start + 3
    column.focus()
    page.keyboard.press("ArrowRight")
    expect(columns.nth(5)).to_be_focused()
    page.keyboard.press("Enter")
    after = float(columns.nth(5).get_attribute("data-seek") or "nan")
    assert after - 0.1 <= player_time(page) < after + 3


def test_a_correction_changes_insight_and_risk(reader: Visitor) -> None:
    page = reader.page
    choose(page, "风险")
    score = page.locator("#risk .score b")
    before = int(score.inner_text())
    choose(page, "文字")
    angry = page.locator("#transcript li").filter(has=page.locator(".chip.angry"))
    assert before > 0
    for _ in range(angry.count()):
        angry.first.hover()
        angry.first.locator(".correct").click()
        page.locator(".correction select").first.select_option("happy")
        many = angry.count()
        page.locator(".correction .save").click()
        expect(angry).to_have_count(many - 1)
    choose(page, "风险")
    expect(score).not_to_have_text(str(before))
    assert int(score.inner_text()) < before
    choose(page, "分析")
    expect(page.locator("#insight .insight_emotions")).not_to_contain_text("愤怒")


def test_points_of_the_risk_say_why_and_play_their_seconds(reader: Visitor) -> None:
    page = reader.page
    choose(page, "风险")
    expect(page.locator("#risk")).to_contain_text("不是结论")
    point = page.locator("#risk .points li", has_text="愤怒").first
    evidence = point.locator("[data-seek]").first
    start = float(evidence.get_attribute("data-seek") or "nan")
    evidence.click()
    assert start - 0.1 <= player_time(page) < start + 3


def test_the_rules_of_another_trade_are_chosen_on_the_page(reader: Visitor) -> None:
    page = reader.page
    choose(page, "风险")
    risk = page.locator("#risk")
    expect(risk).to_contain_text("提出要求")
    page.locator("#risk-rules input").click()
    page.get_by_role("option", name="课堂").click()
    expect(risk).not_to_contain_text("提出要求")
    expect(risk).to_contain_text("愤怒")


def test_the_ticked_highlights_are_cut_joined_and_listed(reader: Visitor) -> None:
    page = reader.page
    choose(page, "精彩")
    boxes = page.locator("#highlights [data-key]")
    expect(boxes.nth(1)).to_be_visible()
    everything = boxes.count()
    page.get_by_role("button", name="全不选").click()
    expect(page.locator("[data-make=clips]")).to_be_disabled()
    boxes.nth(1).check()
    found = span(page, 1)
    trim = page.locator("#highlights .trim").nth(1)
    trim.locator("summary").click()
    trim.locator(".stretch-from").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    trim.locator("[data-reset]").wait_for()
    start, end = span(page, 1)
    assert (start, end) == pytest.approx((found[0] + 0.5, found[1]), abs=0.01)
    expect(trim.locator(".stretch-from")).to_be_focused()
    trim.locator("[name='end']").fill(f"{end - 0.5:.2f}")
    page.keyboard.press("Tab")
    expect(trim).to_have_attribute("data-end", re.compile(f"^{end - 0.5:.2f}"))
    start, end = span(page, 1)
    expect(boxes.first).not_to_be_checked()
    trim.locator("[data-hear]").click()
    page.wait_for_function(f"document.querySelector('#player audio').currentTime >= {start}")
    name, content = made(page, "clips")
    assert name == "zh-call-clips.zip"
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert archive.namelist() == ["zh-call-01.wav"]
        seconds, _ = length(archive.read("zh-call-01.wav"))
    assert seconds == pytest.approx(end - start, abs=0.1)
    page.get_by_role("button", name="全选").click()
    whole = sum(end - start for start, end in (span(page, n) for n in range(everything)))
    name, reel = made(page, "reel")
    assert name == "zh-call-reel.wav"
    assert length(reel)[0] == pytest.approx(whole, abs=0.3)
    chapters = webvtt.from_string(made(page, "chapters")[1].decode())
    assert [each.start_in_seconds for each in chapters.captions] == [
        int(span(page, n)[0]) for n in range(everything)
    ]
    assert made(page, "edl")[1].decode().count("FROM CLIP NAME: zh-call.wav") == everything
    page.reload()
    page.locator("html[data-settled]").wait_for(state="attached")
    choose(page, "精彩")
    trim.locator("summary").click()
    assert span(page, 1) == (start, end)
    trim.locator("[data-reset]").click()
    trim.locator("[data-reset]").wait_for(state="detached")
    assert span(page, 1) == found


def test_of_a_video_the_clips_are_videos(visitor: Visitor, tmp_path: Path) -> None:
    visitor.transcribe(video_of(CALL, tmp_path / "call.mp4"))
    page = visitor.page
    choose(page, "精彩")
    with zipfile.ZipFile(BytesIO(made(page, "clips")[1])) as archive:
        first = archive.read("call-01.mp4")
    start, end = span(page, 0)
    seconds, pictures = length(first)
    assert pictures
    assert seconds == pytest.approx(end - start, abs=0.3)


def test_what_was_unticked_stays_so_in_the_other_language(reader: Visitor) -> None:
    page = reader.page
    choose(page, "精彩")
    boxes = page.locator("#highlights [data-key]")
    boxes.first.uncheck()
    speak(page, "English")
    expect(page.locator("#highlights")).to_contain_text("Based on")
    expect(boxes.first).not_to_be_checked()
    expect(boxes.nth(1)).to_be_checked()
    tabs = page.locator("#result-tabs [role=tab]")
    expect(tabs.filter(has_text=CHINESE)).to_have_count(0)
    for part in ("analysis", "highlights", "export"):
        reader.open_part(part)
        words = page.locator("#result-tabs [role=tabpanel]:visible").inner_text()
        quotes = " ".join(page.locator("#result-tabs .quote").all_inner_texts())
        assert {*CHINESE.findall(words)} - {*CHINESE.findall(quotes)} == set()


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_every_part_fits_on_a_phone(playwright: Playwright, address: str, locale: str) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    with visitor_at(playwright, address, locale=locale, **phone) as visitor:
        visitor.transcribe(CALL)
        page = visitor.page
        visitor.wait_until_all_is_drawn()
        tabs = page.locator("#result-tabs [role=tab]:visible")
        expect(tabs).to_have_count(5)
        expect(page.locator("#tabs > .tab-wrapper [role=tab]:visible")).to_have_count(7)
        for tab in tabs.all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
