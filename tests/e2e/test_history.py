"""What was transcribed once is answered at once, and found, opened and deleted later."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Playwright, expect

from .axe import expect_usable_by_all
from .visitor import EXAMPLES, Visitor, press_twice, read_samples, visitor_at, write_samples

LAUGHTER = EXAMPLES / "zh-laughter.wav"
SHOW = EXAMPLES / "zh-live-show.wav"


@pytest.fixture
def guest(playwright: Playwright, remembering: str) -> Iterator[Visitor]:
    """Someone with a Chinese browser, in Shanghai, at the server that keeps a history."""
    with visitor_at(playwright, remembering, timezone_id="Asia/Shanghai") as visitor:
        yield visitor


def show(visitor: Visitor, tab: str) -> None:
    visitor.page.locator("#tabs").get_by_role("tab", name=tab, exact=True).first.click()


def look_for(visitor: Visitor, line: str) -> None:
    visitor.page.locator("#history-line").locator("input, textarea").fill(line)
    visitor.page.click("#history-find")


def rows(visitor: Visitor) -> Locator:
    return visitor.page.locator("#history-list li")


def first_words(text: str) -> str:
    found = re.search(r"[\u4e00-\u9fff]{2,4}", text)
    assert found
    return found.group()


def test_the_same_recording_is_answered_from_the_history(guest: Visitor) -> None:
    first = guest.transcribe(LAUGHTER)
    assert first.startswith(("识别完成", "录音和设置都与"))
    text = guest.text()
    guest.page.reload()
    guest.page.locator("html[data-settled]").wait_for(state="attached")
    guest.upload(LAUGHTER)
    guest.press_start()
    answered = guest.page.locator("#status .message.done", has_text="直接给出历史记录里的结果")
    expect(answered).to_have_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"))
    assert guest.text() == text
    expect(guest.page.locator("#player audio")).to_be_visible()
    guest.page.click("#again")
    expect(guest.page.locator("#status .message.done")).to_have_text("识别完成")
    expect(guest.page.locator("#again")).to_be_hidden()
    assert guest.text() == text


def test_a_transcript_is_found_opened_and_deleted(
    guest: Visitor, playwright: Playwright, remembering: str
) -> None:
    guest.transcribe(SHOW)
    text = guest.text()
    with visitor_at(playwright, remembering) as other:  # who never had the recording
        show(other, "历史")
        look_for(other, f"{first_words(text)} event:掌声 name:show")
        expect(rows(other)).to_have_count(1)
        expect(rows(other).locator("mark").first).to_have_text(first_words(text))
        rows(other).get_by_role("button", name="打开 zh-live-show.wav").click()
        expect(other.page.locator("#status .message.done")).to_contain_text("历史记录，转写于")
        expect(other.page.locator("#player")).to_contain_text("录音已不在服务器上")
        assert other.text() == text
        second = other.page.locator(".lines li").nth(1)
        second.hover()
        second.locator(".here").click()
        link = second.locator(".here").get_attribute("data-copy")
        assert re.fullmatch(re.escape(remembering) + r"/#transcript=\d+&t=[\d.]+", link or "")
        other.page.goto("about:blank")
        other.page.goto(str(link))
        expect(second.locator(".time")).to_be_focused()
        assert "#" not in other.page.url
        show(other, "历史")
        delete = rows(other).get_by_role("button", name="删除 zh-live-show.wav")
        delete.click()
        expect(rows(other)).to_have_count(1)
        expect(delete).to_have_text("再按一次删除")
        press_twice(delete)  # which may have waited too long
        expect(rows(other)).to_have_count(0)
        expect(other.page.locator("#history-list .message")).to_have_text(
            "已删除 zh-live-show.wav。"
        )


def test_the_audit_log_says_who_opened_and_deleted_what(
    guest: Visitor, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    copy = tmp_path / "audited.wav"
    copy.write_bytes(LAUGHTER.read_bytes()[:-2_000])
    guest.transcribe(copy)
    show(guest, "历史")
    look_for(guest, "name:audited")
    expect(rows(guest)).to_have_count(1)
    rows(guest).locator("button.row-name").click()
    expect(guest.page.locator("#status .message.done")).to_contain_text("历史记录，转写于")
    show(guest, "历史")
    delete = rows(guest).get_by_role("button", name="删除 audited.wav")
    press_twice(delete)
    expect(guest.page.locator("#history-list .message.done")).to_contain_text("已删除")
    (path,) = tmp_path_factory.getbasetemp().glob("remembering[0-9]/audit.jsonl")
    opened, deleted = [json.loads(line) for line in path.read_text("utf-8").splitlines()][-2:]
    assert (opened["action"], opened["name"]) == ("opened", "audited.wav")
    assert (deleted["action"], deleted["transcripts"]) == ("deleted", [opened["transcript"]])
    for line in (opened, deleted):
        assert line["address"] == "127.0.0.1"
        assert re.fullmatch("[0-9a-f]{16}", line["request"])


def test_risky_calls_are_found_and_stand_first(guest: Visitor) -> None:
    guest.transcribe(EXAMPLES / "zh-call.wav")
    show(guest, "历史")
    look_for(guest, "name:zh-")
    guest.page.locator("#history-order").get_by_label("风险高的在前").check()
    expect(rows(guest).first).to_contain_text("zh-call.wav")
    expect(rows(guest).first).to_contain_text("高风险")
    add = rows(guest).first.get_by_label("给 zh-call.wav 加标签")
    add.first.click()
    add.last.fill("两个 词")
    add.last.press("Enter")
    expect(guest.page.locator("#history-list .message.error")).to_contain_text("不能作标签")
    add.last.fill("待回访")
    add.last.press("Enter")
    guest.page.get_by_role("group", name="标签").first.get_by_role("button", name="待回访").click()
    expect(guest.page.locator("#history-line").locator("input, textarea")).to_have_value(
        "name:zh- tag:待回访"
    )
    expect(rows(guest)).to_have_count(1)
    expect_usable_by_all(guest.page)
    rows(guest).get_by_role("button", name="去掉 zh-call.wav 的标签 待回访").click()
    expect(rows(guest)).to_have_count(0)

    look_for(guest, "risk:low name:zh-call")
    expect(rows(guest)).to_have_count(0)
    look_for(guest, "risk:高 name:zh-call")
    expect(rows(guest).first).to_contain_text("zh-call.wav")


def test_a_correction_is_what_the_history_finds(guest: Visitor) -> None:
    guest.transcribe(SHOW)
    line = guest.page.locator(".lines li").first
    line.hover()
    line.locator(".correct").click()
    line.locator("textarea").fill("谁也没说过的话")
    line.locator("button.save").click()
    expect(line).to_contain_text("已人工修改")
    show(guest, "历史")
    look_for(guest, "谁也没说过的话")
    expect(rows(guest)).to_have_count(1)
    expect(rows(guest)).to_contain_text("修改过")
    rows(guest).locator("button.row-name").click()
    expect(guest.page.locator("#status .message.done")).to_contain_text("历史记录，转写于")
    expect(guest.page.locator("#player audio")).to_be_visible()
    assert guest.text().startswith("谁也没说过的话")


def write(visitor: Visitor, text: str) -> None:
    """Correct the first line."""
    line = visitor.page.locator(".lines li").first
    line.hover()
    line.locator(".correct").click()
    line.locator("textarea").fill(text)
    line.locator("button.save").click()


def test_two_people_on_one_transcript_are_told_of_each_other_and_lose_nothing(
    guest: Visitor, playwright: Playwright, remembering: str
) -> None:
    line, page = guest.page.locator(".lines li").first, guest.page
    guest.transcribe(LAUGHTER)
    with visitor_at(playwright, remembering) as other:
        other.transcribe(LAUGHTER)
        write(other, "别人写的。")
        expect(other.page.locator(".lines li").first).to_contain_text("已人工修改")
        expect(other.page.locator(".company")).to_have_text("还有人打开着这份转写。")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as in 15 s
        expect(page.locator(".company")).to_have_text("还有人打开着这份转写。")
        expect(page.locator(".conflict")).to_contain_text("在此处打开之后被别人修改过")
    write(guest, "我写的。")
    expect(page.locator(".conflict")).to_contain_text("期间有人修改了这份转写")
    expect(line.locator("textarea")).to_have_value("我写的。")
    page.locator(".conflict .load").click()
    expect(page.locator(".conflict")).to_be_hidden()
    expect(line.locator(".line > p").first).to_have_text("别人写的。")
    expect(line.locator("textarea")).to_have_value("我写的。")
    line.locator("button.save").click()
    expect(line.locator("form")).to_have_count(0)
    expect(line.locator(".line > p").first).to_have_text("我写的。")
    page.locator("#transcript .undo").click()
    expect(line.locator(".line > p").first).to_have_text("别人写的。")
    page.locator("#transcript .undo").click()
    expect(page.locator("#transcript .undo")).to_be_hidden()


def test_a_wrong_search_is_told_in_a_sentence(guest: Visitor) -> None:
    show(guest, "历史")
    look_for(guest, "emotion:无聊")
    message = guest.page.locator("#history-list .message.error")
    expect(message).to_contain_text("没有“无聊”这种情绪")
    guest.page.get_by_text("如何缩小范围").click()
    expect(guest.page.locator(".search-help code").first).to_have_text("emotion:愤怒")


def test_everything_can_be_wiped(guest: Visitor, tmp_path: Path) -> None:
    copy = tmp_path / "again.wav"
    copy.write_bytes(LAUGHTER.read_bytes())
    guest.transcribe(copy)
    show(guest, "历史")
    expect(rows(guest).first).to_be_visible()
    wipe = guest.page.locator("#history-list [data-press=wipe_all]")
    wipe.click()
    expect(wipe).to_contain_text("再按一次，删除全部")
    press_twice(wipe)  # which may have waited too long
    expect(guest.page.locator("#history-list")).to_contain_text("还没有记录")
    expect(guest.page.locator("#history-list .message")).to_contain_text("条记录")


def test_a_server_that_keeps_nothing_says_so(visitor: Visitor) -> None:
    show(visitor, "历史")
    expect(visitor.page.locator("#history .message")).to_contain_text("history.enabled: true")
    expect(visitor.page.locator("#foot")).not_to_contain_text("历史记录")


def talk(path: Path, *files: str) -> Path:
    """People who speak by turns, all in one signal."""
    heard = [read_samples(EXAMPLES / each) for each in files]
    rate = heard[0][1]
    pause = np.zeros(rate)
    sounds = [part for samples, _ in heard for part in (samples, pause)]
    return write_samples(path, np.concatenate(sounds), rate)


def tell_two_apart(visitor: Visitor, path: Path) -> None:
    visitor.page.click("#settings button")
    visitor.page.locator("#voices input").click()
    visitor.page.get_by_role("option", name="2 人", exact=True).click()
    visitor.transcribe(path)


def test_two_voices_are_told_apart_and_one_that_was_named_is_suggested_until_it_is_forgotten(
    guest: Visitor, tmp_path: Path
) -> None:
    page = guest.page
    tell_two_apart(guest, talk(tmp_path / "talk.wav", "en-meeting.wav", "ja-sad.wav"))
    chips = page.locator("#transcript .chip.speaker")
    expect(chips.first).to_have_text("说话人: A")
    expect(chips.last).to_have_text("说话人: B")
    expect(page.locator("#voices-found .message")).to_have_count(0)
    chips.first.click()
    page.locator(".correction .name").fill("Anna")
    page.keyboard.press("Enter")
    expect(chips.first).to_have_text("说话人: Anna")
    before = guest.text()
    page.reload()
    page.locator("html[data-settled]").wait_for(state="attached")
    tell_two_apart(guest, talk(tmp_path / "later.wav", "ja-sad.wav", "en-meeting.wav"))
    guest.text(besides=before)
    found = page.locator("#voices-found .message")
    expect(found).to_have_text(re.compile(r"B 的声音像 Anna（相似度 (1\.00|0\.9\d)）。"))
    expect(chips.last).to_have_text("说话人: B")  # nobody is renamed unasked
    found.get_by_role("button").click()
    expect(chips.last).to_have_text("说话人: Anna")
    expect(found).to_have_count(0)
    show(guest, "历史")
    kept = page.locator("#voices-kept details")
    kept.locator("summary").click()
    expect(kept.locator("li")).to_have_text(re.compile("Anna.*2 个声纹"))
    press_twice(kept.locator("li button"))
    expect(kept.locator("li")).to_have_count(0)
    press_twice(kept.locator("button", has_text="忘记所有声音"))
    expect(page.locator("#voices-kept .message")).to_have_text("已删除 2 个声纹。")
