"""Hotwords are found by their sound, and take the place of nothing that sounds otherwise."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import Emotion
from richspeech.model.transcript import Segment, Token
from richspeech.places import HOME
from richspeech.settings import HotwordSettings
from richspeech.stages.hotwords import _Limits, replace_hotwords

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


def usual(*hotwords: str) -> dict[str, int]:
    return dict.fromkeys(hotwords, 20)


def said(text: str, *hotwords: str, limits: HotwordSettings = LIMITS) -> str:
    return replace_hotwords(segment_of(*text), usual(*hotwords), limits).text


def weighed(text: str, hotwords: dict[str, int]) -> str:
    return replace_hotwords(segment_of(*text), hotwords, LIMITS).text


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
    assert replace_hotwords(segment, usual("达摩院", "打磨院"), LIMITS) is segment


def test_the_hotword_that_sounds_most_alike_is_chosen() -> None:
    assert said("去阿里八八", "阿里巴达", "阿里巴巴") == "去阿里巴巴"
    assert said("去搭模院子", "打磨", "大漠院子") == "去大漠院子"


def test_every_place_is_found_and_the_segment_names_each_hotword_once() -> None:
    segment = replace(segment_of(*"打磨院和张善在打磨院"), rules=("mine",))
    found = replace_hotwords(segment, usual("张珊", "达摩院"), LIMITS)
    assert found.text == "达摩院和张珊在达摩院"
    assert found.rules == ("mine", "hotword:达摩院", "hotword:张珊")


def test_characters_keep_their_times_and_only_the_same_ones_their_probability() -> None:
    segment = segment_of("在", "打磨", "院", "，", "好")
    found = replace_hotwords(segment, usual("达摩院"), LIMITS)
    assert found.tokens == (
        segment.tokens[0],
        Token("达摩", 1.0, 2.0, None),
        *segment.tokens[2:],
    )


def test_a_word_of_another_length_becomes_one_token_with_the_time_of_all_it_covers() -> None:
    segment = segment_of("open", " chat", " g", "pt", " now")
    found = replace_hotwords(segment, usual("ChatGPT"), LIMITS)
    assert found.text == "open ChatGPT now"
    assert found.tokens[1:2] == (Token(" ChatGPT", 1.0, 4.0, None),)
    assert found.tokens[2].text == " now"


def test_a_segment_without_tokens_has_its_text_mended() -> None:
    segment = replace(segment_of(*"去打磨院"), tokens=())
    found = replace_hotwords(segment, usual("达摩院"), LIMITS)
    assert (found.text, found.tokens) == ("去达摩院", ())


def test_the_limits_say_how_alike_words_must_be() -> None:
    strict = HotwordSettings(edits_per_character=0.0, min_likeness=100.0)
    assert said("他在西子大厦", "西溪大厦", limits=strict) == "他在西子大厦"
    assert said("the Kubernets", "Kubernetes", limits=strict) == "the Kubernets"
    lax = HotwordSettings(edits_per_character=2.0, min_likeness=50.0)
    assert said("他吃饭了", "知饭", limits=lax) == "他知饭了"


# Weights ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "hotword", "weight", "written"),
    [
        ("请看张三", "江山", 20, "请看张三"),  # zhang, jiang: two letters of a word of nine
        ("请看张三", "江山", 100, "请看江山"),
        ("他在西子大厦", "西溪大厦", 20, "他在西溪大厦"),
        ("他在西子大厦", "西溪大厦", 10, "他在西子大厦"),
        ("我找张善经理", "张珊", 1, "我找张珊经理"),  # of the same sound
        ("the Kubenets", "Kubernetes", 20, "the Kubernetes"),
        ("the Kubenets", "Kubernetes", 10, "the Kubenets"),
        ("the Kubanet", "Kubernetes", 20, "the Kubanet"),
        ("the Kubanet", "Kubernetes", 40, "the Kubernetes"),
    ],
)
def test_the_heavier_a_hotword_the_less_it_has_to_sound_like_it(
    heard: str, hotword: str, weight: int, written: str
) -> None:
    assert weighed(heard, {hotword: weight}) == written


def test_the_document_says_how_much_may_differ_at_a_weight() -> None:
    text = (HOME / "docs" / "hotwords.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (\d+) \| (\d) \| (\d) \| (\d) \| (\d) \| ([\d.]+) \|$", text, re.MULTILINE
    )
    assert [int(row[0]) for row in rows] == [1, 10, 20, 30, 40, 60, 100]
    for weight, *edits, likeness in rows:
        within = _Limits.of(LIMITS, int(weight))
        assert [int(within.edits_per_character * n) for n in range(2, 6)] == [*map(int, edits)]
        assert within.min_likeness == pytest.approx(float(likeness))


def test_of_two_hotwords_that_sound_the_same_the_heavier_one_is_written() -> None:
    assert weighed("我找章善", {"张珊": 20, "张杉": 30}) == "我找张杉"
    assert weighed("我找章善", {"张珊": 30, "张杉": 20}) == "我找张珊"


def test_no_weight_goes_beyond_what_a_setting_may_be() -> None:
    loose = HotwordSettings(edits_per_character=2.0, min_likeness=50.0)
    for heard, hotword in (("他吃饭了", "知饭"), ("what a horse", "house"), ("一二", "达摩")):
        heaviest = replace_hotwords(segment_of(heard), {hotword: 100}, loose).text
        assert heaviest == replace_hotwords(segment_of(heard), {hotword: 20}, loose).text


@given(st.text("打磨院达摩张善珊", max_size=12), st.integers(1, 99))
def test_what_a_light_hotword_replaces_a_heavier_one_does_as_well(text: str, weight: int) -> None:
    light = replace_hotwords(segment_of(text), {"达摩院": weight}, LIMITS)
    heavy = replace_hotwords(segment_of(text), {"达摩院": weight + 1}, LIMITS)
    assert heavy.text.count("达摩院") >= light.text.count("达摩院")


# Protected words ----------------------------------------------------------------------------------


def test_a_protected_word_stays_and_what_sounds_like_it_does_not() -> None:
    heard = segment_of(*"李自说张善和张扇")
    assert replace_hotwords(heard, usual("张珊"), LIMITS, ["张善"]).text == "李自说张善和张珊"


@pytest.mark.parametrize(
    ("heard", "protected", "written"),
    [
        ("打磨院子", "院子", "打磨院子"),  # even where only a part of it would go
        ("打磨院子", "打", "打磨院子"),
        ("打磨院子", "模", "达摩院子"),
        ("the Kubernets and kubernets", "KUBERNETS", "the Kubernets and kubernets"),
        ("the Kubernets", "kube", "the Kubernetes"),  # a word, not the beginning of one
        ("打磨院子", "!", "达摩院子"),
    ],
)
def test_no_hotword_is_put_over_a_protected_word(heard: str, protected: str, written: str) -> None:
    found = replace_hotwords(segment_of(heard), usual("达摩院", "Kubernetes"), LIMITS, [protected])
    assert found.text == written


def test_a_protected_word_may_be_a_hotword_itself() -> None:
    found = replace_hotwords(segment_of("张珊和张善"), usual("张珊", "张善"), LIMITS, ["张珊"])
    assert found.text == "张珊和张善"


# Punctuation --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "hotword", "written"),
    [
        ("I use yahoo!", "Yahoo!", "I use Yahoo!"),
        ("I use Yahoo!", "Yahoo!", "I use Yahoo!"),
        ("I use yahoo.", "Yahoo!", "I use Yahoo."),
        ("Do you use yahoo?", "Yahoo!", "Do you use Yahoo?"),
        ("I use yahoo daily.", "Yahoo!", "I use Yahoo! daily."),
        ("I use yahoo", "Yahoo!", "I use Yahoo!"),
        ("我在阿里八八。", "阿里巴巴。", "我在阿里巴巴。"),
        ("我在阿里八八，他不在。", "阿里巴巴。", "我在阿里巴巴，他不在。"),
        ("他说“我在阿里八八”。", "阿里巴巴！", "他说“我在阿里巴巴”。"),
        ("读过《三提》吗？", "《三体》", "读过《三体》吗？"),
        ("读过三提吗？", "《三体》", "读过《三体》吗？"),
        ("we use dotnet, asp net", ".NET", "we use dotnet, asp .NET"),
        ("we use .net, too", ".NET", "we use .NET, too"),
        ("he writes csharp.", "CSharp#", "he writes CSharp#."),
        ("he writes csharp#.", "CSharp#", "he writes CSharp#."),
    ],
)
def test_a_mark_of_a_hotword_never_doubles_that_of_the_sentence(
    heard: str, hotword: str, written: str
) -> None:
    assert said(heard, hotword) == written


MARKS = "。，！？.!?,"


@given(
    st.sampled_from(["", *MARKS]), st.text(MARKS, max_size=2), st.sampled_from(["", "去", " 去"])
)
def test_whatever_marks_a_hotword_has_the_sentence_keeps_its_own_alone(
    own: str, marks: str, after: str
) -> None:
    written = said(f"在打磨院{own}{after}", f"达摩院{marks}")
    assert written == f"在达摩院{own or marks}{after}"


TEXTS = st.text(alphabet="打磨院达摩张善珊ab ，。!1", max_size=30)
WORDS = st.lists(
    st.sampled_from(["达摩院", "张珊", "ab", "a b", "b1", "打a", "ab!", "。张"]), max_size=4
)


@given(st.lists(TEXTS.filter(bool), max_size=8), WORDS)
def test_tokens_always_spell_the_text_in_order_of_time(texts: list[str], words: list[str]) -> None:
    segment = segment_of(*texts)
    found = replace_hotwords(segment, usual(*words), LIMITS)
    assert "".join(token.text for token in found.tokens) == found.text
    times = [token.start for token in found.tokens if token.start is not None]
    assert times == sorted(times)
    measured = {time for token in segment.tokens for time in (token.start, token.end)}
    assert {time for token in found.tokens for time in (token.start, token.end)} <= measured


@given(TEXTS, WORDS)
def test_what_was_put_in_is_found_no_second_time(text: str, words: list[str]) -> None:
    once = replace_hotwords(segment_of(text), usual(*words), LIMITS)
    assert replace_hotwords(replace(once, rules=()), usual(*words), LIMITS).text == once.text
