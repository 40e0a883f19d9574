"""A person who chooses another engine, gives hotwords, and wants to know how words are meant."""

import re
from typing import Any

from playwright.sync_api import Locator, Page

from .visitor import EXAMPLES, Visitor

CALL = EXAMPLES / "zh-call.wav"
LAUGHTER = EXAMPLES / "zh-laughter.wav"
LOADING_SECONDS = 180
"""Whoever comes first waits for the engine and for what it imports."""
SIGNS = {"正向": "👍", "负向": "👎", "中性": "➖", "激动": "🔥"}


def choose(page: Page, engine: str) -> None:
    page.click("#engine input")
    page.get_by_role("option", name=re.compile(f"^{engine}")).click()


def open_settings(page: Page) -> None:
    page.click("#settings > button")
    page.locator("#hotwords textarea").wait_for()


def rows(page: Page) -> Locator:
    return page.locator("#transcript li:visible")


def word_times(row: Locator) -> list[float]:
    words = row.locator(".word[data-seek]")
    return [float(time) for time in words.evaluate_all("all => all.map(w => w.dataset.seek)")]


def title_of(chip: Locator) -> str:
    return chip.get_attribute("title") or ""


def letters(text: str) -> str:
    return "".join(re.findall(r"\w", text))


def test_paraformer_gives_sentences_times_and_sentiment(
    visitor: Visitor, references: dict[str, Any]
) -> None:
    page = visitor.page
    choose(page, "Paraformer")
    page.wait_for_function("document.querySelector('#language input').disabled")
    visitor.upload(CALL)
    visitor.press_start()
    assert visitor.result(LOADING_SECONDS) == "转写完成"
    lines = [letters(line["words"]) for line in references[CALL.name]["lines"] if line["text"]]
    texts = page.locator("#transcript .line > p:first-child").all_inner_texts()
    assert len({letters(text) for text in texts} & {*lines}) > 0.8 * len(lines)
    assert sum(text[-1] in "。！？" for text in texts) > 0.9 * len(texts)
    times = [word_times(row) for row in rows(page).all()]
    spoken = [time for row in times for time in row]
    assert spoken == sorted(spoken)
    assert all(len(row) > 3 for row in times)
    chips = page.locator("#transcript .chip.sentiment").all_inner_texts()
    assert len(chips) == len(texts)
    for chip in chips:
        sign, word, sure = chip.split("\n")[-1].split()
        assert SIGNS[word] == sign
        assert 25 < int(sure.removesuffix("%")) <= 100
    assert page.locator("#transcript .chip.emotion").count() == 0
    assert re.search(r"语义\s(👍|👎|➖|🔥) .. \d+%", page.locator("#status").inner_text())
    assert_engine_is_named(page)
    assert_filter_of_sentiment(page, len(texts))
    visitor.open_table()
    heads = page.locator("#table th").all_inner_texts()
    assert "语义" in heads
    assert "情绪" not in heads


def assert_engine_is_named(page: Page) -> None:
    assert "小模型：Paraformer" in page.locator("#banner").inner_text()
    assert re.search(
        r"已加载 SenseVoice \d+ MB、Paraformer \d+ MB", page.locator("#foot").inner_text()
    )


def assert_filter_of_sentiment(page: Page, count: int) -> None:
    page.locator("#transcript select[name=sentiment]").select_option(label="负向")
    shown = rows(page).count()
    assert 0 < shown < count
    assert rows(page).locator(".chip.negative").count() == shown
    page.locator("#transcript select[name=sentiment]").select_option("")


def test_a_hotword_changes_words_whose_voice_then_sounds_ironic(visitor: Visitor) -> None:
    page = visitor.page
    open_settings(page)
    page.locator("#sentiment input").check()
    visitor.transcribe(LAUGHTER)
    assert "太有趣了" in visitor.text()
    chip = page.locator("#transcript .chip.sentiment")
    assert "正向" in chip.inner_text()
    assert "一致" in title_of(chip)
    assert page.locator("#transcript .only-ironic").is_hidden()
    page.fill("#hotwords textarea", "相声太无趣了，\n张三")
    page.click("#start")
    page.locator("#transcript .chip.irony").wait_for()
    assert visitor.result() == "转写完成"
    assert "太无趣了" in visitor.text()
    assert page.locator("#transcript .mark.hotword").inner_text() == "热词：相声太无趣了"
    assert "负向" in chip.inner_text()
    assert re.search(r"声音 \d+%，文字 \d+%", title_of(page.locator("#transcript .chip.irony")))
    page.locator("#transcript .only-ironic input").check()
    assert rows(page).count() == 1
    page.locator("#switch label", has_text="English").click()
    page.get_by_text("irony?").first.wait_for()
    assert "negative" in chip.inner_text()
    assert page.locator("#transcript .mark.hotword").inner_text() == "hotword: 相声太无趣了"
    page.locator("#transcript li").hover()
    page.locator("#transcript .correct").click()
    page.locator(".correction textarea").fill("哥哥的相声太有趣了！")
    page.locator(".correction .save").click()
    chip.wait_for(state="detached")
    assert page.locator("#transcript .chip.irony").count() == 0


def test_a_hotword_that_cannot_be_used_says_so_in_english(english_visitor: Visitor) -> None:
    page = english_visitor.page
    open_settings(page)
    page.fill("#hotwords textarea", "a")
    assert english_visitor.transcribe(LAUGHTER).startswith(
        "The hotword 'a' cannot be used; give words of 2 to 20 characters"
    )
    choose(page, "Paraformer")
    page.fill("#hotwords textarea", "")
    page.click("#start")
    page.get_by_text("Finished", exact=True).wait_for(timeout=LOADING_SECONDS * 1000)
    assert "哥哥的相声太有趣了" in english_visitor.text()
    assert "👍 positive" in page.locator("#transcript .chip.sentiment").inner_text()
    assert "built-in model is in use: Paraformer" in page.locator("#banner").inner_text()
