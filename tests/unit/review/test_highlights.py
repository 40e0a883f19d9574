"""Transcript → highlights: what the rules find, where a highlight begins and ends, what is kept."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.errors import OptionError
from richspeech.language.localized import LocalizedText
from richspeech.model.rules import HighlightRule
from richspeech.model.transcript import Segment, Transcript
from richspeech.model.trim import LONGEST_SECONDS, Trim
from richspeech.review.evidence import label_runs
from richspeech.review.highlights import Highlight, pick_highlights, trimming
from richspeech.review.lists import LISTS, Reel
from richspeech.settings import HighlightSettings
from tests.transcripts import segment, transcript, transcripts

TITLE = LocalizedText("标题：$label", "Title: $label")
ANGER = HighlightRule(name="anger", title=TITLE, emotions=(Emotion.ANGRY,))
LAUGHTER = HighlightRule(name="laughter", title=TITLE, events=(AudioEvent.LAUGHTER,), weight=3)
BARE = HighlightSettings(padding_seconds=0, min_seconds=0.01, rules=(ANGER,))


def with_settings(**changes: Any) -> HighlightSettings:
    return HighlightSettings(**{**dict(BARE), **changes})


def angry(start: float, end: float, probability: float = 0.9) -> Segment:
    known = {"angry": probability, "unknown": 1 - probability}
    return segment(start, end, emotion=Emotion.ANGRY, probabilities=known)


def laughing(start: float, end: float) -> Segment:
    return segment(start, end, "", Emotion.UNKNOWN, AudioEvent.LAUGHTER)


def spans(highlights: tuple[Highlight, ...]) -> list[tuple[float, float]]:
    return [(each.start, each.end) for each in highlights]


# What a rule finds --------------------------------------------------------------------------------


def test_neighbours_with_one_label_are_one_highlight_with_both_as_evidence() -> None:
    (found,) = pick_highlights(transcript(angry(10, 12), angry(13, 15)), BARE)
    assert (found.start, found.end, found.rules) == (10, 15, ("anger",))
    assert [(e.start, e.end, e.label, e.probability) for e in found.evidence] == [
        (10, 12, "angry", 0.9),
        (13, 15, "angry", 0.9),
    ]


def test_a_long_pause_ends_a_run() -> None:
    assert spans(pick_highlights(transcript(angry(10, 12), angry(14.5, 15)), BARE)) == [
        (10, 12),
        (14.5, 15),
    ]


def test_another_label_between_ends_a_run() -> None:
    heard = transcript(angry(10, 12), segment(12, 13), angry(13, 15))
    assert spans(pick_highlights(heard, BARE)) == [(10, 12), (13, 15)]


def test_an_improbable_label_is_not_used() -> None:
    known = {"angry": 0.4, "sad": 0.3, "happy": 0.3}
    unsure = segment(10, 12, emotion=Emotion.ANGRY, probabilities=known)
    assert pick_highlights(transcript(unsure), BARE) == ()


@pytest.mark.parametrize("known", [{}, {"angry": 0.1, "neutral": 0.9}])
def test_a_label_that_a_rule_or_a_person_set_counts_in_full(known: dict[str, float]) -> None:
    corrected = segment(10, 12, emotion=Emotion.ANGRY, probabilities=known)
    (found,) = pick_highlights(transcript(corrected), BARE)
    assert found.score == 2
    assert found.evidence[0].probability is None


def test_longest_picks_one_run() -> None:
    rule = ANGER.model_copy(update={"pick": "longest"})
    heard = transcript(angry(0, 4), angry(10, 13), angry(14, 17), angry(30, 35))
    assert spans(pick_highlights(heard, with_settings(rules=(rule,)))) == [(10, 17)]


def test_peak_picks_the_most_probable_utterance_of_each_run() -> None:
    rule = ANGER.model_copy(update={"pick": "peak"})
    heard = transcript(angry(0, 2, 0.7), angry(3, 5, 0.95), angry(6, 8, 0.8), angry(20, 21, 0.6))
    assert spans(pick_highlights(heard, with_settings(rules=(rule,)))) == [(3, 5), (20, 21)]


def test_the_score_is_seconds_by_probability_by_weight() -> None:
    (found,) = pick_highlights(transcript(laughing(5, 9)), with_settings(rules=(LAUGHTER,)))
    assert found.score == 3 * 4


def test_a_title_names_the_label_in_both_languages() -> None:
    (found,) = pick_highlights(transcript(angry(5, 9)), BARE)
    assert (found.title("zh"), found.title("en")) == ("标题：愤怒", "Title: angry")


# Where it begins and ends -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (10, 15, (9, 16)),
        (10, 19, (9.5, 19.5)),
        (0.5, 5, (0, 6)),
        (95, 99.5, (94, 100)),
        (50, 51, (48.5, 52.5)),
        (0.2, 0.4, (0, 4)),
        (99.8, 100, (96, 100)),
        (20, 50, (20, 30)),
    ],
    ids=[
        "padded",
        "padded less",
        "begin",
        "finish",
        "short",
        "short at the begin",
        "short at the end",
        "long",
    ],
)
def test_a_highlight_is_padded_widened_and_cut_within_the_recording(
    start: float, end: float, expected: tuple[float, float]
) -> None:
    limits = with_settings(padding_seconds=1, min_seconds=4, max_seconds=10)
    (found,) = pick_highlights(transcript(angry(start, end)), limits)
    assert (found.start, found.end) == pytest.approx(expected)


def test_a_recording_shorter_than_the_shortest_highlight_is_one_highlight() -> None:
    heard = transcript(angry(0.5, 1), duration=2)
    assert spans(pick_highlights(heard, with_settings(min_seconds=5))) == [(0, 2)]


def test_evidence_that_was_cut_off_neither_counts_nor_is_shown() -> None:
    heard = transcript(angry(0, 6), angry(7, 12), angry(13, 20))
    (found,) = pick_highlights(heard, with_settings(max_seconds=10))
    assert [(e.start, e.end) for e in found.evidence] == [(0, 6), (7, 10)]
    assert found.score == pytest.approx(0.9 * 9)


# Which are kept -----------------------------------------------------------------------------------


def test_overlapping_highlights_are_joined_and_the_stronger_rule_comes_first() -> None:
    heard = transcript(angry(10, 14), laughing(14.5, 17))
    both = with_settings(padding_seconds=1, rules=(ANGER, LAUGHTER))
    (found,) = pick_highlights(heard, both)
    assert (found.start, found.end) == (9, 18)
    assert found.rules == ("laughter", "anger")
    assert found.score == pytest.approx(4 * 0.9 + 2.5 * 3)
    assert [e.label for e in found.evidence] == ["angry", "laughter"]


def test_the_weaker_of_two_that_are_too_long_together_is_left_out() -> None:
    heard = transcript(angry(10, 14), laughing(14.5, 17))
    narrow = with_settings(padding_seconds=1, max_seconds=8, rules=(ANGER, LAUGHTER))
    assert [found.rules for found in pick_highlights(heard, narrow)] == [("laughter",)]


def test_what_two_rules_found_is_evidence_once() -> None:
    rules = (ANGER, ANGER.model_copy(update={"name": "longest-anger", "pick": "longest"}))
    (found,) = pick_highlights(transcript(angry(10, 14)), with_settings(rules=rules))
    assert (len(found.evidence), len(found.titles), len(found.rules)) == (1, 1, 2)


def test_the_top_ones_are_kept_in_order_of_time() -> None:
    heard = transcript(angry(0, 5), angry(10, 12), angry(20, 29))
    assert spans(pick_highlights(heard, with_settings(top=2))) == [(0, 5), (20, 29)]


@given(
    transcripts(),
    st.floats(0, 20),
    st.floats(0.1, 60).flatmap(lambda least: st.tuples(st.just(least), st.floats(least, 90))),
    st.integers(1, 5),
)
def test_highlights_lie_within_the_recording_apart_and_hold_their_evidence(
    heard: Transcript, padding: float, lengths: tuple[float, float], top: int
) -> None:
    asked = HighlightSettings(
        padding_seconds=padding, min_seconds=lengths[0], max_seconds=lengths[1], top=top
    )
    found = pick_highlights(heard, asked)
    assert len(found) <= top
    assert all(before.end <= after.start for before, after in pairwise(found))
    for each in found:
        assert 0 <= each.start < each.end <= heard.duration
        assert each.end - each.start <= lengths[1] + 1e-9
        assert each.evidence
        assert all(each.start <= e.start < e.end <= each.end for e in each.evidence)
        assert each.score > 0


def test_two_channels_of_one_name_are_one_speaker() -> None:
    first, second = (
        replace(segment(at, at + 4, "喂", Emotion.ANGRY), channel=1 + (at > 0), speaker="Ann")
        for at in (0, 4.5)
    )
    (found,) = label_runs((first, second), Emotion.ANGRY, min_probability=0.5, max_gap_seconds=1)
    assert [each.start for each in found] == [0, 4.5]
    apart = (first, replace(second, speaker="Bob"))
    assert len([*label_runs(apart, Emotion.ANGRY, min_probability=0.5, max_gap_seconds=1)]) == 2


# What a person makes of it ------------------------------------------------------------------------

TWO = transcript(angry(10, 14), angry(30, 34))


def trimmed(heard: Transcript, *trims: Trim) -> tuple[Highlight, ...]:
    return pick_highlights(replace(heard, trims=trims), BARE)


def test_a_highlight_lies_where_a_person_has_put_it_and_the_others_stay() -> None:
    first, second = trimmed(TWO, Trim((10, 14), 11.5, 20))
    assert (first.start, first.end, first.found) == (11.5, 20, (10, 14))
    assert (first.rules, first.key) == (("anger",), "10.000-14.000")
    assert second == pick_highlights(TWO, BARE)[1]


def test_points_of_what_rules_no_longer_find_say_nothing() -> None:
    assert spans(trimmed(TWO, Trim((10, 13), 11, 20))) == [(10, 14), (30, 34)]


def test_every_list_follows_the_points_of_a_person() -> None:
    found = trimmed(TWO, Trim((30, 34), 31, 33))
    written = {name: form.write(found, Reel("a.wav")) for name, form in LISTS.items()}
    assert "00:00:31:00 00:00:33:00" in written["edl"]
    assert "00:00:31.000 --> 00:00:33.000" in written["chapters"]
    assert '"value": 775' in written["otio"].replace(".0", "")  # 31 s of 25 frames


@given(st.lists(st.tuples(st.floats(0, 99), st.floats(0.5, 60)), min_size=2, max_size=2))
def test_highlights_stay_apart_and_within_the_recording_whatever_is_kept_of_their_points(
    points: list[tuple[float, float]],
) -> None:
    spots = ((10.0, 14.0), (30.0, 34.0))
    trims = [
        Trim(spot, start, start + max(length, 0.51))
        for spot, (start, length) in zip(spots, points, strict=True)
    ]
    found = trimmed(TWO, *trims)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert found
    assert all(0 <= each.start < each.end <= TWO.duration for each in found)


@pytest.mark.parametrize(
    ("key", "start", "end", "why"),
    [
        ("10.000-15.000", 11.0, 12.0, "trim.gone"),
        ("10.000-14.000", 12.0, 11.0, "trim.length"),
        ("10.000-14.000", 12.0, 12.3, "trim.length"),
        ("10.000-14.000", 12.0, 31.0, "trim.overlap"),
        ("30.000-34.000", 5.0, 34.0, "trim.overlap"),
        ("30.000-34.000", 31.0, 100.1, "trim.outside"),
    ],
)
def test_points_are_refused_where_a_highlight_cannot_lie(
    key: str, start: float, end: float, why: str
) -> None:
    with pytest.raises(OptionError) as caught:
        trimming(pick_highlights(TWO, BARE), key, start, end, TWO.duration)
    assert caught.value.key == why


def test_a_highlight_of_hours_is_refused() -> None:
    heard = transcript(angry(10, 14), duration=10_000)
    with pytest.raises(OptionError, match="600"):
        trimming(pick_highlights(heard, BARE), "10.000-14.000", 10, 11 + LONGEST_SECONDS, 10_000)


def test_a_highlight_may_touch_the_next_one_and_go_back_to_where_it_was() -> None:
    found = pick_highlights(TWO, BARE)
    assert trimming(found, "10.000-14.000", 8, 30.0004, 100).end == 30.0004
    (back, _) = trimmed(TWO, Trim((10, 14), 8, 9))
    assert trimming([back], back.key, None, None, 100).takes_back
