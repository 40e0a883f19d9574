"""Lists of hotwords are read as people have them, with the weights that stand in them."""

import csv
from contextlib import suppress
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.errors import OptionError
from richspeech.model.hotword_list import (
    hotwords_in,
    hotwords_of_file,
    protected_in,
    written_list,
)
from richspeech.model.options import HOTWORD_LETTERS


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("冰箱坏掉 20\n地址 40\n", {"冰箱坏掉": 20, "地址": 40}),  # FunASR's runtime
        ("\ufeff冰箱坏掉 30\r\n\r\n地址 40\r\n", {"冰箱坏掉": 30, "地址": 40}),
        ("阿里巴巴 30\n达摩院\n", {"阿里巴巴": 30, "达摩院": 20}),
        ("热词,权重\n达摩院,40\n张珊,\n", {"达摩院": 40, "张珊": 20}),  # a spreadsheet
        (
            "word\tweight\nmachine learning\t50\niPhone 15\t30",
            {"machine learning": 50, "iPhone 15": 30},
        ),
        ("达摩院，40\n张珊、李四；王五\n", {"达摩院": 40, "张珊": 20, "李四": 20, "王五": 20}),
        ("达摩院|40,张珊|50", {"达摩院": 40, "张珊": 50}),
        ('"Yahoo!, Inc.",60\n"5"" disk"\n', {"Yahoo!, Inc.": 60, '5" disk': 20}),
        ("# names\n达摩院\n  # 地名\n杭州\nC# 5\n", {"达摩院": 20, "杭州": 20, "C# 5": 20}),
        ('"#MeToo"\n', {"#MeToo": 20}),
        ("iPhone 15\nMate 60\n地址\n", {"iPhone 15": 20, "Mate 60": 20, "地址": 20}),
        ("iPhone 15 20\n地址 40\n", {"iPhone 15": 20, "地址": 40}),
        ("Boeing 747\n", {"Boeing 747": 20}),
        ("GPT 4", {"GPT 4": 20}),
        ("Boeing 747\nAirbus 320\n", {"Boeing 747": 20, "Airbus 320": 20}),
        ('"GPT 4"\n"iPhone 15"\n', {"GPT 4": 20, "iPhone 15": 20}),
        ('"GPT 4",30\n达摩院 40\n', {"GPT 4": 30, "达摩院": 40}),
        ("热词 权重\n达摩院 40\n张珊\n", {"达摩院": 40, "张珊": 20}),
        ("body weight\nheart rate\n", {"body weight": 20, "heart rate": 20}),
        ("热词,权重,备注\n达摩院,40,研究机构\n张珊,,人名\n,,\n", {"达摩院": 40, "张珊": 20}),
        ("weight;word\n40;machine learning\n", {"machine learning": 40}),
        ("id\tword\tweight\n1\tGPT 4\t30\n2\tDamo\t\n", {"GPT 4": 30, "Damo": 20}),
        ("10086\n95588\n", {"10086": 20, "95588": 20}),
        ("达摩院 40\n达摩院 50\n", {"达摩院": 40}),
        ("machine  learning\n 张珊 \n", {"machine learning": 20, "张珊": 20}),
        ("\n# nothing\n", {}),
    ],
)
def test_a_file_of_hotwords_keeps_their_weights(text: str, weights: dict[str, int]) -> None:
    assert hotwords_of_file(text) == weights
    assert list(hotwords_of_file(text)) == list(weights), "in their order"


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("达摩院 张珊", {"达摩院": 20, "张珊": 20}),
        ("达摩院 40 张珊", {"达摩院": 40, "张珊": 20}),
        ("阿里巴巴 20\nDamo Academy 30", {"阿里巴巴": 20, "Damo Academy": 30}),
        ("GPT 4", {"GPT 4": 20}),
        ("Alibaba 30 Damo 40", {"Alibaba": 30, "Damo": 40}),
        ('"machine learning" Paraformer', {"machine learning": 20, "Paraformer": 20}),
        ("machine learning, Paraformer", {"machine learning": 20, "Paraformer": 20}),
        ("iPhone 15 Mate", {"iPhone 15": 20, "Mate": 20}),
        (" 张三，李四、\n退款,VIP  退款；", {"张三": 20, "李四": 20, "退款": 20, "VIP": 20}),
        ("　达摩院　张珊　", {"达摩院": 20, "张珊": 20}),
    ],
)
def test_what_is_typed_may_be_parted_by_blanks_as_well(text: str, weights: dict[str, int]) -> None:
    assert hotwords_in(text) == weights


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "达摩院 20\n阿里巴巴 200\n",
            "Line 2 of the list: The weight 200 of the hotword '阿里巴巴'",
        ),
        ("# x\n达摩院\n张珊,0", "Line 3 of the list: The weight 0 of the hotword '张珊'"),
        ("达摩院\n张珊\t-5", "Line 2 of the list: The weight -5 of"),
        ("热词,权重,备注\n达摩院,x,机构", "Line 2 of the list: The weight x of the hotword"),
        ("Damo 200\nAlibaba 20\n", "Line 1 of the list: The weight 200 of the hotword 'Damo'"),
        ("达摩院\n张珊,1.5", "Line 2 of the list: The weight 1.5 of"),
        ("达摩院\n院\n", "Line 2 of the list: The hotword '院' cannot be used"),
        (f"达摩院\n{'二' * 21}", "Line 2 of the list: The hotword '二二"),
        ('达摩院\n"Yahoo', 'Line 2 of the list: The quotation marks in "Yahoo cannot be read'),
        ('达摩院\n"Yahoo"!', "Line 2 of the list: The quotation marks in"),
        (
            "达摩院,999",
            "The weight 999 of the hotword '达摩院' cannot be used: give a whole number",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(text: str, sentence: str) -> None:
    for read in (hotwords_in, hotwords_of_file):
        with pytest.raises(OptionError) as caught:
            read(text)
        assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    "text",
    [
        "达摩院,40,研究机构\n张珊,50,人名\n",
        "达摩院\t40\t研究机构\n张珊\t\t人名\n李四\t20\t人名\n",
        "言葉,重み,備考\n達摩院,40,機関\n",
        "1,达摩院,40\n2,张珊,50\n",
    ],
)
def test_a_table_that_does_not_tell_words_from_notes_is_refused(text: str) -> None:
    for read in (hotwords_in, hotwords_of_file):
        with pytest.raises(OptionError, match="name the columns in a first line"):
            read(text)


