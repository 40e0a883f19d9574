"""Transcript → score: every rule in a table, every point with its seconds and its sentence."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from postprocess import AudioEvent, Emotion
from richspeech.model.recording_warning import UNLIKE_KNOWN, RecordingWarning
from richspeech.model.sentiment import Sentiment
from richspeech.model.transcript import Segment, Transcript
from richspeech.review.risk import RiskPoint, assess_risk
from richspeech.settings import RiskSettings
from tests.transcripts import segment, transcript, transcripts

RULES = {rule.name: rule for rule in RiskSettings().rules_in_force}


def angry(start: float, end: float, text: str = "喂") -> Segment:
    return segment(start, end, text, Emotion.ANGRY)


def calm(start: float, end: float, text: str = "喂") -> Segment:
    return segment(start, end, text)


def music(start: float, end: float, text: str = "") -> Segment:
    return segment(start, end, text, Emotion.UNKNOWN, AudioEvent.BGM)


def felt(emotion: Emotion, start: float, end: float) -> Segment:
    return segment(start, end, "喂", emotion)


def crying(start: float, end: float) -> Segment:
    return segment(start, end, "", Emotion.UNKNOWN, AudioEvent.CRY)


def bitter(start: float, end: float) -> Segment:
    return replace(calm(start, end), sentiment=Sentiment.NEGATIVE)


def points_of(rule: str, *segments: Segment) -> tuple[RiskPoint, ...]:
    alone = RULES[rule].model_copy(update={"against": ()})
    return assess_risk(transcript(*segments), RiskSettings(rules=(alone,))).points


def speaking(speaker: str, *segments: Segment) -> list[Segment]:
    return [replace(each, channel=1 + (speaker == "B"), speaker=speaker) for each in segments]


def in_time(*voices: list[Segment]) -> list[Segment]:
    return sorted((each for voice in voices for each in voice), key=lambda each: each.start)


TABLE = [
    ("angry-run", "one short utterance", [angry(0, 4)], []),
    ("angry-run", "five seconds in two", [angry(0, 3), angry(4, 6)], [40]),
    ("angry-run", "a short calm one between", [angry(0, 3), calm(3, 4), angry(4, 6)], [40]),
    ("angry-run", "a long calm one between", [angry(0, 4), calm(4, 8), angry(8, 12)], []),
    ("angry-run", "a pause between", [angry(0, 3), angry(6, 9)], []),
    ("angry-run", "two runs", [angry(0, 5), calm(5, 9), angry(9, 14)], [40, 20]),
    (
        "angry-run",
        "a third run is over the most, and said all the same",
        [angry(0, 5), calm(5, 9), angry(9, 14), calm(14, 18), angry(18, 23)],
        [40, 20, 0],
    ),
    ("angry-run", "so long that another rule counts it", [angry(0, 6), angry(6, 12)], []),
    ("long-anger", "twelve seconds", [angry(0, 6), angry(6, 12)], [65]),
    ("long-anger", "eleven seconds", [angry(0, 6), angry(6, 11)], []),
    ("fear", "five seconds", [felt(Emotion.FEARFUL, 0, 5)], [40]),
    ("brief-fear", "one utterance", [felt(Emotion.FEARFUL, 0, 3)], [15]),
    ("brief-crying", "a child in the room", [crying(0, 2)], [15]),
    ("fear", "one utterance", [felt(Emotion.FEARFUL, 0, 3)], []),
    ("long-fear", "twelve seconds", [felt(Emotion.FEARFUL, 0, 12)], [65]),
    ("crying", "in a wordless stretch", [crying(0, 4)], [40]),
    ("crying", "a child in the room", [crying(0, 2)], []),
    ("long-crying", "eight seconds", [crying(0, 4), crying(5, 9)], [65]),
    ("disgust", "five seconds", [felt(Emotion.DISGUSTED, 0, 5)], [20]),
    ("bitter-words", "in a flat voice", [bitter(0, 6), calm(6, 8), bitter(8, 14)], [30]),
    ("bitter-words", "once", [bitter(0, 6)], []),
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
    ("negative-words", "two in one utterance", [calm(0, 2, "太差了，真失望")], [5]),
    ("negative-words", "part of another word", [calm(0, 2, "He is unbroken.")], []),
    ("demands", "two utterances", [calm(0, 2, "退款"), calm(3, 4, "A REFUND!")], [10, 10]),
    ("demands", "five", [calm(n, n + 1, "投诉") for n in range(5)], [10, 10, 10, 0, 0]),
    ("law", "in a calm voice", [calm(0, 4, "我会找律师起诉你们")], [30]),
    ("fraud", "in a calm voice", [calm(0, 4, "This is a scam.")], [30]),
    ("public", "in a calm voice", [calm(0, 4, "我去消委會")], [30]),
    ("angry-end", "calm, then angry", [calm(0, 30), angry(31, 40), angry(41, 50)], [60]),
    ("angry-end", "angry, then calm", [angry(0, 30), calm(31, 40), calm(41, 50)], []),
    ("angry-end", "one short utterance is all", [angry(0, 4)], []),
    ("angry-end", "music after the anger", [angry(0, 20), music(21, 40)], [60]),
    ("calm-end", "angry, then calm", [angry(0, 30), calm(31, 40), calm(41, 50)], [-10]),
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
    assert point.sentence.zh == "1:01 起愤怒，前后共说了 6 秒"
    assert point.sentence.en == "Angry for 6 s from 1:01"


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
    (point,) = points_of("demands", calm(3, 5, "我要投诉，也要退款"))
    assert point.evidence[0].label == "投诉, 退款"
    assert point.sentence.zh == "0:03 提出要求：“投诉, 退款”"


def test_an_angry_end_says_how_much_of_it() -> None:
    (point,) = points_of("angry-end", calm(0, 4), angry(5, 17))
    assert (
        point.sentence.en
        == "Angry to the end: 80 % of the last 15 s of speech are angry or disgusted"
    )


# The score ----------------------------------------------------------------------------------------


def test_a_calm_call_is_at_zero_and_not_below() -> None:
    risk = assess_risk(transcript(calm(0, 20)), RiskSettings())
    assert (risk.score, risk.level) == (0, "low")
    assert [(point.rule, point.points) for point in risk.points] == [("calm-end", 0)]


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
    ("medium", "high", "level"), [(41, 60, "low"), (40, 60, "medium"), (5, 40, "high")]
)
def test_levels_begin_where_the_settings_say(medium: int, high: int, level: str) -> None:
    asked = RiskSettings(medium_from=medium, high_from=high, rules=(RULES["angry-run"],))
    risk = assess_risk(transcript(angry(0, 6)), asked)
    assert (risk.score, risk.level) == (40, level)


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


def test_angry_turns_of_one_speaker_count_together_though_a_calm_one_stands_between() -> None:
    customer = speaking("B", *(angry(at, at + 3) for at in (0, 10, 20, 30)))
    agent = speaking("A", *(calm(at, at + 6) for at in (3.5, 13.5, 23.5, 33.5)))
    (point,) = points_of("long-anger", *in_time(customer, agent))
    assert [each.start for each in point.evidence] == [0, 10, 20, 30]
    assert assess_risk(transcript(*in_time(customer, agent)), RiskSettings()).level == "high"


def test_turns_of_two_speakers_do_not_count_together() -> None:
    both = in_time(speaking("A", angry(0, 4)), speaking("B", angry(4, 8)))
    assert points_of("angry-run", *both) == ()


def test_turns_that_lie_far_apart_do_not_count_together() -> None:
    customer = speaking("B", angry(0, 4), angry(40, 44))
    assert points_of("angry-run", *in_time(customer, speaking("A", calm(4, 40)))) == ()


def test_anger_to_the_end_is_high_by_itself_though_the_agent_says_goodbye() -> None:
    customer = speaking("B", calm(0, 30), angry(31, 40))
    agent = speaking("A", calm(40, 50))
    heard = transcript(*in_time(customer, agent))
    only = RiskSettings(rules=(RULES["angry-end"],))
    assert assess_risk(heard, only).level == "high"


def test_who_left_angry_long_before_the_end_is_not_angry_at_the_end() -> None:
    left = speaking("B", angry(0, 9))
    assert points_of("angry-end", *in_time(left, speaking("A", calm(10, 60)))) == ()


def test_what_staff_reads_out_is_no_threat_and_what_nobody_knows_may_be_one() -> None:
    threat = calm(0, 4, "您可以向法院起诉")
    assert points_of("law", *(replace(each, speaker="Agent") for each in [threat])) == ()
    for speaker in ("A", None, "王先生", "先生", "선생님"):
        assert points_of("law", replace(threat, speaker=speaker)), speaker


@pytest.mark.parametrize("title", ["Agent", "agent (eng)", "客服 2", "Agent (eng) 1"])
def test_whose_track_is_named_after_staff_belongs_to_it(title: str) -> None:
    threat = replace(calm(0, 4, "您可以向法院起诉"), track=title, speaker="A")
    other = replace(calm(5, 9, "我要起诉"), track="Caller")
    assert [point.start for point in points_of("law", threat, other)] == [5]
    assert points_of("law", replace(threat, track="Mic 1"))


def test_a_promise_is_looked_for_on_every_track_until_one_is_that_of_staff() -> None:
    rules = RiskSettings(preset="sales").rules_in_force
    only = RiskSettings(rules=tuple(rule for rule in rules if rule.name == "promises"))
    one, two = (replace(calm(at, at + 4, "这个保本"), track="Mic 1") for at in (0, 5))
    assert len(assess_risk(transcript(one, two), only).points) == 2
    house = replace(one, track="Sales")
    assert [each.start for each in assess_risk(transcript(house, two), only).points] == [0]


def test_two_channels_of_one_name_are_one_speaker() -> None:
    first, second = (
        replace(angry(at, at + 4), channel=1 + (at > 0), speaker="Ann") for at in (0, 5)
    )
    (point,) = points_of("angry-run", first, second)
    assert (point.speaker, point.evidence[-1].end) == ("Ann", 9)
    assert points_of("angry-run", first, replace(second, speaker="Bob")) == ()


def test_whoever_is_heard_on_two_channels_at_once_is_angry_once() -> None:
    both = [replace(angry(0, 3), channel=channel, speaker="Ann") for channel in (1, 2)]
    assert points_of("angry-run", *both) == ()


def test_every_finding_says_whose_it_is() -> None:
    agent = speaking("A", calm(0, 2), calm(21, 30))
    customer = speaking("B", angry(9, 20, "我要起诉"))
    found = assess_risk(transcript(*in_time(agent, customer)), RiskSettings()).points
    speakers = {point.rule: point.speaker for point in found}
    assert speakers["angry-run"] == speakers["anger-after-wait"] == speakers["law"] == "B"
    assert speakers["angry-end"] == "B"
    assert "calm-end" not in speakers


def test_an_end_of_no_length_is_no_finding() -> None:
    end = RULES["angry-end"].model_copy(update={"min_seconds": 0})
    alone = RiskSettings(rules=(end,))
    assert assess_risk(transcript(angry(5, 5)), alone).points == ()


def test_the_seconds_of_an_end_are_those_that_count() -> None:
    (point,) = points_of("angry-end", calm(0, 4), angry(5, 35))
    assert [(each.start, each.end) for each in point.evidence] == [(20, 35)]


def test_a_calm_end_takes_off_no_more_than_a_short_outburst_counts() -> None:
    ending = [calm(20, 30), calm(30, 40)]
    anger = assess_risk(transcript(angry(0, 6), *ending), RiskSettings())
    assert anger.score == 40 - 10
    words = assess_risk(transcript(calm(0, 6, "我要找律师"), *ending), RiskSettings())
    assert (words.score, words.level) == (30, "medium")


def test_a_call_of_two_hours_has_every_reason_with_its_seconds_and_no_more_points() -> None:
    turns = [calm(200 * n, 200 * n + 4, "我要退款") for n in range(34)]
    risk = assess_risk(transcript(*turns, duration=7_200), RiskSettings())
    (demands,) = (each for each in risk.reasons if each.rule == "demands")
    assert demands.points == 30
    assert [each.start for each in demands.findings] == [turn.start for turn in turns]


def test_reasons_begin_with_what_adds_most_and_hold_every_point() -> None:
    heard = transcript(calm(0, 4, "退款"), angry(5, 11), calm(12, 40))
    risk = assess_risk(heard, RiskSettings())
    assert [each.rule for each in risk.reasons] == ["angry-run", "demands", "calm-end"]
    assert sum(each.points for each in risk.reasons) == risk.score


def test_what_another_says_meanwhile_ends_no_run() -> None:
    first, last = (replace(angry(*span), speaker="B") for span in ((0, 4), (5, 9)))
    between = replace(calm(3, 6), speaker="A")
    apart = points_of("angry-run", first, between, last)
    assert apart == points_of("angry-run", first, last)
