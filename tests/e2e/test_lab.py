"""A person in the lab: two settings side by side, and rules tried and saved."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from richspeech.places import CONFIG
from richspeech.settings import load_settings
from tests.held import SLOW

from .axe import expect_usable_by_all
from .conftest import started, wait_for
from .visitor import EXAMPLES, Visitor, speak, visitor_of

MUSIC = """\
# no hold music
- name: no-music
  when: {event: bgm}
  drop_event: true
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A settings file that a test may change."""
    return Path(shutil.copy(CONFIG, tmp_path_factory.mktemp("settings") / "config.yaml"))


@pytest.fixture(scope="module")
def lab(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with that file."""
    folder = tmp_path_factory.mktemp("lab")
    program = ["-c", SLOW, "--config", str(config)]
    with started(program, folder / "log.txt") as (server, address):
        wait_for(server, f"{address}/readyz", folder / "log.txt")
        yield address


@pytest.fixture
def researcher(playwright: Playwright, lab: str) -> Iterator[Visitor]:
    """Someone with a Chinese browser, in the lab."""
    with visitor_of(playwright) as visitor:
        visitor.open(lab)
        go_to_lab(visitor)
        yield visitor


def go_to_lab(visitor: Visitor) -> None:
    visitor.page.get_by_role("tab", name="实验室").click()


def compare(visitor: Visitor, example: str) -> str:
    visitor.page.locator("#lab-examples").get_by_role("button", name=example, exact=True).click()
    return message(visitor)


def message(visitor: Visitor) -> str:
    said = visitor.page.locator("#lab-status .message")
    said.wait_for()
    return said.inner_text()


