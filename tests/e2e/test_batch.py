"""Many recordings at once: a bad one fails alone, a kill loses nothing, all go into one zip."""

import io
import json
import re
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Playwright, expect

from scripts.ports import free_port
from tests.held import GATE, HELD

from .axe import expect_usable_by_all
from .conftest import SECONDS_TO_END, started, wait_for
from .program import forked
from .test_history import show
from .visitor import EXAMPLES, Visitor, long_call, visitor_at, visitor_of, write_flac

GOOD = ("zh-call.wav", "zh-laughter.wav", "en-meeting.wav", "yue-surprised.wav")


@pytest.fixture
def guest(playwright: Playwright, remembering: str) -> Iterator[Visitor]:
    """Someone with a Chinese browser at the batch of the server that keeps a history."""
    with visitor_at(playwright, remembering) as visitor:
        show(visitor, "批量")
        yield visitor


def choose(visitor: Visitor, *paths: Path) -> None:
    visitor.page.set_input_files("#batch-files input[type=file]", paths)
    expect(visitor.page.locator("#batch-files tr.file")).to_have_count(len(paths))


def rows(visitor: Visitor) -> Locator:
    return visitor.page.locator("#batch-list li")


def wait_until_it_ends(visitor: Visitor, message: str) -> None:
    expect(visitor.page.locator("#batch-status .message")).to_have_text(re.compile(f"^{message}"))


