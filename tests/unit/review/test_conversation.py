"""Segments → turns, talk-over, silences: spans that a person can check with a watch."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.model.transcript import Segment, Transcript
from richspeech.review.conversation import Conversation, Span, talk_of
from richspeech.review.insight import make_insight
from richspeech.settings import ConversationSettings
from tests.transcripts import segment, transcript

LIMITS = ConversationSettings()


def said(start: float, end: float, speaker: str | None, text: str = "你好吗。") -> Segment:
    channel = None if speaker is None else " AB".index(speaker[0]) or None
    return replace(segment(start, end, text), speaker=speaker, channel=channel)


def music(start: float, end: float) -> Segment:
    return segment(start, end, "", Emotion.UNKNOWN, AudioEvent.BGM, language="nospeech")


def talk(*segments: Segment, duration: float = 60.0) -> Conversation:
    ordered = sorted(segments, key=lambda each: each.start)
    return talk_of(transcript(*ordered, duration=duration))


def spans(found: tuple[Span, ...]) -> list[tuple[float, float]]:
    return [(each.start, each.end) for each in found]


# Turns --------------------------------------------------------------------------------------------


def test_a_turn_goes_on_until_another_begins() -> None:
    found = talk(said(0, 2, "A"), said(3, 5, "A"), said(5, 6, "B"), said(7, 9, "A"))
    assert [(each.speaker, each.start, each.end) for each in found.turns] == [
        ("A", 0, 5),
        ("B", 5, 6),
        ("A", 7, 9),
    ]
    assert found.longest == found.turns[0]


def test_a_hold_ends_a_turn_and_a_shorter_pause_does_not() -> None:
    assert len(talk(said(0, 2, "A"), said(7, 9, "A")).turns) == 2
    assert len(talk(said(0, 2, "A"), said(6.9, 9, "A")).turns) == 1


def test_an_utterance_that_was_cut_is_one_stretch() -> None:
    found = talk(said(0, 30, "A"), said(30, 40, "A"), said(20, 35, "B"))
    assert spans(found.turns) == [(0, 40), (20, 35)]
    assert spans(found.talk_overs) == [(20, 35)]


def test_everybody_has_a_share_of_what_is_said() -> None:
    first, second = talk(said(0, 6, "A"), said(4, 6, "B"), said(7, 8, "A")).speakers
    assert (first.speaker, first.seconds, first.turns) == ("A", 7, 2)
    assert (second.speaker, second.seconds, second.turns) == ("B", 2, 1)
    assert first.share == pytest.approx(7 / 9)
    assert (first.longest.start, first.longest.end) == (0, 6)


def test_pace_is_that_of_each() -> None:
    slow, quick = talk(said(0, 6, "A", "你好"), said(6, 9, "B", "你好吗对不对")).speakers
    assert [rate.per_minute for rate in slow.rates] == [20]
    assert [(rate.unit, rate.per_minute) for rate in quick.rates] == [("characters", 120)]


# Two at once --------------------------------------------------------------------------------------


def test_who_begins_later_breaks_in() -> None:
    (over,) = talk(said(0, 5, "A"), said(3, 8, "B")).talk_overs
    assert (over.start, over.end, over.seconds) == (3, 5, 2)
    assert (over.by, over.over) == ("B", "A")


def test_nobody_breaks_in_where_both_begin_at_once() -> None:
    found = talk(said(0, 5, "A"), said(0, 8, "B"))
    (over,) = found.talk_overs
    assert (over.by, over.over, over.speakers, over.seconds) == (None, None, ("A", "B"), 5)
    assert [each.broke_in for each in found.speakers] == [0, 0]


def test_less_than_half_a_second_at_once_is_no_talk_over() -> None:
    assert talk(said(0, 5, "A"), said(4.6, 8, "B")).talk_overs == ()
    assert len(talk(said(0, 5, "A"), said(4.5, 8, "B")).talk_overs) == 1


def test_each_time_counts_for_whoever_broke_in() -> None:
    found = talk(said(0, 10, "A"), said(2, 3, "B"), said(5, 7, "B"), said(9, 12, "B"))
    assert [over.by for over in found.talk_overs] == ["B"] * 3
    first, second = found.speakers
    assert (first.broke_in, second.broke_in) == (0, 3)
    assert second.broke_in_seconds == found.talk_over_seconds == 4


def test_nobody_talks_over_themselves_or_over_music() -> None:
    found = talk(said(0, 5, "A"), said(3, 8, "A"), music(0, 8))
    assert found.talk_overs == ()


def test_two_channels_of_one_name_are_one_speaker() -> None:
    left, right = said(0, 5, "A"), said(3, 8, "B")
    found = talk(*(replace(each, speaker="Ann") for each in (left, right)))
    assert [(each.speaker, each.seconds) for each in found.speakers] == [("Ann", 8)]
    assert found.talk_overs == ()


# Nobody -------------------------------------------------------------------------------------------


def test_silences_lie_between_words_and_at_both_ends() -> None:
    found = talk(said(3, 5, "A"), said(5.5, 6, "B"), said(9, 10, "A"), duration=20)
    assert spans(found.silences) == [(0, 3), (6, 9), (10, 20)]
    assert [(each.after, each.before) for each in found.silences] == [
        (None, "A"),
        ("B", "A"),
        ("A", None),
    ]
    assert found.silence_seconds == 16


def test_a_long_silence_is_a_hold_with_the_music_in_it() -> None:
    found = talk(said(0, 2, "A"), music(4, 9), said(12, 13, "B"), duration=16)
    assert [(each.is_hold, each.music_seconds) for each in found.silences] == [
        (True, 5),
        (False, 0),
    ]
    assert found.hold_seconds == 10


def test_a_hold_has_music_where_that_is_half_of_it_or_more() -> None:
    tune = talk(said(0, 2, "A"), music(2, 2.1), said(12, 13, "B"), duration=13)
    held = talk(said(0, 2, "A"), music(2, 7), said(12, 13, "B"), duration=13)
    assert [each.has_music for found in (tune, held) for each in found.silences] == [False, True]


def test_music_behind_words_is_no_silence() -> None:
    sung = replace(said(0, 10, "A"), events=(AudioEvent.BGM,))
    assert talk(sung, duration=10).silences == ()


def test_without_speakers_there_are_silences_alone() -> None:
    found = talk(said(0, 2, None), said(10, 12, None), duration=12)
    assert (found.speakers, found.turns, found.longest, found.talk_overs) == ((), (), None, ())
    assert [(each.after, each.is_hold) for each in found.silences] == [(None, True)]


def test_nothing_heard_is_one_silence() -> None:
    assert spans(talk(duration=8).silences) == [(0, 8)]
    assert talk(duration=0).silences == ()


def test_the_settings_say_from_when_on_something_has_happened() -> None:
    heard = transcript(said(0, 5, "A"), said(4, 8, "B"), duration=9)
    limits = ConversationSettings(talk_over_seconds=1.5, silence_seconds=1, hold_seconds=1)
    found = talk_of(heard, limits)
    assert found.talk_overs == ()
    assert [each.is_hold for each in found.silences] == [True]
    assert make_insight(heard, limits=limits).conversation == found
    with pytest.raises(ValueError, match="silence_seconds 6 is over hold_seconds 5"):
        ConversationSettings(silence_seconds=6)


# Whatever is said ---------------------------------------------------------------------------------


@st.composite
def conversations(draw: st.DrawFn) -> Transcript:
    """By starts, on a grid of 10 ms; voices overlap, fall silent, and have music between them."""
    times = st.tuples(st.integers(0, 3_000), st.integers(1, 900))
    heard = []
    for start, length in sorted(draw(st.lists(times, max_size=14))):
        span = start / 100, (start + length) / 100
        speaker = draw(st.sampled_from(["A", "B", "A2", None, "music"]))
        heard.append(music(*span) if speaker == "music" else said(*span, speaker))
    latest = max((each.end for each in heard), default=0.0)
    return transcript(*heard, duration=latest + draw(st.integers(0, 900)) / 100)


@given(conversations())
def test_shares_sum_to_one_and_seconds_to_time_and_overlap(heard: Transcript) -> None:
    found = talk_of(heard)
    if found.speakers:
        assert math.isclose(sum(each.share for each in found.speakers), 1)
        assert {turn.speaker for turn in found.turns} == {each.speaker for each in found.speakers}
        assert sum(each.turns for each in found.speakers) == len(found.turns)
        assert found.longest in [each.longest for each in found.speakers]


@given(conversations())
def test_a_talk_over_lies_inside_a_turn_of_both(heard: Transcript) -> None:
    found = talk_of(heard)
    for over in found.talk_overs:
        assert over.seconds >= LIMITS.talk_over_seconds
        for speaker in over.speakers:
            assert any(
                turn.speaker == speaker and turn.start <= over.start and over.end <= turn.end
                for turn in found.turns
            )
    assert found.talk_over_seconds <= sum(over.seconds for over in found.talk_overs) + 1e-9


@given(conversations())
def test_nobody_says_a_word_in_a_silence_and_all_long_ones_are_there(heard: Transcript) -> None:
    found = talk_of(heard)
    spoken = [(each.start, each.end) for each in heard.segments if each.text]
    for silence in found.silences:
        assert not any(start < silence.end and silence.start < end for start, end in spoken)
        assert 0 <= silence.start < silence.end <= heard.duration
        assert 0 <= silence.music_seconds <= silence.seconds + 1e-9
        assert silence.is_hold == (silence.seconds >= LIMITS.hold_seconds)
    edges = sorted([(0.0, 0.0), *spoken, (heard.duration, heard.duration)])
    reached, gaps = 0.0, 0
    for start, end in edges:
        gaps += start - reached >= LIMITS.silence_seconds
        reached = max(reached, end)
    assert len(found.silences) == gaps
    assert all(one.end <= other.start for one, other in pairwise(found.silences))


@given(conversations())
def test_numbers_are_those_of_lengths(heard: Transcript) -> None:
    form = talk_of(heard).to_dict()
    for kind in ("turns", "talk_overs", "silences"):
        for each in form[kind]:
            assert each["seconds"] == pytest.approx(each["end"] - each["start"], abs=1e-3)
    assert len(form["turns"]) >= len(form["speakers"])
