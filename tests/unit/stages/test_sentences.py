"""Marks join their words, and an utterance becomes sentences with times of their own."""

from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.model.timed_words import timed_words
from richspeech.model.transcript import Hypothesis, Segment, Token
from richspeech.stages.sentences import Mark, cut_sentences, sentences_of, with_marks


def heard(*texts: str) -> Hypothesis:
    """A quarter of a second a token."""
    tokens = tuple(Token(text, i / 4, i / 4 + 0.2, 0.8) for i, text in enumerate(texts))
    text = "".join(texts)
    return Hypothesis(text, "zh", {}, Emotion.UNKNOWN, {}, (), {}, tokens, text)


def utterance(*tokens: Token, start: float = 10.0, end: float = 20.0) -> Segment:
    text = "".join(token.text for token in tokens)
    labels = ("zh", None, Emotion.SAD, {"sad": 0.9}, (AudioEvent.BGM,), {"bgm": 0.7})
    return Segment(start, end, text, *labels, tokens, "raw")


def spoken(text: str, start: float, end: float) -> Token:
    return Token(text, start, end, 0.9)


def mark(text: str) -> Token:
    return Token(text, None, None, 0.6)


# Marks --------------------------------------------------------------------------------------------


def test_a_mark_is_a_token_without_time_and_with_the_probability_of_who_set_it() -> None:
    found = with_marks(heard("你", "好", "吗"), [Mark("，", 2, 0.4), Mark("？", 3, 0.7)])
    assert found.text == "你好，吗？"
    assert [token.text for token in found.tokens] == ["你", "好", "，", "吗", "？"]
    assert found.tokens[2] == Token("，", None, None, 0.4)
    assert found.tokens[3] == Token("吗", 0.5, 0.7, 0.8)
    assert found.raw_text == "你好吗"


def test_a_mark_belongs_to_the_word_before_it_and_does_not_change_its_time() -> None:
    found = with_marks(heard("你", "好", "吗"), [Mark("，", 1, 0.1)])
    first, second, _ = timed_words(found.tokens)
    assert (first.text, first.start, first.end, first.probability) == ("你，", 0.0, 0.2, 0.8)
    assert (second.text, second.start) == ("好", 0.25)


def test_words_in_letters_get_marks_and_capitals_of_their_own() -> None:
    marks = [Mark("，", 5, 0.5), Mark("。", 10, 0.5), Mark("。", 14, 0.5)]
    found = with_marks(heard("he", "llo", " world", "app", "好"), marks)
    assert found.text == "Hello, world.App好。"


def test_a_mark_within_a_token_stands_behind_it() -> None:
    assert with_marks(heard("今天", "好"), [Mark("，", 1, 0.5)]).text == "今天，好"


# Sentences ----------------------------------------------------------------------------------------


def test_an_utterance_is_cut_at_its_sentence_ends_and_not_at_commas() -> None:
    first = [spoken("好", 10.2, 10.5), mark("，"), spoken("吗", 11.0, 11.4), mark("？")]
    second = [spoken("是", 12.0, 12.3), mark("。")]
    sentences = sentences_of(utterance(*first, *second))
    assert [(s.start, s.end, s.text, s.raw_text) for s in sentences] == [
        (10.2, 11.4, "好，吗？", "好吗"),
        (12.0, 12.3, "是。", "是"),
    ]
    assert [s.tokens for s in sentences] == [tuple(first), tuple(second)]


def test_every_sentence_has_the_labels_of_its_utterance() -> None:
    whole = utterance(spoken("好", 1.0, 2.0), mark("。"), spoken("吗", 3.0, 4.0))
    for sentence in sentences_of(whole):
        assert (sentence.emotion, sentence.events) == (whole.emotion, whole.events)
        assert sentence.emotion_probabilities == whole.emotion_probabilities


def test_a_sentence_without_its_own_mark_is_kept() -> None:
    sentences = sentences_of(
        utterance(spoken("好", 10.0, 11.0), mark("。"), spoken("吧", 12.0, 13.0))
    )
    assert [s.text for s in sentences] == ["好。", "吧"]


def test_a_new_sentence_begins_without_a_space() -> None:
    tokens = [spoken("Yes", 1.0, 2.0), mark("."), spoken(" No", 3.0, 4.0), mark(".")]
    _, second = sentences_of(utterance(*tokens, start=0.0))
    assert (second.text, second.tokens[0].text) == ("No.", "No")


def test_unmeasured_tokens_take_the_bounds_that_are_known() -> None:
    tokens = [mark("好"), mark("。"), spoken("吗", 12.0, 13.0), mark("。"), mark("吧")]
    first, second, last = sentences_of(utterance(*tokens))
    assert first.start == 10.0
    assert (second.start, second.end) == (12.0, 13.0)
    assert (last.start, last.end) == (13.0, 20.0)


def test_an_utterance_without_tokens_stays_whole() -> None:
    whole = utterance()
    assert sentences_of(whole) == (whole,)
    assert cut_sentences([whole, whole]) == (whole, whole)


TOKENS = st.lists(st.sampled_from(["好", "吗", " yes", "，", "。", "？", "."]), max_size=20)


@given(TOKENS)
def test_sentences_lose_nothing_and_follow_each_other(texts: list[str]) -> None:
    tokens = [
        mark(text) if text in "，。？." else spoken(text, 10 + i / 4, 10.2 + i / 4)
        for i, text in enumerate(texts)
    ]
    sentences = sentences_of(utterance(*tokens))
    joined = "".join(s.text for s in sentences)
    assert joined.replace(" ", "") == "".join(texts).replace(" ", "")
    times = [time for s in sentences for time in (s.start, s.end)]
    assert all(10.0 <= time <= 20.0 for time in times)
    if all(any(t.start is not None for t in s.tokens) for s in sentences if s.tokens):
        assert times == sorted(times)
