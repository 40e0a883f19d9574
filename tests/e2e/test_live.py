"""Talking and reading along; a connection that is lost and comes back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from .axe import expect_usable_by_all
from .visitor import Visitor, read_samples, speak, visitor_of, write_samples

ALIKE = 0.8
"""Of 1: what the page must share with the words that were spoken."""
FAKE_DEVICE = "--use-fake-device-for-media-stream"
FAKE_PERSON = "--use-fake-ui-for-media-stream"
"""Allows the microphone when the browser asks."""


@contextmanager
def talker(playwright: Playwright, address: str, voice: Path) -> Iterator[Visitor]:
    """Someone whose microphone hears ``voice`` again and again, in the tab for talking."""
    with visitor_of(
        playwright,
        FAKE_DEVICE,
        FAKE_PERSON,
        f"--use-file-for-fake-audio-capture={voice}",
        permissions=["microphone"],
    ) as visitor:
        visitor.open(address)
        visitor.page.get_by_role("tab", name="实时").click()
        yield visitor


def start_talking(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="开始说话").click()


def wait_for_words_without_a_line(page: Page, words: str) -> None:
    """A busy machine may be too late for them once, and hears them again."""
    page.locator("#live-interim p", has_text=words).wait_for()


def first_line(visitor: Visitor) -> str:
    """The words of the first utterance, once they are final."""
    line = visitor.page.locator("#live-lines .line > p:first-child").first
    line.wait_for()
    return line.inner_text()


def visitor_elsewhere(page: Page) -> BrowserContext:
    """Somebody at another browser, who knows nothing of this one; gone with it."""
    browser = page.context.browser
    assert browser is not None
    return browser.new_context(locale="zh-CN")


def likeness(heard: str, said: str) -> float:
    return SequenceMatcher(None, heard, said, autojunk=False).ratio()


def test_what_is_said_is_read_while_it_is_said_and_opens_in_the_views(
    playwright: Playwright, address: str, spoken: tuple[Path, str]
) -> None:
    voice, said = spoken
    with talker(playwright, address, voice) as visitor:
        page = visitor.page
        with page.context.expect_page() as opening:
            page.get_by_role("link", name="大字幕").click()
        captions = opening.value
        captions.get_by_text("说的话会显示在这里").wait_for()
        page.get_by_role("button", name="在另一台电脑上显示").click()
        screen = visitor_elsewhere(page).new_page()
        screen.goto(page.locator("#live-screen-way code").inner_text())
        page.get_by_text("另一块屏幕正在显示字幕").wait_for()
        start_talking(visitor)
        wait_for_words_without_a_line(page, said[:2])
        assert likeness(first_line(visitor), said) > ALIKE
        expect(page.locator("#live-interim p", has_text=said[:2])).to_be_hidden()
        expect(page.locator("#live-lines li").first.locator(".chip.emotion")).to_have_count(1)
        expect(page.locator("#live-latency")).to_have_text(re.compile("秒$"))
        expect(captions.get_by_role("log").locator(".said").first).to_have_text(first_line(visitor))
        expect(screen.get_by_role("log").locator(".said").first).to_have_text(first_line(visitor))
        assert "#" not in screen.url
        expect_usable_by_all(page)
        page.get_by_role("button", name="收回链接").click()
        expect(screen.locator("#state")).to_contain_text("字幕结束了")
        page.get_by_role("button", name="停止").click()
        assert visitor.result() == "识别完成"
        assert likeness(visitor.lines()[0], said) > ALIKE
        page.locator("#player .player-name", has_text="live-").wait_for()
        seconds = page.wait_for_function(
            "document.querySelector('#player audio')?.duration"
        ).json_value()
        samples, rate = read_samples(voice)
        assert seconds > 0.8 * len(samples) / rate
        page.locator("#transcript .time").first.click()
        page.wait_for_function("document.querySelector('#player audio').currentTime > 0.1")
        expect(page.locator("#file .file-preview")).to_contain_text("live-")
        page.get_by_role("tab", name="实时").click()
        made = page.locator("#live-recording")
        expect(made.locator(".player-name")).to_have_text(re.compile(r"live-.*\.wav · 0:\d\d"))
        with page.expect_download() as loading:
            made.get_by_role("link", name="下载").click()
        assert len(read_samples(loading.value.path())[0]) > 0.8 * len(samples)
        made.get_by_role("button", name="按完整质量重新转写").click()
        page.locator("#status .message.done").wait_for()
        assert likeness(visitor.lines()[0], said) > ALIKE


def test_captions_show_what_another_window_says_as_text_and_grow_by_keys(
    visitor: Visitor, address: str
) -> None:
    captions = visitor.page.context.new_page()
    captions.goto(f"{address}/captions#other")
    heard = {"text": "<img src=x onerror=alert(1)>", "lang": "en", "signs": []}
    sign = {"symbol": "😊", "word": "<b>happy</b>"}
    told = {"state": "listening", "open": heard, "count": 1, "lines": [heard | {"signs": [sign]}]}
    tell = "told => new BroadcastChannel('richspeech.live.other').postMessage(told)"
    visitor.page.evaluate(tell, told)
    expect(captions.locator("#open")).to_have_text(heard["text"])
    expect(captions.locator("#lines")).to_have_text(f"{heard['text']}😊<b>happy</b>")
    assert captions.locator("#lines img, #lines b, #open img").count() == 0
    height = "document.querySelector('#lines p').offsetHeight"
    before = captions.evaluate(height)
    captions.keyboard.press("+")
    larger = captions.evaluate(height)
    assert larger > before
    captions.get_by_role("button", name="按键 + − f").click()
    captions.keyboard.press("+")
    captions.get_by_role("button", name="按键 + − f", pressed=False).click()
    assert captions.evaluate(height) == larger
    expect_usable_by_all(captions)
    captions.get_by_role("button", name="黑底白字").click()
    expect_usable_by_all(captions)


def test_a_reload_while_talking_loses_nothing(
    playwright: Playwright, address: str, spoken: tuple[Path, str]
) -> None:
    voice, said = spoken
    with talker(playwright, address, voice) as visitor:
        start_talking(visitor)
        visitor.page.locator("#live-interim p", has_text=said[:4]).wait_for()
        visitor.page.reload()
        visitor.page.locator("#player .player-name", has_text="live-").wait_for()
        assert visitor.result() == "识别完成"
        assert said[:4] in visitor.text()


def test_a_microphone_that_is_not_allowed_is_explained(
    playwright: Playwright, address: str
) -> None:
    with visitor_of(playwright, FAKE_DEVICE, f"{FAKE_PERSON}=deny") as visitor:
        visitor.open(address)
        visitor.page.get_by_role("tab", name="实时").click()
        start_talking(visitor)
        visitor.page.locator("#live-status", has_text="浏览器没有允许使用麦克风").wait_for()
        expect(visitor.page.get_by_role("button", name="开始说话")).to_be_enabled()


def test_an_address_without_a_microphone_says_how_to_get_one(
    playwright: Playwright, address: str
) -> None:
    with visitor_of(playwright) as visitor:
        visitor.open(address.replace("127.0.0.1", "hear.test"))
        visitor.page.get_by_role("tab", name="实时").click()
        start_talking(visitor)
        visitor.page.locator("#live-status", has_text="ssh -L").wait_for()
        visitor.page.get_by_role("button", name="用手机当麦克风").click()
        visitor.page.locator(
            "#live-status", has_text="手机浏览器只让 HTTPS 页面用麦克风"
        ).wait_for()
        assert visitor.page.locator("#live-way svg").count() == 0
        phone = visitor.page.context.new_page()
        phone.goto(f"{address}/phone#a-link")
        phone.get_by_role("button", name="开始").wait_for()
        expect_usable_by_all(phone)


def test_the_tab_speaks_english_at_once(visitor: Visitor) -> None:
    visitor.page.get_by_role("tab", name="实时").click()
    visitor.page.locator("#live").get_by_label("语言选择 (auto 为自动识别)").select_option("yue")
    speak(visitor.page, "English")
    visitor.page.get_by_role("button", name="Start talking").wait_for()
    language = visitor.page.locator("#live").get_by_label("Language (auto detects it)")
    expect(language.locator("option:checked")).to_have_text("yue · Cantonese")


def test_a_lost_connection_is_told_and_running_work_is_found_again(
    visitor: Visitor, spoken: tuple[Path, str], tmp_path: Path
) -> None:
    page = visitor.page
    samples, rate = read_samples(spoken[0])
    turn = np.concatenate([samples, np.zeros(rate)])
    visitor.upload(write_samples(tmp_path / "slow.wav", np.tile(turn, 200), rate))
    visitor.press_start()
    page.locator("#transcript .line").first.wait_for()
    page.evaluate("window.isTheSamePage = true")
    page.context.set_offline(True)
    page.locator("#lost", has_text="连接断了，正在重连").wait_for()
    expect(page.locator(".toast-wrap")).to_be_hidden()
    page.context.set_offline(False)
    page.wait_for_function("!window.isTheSamePage && document.documentElement.dataset.settled")
    expect(page.locator("#lost")).to_have_count(0)
    page.locator("#status [role=progressbar][aria-valuenow]").wait_for()
    done = "Number(document.querySelector('#status [aria-valuenow]')?.ariaValueNow)"
    page.wait_for_function(f"before => {done} > before", arg=page.evaluate(done))
    page.click("#cancel")
    assert visitor.result().startswith("已取消")


def test_the_tab_is_not_wider_than_a_phone(visitor: Visitor) -> None:
    visitor.page.get_by_role("tab", name="实时").click()
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.page.locator("#live-start").wait_for()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