def test_two_settings_are_compared_and_the_table_is_downloaded(researcher: Visitor) -> None:
    page = researcher.page
    page.locator("#lab-b").get_by_label("合并相邻的句子").check()
    assert compare(researcher, "客服电话：等待音乐，最后发火") == "对比完成"
    expect(page.locator("#lab-reference textarea")).to_have_value(re.compile("^请耐心说你的订单"))

    expect(page.locator(".lab-sides")).to_contain_text("字错误率（CER）")
    numbers = page.locator(".lab-sides tbody tr").all_inner_texts()
    rates = {line.split("\t")[0]: line.split("\t")[1:] for line in numbers}
    left, right = (float(rate.strip("% ")) for rate in rates["字错误率（CER）"])
    assert left < right <= 20  # without ITN digits are spelt out, which the reference does not
    assert all(float(speed.removesuffix(" 倍")) > 0 for speed in rates["速度（RTFx）"])

    shown = page.locator(".lab-rows tbody tr:visible")
    expect(shown.locator("mark.changed", has_text="三")).to_have_count(1)
    expect(shown.locator(".lab-differing").first).to_be_visible()
    before = shown.count()
    page.get_by_label("只看不同的").uncheck()
    expect(shown.nth(before)).to_be_visible()
    expect_usable_by_all(page)

    with page.expect_download() as caught:
        page.click("#lab-csv")
    with Path(caught.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert caught.value.suggested_filename == "zh-call-comparison.csv"
    assert len(rows) == shown.count()
    assert any("emotion" in row["differs"] for row in rows)
    with page.expect_download() as caught:
        page.click("#lab-json")
    document = json.loads(Path(caught.value.path()).read_text("utf-8"))
    assert document["a"]["character_error_rate"] == pytest.approx(left / 100, abs=0.001)


def test_a_comparison_goes_on_over_a_reload_and_can_be_scored_anew(
    researcher: Visitor, tmp_path: Path
) -> None:
    page = researcher.page
    slow = shutil.copy(EXAMPLES / "en-meeting.wav", tmp_path / "slow.wav")
    page.set_input_files("#lab-file input[type=file]", slow)
    page.locator("#lab-file .file-preview").wait_for()
    page.click("#lab-start")
    page.locator("#lab-cancel:enabled").wait_for()
    page.reload()
    page.locator("html[data-settled]").wait_for(state="attached")
    go_to_lab(researcher)
    assert message(researcher) == "对比完成"
    expect(page.locator(".lab-sides")).to_contain_text("RTFx")
    expect(page.locator(".lab-sides")).not_to_contain_text("CER")
    page.fill("#lab-reference textarea", "nothing of this kind was said")
    page.click("#lab-score")
    expect(page.locator(".lab-sides")).to_contain_text("CER")
    page.locator(".lab-against summary").click()
    expect(page.locator(".lab-against del", has_text="nothing").first).to_be_visible()


def test_without_a_recording_the_lab_asks_for_one(researcher: Visitor) -> None:
    researcher.page.click("#lab-start")
    assert message(researcher).startswith("请先上传音频文件")


def test_engines_are_compared_on_the_recording_of_the_other_tab(researcher: Visitor) -> None:
    page = researcher.page
    page.get_by_role("tab", name="转写").click()
    researcher.transcribe(EXAMPLES / "zh-laughter.wav")
    go_to_lab(researcher)
    page.locator("#lab-b").get_by_label("引擎").click()
    page.get_by_role("option", name="Paraformer：普通话").click()
    expect(page.locator("#lab-b").get_by_role("combobox", name="语言")).to_be_disabled()
    page.locator("#lab-b").get_by_label("模型权重").click()
    page.get_by_role("option", name="内置的小模型").click()
    page.click("#lab-start")
    assert message(researcher) == "对比完成"
    models = page.locator(".lab-sides tbody tr").nth(1)
    expect(models).to_contain_text("sensevoice-tiny")
    expect(models).to_contain_text("paraformer-tiny")
    row = page.locator(".lab-rows tbody tr").first
    expect(row.locator("td[data-side=B]")).to_contain_text("哥哥")
    expect(row.locator(".lab-differing")).to_have_count(4)  # emotion and laughter, on either side


def test_each_side_offers_what_its_engine_can_do(researcher: Visitor) -> None:
    page = researcher.page
    left, right = page.locator("#lab-a"), page.locator("#lab-b")
    right.get_by_label("引擎").click()
    page.get_by_role("option", name="Paraformer：普通话").click()
    expect(right.get_by_text("Paraformer 不支持这一项")).to_have_count(2)
    expect(right.get_by_role("combobox", name="语言")).to_be_disabled()
    expect(right.get_by_label("总是给出情绪")).to_be_disabled()
    expect(right.get_by_label("热词")).to_be_enabled()
    expect(left.get_by_role("combobox", name="语言")).to_be_enabled()
    speak(page, "English")
    expect(right.get_by_text("Paraformer cannot do this")).to_have_count(2)
    expect(left.get_by_text("cannot do this")).to_have_count(0)
    page.reload()
    page.locator("html[data-settled]").wait_for(state="attached")
    page.get_by_role("tab", name="Lab").click()
    expect(right.get_by_role("combobox", name="Engine")).to_have_value(re.compile("^Paraformer"))
    expect(right.get_by_text("Paraformer cannot do this")).to_have_count(2)
    expect(left.get_by_role("combobox", name="Engine")).to_have_value(re.compile("^SenseVoice"))
    expect(page.locator(".toast-body")).to_have_count(0)
    expect(page.locator(".lab-form .error:visible")).to_have_count(0)


def try_rules(page: Page, rules: str, answer: str) -> None:
    """Write and press until the page has taken what was written, as somebody at it would."""
    editor, told = page.locator("#lab-editor textarea"), page.locator("#lab-effect .message").first
    for _ in range(5):
        editor.fill("")
        editor.fill(rules)
        page.click("#lab-try")
        with suppress(AssertionError):
            expect(told).to_contain_text(answer, timeout=2_000)
            return
    expect(told).to_contain_text(answer)


def test_rules_are_tried_on_a_transcript_saved_and_followed(
    researcher: Visitor, config: Path
) -> None:
    page = researcher.page
    page.get_by_role("tab", name="转写").click()
    researcher.transcribe(EXAMPLES / "zh-call.wav")
    chips = page.locator("#transcript .chip.event", has_text="背景音乐")
    expect(chips).to_have_count(1)
    go_to_lab(researcher)
    page.get_by_role("tab", name="修正规则").click()
    editor, told = page.locator("#lab-editor textarea"), page.locator("#lab-effect .message")
    name = page.locator("#lab-form").get_by_label("规则的名字")
    expect(name).to_have_value("hesitant-sad")
    page.get_by_role("tab", name="YAML").click()
    expect(editor).to_have_value(re.compile("name: hesitant-sad"))

    wrong = "- name: x\n  when:\n    emotion: sadd\n  drop_emotion: true"
    try_rules(page, wrong, "第 3 行：规则 x 的 emotion 不能是 sadd")

    try_rules(page, MUSIC, "1 段")
    expect(page.locator(".lab-changes tbody tr")).to_contain_text(
        "规则 no-music: 有背景音乐 → 去掉背景音乐"
    )
    expect_usable_by_all(page)
    assert dict(load_settings(config)) == dict(load_settings(CONFIG))

    page.get_by_role("tab", name="表单").click()
    expect(name).to_have_value("no-music")
    name.fill("no-hold-music")
    page.locator("#lab-form select.add").first.select_option(label="语言是")
    page.locator("#lab-form").get_by_label("语言是", exact=True).select_option("en")
    expect(told).to_have_text(re.compile("^规则没有错误，对当前转写的"))
    page.locator("#lab-form").get_by_role("button", name="去掉：语言是").click()
    expect(page.locator(".lab-changes tbody tr")).to_contain_text("规则 no-hold-music: 有背景音乐")
    page.click("#lab-form-save")
    expect(told.first).to_have_text(re.compile(r"已保存到 config\.yaml"))
    assert [rule.name for rule in load_settings(config).rules] == ["no-hold-music"]
    assert "# no hold music\n  - name: no-hold-music" in config.read_text("utf-8")
    assert config.read_text("utf-8").count("#") >= CONFIG.read_text("utf-8").count("#") - 1
    page.get_by_role("tab", name="转写").click()
    page.click("#start")
    page.locator("#status .bar").or_(page.locator("#status .message.done")).first.wait_for()
    expect(chips).to_have_count(0)


def test_settings_have_a_form_beside_config_yaml_that_says_the_same(
    researcher: Visitor, config: Path
) -> None:
    page, form = researcher.page, researcher.page.locator("#server-settings")
    page.get_by_role("tab", name="设置", exact=True).click()
    editor, days = form.locator("textarea"), form.get_by_label("历史保留天数")
    days.fill("0")
    expect(form.locator(".problem:not(:empty)")).to_have_text("不能小于 1")
    expect(form.get_by_role("button", name="下载 config.yaml")).to_be_disabled()
    days.fill("30")
    expect(editor).to_have_value(re.compile("^  keep_days: 30$", re.MULTILINE))

    form.locator("summary", has_text="通话风险的规则").click()
    form.get_by_role("button", name="从这套规则开始写自己的").click()
    form.locator("li summary", has_text="angry-run").click()
    form.get_by_label("每次的分值").first.fill("7")
    expect(editor).to_have_value(re.compile("name: angry-run\n      kind: run\n      points: 7\n"))
    editor.fill(editor.input_value().replace("points: 7\n", "points: 8\n"))
    expect(form.get_by_label("每次的分值").first).to_have_value("8")

    form.get_by_role("button", name="保存风险和精彩规则").click()
    expect(form.locator(".message.info")).to_contain_text("已写入 config.yaml")
    rules = load_settings(config).risk.rules
    assert rules is not None
    assert (rules[0].points, load_settings(config).history.keep_days) == (8, None)
    with page.expect_download() as download:
        form.get_by_role("button", name="下载 config.yaml").click()
    assert load_settings(download.value.path()).history.keep_days == 30
    expect_usable_by_all(page)
