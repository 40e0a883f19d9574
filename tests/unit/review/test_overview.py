"""One recording in one line: what is worst in it, who speaks, and how it felt."""

from dataclasses import replace

from postprocess import AudioEvent, Emotion
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.transcript import Segment, Transcript
from richspeech.review.overview import Overview, overview_of
from richspeech.settings import RiskSettings

ANGRY, CALM = Emotion.ANGRY, Emotion.NEUTRAL


def said(
    start: float, end: float, text: str, emotion: Emotion = CALM, sure: float = 0.9
) -> Segment:
    heard = {emotion.value: sure, Emotion.UNKNOWN.value: 1 - sure}
    return Segment(start, end, text, "zh", 0.9, emotion, heard, (), {}, (), "")


def of(speaker: str, segment: Segment) -> Segment:
    return replace(segment, speaker=speaker, channel=ord(speaker) - 64)


def overview(*segments: Segment) -> Overview:
    warnings = (RecordingWarning.of("very_quiet"),)
    duration = segments[-1].end if segments else 7.0
    return overview_of(Transcript(duration, 0.1, "e", "m", segments, warnings), RiskSettings())


def test_the_quote_is_the_surest_of_what_the_heaviest_reason_rests_on() -> None:
    found = overview(
        *(said(0, 4, "我要退款。"), said(5, 12, "等了三天！", ANGRY, 0.8)),
        *(said(13, 20, "太不像话了！", ANGRY, 0.95), said(21, 40, "好的。")),
        said(41, 60, "谢谢。"),
    )
    assert found.quote is not None
    assert (found.quote.start, found.quote.text) == (13, "太不像话了！")
    assert found.reason is not None
    assert "14 秒" in found.reason.sentence.zh
    assert (found.level, found.seconds) == ("high", 60)


def test_who_is_quoted_is_who_was_found_also_where_two_end_together() -> None:
    found = overview(
        *(of("A", said(0, 9, "您好。")), of("B", said(0, 9, "骗子！", ANGRY))),
        *(of("A", said(10, 19, "抱歉。")), of("B", said(10, 19, "还钱！", ANGRY))),
    )
    assert found.quote is not None
    assert (found.quote.text, found.quote.speaker) == ("骗子！", "B")
    assert found.speakers == ("A", "B")


def test_an_utterance_of_which_the_end_counts_is_quoted_where_that_begins() -> None:
    found = overview(said(0, 60, "我说了半天你都没听懂！", ANGRY))
    assert found.quote is not None
    assert found.quote.text == "我说了半天你都没听懂！"
    assert 0 <= found.quote.start < 60


def test_without_words_nothing_is_quoted_and_without_a_reason_nothing_is_named() -> None:
    crying = replace(said(0, 9, ""), events=(AudioEvent.CRY,), event_probabilities={"cry": 0.9})
    cried = overview(crying)
    assert cried.reason is not None
    assert cried.quote is None
    calm = overview(said(0, 9, "好的。"))
    assert (calm.reason, calm.quote, calm.level) == (None, None, "low")
    assert overview().emotions == ()
    assert [each.code for each in overview().warnings] == ["very_quiet"]


def test_emotions_are_shares_of_what_is_spoken() -> None:
    found = overview(said(0, 3, "好。"), said(3, 4, "哼！", ANGRY), said(4, 9, ""))
    shares = [(each.label, each.share) for each in found.emotions]
    assert shares == [("neutral", 0.75), ("angry", 0.25)]
