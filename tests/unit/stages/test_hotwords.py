"""Hotwords are found by their sound, and take the place of nothing that sounds otherwise."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import Emotion
from richspeech.model.transcript import Segment, Token
from richspeech.settings import HotwordSettings
from richspeech.stages.hotwords import replace_hotwords

LIMITS = HotwordSettings()


def segment_of(*texts: str) -> Segment:
    """One second a token, each of probability 0.5; marks have neither."""
    tokens = tuple(
        Token(text, float(i), i + 1.0, 0.5)
        if any(letter.isalnum() for letter in text)
        else Token(text, None, None, 0.9)
        for i, text in enumerate(texts)
    )
    return Segment(
        0.0,
        float(len(texts)),
        "".join(texts),
        "zh",
        None,
        Emotion.UNKNOWN,
        {},
        (),
        {},
        tokens,
        "",
    )


def said(text: str, *hotwords: str, limits: HotwordSettings = LIMITS) -> str:
    return replace_hotwords(segment_of(*text), hotwords, limits).text


@pytest.mark.parametrize(
    ("heard", "hotword", "written"),
    [
        ("欢迎来到打磨院参观", "达摩院", "欢迎来到达摩院参观"),  # other tones
        ("我找张善经理", "张珊", "我找张珊经理"),
        ("欢迎阿里八八的同事", "阿里巴巴", "欢迎阿里巴巴的同事"),
        ("请找小林经里", "晓琳经理", "请找晓琳经理"),
        ("他在杭州西子大厦", "西溪大厦", "他在杭州西溪大厦"),  # zi and xi: one letter of eleven
        ("他重新说了一遍", "崇新", "他崇新说了一遍"),  # 重 is read chong here, zhong elsewhere
        ("打开 chat gpt 看看", "ChatGPT", "打开 ChatGPT 看看"),
        ("open the Kubernets cluster", "Kubernetes", "open the Kubernetes cluster"),
        ("we use machine lerning here", "machine learning", "we use machine learning here"),
        ("买一件t序吧", "T恤", "买一件T恤吧"),
    ],
)
def test_what_sounds_like_a_hotword_is_written_as_it(
    heard: str, hotword: str, written: str
) -> None:
    assert said(heard, hotword) == written


@pytest.mark.parametrize(
    ("heard", "hotword"),
    [
        ("现在几点", "达摩院"),
        ("他叫李四", "李斯特"),  # another number of characters
        ("我的世间", "实践吗"),
        ("他吃饭了", "知饭"),  # one letter too many for two characters
        ("打，磨院", "达摩院"),  # a comma between
        ("open the door", "Kubernetes"),
        ("我要gpu", "GPT"),
        ("ambassador", "sad"),
        ("", "达摩院"),
        ("。。。", "达摩院"),
    ],
)
def test_what_sounds_otherwise_stays(heard: str, hotword: str) -> None:
    assert said(heard, hotword) == heard


def test_a_hotword_that_is_there_already_changes_nothing() -> None:
    segment = segment_of(*"欢迎来到达摩院")
    assert replace_hotwords(segment, ["达摩院", "打磨院"], LIMITS) is segment


def test_the_hotword_that_sounds_most_alike_is_chosen() -> None:
    assert said("去阿里八八", "阿里巴达", "阿里巴巴") == "去阿里巴巴"
    assert said("去搭模院子", "打磨", "大漠院子") == "去大漠院子"


def test_every_place_is_found_and_the_segment_names_each_hotword_once() -> None:
    segment = replace(segment_of(*"打磨院和张善在打磨院"), rules=("mine",))
    found = replace_hotwords(segment, ["张珊", "达摩院"], LIMITS)
    assert found.text == "达摩院和张珊在达摩院"
    assert found.rules == ("mine", "hotword:达摩院", "hotword:张珊")


def test_characters_keep_their_times_and_only_the_same_ones_their_probability() -> None:
    segment = segment_of("在", "打磨", "院", "，", "好")
    found = replace_hotwords(segment, ["达摩院"], LIMITS)
    assert found.tokens == (
        segment.tokens[0],
        Token("达摩", 1.0, 2.0, None),
        *segment.tokens[2:],
    )


def test_a_word_of_another_length_becomes_one_token_with_the_time_of_all_it_covers() -> None:
    segment = segment_of("open", " chat", " g", "pt", " now")
    found = replace_hotwords(segment, ["ChatGPT"], LIMITS)
    assert found.text == "open ChatGPT now"
    assert found.tokens[1:2] == (Token(" ChatGPT", 1.0, 4.0, None),)
    assert found.tokens[2].text == " now"


def test_a_segment_without_tokens_has_its_text_mended() -> None:
    segment = replace(segment_of(*"去打磨院"), tokens=())
    found = replace_hotwords(segment, ["达摩院"], LIMITS)
    assert (found.text, found.tokens) == ("去达摩院", ())


def test_the_limits_say_how_alike_words_must_be() -> None:
    strict = HotwordSettings(edits_per_character=0.0, min_likeness=100.0)
    assert said("他在西子大厦", "西溪大厦", limits=strict) == "他在西子大厦"
    assert said("the Kubernets", "Kubernetes", limits=strict) == "the Kubernets"
    lax = HotwordSettings(edits_per_character=2.0, min_likeness=50.0)
    assert said("他吃饭了", "知饭", limits=lax) == "他知饭了"


TEXTS = st.text(alphabet="打磨院达摩张善珊ab ，。!1", max_size=30)
WORDS = st.lists(st.sampled_from(["达摩院", "张珊", "ab", "a b", "b1", "打a"]), max_size=4)


@given(st.lists(TEXTS.filter(bool), max_size=8), WORDS)
def test_tokens_always_spell_the_text_in_order_of_time(texts: list[str], words: list[str]) -> None:
    segment = segment_of(*texts)
    found = replace_hotwords(segment, words, LIMITS)
    assert "".join(token.text for token in found.tokens) == found.text
    times = [token.start for token in found.tokens if token.start is not None]
    assert times == sorted(times)
    measured = {time for token in segment.tokens for time in (token.start, token.end)}
    assert {time for token in found.tokens for time in (token.start, token.end)} <= measured


@given(TEXTS, WORDS)
def test_what_was_put_in_is_found_no_second_time(text: str, words: list[str]) -> None:
    once = replace_hotwords(segment_of(text), words, LIMITS)
    assert replace_hotwords(replace(once, rules=()), words, LIMITS).text == once.text
