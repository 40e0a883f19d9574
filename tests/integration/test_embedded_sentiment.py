"""The embedded classifier: the examples, sentences it never saw, and what it learned from."""

import random
import re

import pytest
import regex

from richspeech.engines.sentiment.classifier import SentimentClassifier
from richspeech.engines.sentiment.load import load_classifier
from richspeech.model.sentiment import Sentiment, strongest
from richspeech.settings import load_settings
from scripts.embedded.corpus import PUNCTUATION, TextList
from scripts.embedded.sentiment import (
    Corpus,
    example_sentences,
    is_held_out,
    new_lines,
    turned_lines,
)
from tests.integration.conftest import references

MEANT = {
    "我上周买的冰箱坏了！": Sentiment.NEGATIVE,
    "我很失望，运费不对！": Sentiment.NEGATIVE,
    "你们的冰箱怎么这么贵？": Sentiment.NEGATIVE,
    "这是我第3次打电话了！": Sentiment.NEGATIVE,
    "我很后悔，地址不对！": Sentiment.NEGATIVE,
    "我很生气，发票不对！": Sentiment.NEGATIVE,
    "请耐心说你的订单。": Sentiment.NEUTRAL,
    "请问我的订单对不对？": Sentiment.NEUTRAL,
    "请仔细说你的电话。": Sentiment.NEUTRAL,
    "请大声说你的地址。": Sentiment.NEUTRAL,
    "请到5号门口等司机。": Sentiment.NEUTRAL,
    "有没有灰色的冰箱？": Sentiment.NEUTRAL,
    "这个灰色的冰箱要200元。": Sentiment.NEUTRAL,
    "请经理看看我的订单。": Sentiment.NEUTRAL,
    "你好，我想修理这个冰箱。": Sentiment.NEUTRAL,
    "灰色的冰箱可以送到公司吗？": Sentiment.NEUTRAL,
    "昨晚的京剧真精彩！": Sentiment.POSITIVE,
    "哥哥的相声太有趣了。": Sentiment.POSITIVE,
}
"""Without those that people could read in two ways: an apology, a polite return, "buy now"."""
SENTENCES = 300
LEAST_RIGHT = 0.7
"""Of sentences of new templates; guessing gets a quarter right. See models/README.md."""
TURNED_RIGHT = 0.7
"""Of sentences that a small word turns around; guessing by 不 gets half of them right."""
TURNED = {
    "不难用。": Sentiment.POSITIVE,
    "难用。": Sentiment.NEGATIVE,
    "没有什么不好的。": Sentiment.POSITIVE,
    "没有什么好的。": Sentiment.NEGATIVE,
    "哥哥的相声太无趣了！": Sentiment.NEGATIVE,
    "哥哥的相声太有趣了！": Sentiment.POSITIVE,
}


@pytest.fixture(scope="module", params=["torch", "onnx"])
def classifier(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> SentimentClassifier:
    folder = tmp_path_factory.mktemp(f"cache-{request.param}")
    found = load_settings(
        model={"device": "cpu", "cache_folder": folder},
        sentiment={"id": "embedded", "backend": request.param},
    )
    return load_classifier(found).classifier


def said_in_examples() -> set[str]:
    mandarin = [each["lines"] for each in references().values() if each["language"] == "zh"]
    return {line["text"] for lines in mandarin for line in lines if line["text"]}


def patterns(templates: dict[Sentiment, list[str]]) -> dict[Sentiment, regex.Pattern[str]]:
    slots = (
        f"(?P<{name}>{'|'.join(_called(item.split('|')[-1]) for item in items)})"
        for name, items in Corpus.load().slots.items()
    )
    known = f"(?(DEFINE){''.join(slots)})"
    return {
        sentiment: regex.compile(f"{known}(?:{'|'.join(map(_called, some))})")
        for sentiment, some in templates.items()
    }


def meanings(patterns: dict[Sentiment, regex.Pattern[str]], text: str) -> set[Sentiment]:
    """Return the sentiments whose templates can make the text, whatever its marks."""
    return {sentiment for sentiment, each in patterns.items() if each.fullmatch(bare(text))}


def _called(text: str) -> str:
    """Put calls of the slots' patterns, which may call each other, in the place of their names."""
    return re.sub(r"{(\w+)}", r"(?&\1)", bare(text))


def bare(text: str) -> str:
    return "".join(character for character in text if character not in PUNCTUATION)


def test_the_examples_are_read_as_they_are_meant(classifier: SentimentClassifier) -> None:
    assert MEANT.keys() <= said_in_examples()
    read = dict(zip(MEANT, map(strongest, classifier.classify([*MEANT])), strict=True))
    assert read == MEANT


def test_templates_that_it_never_saw_are_mostly_read_rightly(
    classifier: SentimentClassifier,
) -> None:
    lines = new_lines(50, seed=8, known_templates=False)
    read = classifier.classify([line.text for line in lines])
    right = [strongest(s) is line.sentiment for s, line in zip(read, lines, strict=True)]
    assert len(right) == 200
    assert sum(right) >= LEAST_RIGHT * len(right)


def test_a_small_word_turns_the_meaning_around(classifier: SentimentClassifier) -> None:
    assert dict(zip(TURNED, map(strongest, classifier.classify([*TURNED])), strict=True)) == TURNED
    lines = [line for each in turned_lines().values() for line in each]
    read = classifier.classify([line.text for line in lines])
    right = [strongest(s) is line.sentiment for s, line in zip(read, lines, strict=True)]
    assert len(right) == 114
    assert sum(right) >= TURNED_RIGHT * len(right)


def test_no_sentence_of_the_test_of_negation_can_be_made_for_training() -> None:
    slots, learned = Corpus.load().slots, patterns(Corpus.load().train)
    texts = [line.text for each in turned_lines().values() for line in each]
    assert [text for text in texts if meanings(learned, text)] == []
    negated = {w for name, words in slots.items() if name.startswith("turn_") for w in words}
    praise_and_blame = {word for word in negated if len(word) > 1}
    assert [(t, w) for t in texts for w in praise_and_blame if w in t] == []


def test_the_examples_are_kept_from_training() -> None:
    said = said_in_examples()
    assert len(said) == len(example_sentences()) == 22
    assert all(is_held_out(text) and is_held_out(text.rstrip("。！")) for text in said)


def test_everything_the_recogniser_can_hear_is_learned_with_one_meaning() -> None:
    rng = random.Random(1)  # noqa: S311 - no secret
    recogniser, learned = TextList.load("zh"), patterns(Corpus.load().train)
    heard = [recogniser.compose(rng).withitn for _ in range(SENTENCES)]
    assert [text for text in heard if len(meanings(learned, text)) != 1] == []


def test_no_sentence_of_the_test_can_be_made_for_training() -> None:
    new, learned = patterns(Corpus.load().new), patterns(Corpus.load().train)
    for line in new_lines(50, seed=9, known_templates=False):
        assert meanings(new, line.text) == {line.sentiment}
        assert meanings(learned, line.text) == set()
