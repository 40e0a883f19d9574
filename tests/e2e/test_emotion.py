"""A person in the tab of emotions, and one who asks an emotion recogniser about a transcript."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from richspeech.language.catalog import say

from .axe import expect_usable_by_all
from .visitor import EXAMPLES, Visitor, read_samples, write_samples

CALL = EXAMPLES / "zh-call.wav"
SURPRISED = "yue-surprised.wav"


def enter(page: Page, locale: str = "zh") -> None:
    page.get_by_role("tab", name=say("tab_emotion", locale), exact=True).click()
    page.locator("#emotion-start").wait_for()


def hear(page: Page, path: Path) -> None:
    page.set_input_files("#emotion-file input[type=file]", path)
    page.locator("#emotion-file .file-preview").wait_for()
    page.click("#emotion-start")


def wait_until_all_is_drawn(page: Page) -> None:
    expect(page.locator("#emotion-scores li")).to_have_count(9)
    expect(page.locator("#emotion-journal")).not_to_be_empty()
    expect(page.locator("#emotion-download-result")).to_be_visible()


def downloaded(page: Page, selector: str) -> bytes:
    with page.expect_download() as caught:
        page.click(selector)
    return Path(caught.value.path()).read_bytes()


def player_time(page: Page) -> float:
    return float(page.evaluate("document.querySelector('#emotion-player audio').currentTime"))


def test_a_recording_shows_its_emotion_nine_bars_a_curve_and_a_log(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor.page
    enter(page)
    page.locator("#emotion-embedding input").check()
    hear(page, EXAMPLES / SURPRISED)
    page.locator("#emotion-verdict .verdict").wait_for()
    expect(page.locator(".verdict-word")).to_contain_text("惊讶")
    expect(page.locator("#emotion-verdict")).to_contain_text(say("emotion_tiny_head", "zh"))
    expect(page.locator("#emotion-scores li")).to_have_count(9)
    shares = [
        float(text.strip("%")) for text in page.locator("#emotion-scores b").all_inner_texts()
    ]
    assert sum(shares) == pytest.approx(100, abs=0.5)
    expect(page.locator("#emotion-journal")).to_contain_text("毫秒")

    result = json.loads(downloaded(page, "#emotion-download-result"))
    assert (result["emotion"], result["granularity"]) == ("surprised", "frame")
    assert result["confidence"] * 100 == pytest.approx(shares[0], abs=0.06)
    matrix = np.load(io.BytesIO(downloaded(page, "#emotion-download-embedding")))
    assert abs(len(matrix) - 50 * result["duration"]) < 4
    sound = tmp_path / "sound.wav"
    sound.write_bytes(downloaded(page, "#emotion-download-audio"))
    samples, rate = read_samples(sound)
    assert rate == 16_000
    assert len(samples) / rate == pytest.approx(result["duration"], abs=0.01)

    page.wait_for_function("document.querySelector('#emotion-player audio')?.duration > 0")
    stage = page.locator(".curve-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    stage.hover(position={"x": 60, "y": 40})
    rows = page.locator("#emotion-curve .timeline-tip div")
    expect(rows).to_have_count(10)
    expect(rows.nth(1)).to_have_text(re.compile("^惊讶"))
    stage.click(position={"x": box["width"] - 20, "y": 60})
    assert player_time(page) > result["duration"] * 0.8
    page.evaluate("document.querySelector('#emotion-player audio').pause()")
    stage.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert player_time(page) == pytest.approx(1, abs=0.1)
    expect(stage).to_have_attribute("aria-valuetext", re.compile("%"))
    shown = page.locator("#emotion-curve .timeline-window")
    expect(shown).to_be_hidden()
    page.keyboard.press("+")
    expect(shown).to_be_visible()
    page.locator("#emotion-curve [data-zoom='0']").click()
    expect(shown).to_be_hidden()

    page.reload()
    page.locator("html[data-settled]").wait_for(state="attached")
    enter(page)
    page.locator("#emotion-verdict .verdict").wait_for()


def test_silence_says_so_and_the_page_goes_on(english_visitor: Visitor, tmp_path: Path) -> None:
    page = english_visitor.page
    enter(page, "en")
    hear(page, write_samples(tmp_path / "silent.wav", np.zeros(32_000), 16_000))
    error = page.locator("#emotion-status .message.error")
    expect(error).to_contain_text("only silence")
    page.get_by_text(say("emotion_granularity_utterance", "en")).click()
    page.locator("#emotion-examples button").first.click()
    page.locator("#emotion-verdict .verdict").wait_for()
    wait_until_all_is_drawn(page)
    expect(page.locator(".curve-stage")).to_be_hidden()
    expect(page.locator("#emotion-download-embedding")).to_be_hidden()


def test_an_emotion_recogniser_marks_the_lines_on_which_the_two_disagree(visitor: Visitor) -> None:
    page = visitor.page
    visitor.transcribe(CALL)
    visitor.open_part("analysis")
    page.click("#ask-second-opinion")
    page.locator("#second-opinion-said .message.done").wait_for()
    visitor.open_part("text")
    page.locator(".chip.second").first.wait_for()
    count = page.locator(".chip.second.disagrees").count()
    expect(page.locator("#second-opinion-said")).to_contain_text(f"{count} 句判断不同")
    expect(page.locator("#second-opinion-said")).to_contain_text("高风险：愤怒")
    everything = page.locator(".lines li:visible").count()
    page.locator(".only-disagreeing input").check()
    page.wait_for_function(
        "count => document.querySelectorAll('.lines li:not([hidden])').length === count", arg=count
    )
    assert 0 < count < everything
    expect(page.locator(".lines li:visible .chip.second.disagrees")).to_have_count(count)


@pytest.mark.parametrize("width", [390])
def test_a_phone_shows_the_result_without_scrolling_sideways(visitor: Visitor, width: int) -> None:
    page = visitor.page
    page.set_viewport_size({"width": width, "height": 800})
    enter(page)
    page.locator("#emotion-examples button").nth(1).click()
    page.locator("#emotion-verdict .verdict").wait_for()
    page.locator(".curve-stage").wait_for()
    wait_until_all_is_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect_usable_by_all(page)
