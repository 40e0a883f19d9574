"""A person at the page: real server, real browser, the embedded model."""

import json
import re
import time
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import av
import numpy as np
from playwright.sync_api import Page, Playwright, expect

from .axe import expect_usable_by_all
from .visitor import EXAMPLES, Visitor, read_samples, speak, visitor_of, words_of, write_samples

ALIKE = 0.8
"""Of 1: what the page must share with the words that were spoken."""


def bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def likeness(heard: str, said: str) -> float:
    return SequenceMatcher(None, bare(heard), bare(said), autojunk=False).ratio()


def longest_common(heard: str, said: str) -> float:
    matcher = SequenceMatcher(None, bare(heard), bare(said), autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(bare(said))


def test_the_page_says_what_it_is_and_what_to_do(visitor: Visitor) -> None:
    page = visitor.page
    expect(page).to_have_title("SenseVoice 智能语音识别控制台 · 听见")
    expect(page.get_by_role("heading", level=1)).to_have_text("SenseVoice 智能语音识别控制台")
    expect(page.locator("#title .names")).to_contain_text("听见")
    expect(page.locator("#examples .features li")).to_have_text(
        [
            "多语言支持 普通话、英语、粤语、日语、韩语",
            "情感识别 开心、悲伤、愤怒、中性、恐惧、厌恶、惊讶",
            "声音事件 背景音乐、掌声、笑声、哭声、喷嚏、呼吸、咳嗽、歌声",
        ]
    )
    expect(page.locator("#columns h2")).to_have_text(
        ["上传音频或直接录音", "识别结果 (含情感与事件标签)"], use_inner_text=True
    )
    expect(page.locator("#start")).to_have_text("开始 AI 识别", use_inner_text=True)
    page.get_by_label("语言选择 (auto 为自动识别)").locator("visible=true").click()
    offered = (
        "auto · 自动识别",
        "zh · 普通话",
        "en · 英语",
        "yue · 粤语",
        "ja · 日语",
        "ko · 韩语",
    )
    expect(page.get_by_role("option")).to_have_text([re.compile(f"{each}$") for each in offered])
    page.keyboard.press("Escape")
    page.click("#settings > button")
    page.locator("#protected-words").wait_for()
    page.click(".guide")
    guide = page.locator("#tour")
    expect(guide).to_contain_text("这段录音里说了什么")
    guide.get_by_role("button", name="两分钟导览").click()
    guide.get_by_role("button", name="教师").click()
    expect(page.locator("#examples .toured")).to_be_visible()
    expect(guide.get_by_role("button", name="下一步")).to_be_focused()
    expect_usable_by_all(page)
    page.keyboard.press("Escape")
    expect(guide).to_be_hidden()


def test_an_uploaded_example_is_read_on_the_page(
    visitor: Visitor, spoken: tuple[Path, str]
) -> None:
    path, said = spoken
    assert visitor.transcribe(path) == "识别完成"
    assert likeness(visitor.text(), said) > ALIKE
    expect(visitor.page.locator("#transcript .chip.emotion").first).to_be_visible()
    visitor.open_table()
    expect(visitor.page.locator("#table th")).to_have_text(
        ["开始", "结束", "语言", "情绪", "声音", "文字"], use_inner_text=True
    )
    expect(visitor.page.locator(".glance")).to_contain_text("实时", use_inner_text=True)
    visitor.open_part("analysis")
    expect(visitor.page.locator("#insight .numbers")).to_contain_text("sensevoice-tiny")


def test_every_example_card_transcribes_its_recording(
    visitor: Visitor, references: dict[str, Any]
) -> None:
    cards = visitor.page.locator("#examples [data-example]")
    count = len([*EXAMPLES.glob("*.wav")])
    assert count >= 8
    expect(cards).to_have_count(count)
    heard = ""
    for name, reference in sorted(references.items()):
        cards.filter(has_text=reference["title"]["zh"]).click()
        visitor.page.locator("#player .player-name", has_text=name).wait_for()
        visitor.result()
        if said := words_of(reference):
            heard = visitor.text(besides=heard)
            assert likeness(heard, said) > ALIKE, name
        else:
            expect(visitor.page.locator("#status .message")).to_contain_text("没有听到说话声")


def test_speech_through_the_microphone_is_read_on_the_page(
    playwright: Playwright, address: str, spoken: tuple[Path, str], tmp_path: Path
) -> None:
    path, said = spoken
    samples, rate = read_samples(path)
    gap = np.zeros(rate)
    heard = write_samples(tmp_path / "voice.wav", np.concatenate([gap, samples, gap]), rate)
    seconds = (len(samples) / rate + 2) * 2 + 1  # the fake device repeats: one whole turn is in it
    with visitor_of(
        playwright,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={heard}",
        permissions=["microphone"],
    ) as visitor:
        visitor.open(address)
        visitor.page.get_by_role("tab", name="麦克风").click()
        visitor.page.click("#microphone .record-button")
        level = visitor.page.locator("#microphone [role=meter]")
        expect(level).not_to_have_attribute("aria-valuenow", "0")  # a microphone is never silent
        time.sleep(seconds)
        with visitor.page.expect_response("**/upload*") as sent:
            visitor.page.click("#microphone .stop-button")
        sent.value.finished()
        visitor.page.locator("#microphone .play-pause-button").wait_for()
        expect(level).to_have_count(0)
        visitor.page.evaluate("() => new Promise((done) => requestIdleCallback(done))")
        visitor.press_start()
        assert visitor.result() == "识别完成"
        assert longest_common(visitor.text(), said) > ALIKE


def test_the_button_without_audio_asks_for_some(visitor: Visitor) -> None:
    visitor.press_start()
    assert visitor.result() == "请先上传音频文件"
    expect(visitor.page.locator("#start")).to_be_enabled()


def test_a_broken_file_is_explained_in_one_sentence(visitor: Visitor, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_text("these are only words")
    assert visitor.transcribe(broken) == (
        "识别失败：broken.wav 不是能识别的音频或视频：请另存为 WAV、MP3、M4A、FLAC 或 OGG 再试。"
    )


def test_silence_is_no_speech(visitor: Visitor, tmp_path: Path) -> None:
    silence = write_samples(tmp_path / "silence.wav", np.zeros(16_000 * 5), 16_000)
    assert visitor.transcribe(silence).startswith("没有听到说话声")
    visitor.page.locator(".timeline-stage").wait_for()
    expect(visitor.page.locator("#transcript .line")).to_have_count(0)


def downloaded(visitor: Visitor, form: str) -> tuple[str, str]:
    visitor.open_part("export")
    with visitor.page.expect_download() as caught:
        visitor.page.click(f"#download-{form}")
    visitor.open_part("text")
    return caught.value.suggested_filename, Path(caught.value.path()).read_text(encoding="utf-8")


def test_the_downloads_hold_the_transcript(visitor: Visitor, spoken: tuple[Path, str]) -> None:
    path, said = spoken
    visitor.transcribe(path)
    name, subtitles = downloaded(visitor, "srt")
    assert name == f"{path.stem}.srt"
    number, times, text = subtitles.splitlines()[:3]
    assert number == "1"
    assert re.fullmatch(r"\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}", times)
    assert likeness(re.sub(r"\(.*?\)", "", text), said) > ALIKE
    transcript = json.loads(downloaded(visitor, "json")[1])
    assert likeness(transcript["text"], said) > ALIKE
    first = transcript["segments"][0]
    assert 0 <= first["start"] < first["end"] <= transcript["duration"] + 0.5
    assert likeness(re.sub(r"\(.*?\)", "", downloaded(visitor, "txt")[1]), said) > ALIKE


def start_something_long(visitor: Visitor, spoken: Path, folder: Path) -> None:
    """Have twenty minutes of the same words transcribed slowly; the first of them are there."""
    samples, rate = read_samples(spoken)
    turn = np.concatenate([samples, np.zeros(rate)])
    turns = int(1_200 * rate / len(turn))
    visitor.upload(write_samples(folder / "slow.wav", np.tile(turn, turns), rate))
    visitor.press_start()
    visitor.page.locator("#transcript .line").first.wait_for()


def test_cancelling_stops_and_keeps_what_was_heard(
    visitor: Visitor, spoken: tuple[Path, str], tmp_path: Path
) -> None:
    start_something_long(visitor, spoken[0], tmp_path)
    expect(visitor.page.locator("#status [role=progressbar]")).to_have_count(1)
    visitor.page.click("#cancel")
    assert visitor.result().startswith("已取消")
    expect(visitor.page.locator("#transcript .line").first).to_be_visible()
    visitor.page.locator("#start:enabled").wait_for()
    visitor.page.locator("#export-last button").wait_for()


def test_a_reload_finds_the_running_work_again(
    visitor: Visitor, spoken: tuple[Path, str], tmp_path: Path
) -> None:
    start_something_long(visitor, spoken[0], tmp_path)
    visitor.page.reload()
    visitor.page.locator("html[data-settled]").wait_for(state="attached")
    visitor.page.locator("#transcript .line").first.wait_for()
    visitor.page.locator("#status [role=progressbar][aria-valuenow]").wait_for()
    done = "Number(document.querySelector('#status [aria-valuenow]')?.ariaValueNow)"
    before = visitor.page.evaluate(done)
    visitor.page.wait_for_function(f"before => {done} > before", arg=before)
    visitor.page.click("#cancel")
    assert visitor.result().startswith("已取消")


def test_a_video_is_transcribed(visitor: Visitor, spoken: tuple[Path, str], tmp_path: Path) -> None:
    path, said = spoken
    assert visitor.transcribe(video_of(path, tmp_path / "clip.mp4")) == "识别完成"
    assert likeness(visitor.text(), said) > ALIKE


def video_of(sound: Path, path: Path) -> Path:
    with av.open(str(path), "w") as video, av.open(str(sound)) as source:
        pictures = video.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        audio = video.add_stream("aac", rate=16_000)
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            video.mux(pictures.encode(picture))
        video.mux(pictures.encode())
        for frame in source.decode(audio=0):
            frame.pts = None
            video.mux(audio.encode(frame))
        video.mux(audio.encode())
    return path


def test_an_english_browser_gets_an_english_page(
    english_visitor: Visitor, spoken: tuple[Path, str]
) -> None:
    page = english_visitor.page
    expect(page).to_have_title("SenseVoice Speech Recognition Console · Hear")
    expect(page.locator("#start")).to_have_text("Start AI recognition", use_inner_text=True)
    expect(
        page.get_by_role("button", name="Drop a file here, or click to choose one")
    ).to_be_visible()
    assert english_visitor.transcribe(spoken[0]) == "Finished"
    english_visitor.open_table()
    expect(page.locator("#table th").first).to_have_text("Start", use_inner_text=True)
    everything = page.locator("#left, #title, #banner, #foot").all_inner_texts()
    everything += page.locator("#left [aria-label]").evaluate_all(
        "elements => elements.map((element) => element.ariaLabel)"
    )
    assert re.findall(r"[\u3400-\u9fff]+", " ".join(everything)) == []


def test_the_switch_changes_everything_at_once_and_keeps_the_result(
    visitor: Visitor, spoken: tuple[Path, str]
) -> None:
    visitor.transcribe(spoken[0])
    visitor.open_table()
    before = visitor.text()
    speak(visitor.page, "English")
    visitor.page.locator("#status .message", has_text="Finished").wait_for()
    page = visitor.page
    expect(page.locator("#title h1")).to_have_text(
        "SenseVoice Speech Recognition Console", use_inner_text=True
    )
    expect(page.locator("#start")).to_have_text("Start AI recognition", use_inner_text=True)
    expect(page.locator("#table th").first).to_have_text("Start", use_inner_text=True)
    expect(page.locator("#transcript .chip.emotion").first).to_have_text(re.compile("[a-z]"))
    assert visitor.text() == before
    page.locator("#file .icon-button").click()
    page.get_by_role("button", name="Drop a file here").wait_for()
    speak(page, "简体中文")
    page.locator("#status .message", has_text="识别完成").wait_for()
    page.get_by_role("button", name="把文件拖到这里").wait_for()


def test_the_label_style_changes_the_text_at_once(
    visitor: Visitor, spoken: tuple[Path, str]
) -> None:
    visitor.transcribe(spoken[0])
    visitor.open_part("export")
    visitor.page.get_by_label("模型标签").check()
    visitor.open_part("text")
    visitor.page.locator("#transcript", has_text="<|zh|>").wait_for()
    assert "<|zh|>" in downloaded(visitor, "txt")[1]
    visitor.open_part("export")
    visitor.page.get_by_label("不标注").check()
    visitor.open_part("text")
    visitor.page.locator("#transcript", has_text="<|zh|>").wait_for(state="detached")
    expect(visitor.page.locator("#transcript .chip")).to_have_count(0)


def test_plain_http_from_another_host_says_why_there_is_no_microphone(
    playwright: Playwright, address: str
) -> None:
    with visitor_of(playwright) as visitor:
        visitor.open(address.replace("127.0.0.1", "hear.test"))
        notice = visitor.page.locator("#insecure")
        port = address.rpartition(":")[2]
        expect(notice).to_contain_text("麦克风", use_inner_text=True)
        expect(notice).to_contain_text(
            f"ssh -L {port}:127.0.0.1:{port} hear.test", use_inner_text=True
        )


def test_the_tunnelled_page_has_no_such_notice(visitor: Visitor) -> None:
    expect(visitor.page.locator("#insecure")).to_be_hidden()


def test_the_banner_names_the_tiny_model(visitor: Visitor) -> None:
    expect(visitor.page.locator("#banner")).to_contain_text("内置的小模型", use_inner_text=True)


def test_a_result_is_told_on_the_first_screen_of_a_laptop(
    playwright: Playwright, address: str
) -> None:
    with visitor_of(playwright, viewport={"width": 1440, "height": 900}) as visitor:
        visitor.open(address)
        visitor.transcribe(EXAMPLES / "zh-call.wav")
        visitor.wait_until_all_is_drawn()
        for place in (".glance", "#player", "#export-last", "#result-tabs [role=tablist]", ".line"):
            box = visitor.page.locator(place).locator("visible=true").first.bounding_box()
            assert box is not None, place
            assert box["y"] + box["height"] < 900, place
        visitor.page.locator(".glance [data-part=risk]").click()
        expect(visitor.page.locator("#risk .points")).to_be_visible()
        expect_usable_by_all(visitor.page)
        with visitor.page.expect_download() as caught:
            visitor.page.click("#export-last button")
        assert caught.value.suggested_filename == "zh-call.docx"
        for part in ("export", "analysis", "highlights", "text"):
            visitor.open_part(part)
            expect_usable_by_all(visitor.page)


def test_nothing_is_wider_than_a_phone(
    playwright: Playwright, address: str, spoken: tuple[Path, str]
) -> None:
    with visitor_of(playwright, viewport={"width": 390, "height": 844}) as visitor:
        visitor.open(address)
        assert top(visitor.page, "#examples") < top(visitor.page, "#file")
        visitor.transcribe(spoken[0])
        visitor.wait_until_all_is_drawn()
        width = visitor.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        assert top(visitor.page, "#file") < top(visitor.page, "#transcript")
        assert top(visitor.page, "#transcript") < top(visitor.page, "#examples")
        expect_usable_by_all(visitor.page)


def top(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]


def test_the_page_is_usable_with_the_keyboard_alone(visitor: Visitor) -> None:
    visitor.page.locator("#start").focus()
    visitor.page.keyboard.press("Enter")
    assert visitor.result() == "请先上传音频文件"


def test_nothing_is_recorded_and_nothing_is_monitored(visitor: Visitor, address: str) -> None:
    request = visitor.page.request
    assert request.get(f"{address}/monitoring/summary").status in {403, 404}
    assert visitor.page.evaluate("window.gradio_config.run_history") in {False, None}
    assert visitor.page.evaluate("window.gradio_config.analytics_enabled") is False


def test_the_page_describes_the_functions_for_programs(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("footer button").locator("visible=true").click()
    described = page.locator(".api-docs-wrap")
    for name in ("/transcribe", "/emotion", "/batch"):
        expect(described.get_by_text(name, exact=True).first).to_be_visible()
    expect(described).to_contain_text("handle_file('call.wav')")
