"""The embedded ct-punc: the marks of new sentences, and what it does with text it does not know."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.engines.common.automodel import load_automodel
from scripts.embedded import mandarin, punctuation
from scripts.embedded.corpus import Sentence
from scripts.embedded.punctuation import MARKS, Line

FOLDER = Path(__file__).resolve().parents[2] / "models" / "ct-punc-tiny"
LEAST_F1 = 0.9
"""What the project asks for."""


@pytest.fixture(scope="module")
def auto_model() -> Any:
    return load_automodel(FOLDER, "CTTransformer", "cpu", threads=1)


def sentence(text: str) -> Sentence:
    return Sentence("zh", text, text, "")


# What it writes -----------------------------------------------------------------------------------


def test_its_size_is_what_the_project_allows() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1.5e6


def test_new_sentences_get_their_marks(auto_model: Any) -> None:
    lines = [punctuation.line_of(row) for row in punctuation.held_out()[:80]]
    truth = [mark for line in lines for mark in line.marks]
    found = [mark for line in lines for mark in mandarin.marks_found(auto_model, line)]
    four = frozenset(range(MARKS.index("，"), len(MARKS)))
    assert mandarin.f1(truth, found, four) >= LEAST_F1


@pytest.mark.parametrize(
    "written",
    [
        "你好，我想退掉这个手机。",
        "请问我的订单对不对？",
        "我想买苹果、香蕉和西瓜。",
        "明天有数学课吗？请大家认真读第二十页。",
    ],
)
def test_a_text_is_given_its_marks_back(auto_model: Any, written: str) -> None:
    line = punctuation.line_of([sentence(written)])
    (found,) = auto_model.generate(line.characters)
    assert found["text"] == written
    assert found["punc_array"].tolist() == line.marks


def test_spaced_characters_are_read_like_unspaced_ones(auto_model: Any) -> None:
    spaced, unspaced = "请 问 我 的 订 单 对 不 对", "请问我的订单对不对"
    assert auto_model.generate(spaced)[0]["text"] == auto_model.generate(unspaced)[0]["text"]


def test_words_it_does_not_know_are_kept(auto_model: Any) -> None:
    text = auto_model.generate("谢谢 zhangsan 先生")[0]["text"]
    assert "zhangsan" in text
    assert text.startswith("谢谢")


def test_it_needs_no_dictionary() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {
        *("config.yaml", "configuration.json", "model.pt", "tokens.json"),
    }
    stored = json.loads((FOLDER / "tokens.json").read_text(encoding="utf-8"))
    assert stored == punctuation.tokens()


# What it learns from ------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.text("买卖看听说读", min_size=1, max_size=6), st.sampled_from("，。？、")),
        min_size=1,
        max_size=9,
    )
)
def test_a_line_and_its_marks_are_the_text_again(parts: list[tuple[str, str]]) -> None:
    text = "".join(words + mark for words, mark in parts)
    line = punctuation.line_of([sentence(text)])
    spelled = [MARKS[mark].replace("_", "") for mark in line.marks]
    assert "".join(map("".join, zip(line.characters, spelled, strict=True))) == text


def test_an_exclamation_mark_counts_as_a_full_stop() -> None:
    assert punctuation.line_of([sentence("快走！")]) == Line("快走", [1, 3])


def test_no_sentence_of_the_test_is_learned_from() -> None:
    tested = {s.woitn for row in punctuation.held_out() for s in row}
    batches, rng = punctuation.Batches(punctuation.Recipe()), random.Random(5)  # noqa: S311
    learned = "".join(batches._line(rng).characters for _ in range(300))
    assert len(tested) > 300
    assert not [words for words in tested if words in learned]
