"""Punctuation is funasr's own, whatever the length, and every text ends with a mark."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from postprocess import Emotion
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.ct_punc import CtPunc
from richspeech.engines.hub import EMBEDDED_PUNCTUATION, EMBEDDED_RECOGNISER
from richspeech.errors import ModelError
from richspeech.model.transcript import Hypothesis, Token
from richspeech.stages.sentences import with_marks
from tests.integration import random_models

WORDS = [*random_models.CHARACTERS, "hello", "app"]
CALL = "你好我想修理这个冰箱对不起灰色的冰箱没有了"


@pytest.fixture(scope="module", params=range(3))
def auto_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("models") / "punc"
    return load_automodel(
        random_models.ct_punc(folder, seed=request.param), "CTTransformer", "cpu", 1
    )


def spoken(words: list[str]) -> Hypothesis:
    texts = [
        f" {word}" if word.isascii() and before.isascii() and before else word
        for before, word in zip(["", *words], words, strict=False)
    ]
    tokens = tuple(Token(text, None, None, 0.5) for text in texts)
    return Hypothesis("".join(texts), "zh", {}, Emotion.UNKNOWN, {}, (), {}, tokens, "")


def punctuated(engine: CtPunc, words: list[str]) -> str:
    heard = spoken(words)
    return with_marks(heard, engine.marks(heard.text)).text


def squeeze(text: str) -> str:
    """funasr puts a space before letters at the beginning, and makes APP App."""
    return "".join(text.split()).casefold()


@pytest.mark.parametrize("count", [1, 2, 3, 19, 20, 21, 40, 41, 60, 150, 450])
def test_marks_are_those_of_generate(auto_model: Any, count: int) -> None:
    words = random.Random(count).choices(WORDS, k=count)  # noqa: S311
    theirs = auto_model.generate(" ".join(words))[0]["text"]
    assert squeeze(punctuated(CtPunc(auto_model), words)) == squeeze(theirs)


def test_a_very_long_sentence_ends_at_its_last_comma(tmp_path: Path) -> None:
    """The model of this seed, kept from all ends of sentences, has commas alone."""
    folder = random_models.ct_punc(tmp_path / "punc", seed=1)
    auto_model = load_automodel(folder, "CTTransformer", "cpu", 1)
    auto_model.model.decoder.bias.data[3:5] = -50.0
    words = random.Random(7).choices(random_models.CHARACTERS, k=450)  # noqa: S311
    found = punctuated(CtPunc(auto_model), words)
    assert squeeze(found) == squeeze(auto_model.generate(" ".join(words))[0]["text"])
    assert "。" in found[:-1]


def test_marks_have_probabilities_and_stand_in_order(auto_model: Any) -> None:
    marks = CtPunc(auto_model).marks("今天天气很好 hello 我们去公园")
    assert [mark.letters for mark in marks] == sorted(mark.letters for mark in marks)
    assert marks[-1].letters == 6 + 5 + 5
    assert marks[-1].text in "。？"
    assert all(0 < mark.probability < 1 for mark in marks)


def test_nothing_needs_no_marks(auto_model: Any) -> None:
    assert CtPunc(auto_model).marks("") == CtPunc(auto_model).marks("  ") == []


def test_a_name_that_is_a_file_or_an_address_is_only_text(
    auto_model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """funasr would open the one and fetch the other."""
    (tmp_path / "hello").write_text("今天天气很好", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for text in ("hello", "http://localhost:1/app"):
        assert CtPunc(auto_model).marks(text)[-1].letters == len(text)


def test_the_embedded_model_parts_sentences() -> None:
    heard = spoken([*CALL])
    marks = CtPunc.load(EMBEDDED_PUNCTUATION, "cpu", threads=1).marks(heard.text)
    found = with_marks(heard, marks).text
    assert found == "你好，我想修理这个冰箱。对不起，灰色的冰箱没有了。"


def test_another_class_is_refused() -> None:
    with pytest.raises(
        ModelError,
        match=r"holds a SenseVoiceSmall.*choose a model of CTTransformer",
    ):
        CtPunc.load(EMBEDDED_RECOGNISER, "cpu")


@pytest.mark.parametrize("name", ["model.pt", "config.yaml", "tokens.json"])
def test_a_folder_that_lacks_a_file_is_refused(tmp_path: Path, name: str) -> None:
    folder = random_models.ct_punc(tmp_path / "lame")
    (folder / name).unlink()
    with pytest.raises(ModelError, match=r"lame .*\.$"):
        CtPunc.load(folder, "cpu")


def test_a_model_with_other_marks_is_refused(tmp_path: Path) -> None:
    folder = random_models.ct_punc(tmp_path / "marks", ("<unk>", "_", ",", ".", "?", ";"))
    with pytest.raises(ModelError, match=r"does not know '，' \(it knows <unk>, _, ,, \., \?, ;\)"):
        CtPunc.load(folder, "cpu")


def test_a_copy_of_the_folder_gives_the_same_marks(tmp_path: Path) -> None:
    folder = random_models.ct_punc(tmp_path / "one")
    copy = Path(shutil.copytree(folder, tmp_path / "two"))
    text = "".join(WORDS[:30])
    one, two = (CtPunc.load(each, "cpu", threads=1).marks(text) for each in (folder, copy))
    assert one == two
