"""A person at the timeline and the transcript: seeking, reading along, filtering, correcting."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Playwright, Route, expect

from richspeech.web.files import DATA, ENTRY, bundle, read

from .test_page import downloaded
from .visitor import EXAMPLES, Visitor, read_samples, speak, visitor_at, write_samples

CALL = EXAMPLES / "zh-call.wav"
GUTTER = 36
"""Width of the names of the lanes, in Chinese."""


def serve_modules(page: Page) -> None:
    """Give this page the modules of its one script by themselves, too."""
    entry = page.locator("script[src$='/page.js']").get_attribute("src")
    script = page.request.get(urljoin(page.url, str(entry))).text()
    data = re.sub(
        "^const ", "export const ", script.removesuffix(bundle(ENTRY)), flags=re.MULTILINE
    )

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        body = data if name == DATA else read(name)
        route.fulfill(body=body, content_type="text/javascript")

    page.route(re.compile(r"/web/\w+/(?!page\.js)\w+\.js$"), answer)


SYNTHETIC = """
async (minutes) => {
  const entry = document.querySelector("script[src$='/page.js']").src;
  const { Timeline } = await import(new URL("timeline.js", entry));
  const data = await import(new URL("data.js", entry));
  const emotions = ["happy", "sad", "angry", "neutral", "unknown"];
  const segments = Array.from({ length: minutes * 20 }, (_, n) => ({
    index: n, start: n * 3, end: n * 3 + 2.5, text: "你好", emotion: emotions[n % 5],
    emotion_probability: 0.7, language: n % 40 < 30 ? "zh" : "en", language_probability: 0.9,
    events: n % 9 ? [] : [["laughter", 0.8]], corrected: [],
  }));
  const bytes = "\\u00c0\\u0040".repeat(4096);
  const samples = minutes * 60 * 16000;
  let size = 256;
  while (samples / size > 131072) size *= 2;
  const chunks = Array(Math.floor(samples / size / 4096)).fill(btoa(bytes));
  const place = document.createElement("div");
  document.querySelector("#result").append(place);
  const words = { ...data.words.zh, locale: "zh" };
  const hands = { seek() {}, toggle() {} };
  const timeline = new Timeline(place, { labels: data.labels, words, ...hands });
  const peaks = { seconds_per_peak: size / 16000, chunks };
  const lanes = ["emotion", "events", "language"];
  timeline.set({ duration: minutes * 60, lanes, segments, peaks });
  timeline.draw();
  const times = [];
  for (let n = 0; n < 40; n++) {
    const began = performance.now();
    timeline.zoom(1.25, 200 + n * 5);
    timeline.draw();
    times.push(performance.now() - began);
  }
  place.remove();
  return times.sort((a, b) => a - b)[30];
}
"""

LONG = """
async (count) => {
  const entry = document.querySelector("script[src$='/page.js']").src;
  const { Transcript } = await import(new URL("transcript.js", entry));
  const data = await import(new URL("data.js", entry));
  const place = document.createElement("div");
  place.id = "long";
  document.querySelector("#result").append(place);
  const segments = Array.from({ length: count }, (_, n) => ({
    ...{ id: `${n}`, index: n, part: 0, start: n * 3, end: n * 3 + 2.5 },
    ...{ text: `第 ${n} 句。`.repeat(1 + (n % 40)), words: [[`第 ${n} 句。`, n * 3]] },
    ...{ chips: true, has_emotion: true, emotion: "happy", emotions: {}, language: "zh" },
    ...{ events: [], hotwords: [], rules: [], revised: [], corrected: [] },
  }));
  const words = { ...data.words.zh, locale: "zh" };
  const events = { filtered() {}, time() {} };
  window.long = new Transcript(place, { labels: data.labels, words, ...events });
  const written = segments.map((each) => JSON.stringify(each));
  window.long.set({ job: "long", segments: written }, segments);
}
"""

SLOWEST = 0.0625
"""That Chromium can play: what is asked for the time a second late gets nearly the same."""


EDGE = "Number(document.querySelector('#viewer .stretch-{}')?.getAttribute('aria-valuenow'))"
FROM, SHOWN = EDGE.format("from"), f"({EDGE.format('end')} - {EDGE.format('from')})"


def value_of(slider: Locator) -> float:
    return float(slider.get_attribute("aria-valuenow") or "nan")


def set_speed(page: Page, times: float) -> None:
    """Have the player play so many times as fast as it was spoken."""
    page.locator("#player :is(audio, video)").evaluate(f"player => player.playbackRate = {times}")


def player_time(page: Page) -> float:
    return float(page.evaluate("document.querySelector('#player audio').currentTime"))


def is_playing(page: Page) -> bool:
    return bool(page.evaluate("!document.querySelector('#player audio').paused"))


def stage_of(page: Page) -> Locator:
    return page.locator(".timeline-stage")


def tip_of(page: Page) -> Locator:
    return stage_of(page).locator(".timeline-tip")


def wait_until_shown(visitor: Visitor) -> None:
    visitor.wait_until_all_is_drawn()
    visitor.page.wait_for_function("document.querySelector('#player audio')?.duration > 0")
    set_speed(visitor.page, SLOWEST)
    stage_of(visitor.page).scroll_into_view_if_needed()


@pytest.fixture
def listener(visitor: Visitor) -> Visitor:
    """Someone before the transcript of the call."""
    visitor.transcribe(CALL)
    wait_until_shown(visitor)
    return visitor


def test_the_timeline_shows_waveform_emotions_and_their_names(listener: Visitor) -> None:
    page = listener.page
    assert float(stage_of(page).get_attribute("aria-valuemax") or 0) == pytest.approx(87, abs=1.5)
    expect(page.locator(".legend")).to_contain_text("愤怒")
    expect(page.locator(".legend")).to_contain_text("未知")
    page.wait_for_function(
        """() => {
          const canvas = document.querySelector(".timeline-stage canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size > 50;
        }"""
    )


def test_a_click_on_the_timeline_plays_from_there(listener: Visitor) -> None:
    page = listener.page
    box = stage_of(page).bounding_box()
    assert box is not None
    stage_of(page).click(position={"x": GUTTER + (box["width"] - GUTTER) * 0.5, "y": 50})
    duration = float(page.evaluate("document.querySelector('#player audio').duration"))
    assert duration / 2 - 0.5 < player_time(page) < duration / 2 + 4
    assert is_playing(page)


def test_the_player_stays_in_sight_and_plays_as_fast_as_is_chosen(listener: Visitor) -> None:
    page = listener.page
    page.locator("#player .speed").select_option("2")
    assert page.evaluate("document.querySelector('#player audio').playbackRate") == 2
    page.locator("#foot").scroll_into_view_if_needed()
    expect(page.locator("#player audio")).to_be_in_viewport(ratio=1)
    speak(page, "English")  # which draws another player
    expect(page.locator("#player .speed")).to_have_attribute("aria-label", "Playback speed")
    page.wait_for_function("document.querySelector('#player audio').playbackRate === 2")


def test_hovering_tells_time_words_and_probabilities(listener: Visitor) -> None:
    stage_of(listener.page).hover(position={"x": GUTTER + 12, "y": 100})
    tip = tip_of(listener.page)
    for words in ("0:00.3 – 0:02.", "订单", "情绪: 开心", "%"):
        expect(tip).to_contain_text(words, use_inner_text=True)


def test_the_keys_play_seek_and_zoom(listener: Visitor) -> None:
    page = listener.page
    stage_of(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert player_time(page) == pytest.approx(10, abs=0.1)
    page.keyboard.press("ArrowLeft")
    expect(stage_of(page)).to_have_attribute("aria-valuenow", "5.0")
    window = page.locator("#viewer .stretch-window")
    expect(window).to_be_hidden()
    page.keyboard.press("+")
    page.keyboard.press("+")
    window.wait_for()
    whole = float(stage_of(page).get_attribute("aria-valuemax") or 0)
    page.wait_for_function(f"Math.abs({SHOWN} - {whole / 4}) < 0.2")
    for _ in range(2):
        page.keyboard.press("-")
    window.wait_for(state="hidden")
    page.keyboard.press("Space")
    page.wait_for_function("!document.querySelector('#player audio').paused")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('#player audio').paused")


def test_the_wheel_zooms_and_dragging_moves_without_seeking(listener: Visitor) -> None:
    page = listener.page
    box = stage_of(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    page.mouse.wheel(0, -600)
    window = page.locator("#viewer .stretch-window")
    window.wait_for()
    before = value_of(window)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_function(f"{FROM} > {before}")
    assert player_time(page) == 0


def test_the_overview_chooses_what_is_shown_by_mouse_and_keys(listener: Visitor) -> None:
    page = listener.page
    stage_of(page).focus()
    page.keyboard.press("+")
    window = page.locator("#viewer .stretch-window")
    box = page.locator(".overview").bounding_box()
    assert box is not None
    x, y = box["x"], box["y"] + 20
    page.mouse.move(x + box["width"] / 4, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] * 3 / 4, y, steps=4)
    page.mouse.up()
    whole = float(stage_of(page).get_attribute("aria-valuemax") or 0)
    page.wait_for_function(f"{FROM} > {whole / 2 - 1}")
    expect(window).to_be_focused()
    shown = page.evaluate(SHOWN)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"{FROM} < {whole / 2 - shown / 20}")
    page.locator("#viewer .stretch-end").focus()
    page.keyboard.press("Home")
    page.wait_for_function(f"{SHOWN} < 2.2")
    page.keyboard.press("End")
    page.wait_for_function(f"{FROM} + {SHOWN} > {whole} - 0.2")
    page.locator("#viewer [data-zoom='0']").click()
    window.wait_for(state="hidden")
    marks = json.loads(page.locator("#verdict [data-marks]").get_attribute("data-marks") or "")
    assert all(0 <= start < end <= whole for start, end in marks["highlights"] + marks["risks"])
    assert marks["highlights"]


def test_a_click_on_a_word_seeks_and_words_light_up_as_they_are_spoken(listener: Visitor) -> None:
    page = listener.page
    word = page.locator("#transcript li").nth(2).locator(".word").nth(1)
    at = float(word.get_attribute("data-seek") or "nan")
    word.click()
    assert at - 0.1 < player_time(page) < at + 2
    set_speed(page, 1)
    lit = page.locator("#transcript .word.now")
    lit.wait_for()
    first = lit.inner_text()
    page.wait_for_function(
        "first => document.querySelector('.word.now')?.innerText !== first", arg=first
    )
    expect(page.locator("#transcript li.playing")).to_have_count(1)


def test_filters_hide_rows_and_say_how_many_are_left(listener: Visitor) -> None:
    page = listener.page
    rows = page.locator("#transcript li")
    everything = rows.count()
    page.locator("#transcript select[name=emotion]").select_option("angry")
    shown = rows.filter(visible=True)
    angry = shown.count()
    assert 0 < angry < everything
    expect(shown.locator(".chip.angry")).to_have_count(angry)
    expect(page.locator("#transcript .count")).to_have_text(f"{angry} / {everything} 段")
    page.locator("#transcript select[name=emotion]").select_option("")
    page.locator("#transcript select[name=events]").select_option("bgm")
    expect(shown).to_have_count(1)
    page.locator("#transcript select[name=events]").select_option("")
    page.locator("#transcript .search").fill("冰箱")
    expect(page.locator("#transcript .count")).to_have_text(re.compile(rf"^\d+ / {everything} 段"))
    assert 0 < shown.count() < everything
    assert all("冰箱" in text for text in shown.all_inner_texts())


def test_words_less_sure_than_the_limit_are_underlined(listener: Visitor) -> None:
    page = listener.page
    page.locator("#transcript .limit").fill("0")
    expect(page.locator("#transcript .unsure")).to_have_count(0)
    page.locator("#transcript .limit").fill("100")
    probabilities = page.locator("#transcript [data-probability]").evaluate_all(
        "words => words.map((word) => Number(word.dataset.probability))"
    )
    less = [value for value in probabilities if value < 1]
    expect(page.locator("#transcript .unsure")).to_have_count(len(less))


def correct_first(page: Page, text: str, emotion: str | None = None) -> None:
    page.locator("#transcript li").first.hover()
    page.locator("#transcript .correct").first.click()
    page.locator(".correction textarea").fill(text)
    if emotion:
        page.locator(".correction select").first.select_option(emotion)
    page.locator(".correction .save").click()
    page.locator("#transcript li").first.locator(".mark").wait_for()


def wait_for_table(page: Page, text: str) -> None:
    page.locator("#table tbody tr").first.get_by_text(text).first.wait_for()


def test_a_correction_is_in_the_subtitles_until_it_is_undone(listener: Visitor) -> None:
    page = listener.page
    listener.open_table()
    heard = page.locator("#transcript li .line > p:first-child").first.inner_text()
    correct_first(page, "请把冰箱退掉。", "angry")
    wait_for_table(page, "请把冰箱退掉。")
    expect(page.locator("#transcript li").first.locator(".chip.angry")).to_have_count(1)
    assert "请把冰箱退掉。" in downloaded(listener, "srt")[1]
    first = json.loads(downloaded(listener, "json")[1])["segments"][0]
    assert (first["emotion"], first["corrected"]) == ("angry", ["text", "emotion"])
    page.locator("#transcript .undo").click()
    page.locator("#transcript .mark").wait_for(state="detached")
    wait_for_table(page, heard)
    assert "请把冰箱退掉。" not in downloaded(listener, "srt")[1]
    expect(page.locator("#transcript .undo")).to_be_hidden()


def press_step(page: Page, number: int, name: str) -> None:
    """Have something done to a line that is not being corrected."""
    row = page.locator("#transcript li").nth(number)
    row.hover()
    row.locator(".correct").click()
    row.locator(".steps summary").click()
    row.locator(f".{name}").click()


def test_a_line_is_split_at_the_players_time_and_every_file_follows_until_that_is_undone(
    listener: Visitor,
) -> None:
    page = listener.page
    rows, lines = (page.locator(f"#transcript {each}") for each in ("li", ".line > p:first-child"))
    before, heard = downloaded(listener, "srt")[1], lines.all_inner_texts()
    page.evaluate("document.querySelector('#player audio').currentTime = 1.5")
    press_step(page, 0, "split_player")
    expect(rows).to_have_count(len(heard) + 1)
    first, second = lines.all_inner_texts()[:2]
    assert first + second == heard[0]
    subtitles = downloaded(listener, "srt")[1].splitlines()
    assert subtitles[2].startswith(first)
    assert subtitles[6].startswith(second)
    one, other = json.loads(downloaded(listener, "json")[1])["segments"][:2]
    assert 1.2 < one["end"] == other["start"] < 1.8
    assert "".join(token["text"] for token in other["tokens"]) == second
    press_step(page, 2, "remove_line")
    expect(rows).to_have_count(len(heard))
    assert heard[1] not in downloaded(listener, "srt")[1]
    press_step(page, 0, "merge_next")
    expect(lines.first).to_have_text(heard[0])
    for _ in range(3):
        count = rows.count()
        page.locator("#transcript .undo").click()
        expect(rows).not_to_have_count(count)
    expect(page.locator("#transcript .undo")).to_be_hidden()
    assert downloaded(listener, "srt")[1] == before


def two_sides(path: Path) -> Path:
    """Two who speak by turns, each on a channel."""
    samples, rate = read_samples(CALL)
    left, right = samples[: 6 * rate], samples[20 * rate : 26 * rate]
    silent = np.zeros(6 * rate)
    sides = np.concatenate([left, silent]), np.concatenate([silent, right])
    return write_samples(path, np.stack(sides, axis=1), rate)


def test_a_speaker_is_renamed_in_place_for_the_whole_recording(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor.page
    page.click("#settings button")
    page.locator("#speaker-left input").fill("坐席")
    visitor.transcribe(two_sides(tmp_path / "call.wav"))
    visitor.wait_until_all_is_drawn()
    chips = page.locator("#transcript .chip.speaker")
    expect(chips.first).to_have_text("说话人: 坐席")
    count = chips.filter(has_text=re.compile(r"B$")).count()
    assert count
    chips.filter(has_text=re.compile(r"B$")).first.click()
    page.locator(".correction .name").fill("王小姐")
    page.keyboard.press("Enter")
    expect(chips.filter(has_text="王小姐")).to_have_count(count)
    page.select_option("#transcript select[name=speaker]", "王小姐")
    expect(page.locator("#transcript li:visible")).to_have_count(count)
    visitor.open_part("analysis")
    expect(page.locator("#insight .talk")).to_contain_text("王小姐")
    assert "王小姐: " in downloaded(visitor, "srt")[1]
    page.select_option("#transcript select[name=speaker]", "")
    page.locator("#transcript li").nth(0).hover()
    page.locator("#transcript .correct").first.click()
    page.locator(".correction .choices .name").fill("王小姐")
    page.locator(".correction .save:visible").click()
    expect(chips.filter(has_text="王小姐")).to_have_count(count + 1)
    page.locator("#transcript .undo").click()
    expect(chips.filter(has_text="王小姐")).to_have_count(count)
    page.locator("#transcript .undo").click()
    expect(chips.filter(has_text="王小姐")).to_have_count(0)
    assert "王小姐" not in downloaded(visitor, "srt")[1]


def test_corrections_can_be_made_with_the_keyboard_alone(listener: Visitor) -> None:
    page = listener.page
    page.locator("#transcript .correct").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("三个字")
    page.keyboard.press("Enter")
    page.locator("#transcript .mark").wait_for()
    expect(page.locator("#transcript .correct").first).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".correction").wait_for()
    page.keyboard.press("Escape")
    page.locator(".correction").wait_for(state="detached")


def test_words_are_found_and_replaced_in_one_step_and_what_is_typed_outlasts_a_reload(
    listener: Visitor,
) -> None:
    page = listener.page
    lines = page.locator("#transcript .line > p:first-child")
    count = lines.filter(has_text="。").count()
    assert count > 1
    page.locator("#transcript button.replace").click()
    fields = page.locator(".replacing input")
    fields.nth(0).fill("没有这个词")
    expect(page.locator(".replacing .save")).to_be_disabled()
    fields.nth(0).fill("。")
    expect(page.locator(".replacing .places")).to_have_text(re.compile(f"{count} 个片段里"))
    fields.nth(1).fill("！")
    page.locator(".replacing .save").click()
    expect(lines.filter(has_text="。")).to_have_count(0)
    page.locator("#transcript .undo").click()
    expect(lines.filter(has_text="。")).to_have_count(count)

    page.locator("#transcript li").first.hover()
    page.locator("#transcript .correct").first.click()
    page.locator(".correction textarea").fill("还没写完")
    page.reload()
    wait_until_shown(listener)
    expect(page.locator(".correction textarea")).to_have_value("还没写完")
    page.locator(".correction .discard").click()
    page.reload()
    wait_until_shown(listener)
    expect(page.locator(".correction")).to_have_count(0)


def test_what_was_corrected_downloads_as_training_lines(listener: Visitor) -> None:
    page = listener.page
    listener.open_part("export")
    expect(page.locator("#download-txt")).to_be_visible()
    expect(page.locator("#download-training")).to_be_hidden()
    listener.open_part("text")
    correct_first(page, "请把冰箱退掉。", "angry")
    listener.open_part("export")
    page.locator("#download-training").wait_for()
    with page.expect_download() as caught:
        page.click("#download-training")
    assert caught.value.suggested_filename == "zh-call-training.zip"
    with zipfile.ZipFile(Path(caught.value.path())) as archive:
        line: dict[str, Any] = json.loads(archive.read("train.jsonl"))
        assert line["source"] in archive.namelist()
    assert (line["target"], line["text_language"]) == ("请把冰箱退掉。", "<|zh|>")
    assert (line["emo_target"], line["event_target"]) == ("<|ANGRY|>", "<|Speech|>")


def test_a_text_from_a_stranger_stays_a_text(listener: Visitor) -> None:
    page = listener.page
    listener.open_table()
    evil = "<img src=x onerror=window.hacked=1>坏"
    correct_first(page, evil)
    row = page.locator("#transcript li").first
    expect(row.locator(".line > p:first-child")).to_have_text(evil, use_inner_text=True)
    stage_of(page).hover(position={"x": GUTTER + 12, "y": 100})
    expect(tip_of(page)).to_contain_text(evil, use_inner_text=True)
    wait_for_table(page, evil)
    speak(page, "English")
    page.locator("#status .message", has_text="Finished").wait_for()
    assert page.evaluate("window.hacked") is None


def test_rows_stay_as_they_are_while_more_arrive(visitor: Visitor, tmp_path: Path) -> None:
    samples, rate = read_samples(CALL)
    visitor.upload(write_samples(tmp_path / "slow.wav", np.tile(samples, 12), rate))
    visitor.press_start()
    page = visitor.page
    page.locator("#transcript li").first.wait_for()
    page.evaluate("document.querySelector('#transcript li').kept = true")
    few = page.locator("#transcript li").count()
    page.wait_for_function(f"document.querySelectorAll('#transcript li').length > {few}")
    assert page.evaluate("document.querySelector('#transcript li').kept") is True
    page.wait_for_function("document.querySelector('.timeline-stage').ariaValueMax > 1000")
    page.click("#cancel")
    visitor.result()


def test_the_language_of_the_page_changes_the_viewer_too(listener: Visitor) -> None:
    page = listener.page
    stage_of(page).press("ArrowRight")
    expect(stage_of(page)).to_have_attribute("aria-valuetext", re.compile("0:05.*中性"))
    speak(page, "English")
    page.locator(".legend", has_text="angry").wait_for()
    expect(page.locator("#transcript .search")).to_have_attribute("placeholder", "Search the text")
    expect(stage_of(page)).to_have_attribute("aria-label", "Timeline")
    expect(stage_of(page)).to_have_attribute("aria-valuetext", re.compile("0:05.*neutral"))


@pytest.mark.alone
def test_three_hours_are_drawn_about_as_fast_as_ten_minutes(listener: Visitor) -> None:
    page = listener.page
    serve_modules(page)
    page.evaluate(SYNTHETIC, 10)  # the first run compiles
    short = page.evaluate(SYNTHETIC, 10)
    long = page.evaluate(SYNTHETIC, 180)
    assert long < 6 * max(short, 1)


def test_of_many_lines_those_near_are_there_and_what_somebody_writes(visitor: Visitor) -> None:
    page = visitor.page
    serve_modules(page)
    page.evaluate(LONG, 3000)
    lines, few = page.locator("#long li"), 60
    expect(lines.first).to_have_attribute("aria-setsize", "3000")
    assert 5 < lines.count() < few
    page.locator("#long ol").scroll_into_view_if_needed()  # a line is looked for in it alone
    page.evaluate("window.long.setTime(7500, true)")
    playing = page.locator("#long li.playing")
    expect(playing).to_have_attribute("aria-posinset", "2501")
    expect(playing).to_be_in_viewport()
    playing.hover()
    playing.locator(".correct").click()
    page.locator("#long textarea").fill("还没写完")
    page.evaluate("document.querySelector('#long ol').scrollTop = 0")
    expect(lines.first).to_have_attribute("aria-posinset", "1")
    expect(page.locator("#long textarea")).to_have_value("还没写完")
    assert lines.count() < few
    page.locator("#long .search").fill("第 2998 句")
    expect(lines).to_have_count(1)
    expect(lines).to_have_attribute("aria-setsize", "1")


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_the_viewer_and_the_form_of_a_correction_fit_on_a_phone(
    playwright: Playwright, address: str, locale: str
) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    with visitor_at(playwright, address, locale=locale, **phone) as visitor:
        visitor.transcribe(CALL)
        visitor.wait_until_all_is_drawn()
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
        visitor.page.locator("#transcript .correct").first.click()
        visitor.page.locator(".correction").wait_for()
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
