"""Every segment gets the sentiment of its words, and is marked where its voice contradicts them."""

import json
from dataclasses import replace

import pytest

from postprocess import Emotion
from richspeech.model.agreement import DEFAULT_LIMITS, with_agreement
from richspeech.model.corrections import Correction
from richspeech.model.edits import edits_from_list, edits_to_list
from richspeech.model.lines import correct
from richspeech.model.sentiment import Accord, Limits, Scores, Sentiment
from richspeech.model.transcript import Transcript
from richspeech.stages.sentiment import Reader, read_segments
from tests.fakes import FakeClassifier
from tests.transcripts import segment, transcript

GLAD: Scores = {Sentiment.POSITIVE: 0.9, Sentiment.NEUTRAL: 0.1}
CROSS: Scores = {Sentiment.NEGATIVE: 0.8, Sentiment.NEUTRAL: 0.2}


def words() -> FakeClassifier:
    """Takes what holds 好 for positive, other words for negative."""
    return FakeClassifier(lambda text: {} if not text else GLAD if "好" in text else CROSS)


def read(heard: Transcript, reader: Reader, limits: Limits = DEFAULT_LIMITS) -> Transcript:
    return replace(
        heard, segments=read_segments(heard.segments, reader, limits).apply(heard.segments)
    )


def test_all_segments_are_asked_for_at_once_and_keep_the_rest() -> None:
    before = transcript(segment(0, 1, "好"), segment(1, 2, ""), segment(2, 3, "坏了"))
    reader = words()
    after = read(before, reader)
    assert reader.asked == [["好", "", "坏了"]]
    assert [s.sentiment for s in after.segments] == [Sentiment.POSITIVE, None, Sentiment.NEGATIVE]
    assert after.segments[1].sentiment_probabilities == {}
    forgotten = [
        replace(s, sentiment=None, sentiment_probabilities={}, agreement=None)
        for s in after.segments
    ]
    assert tuple(forgotten) == before.segments


def test_a_friendly_word_in_an_angry_voice_is_marked_with_both_probabilities() -> None:
    [heard] = read(transcript(segment(0, 1, "好啊", Emotion.ANGRY)), words()).segments
    mark = heard.irony
    assert mark is not None
    assert (mark.voice, mark.words) == (0.9, 0.9)
    wire = json.loads(json.dumps(transcript(heard).to_dict()))
    assert wire["segments"][0]["agreement"] == {
        "accord": "irony", "voice": 0.9, "words": 0.9, "confidence": 0.81,
    }  # fmt: skip
    assert Transcript.from_dict(wire).segments[0].agreement == replace(mark, confidence=0.81)


def test_a_cross_word_in_an_angry_voice_is_surer_than_either() -> None:
    [heard] = read(transcript(segment(0, 1, "坏了", Emotion.ANGRY)), words()).segments
    assert heard.irony is None
    assert heard.agreement is not None
    assert heard.agreement.accord is Accord.AGREEMENT
    assert heard.agreement.confidence == pytest.approx(0.72 / 0.74)


def test_the_limits_are_those_that_were_given() -> None:
    before = transcript(segment(0, 1, "好啊", Emotion.ANGRY))
    [heard] = read(before, words(), Limits(voice=0.95)).segments
    assert heard.agreement is None


def test_a_voice_that_a_rule_relabelled_has_no_direction() -> None:
    relabelled = replace(segment(0, 1, "好啊", Emotion.ANGRY), emotion=Emotion.NEUTRAL)
    [heard] = read(transcript(relabelled), words()).segments
    assert heard.agreement is None


def test_a_voice_that_a_person_put_right_is_certain() -> None:
    put_right = correct(transcript(segment(0, 1, "好啊")), [Correction(0, emotion=Emotion.ANGRY)])
    [heard] = read(put_right, words()).segments
    mark = heard.irony
    assert mark is not None
    assert mark.voice == 1.0


def test_a_correction_takes_away_what_was_said_of_other_words_or_another_voice() -> None:
    said = read(transcript(segment(0, 1, "好啊", Emotion.ANGRY)), words())
    [other_words] = correct(said, [Correction(0, text="坏了")]).segments
    assert (other_words.sentiment, other_words.sentiment_probabilities) == (None, {})
    assert other_words.agreement is None
    [other_voice] = correct(said, [Correction(0, emotion=Emotion.HAPPY)]).segments
    assert (other_voice.sentiment, other_voice.agreement) == (Sentiment.POSITIVE, None)
    [other_language] = correct(said, [Correction(0, language="yue")]).segments
    assert other_language.irony == said.segments[0].irony


def test_words_in_a_language_that_the_classifier_does_not_know_are_not_read_and_said_to_be_so() -> (
    None
):
    spoken = [
        segment(0, 1, "好"),
        segment(1, 2, "ごめん"),
        segment(2, 3, ""),
        segment(3, 4, "好吧"),
    ]
    tags = ("zh", "ja", "ko", None)
    before = transcript(*(replace(s, language=t) for s, t in zip(spoken, tags, strict=True)))
    reader = FakeClassifier(lambda text: GLAD if text else {}, languages=("zh", "en"))
    after = read(before, reader)
    assert reader.asked == [["好", "", "", "好吧"]]
    assert [s.sentiment_refused for s in after.segments] == [False, True, False, False]
    assert [s.sentiment for s in after.segments] == [
        Sentiment.POSITIVE,
        None,
        None,
        Sentiment.POSITIVE,
    ]
    wire = json.loads(json.dumps(after.to_dict()))
    assert wire["segments"][1]["sentiment_probabilities"] == {}
    assert Transcript.from_dict(wire).segments[1].sentiment_refused
    assert after.sentiment is Sentiment.POSITIVE


def test_a_language_stays_refused_when_a_rule_changes_the_emotion() -> None:
    [refused] = read(
        transcript(replace(segment(0, 1, "ごめん"), language="ja")),
        FakeClassifier(lambda _: GLAD, languages=("zh",)),
    ).segments
    assert with_agreement(refused) == refused


def test_a_language_that_a_person_put_right_is_refused_no_longer_and_other_words_still_are() -> (
    None
):
    refused = read(
        transcript(replace(segment(0, 1, "好吧"), language="ja")),
        FakeClassifier(lambda _: GLAD, languages=("zh",)),
    )
    [put_right] = correct(refused, [Correction(0, language="zh")]).segments
    assert (put_right.sentiment_refused, put_right.sentiment) == (False, None)
    [other_words] = correct(refused, [Correction(0, text="ごめん")]).segments
    assert other_words.sentiment_refused


def test_what_is_refused_is_kept_and_read_again() -> None:
    edit = read_segments(
        transcript(replace(segment(0, 1, "ごめん"), language="ja")).segments,
        FakeClassifier(lambda _: GLAD, languages=("zh",)),
    )
    assert edits_from_list(json.loads(json.dumps(edits_to_list([edit])))) == (edit,)
    assert edit.scores == (None,)
