"""Sentences whose meaning a small word turns around, as the embedded classifier reads them.

They were written before it was trained on negation, and no template of the training can make one.
"""

import pytest

from richspeech.engines.sentiment.classifier import SentimentClassifier
from richspeech.engines.sentiment.load import load_classifier
from richspeech.model.sentiment import Sentiment, strongest
from richspeech.settings import load_settings
from scripts.embedded.sentiment import Corpus
from tests.integration.test_embedded_sentiment import meanings, patterns

POSITIVE, NEGATIVE, NEUTRAL = Sentiment.POSITIVE, Sentiment.NEGATIVE, Sentiment.NEUTRAL

MANDARIN = {
    "不难用。": POSITIVE,
    "没有什么不好的。": POSITIVE,
    "不是不好。": POSITIVE,
    "这个键盘用起来不难用。": POSITIVE,
    "他们的东西不是不好用。": POSITIVE,
    "画面一点也不模糊。": POSITIVE,
    "老师讲课并不枯燥。": POSITIVE,
    "房间不脏，我住得很舒服。": POSITIVE,
    "客服没有不耐烦。": POSITIVE,
    "味道不差。": POSITIVE,
    "我没有什么不满意的。": POSITIVE,
    "这次买东西没让我失望。": POSITIVE,
    "不好用。": NEGATIVE,
    "没有什么好的。": NEGATIVE,
    "这个键盘用起来不方便。": NEGATIVE,
    "声音一点也不清楚。": NEGATIVE,
    "老师讲得不清楚。": NEGATIVE,
    "房间不干净，我住得很难受。": NEGATIVE,
    "客服没有礼貌。": NEGATIVE,
    "味道不好。": NEGATIVE,
    "我对这次的东西不满意。": NEGATIVE,
    "椅子坐着不舒服。": NEGATIVE,
    "今天的节目没意思。": NEGATIVE,
    "会议不在三楼。": NEUTRAL,
    "不是红色的，是蓝色的。": NEUTRAL,
}
ENGLISH = {
    "Not bad.": POSITIVE,
    "I can't complain.": POSITIVE,
    "It's not bad at all.": POSITIVE,
    "My room wasn't dirty.": POSITIVE,
    "It isn't hard to use.": POSITIVE,
    "I have no complaints.": POSITIVE,
    "Nothing to complain about.": POSITIVE,
    "I don't regret it.": POSITIVE,
    "The food here is never cold.": POSITIVE,
    "Not good.": NEGATIVE,
    "I'm not happy.": NEGATIVE,
    "It's not good at all.": NEGATIVE,
    "My room wasn't clean.": NEGATIVE,
    "It isn't easy to use.": NEGATIVE,
    "They didn't help me.": NEGATIVE,
    "I wouldn't recommend it.": NEGATIVE,
    "Nothing was good.": NEGATIVE,
    "It doesn't work.": NEGATIVE,
    "The meeting isn't in June.": NEUTRAL,
    "I don't have the book here.": NEUTRAL,
}
TABLE = MANDARIN | ENGLISH
MISREAD = {
    "画面一点也不模糊。",
    "不好用。",
    "这个键盘用起来不方便。",
    "老师讲得不清楚。",
    "客服没有礼貌。",
    "味道不好。",
    "我对这次的东西不满意。",
}
"""What it gets wrong all the same; models/README.md says so."""


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


def test_no_sentence_of_the_table_can_be_made_for_training() -> None:
    assert len(TABLE) >= 40
    made = [patterns(corpus.train, corpus) for corpus in (Corpus.load(), Corpus.english())]
    assert [text for text in TABLE for each in made if meanings(each, text)] == []


def test_what_a_small_word_turns_around_is_read_as_it_is_meant_but_for_what_is_known(
    classifier: SentimentClassifier,
) -> None:
    read = dict(zip(TABLE, map(strongest, classifier.classify([*TABLE])), strict=True))
    assert {text for text in TABLE if read[text] is not TABLE[text]} <= MISREAD
