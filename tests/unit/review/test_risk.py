"""Transcript → score: every rule in a table, every point with its seconds and its sentence."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from postprocess import AudioEvent, Emotion
from richspeech.model.recording_warning import UNLIKE_KNOWN, RecordingWarning
from richspeech.model.transcript import Segment, Transcript
from richspeech.review.risk import RiskPoint, assess_risk
from richspeech.settings import RiskSettings
from tests.transcripts import segment, transcript, transcripts

RULES = {rule.name: rule for rule in RiskSettings().rules}


def angry(start: float, end: float, text: str = "喂") -> Segment:
    return segment(start, end, text, Emotion.ANGRY)


def calm(start: float, end: float, text: str = "喂") -> Segment:
    return segment(start, end, text)


def music(start: float, end: float, text: str = "") -> Segment:
    return segment(start, end, text, Emotion.UNKNOWN, AudioEvent.BGM)


def points_of(rule: str, *segments: Segment) -> tuple[RiskPoint, ...]:
    return assess_risk(transcript(*segments), RiskSettings(rules=(RULES[rule],))).points


TABLE = [
    ("angry-run", "one short utterance", [angry(0, 4)], []),
    ("angry-run", "five seconds in two", [angry(0, 3), angry(4, 6)], [25]),
    ("angry-run", "a calm one between", [angry(0, 3), calm(3, 4), angry(4, 6)], []),
    ("angry-run", "a pause between", [angry(0, 3), angry(6, 9)], []),
    ("angry-run", "two runs", [angry(0, 5), calm(5, 6), angry(6, 11)], [25, 25]),
    (
        "angry-run",
        "a third run is over the most",
        [angry(0, 5), calm(5, 6), angry(6, 11), calm(11, 12), angry(12, 17)],
        [25, 25],
    ),
    ("anger-after-wait", "music, then anger", [music(0, 6), angry(8, 10)], [20]),
    ("anger-after-wait", "music, calm, anger", [music(0, 6), calm(7, 9), angry(10, 12)], [20]),
    ("anger-after-wait", "too short a piece of music", [music(0, 4), angry(4.5, 7)], []),
    ("anger-after-wait", "half a minute later", [music(0, 6), calm(6, 36), angry(37, 39)], []),
    ("anger-after-wait", "music under words", [music(0, 6, "你好"), angry(8, 10)], []),
    ("anger-after-wait", "anger, then music", [angry(0, 3), music(4, 10)], []),
    ("anger-after-wait", "silence", [calm(0, 2), angry(8, 10)], [20]),
    ("anger-after-wait", "a short silence", [calm(0, 2), angry(6, 10)], []),
    ("anger-after-wait", "two waits, one anger", [music(0, 6), calm(12, 14), angry(14, 15)], [20]),
    ("negative-words", "none", [calm(0, 2, "很好")], []),
    ("negative-words", "two in one utterance", [calm(0, 2, "我要投诉，我要退款")], [5]),
    ("negative-words", "two utterances", [calm(0, 2, "退款"), calm(3, 4, "A REFUND!")], [5, 5]),
    ("negative-words", "part of another word", [calm(0, 2, "He pursued it.")], []),
    ("negative-words", "seven", [calm(n, n + 1, "投诉") for n in range(7)], [5] * 5),
    ("angry-end", "calm, then angry", [calm(0, 30), angry(31, 40), angry(41, 50)], [30]),
    ("angry-end", "angry, then calm", [angry(0, 30), calm(31, 40), calm(41, 50)], []),
    ("angry-end", "one short utterance is all", [angry(0, 4)], []),
    ("angry-end", "music after the anger", [angry(0, 20), music(21, 40)], [30]),
    ("calm-end", "angry, then calm", [angry(0, 30), calm(31, 40), calm(41, 50)], [-15]),
    ("calm-end", "calm, then angry", [calm(0, 30), angry(31, 40), angry(41, 50)], []),
]


@pytest.mark.parametrize(
    ("rule", "segments", "points"),
    [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule, what, *rest in TABLE],
)
def test_a_rule_counts(rule: str, segments: list[Segment], points: list[int]) -> None:
    assert [point.points for point in points_of(rule, *segments)] == points


def test_a_run_cites_its_utterances() -> None:
    (point,) = points_of("angry-run", calm(0, 60), angry(61, 64), angry(65, 68))
    assert (point.start, point.end) == (61, 68)
    assert [(e.start, e.end, e.label, e.probability) for e in point.evidence] == [
        (61, 64, "angry", 0.9),
        (65, 68, "angry", 0.9),
    ]
    assert point.sentence.zh == "1:01 起连续愤怒，共说了 6 秒"
    assert point.sentence.en == "Angry for 6 s in a row from 1:01"


def test_anger_after_a_wait_cites_the_wait_and_the_anger() -> None:
    (point,) = points_of("anger-after-wait", music(10, 20), calm(21, 23), angry(24, 26))
    assert [(e.start, e.end, e.label) for e in point.evidence] == [
        (10, 20, "bgm"),
        (24, 26, "angry"),
    ]
    assert point.sentence.en == "Angry at 0:24, after a wait of 10 s"


def test_silence_is_cited_without_a_probability() -> None:
    (point,) = points_of("anger-after-wait", calm(0, 2), angry(9, 11))
    silence = point.evidence[0]
    assert (silence.start, silence.end, silence.label, silence.probability) == (
        *(2, 9, "silence"),
        None,
    )


def test_words_are_cited_as_they_stand_in_the_rule() -> None:
    (point,) = points_of("negative-words", calm(3, 5, "我要投诉，也要退款"))
    assert point.evidence[0].label == "投诉, 退款"
    assert point.sentence.zh == "0:03 说到“投诉, 退款”"


def test_an_angry_end_says_how_much_of_it() -> None:
    (point,) = points_of("angry-end", calm(0, 4), angry(5, 17))
    assert point.sentence.en == "75 % of the last 16 s of speech are angry or disgusted"


# The score ----------------------------------------------------------------------------------------


def test_a_calm_call_is_at_zero_and_not_below() -> None:
    risk = assess_risk(transcript(calm(0, 20)), RiskSettings())
    assert (risk.score, risk.level) == (0, "low")
    assert [point.rule for point in risk.points] == ["calm-end"]


def test_a_call_that_ends_calm_is_less_risky_than_one_that_ends_angry() -> None:
    good = assess_risk(transcript(angry(0, 20), calm(21, 41)), RiskSettings()).score
    bad = assess_risk(transcript(calm(0, 20), angry(21, 41)), RiskSettings()).score
    assert good < bad


def test_the_score_goes_no_higher_than_100() -> None:
    segments = [music(0, 10), angry(11, 20, "投诉"), music(21, 31), *(
        angry(n, n + 1, "退款") for n in range(32, 50)
    )]  # fmt: skip
    risk = assess_risk(transcript(*segments), RiskSettings())
    assert sum(point.points for point in risk.points) > 100
    assert (risk.score, risk.level) == (100, "high")


@pytest.mark.parametrize(
    ("medium", "high", "level"), [(26, 60, "low"), (25, 60, "medium"), (5, 25, "high")]
)
def test_levels_begin_where_the_settings_say(medium: int, high: int, level: str) -> None:
    asked = RiskSettings(medium_from=medium, high_from=high, rules=(RULES["angry-run"],))
    risk = assess_risk(transcript(angry(0, 6)), asked)
    assert (risk.score, risk.level) == (25, level)


def test_what_was_probably_misheard_is_not_said_to_be_at_low_risk() -> None:
    unlike = (RecordingWarning.of(UNLIKE_KNOWN, model="tiny", share=90),)
    said = replace(transcript(calm(0, 20)), warnings=unlike)
    assert assess_risk(said, RiskSettings()).level == "unknown"
    raging = replace(transcript(angry(0, 60, "我要投诉")), warnings=unlike)
    assert assess_risk(raging, RiskSettings()).level in ("medium", "high")


@given(transcripts())
def test_every_point_cites_seconds_of_the_recording(heard: Transcript) -> None:
    risk = assess_risk(heard, RiskSettings())
    assert 0 <= risk.score <= 100
    assert risk.score == max(0, min(100, sum(point.points for point in risk.points)))
    for point in risk.points:
        assert point.evidence
        assert 0 <= point.start < point.end <= heard.duration
        assert all(point.start <= e.start < e.end <= point.end for e in point.evidence)
        assert "$" not in point.sentence.zh + point.sentence.en
    json.dumps(risk.to_dict(), allow_nan=False)


@given(transcripts())
def test_no_rule_counts_more_than_it_may(heard: Transcript) -> None:
    risk = assess_risk(heard, RiskSettings())
    for name, rule in RULES.items():
        counted = sum(abs(point.points) for point in risk.points if point.rule == name)
        assert counted <= rule.max_points


def test_it_is_not_silent_while_somebody_else_talks() -> None:
    agent = replace(calm(0, 40), channel=1, speaker="A")
    customer = [replace(each, channel=2, speaker="B") for each in (calm(1, 2), angry(41, 43))]
    silent = points_of("anger-after-wait", *customer)
    assert points_of("anger-after-wait", customer[0], agent, customer[1]) == ()
    assert silent


def test_what_another_says_meanwhile_ends_no_run() -> None:
    first, last = (replace(angry(*span), speaker="B") for span in ((0, 6), (7, 13)))
    between = replace(calm(5, 8), speaker="A")
    apart = points_of("angry-run", first, between, last)
    assert apart == points_of("angry-run", first, last)