@pytest.mark.parametrize(
    "text", ["张珊,40,李四,50\n王五,20,赵六,30\n", "张珊,李四,王五\n达摩院,阿里,淘宝\n"]
)
def test_words_several_a_line_are_no_such_table(text: str) -> None:
    assert {"张珊", "李四", "王五"} <= {*hotwords_of_file(text)} & {*hotwords_in(text)}


def test_protected_words_are_listed_alike_and_have_no_weights() -> None:
    assert protected_in("地址，电话\naccount number") == ("地址", "电话", "account number")
    assert protected_in("地址 电话 地址") == ("地址", "电话")
    assert protected_in("中国移动,10086\n她", in_file=True) == ("中国移动", "10086", "她")
    with pytest.raises(OptionError, match=r"Line 2 of the list: '二+' cannot be a protected word"):
        protected_in(f"地址\n{'二' * 21}")


LETTERS = st.text("达摩院ab, \t|;#\"'!。、1", min_size=2, max_size=20)
WORDS = LETTERS.map(lambda word: " ".join(word.split())).filter(
    lambda word: len(word) in HOTWORD_LETTERS
)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (hotwords_in, hotwords_of_file):
        with suppress(OptionError):
            found = read(text)
            assert all(len(word) in HOTWORD_LETTERS for word in found)
            assert all(1 <= weight <= 100 for weight in found.values())


@given(st.dictionaries(WORDS, st.integers(1, 100), max_size=8))
def test_what_a_program_writes_as_csv_is_read_as_it_was(weights: dict[str, int]) -> None:
    written = StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(weights.items())
    assert hotwords_of_file(written.getvalue()) == weights


@given(st.lists(st.sampled_from(["地址", "machine learning", "a, b", "她", "a\tb"]), unique=True))
def test_a_list_that_the_page_shows_is_read_as_it_was(words: list[str]) -> None:
    words = [" ".join(word.split()) for word in words]
    assert protected_in(written_list(words)) == tuple(words)
