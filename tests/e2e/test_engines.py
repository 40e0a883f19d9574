"""A person who chooses another engine, gives hotwords, and wants to know how words are meant."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.two_tracks import two_tracks

from .visitor import EXAMPLES, Visitor, speak

CALL = EXAMPLES / "zh-call.wav"
LAUGHTER = EXAMPLES / "zh-laughter.wav"
SIGNS = {"正向": "👍", "负向": "👎", "中性": "➖", "激动": "🔥"}


def choose(page: Page, engine: str) -> None:
    """Choose it, and wait until the form offers what it can do: it comes from the server."""
    page.click("#engine input")
    page.get_by_role("option", name=re.compile(f"^{engine}")).click()
    language = expect(page.locator("#language input"))
    language.to_be_enabled() if engine == "SenseVoice" else language.to_be_disabled()


def open_settings(page: Page) -> None:
    page.click("#settings > button")
    page.locator("#hotwords textarea").wait_for()


def rows(page: Page) -> Locator:
    return page.locator("#transcript li:visible")


def word_times(row: Locator) -> list[float]:
    words = row.locator(".word[data-seek]")
    return [float(time) for time in words.evaluate_all("all => all.map(w => w.dataset.seek)")]


def letters(text: str) -> str:
    return "".join(re.findall(r"\w", text))


def test_paraformer_gives_sentences_times_and_sentiment(
    visitor: Visitor, references: dict[str, Any]
) -> None:
    page = visitor.page
    choose(page, "Paraformer")
    visitor.upload(CALL)
    visitor.press_start()
    assert visitor.result() == "识别完成"
    lines = [letters(line["words"]) for line in references[CALL.name]["lines"] if line["text"]]
    texts = visitor.lines()
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
    expect(page.locator("#transcript .chip.emotion")).to_have_count(0)
    expect(page.locator("#verdict")).to_contain_text(re.compile(r"(👍|👎|➖|🔥) .. \d+%"))
    assert_engine_is_named(page)
    assert_filter_of_sentiment(page, len(texts))
    visitor.open_table()
    heads = page.locator("#table th").all_inner_texts()
    assert "语义" in heads
    assert not {"情绪", "声音"} & {*heads}
    # the waveform and one language, no emotions and no sounds
    page.wait_for_function("document.querySelector('#viewer canvas').clientHeight < 120")
    page.reload()
    page.locator("html[data-settled]").wait_for(state="attached")
    expect(page.locator("#engine input")).to_have_value(re.compile("^Paraformer"))
    expect(page.locator("#language input")).to_be_disabled()
    expect(page.locator(".toast-body")).to_have_count(0)


def assert_engine_is_named(page: Page) -> None:
    expect(page.locator("#banner")).to_contain_text("小模型（Paraformer）")
    expect(page.locator("#foot")).to_have_text(
        re.compile(r"已加载 SenseVoice \d+ MB、Paraformer \d+ MB"), use_inner_text=True
    )


def assert_filter_of_sentiment(page: Page, count: int) -> None:
    page.locator("#transcript select[name=sentiment]").select_option(label="负向")
    shown = rows(page).count()
    assert 0 < shown < count
    expect(rows(page).locator(".chip.negative")).to_have_count(shown)
    page.locator("#transcript select[name=sentiment]").select_option("")


def test_a_hotword_changes_words_whose_voice_then_sounds_ironic(visitor: Visitor) -> None:
    page = visitor.page
    open_settings(page)
    page.locator("#sentiment input").check()
    visitor.transcribe(LAUGHTER)
    assert "太有趣了" in visitor.text()
    chip = page.locator("#transcript .chip.sentiment")
    expect(chip).to_contain_text("正向")
    expect(chip).to_have_attribute("title", re.compile("一致"))
    expect(page.locator("#transcript .only-ironic")).to_be_hidden()
    page.fill("#hotwords textarea", "相声太无趣了，\n张三")
    page.click("#start")
    page.locator("#transcript .chip.irony").wait_for()
    assert visitor.result() == "识别完成"
    assert "太无趣了" in visitor.text()
    expect(page.locator("#transcript .mark.hotword")).to_have_text("热词：相声太无趣了")
    expect(chip).to_contain_text("负向")
    expect(page.locator("#transcript .chip.irony")).to_have_attribute(
        "title", re.compile(r"声音 \d+%，文字 \d+%")
    )
    page.locator("#transcript .only-ironic input").check()
    expect(rows(page)).to_have_count(1)
    speak(page, "English")
    page.get_by_text("irony?").first.wait_for()
    expect(chip).to_contain_text("negative")
    expect(page.locator("#transcript .mark.hotword")).to_have_text("hotword: 相声太无趣了")
    page.locator("#transcript li").hover()
    page.locator("#transcript .correct").click()
    page.locator(".correction textarea").fill("哥哥的相声太有趣了！")
    page.locator(".correction .save").click()
    chip.wait_for(state="detached")
    expect(page.locator("#transcript .chip.irony")).to_have_count(0)


def test_a_hotword_that_cannot_be_used_says_so_in_english(english_visitor: Visitor) -> None:
    page = english_visitor.page
    open_settings(page)
    page.fill("#hotwords textarea", "a")
    assert english_visitor.transcribe(LAUGHTER).startswith(
        "Recognition failed: The hotword 'a' cannot be used; give words of 2 to 20 characters"
    )
    choose(page, "Paraformer")
    page.fill("#hotwords textarea", "")
    page.click("#start")
    page.get_by_text("Finished", exact=True).wait_for()
    assert "哥哥的相声太有趣了" in english_visitor.text()
    expect(page.locator("#transcript .chip.sentiment")).to_contain_text("👍 positive")
    expect(page.locator("#banner")).to_contain_text("Small built-in model (Paraformer)")


def greyed(page: Page) -> dict[str, str]:
    """What stands below the fields that are shut."""
    words = (
        "e => [...e.querySelectorAll('[class*=info], .info, span')].map(s => s.innerText).join(' ')"
    )
    fields = ("language", "allowed", "ban")
    shut = (each for each in fields if page.locator(f"#{each} input").first.is_disabled())
    return {each: str(page.locator(f"#{each}").evaluate(words)) for each in shut}


def test_what_an_engine_cannot_do_is_said_in_the_language_of_the_page_until_another_is_chosen(
    visitor: Visitor,
) -> None:
    page = visitor.page
    open_settings(page)
    choose(page, "Paraformer")
    assert all("Paraformer 不支持这一项" in said for said in greyed(page).values())
    speak(page, "English")
    page.get_by_text("Paraformer cannot do this").first.wait_for()
    assert greyed(page).keys() == {"language", "allowed", "ban"}
    assert all("Paraformer cannot do this" in said for said in greyed(page).values())
    assert "不支持" not in page.locator("#left").inner_text()
    choose(page, "SenseVoice")
    expect(page.get_by_text("Paraformer cannot do this")).to_have_count(0)
    assert page.input_value("#language input").startswith("auto")
    expect(page.locator("#allowed input:checked")).to_have_count(5)
    expect(page.locator(".toast-body")).to_have_count(0)


def test_a_value_that_is_not_offered_is_refused_in_the_language_of_the_page(
    visitor: Visitor,
) -> None:
    page = visitor.page

    def forge(route: Route) -> None:
        sent = route.request.post_data or ""
        route.continue_(post_data=sent.replace('"auto"', '"xx"'))

    page.route("**/queue/join*", forge)
    page.locator("#examples [data-example]").first.click()
    toast = page.locator(".toast-body")
    expect(toast).to_contain_text("这里不能选 'xx'")
    title = "getComputedStyle(document.querySelector('.toast-title'), '::after').content"
    page.wait_for_function(f"{title} === '\"没有完成\"'")
    page.unroute("**/queue/join*")


def test_the_tracks_of_a_film_are_offered_once_it_is_chosen(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor.page
    visitor.upload(two_tracks(tmp_path / "film.mkv"))
    open_settings(page)
    page.click("#tracks input")
    page.get_by_role("option", name="第 2 条 · pcm_s16le").click()
    expect(page.locator("#tracks input")).to_have_value("第 2 条 · pcm_s16le")