def test_one_broken_file_of_five_fails_alone(guest: Visitor, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound at all")
    choose(guest, *(EXAMPLES / name for name in GOOD), broken)
    guest.page.click("#batch-start")
    wait_until_it_ends(guest, "全部完成：4 个成功，1 个失败")
    expect(rows(guest)).to_have_count(5)
    expect(rows(guest).first).to_contain_text("识别失败：broken.wav 不是能识别的音频或视频")
    expect(rows(guest).nth(1)).to_contain_text("zh-call.wav")  # it ends in anger
    expect(rows(guest).nth(1)).to_contain_text("高风险")
    guest.page.get_by_label("按文件名").check()
    expect(rows(guest).nth(1)).to_contain_text("en-meeting.wav")
    expect_usable_by_all(guest.page)

    guest.page.get_by_role("button", name="打开 zh-laughter.wav").click()
    expect(guest.page.locator("#player .player-name")).to_have_text("zh-laughter.wav")
    assert "哥" in guest.text()
    guest.page.wait_for_function("document.querySelector('#player audio')?.duration > 1")

    show(guest, "批量")
    guest.page.locator("#batch-formats").get_by_label("txt").uncheck()
    guest.page.click("#batch-pack-start")
    guest.page.locator("#batch-zip").wait_for()
    with guest.page.expect_download() as caught:
        guest.page.click("#batch-zip")
    with zipfile.ZipFile(io.BytesIO(Path(caught.value.path()).read_bytes())) as archive:
        expected = {f"{name}.{form}" for name in GOOD for form in ("srt", "json")}
        assert {*archive.namelist()} == {*expected, "summary.csv", "summary.xlsx"}
        document = json.loads(archive.read("zh-laughter.wav.json"))
    assert "哥" in document["text"]


def test_a_list_is_narrowed_and_walked_through_with_keys(guest: Visitor) -> None:
    names = ("zh-call.wav", "yue-surprised.wav", "zh-laughter.wav")
    choose(guest, *(EXAMPLES / name for name in names))
    guest.page.click("#batch-start")
    wait_until_it_ends(guest, "全部完成：3 个成功")
    expect(rows(guest)).to_contain_text([*names])  # by their risks
    guest.page.get_by_role("button", name="低风险").click()
    expect(rows(guest)).to_contain_text([*names[1:]])
    guest.page.get_by_role("button", name="全部 3").click()
    expect(rows(guest)).to_have_count(3)
    guest.page.locator("#batch-line").locator("input, textarea").fill("哥哥")
    expect(rows(guest)).to_contain_text([names[2]])
    guest.page.locator("#batch-line").locator("input, textarea").fill("")
    expect(rows(guest)).to_have_count(3)
    name = guest.page.get_by_role("button", name="打开 yue-surprised.wav")
    name.focus()
    guest.page.keyboard.press("k")
    guest.page.keyboard.press("ArrowDown")
    expect(name).to_be_focused()
    guest.page.keyboard.press("Enter")
    player = guest.page.locator("#player .player-name")
    expect(player).to_have_text(names[1])
    guest.page.keyboard.press("n")
    expect(player).to_have_text(names[2])
    guest.page.keyboard.press("n")
    expect(guest.page.get_by_text("这是列表里的最后一个录音")).to_be_visible()
    guest.page.keyboard.press("p")
    expect(player).to_have_text(names[1])

    beside = guest.page.get_by_role("navigation", name="这个批次里的录音")
    keys = guest.page.get_by_label("单字符快捷键")
    keys.uncheck()
    guest.page.keyboard.press("p")
    beside.get_by_role("button", name="下一个").click()
    expect(player).to_have_text(names[2])
    expect(beside).to_contain_text("第 3 / 3 个")
    expect(beside.get_by_role("button", name="下一个")).to_be_disabled()
    guest.page.reload()
    expect(keys).not_to_be_checked()
    beside.get_by_role("button", name="上一个").click()
    expect(player).to_have_text(names[1])
    beside.get_by_role("button", name="返回列表").click()
    expect(rows(guest)).to_have_count(3)


def test_a_reload_finds_the_batch_at_work_and_cancelling_ends_it(
    guest: Visitor, tmp_path: Path
) -> None:
    names = [f"slow-{n}.flac" for n in range(3)]
    paths = [
        write_flac(tmp_path / name, *long_call(times=10, shift=n)) for n, name in enumerate(names)
    ]
    choose(guest, *paths)
    guest.page.click("#batch-start")
    expect(rows(guest)).to_have_count(3)
    guest.page.reload()
    guest.page.locator("html[data-settled]").wait_for(state="attached")
    show(guest, "批量")
    expect(rows(guest)).to_have_count(3)
    expect(guest.page.locator("#batch-status .progress")).to_contain_text("/ 3 个文件")
    guest.page.get_by_role("button", name="取消 slow-1.flac").click()
    expect(rows(guest).filter(has_text="slow-1.flac")).to_contain_text("已取消")
    guest.page.click("#batch-cancel")
    expect(guest.page.locator("#batch-status .message")).to_contain_text("已取消")


def test_a_folder_of_the_server_is_transcribed(guest: Visitor) -> None:
    guest.page.get_by_role("tab", name="服务器上的文件夹").click()
    guest.page.locator("#batch-folder input").click()
    guest.page.get_by_role("option", name="calls").click()
    guest.page.click("#batch-start")
    wait_until_it_ends(guest, "全部完成：1 个成功，0 个失败")
    expect(rows(guest)).to_contain_text("zh-laughter.wav")


def test_without_a_recording_a_sentence_says_what_to_do(guest: Visitor) -> None:
    guest.page.click("#batch-start")
    expect(guest.page.get_by_text("请先上传音频文件或 zip，或选择文件夹。")).to_be_visible()


def test_a_batch_outlasts_the_server_and_is_found_in_any_window(
    playwright: Playwright, tmp_path: Path
) -> None:
    long = write_flac(tmp_path / "long.flac", *long_call(times=3))
    port, log, gate = free_port(), tmp_path / "log.txt", tmp_path / "go"
    own = {"RICHSPEECH_JOBS__LEASE_SECONDS": "2", GATE: str(gate)}
    with visitor_of(playwright) as guest:
        with started(["-c", HELD], log, forked, port, **own) as (server, address):
            wait_for(server, f"{address}/readyz", log)
            guest.open(address)
            show(guest, "批量")
            choose(guest, EXAMPLES / "zh-laughter.wav", long)
            guest.page.click("#batch-start")
            expect(rows(guest).filter(has_text="zh-laughter.wav")).to_contain_text("低风险")
            expect(rows(guest).filter(has_text="long.flac")).to_contain_text("/ 4:2")
            server.send_signal(signal.SIGKILL)
            server.wait(SECONDS_TO_END)
            gate.touch()
        lost = guest.page.locator("#lost")
        lost.wait_for()
        with started(["-c", HELD], log, forked, port, **own) as (server, address):
            wait_for(server, f"{address}/readyz", log)
            lost.wait_for(state="detached")  # the page comes back by itself, with its batch
            guest.page.locator("html[data-settled]").wait_for(state="attached")
            show(guest, "批量")
            expect(rows(guest)).to_have_count(2)
            wait_until_it_ends(guest, "全部完成：2 个成功，0 个失败")
            with visitor_of(playwright) as other:
                other.open(address)
                show(other, "批量")
                expect(rows(other)).to_have_count(0)
                other.page.locator("#batch-recent input").click()
                other.page.get_by_role("option", name="完成 2 / 2").click()
                expect(rows(other)).to_have_count(2)
                other.page.get_by_role("button", name="打开 long.flac").click()
                expect(other.page.locator("#player .player-name")).to_have_text("long.flac")
                assert len(other.lines()) > 30
    assert "Traceback" not in log.read_text(encoding="utf-8")
