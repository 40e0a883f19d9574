"""Windows of one voice become its turns, whatever order, number and noise they come in."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.stages.voices import (
    FULL_SECONDS,
    MOST_CLUSTERED,
    MOST_SPEAKERS,
    SHORTEST_SECONDS,
    WINDOW_SECONDS,
    Windows,
    tell_apart,
    window_spans,
)

SAME_FROM = 0.6
DIMENSIONS = 32


def voice(number: int) -> NDArray[np.float64]:
    """Directions at right angles."""
    return np.asarray(np.eye(DIMENSIONS)[number])


def said(start: float, seconds: float, *speakers: int, seed: int = 0) -> Windows:
    """A stretch of speech whose windows in turn have these speakers, the last one to its end."""
    spans = window_spans(start, start + seconds)
    who = [
        speakers[min(at * len(speakers) // max(len(spans), 1), len(speakers) - 1)]
        for at in range(len(spans))
    ]
    noise = np.random.default_rng((seed, round(start * 100))).normal(
        0, 0.05, (len(spans), DIMENSIONS)
    )
    raw = np.stack([voice(each) for each in who]) + noise if spans else np.zeros((0, DIMENSIONS))
    return Windows(spans, unit(raw))


def unit(raw: NDArray[np.float64]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    directions: NDArray[np.float32] = (raw / lengths).astype(np.float32)
    return directions


def speakers_of(stretches: Sequence[Windows], count: int | None = None) -> list[int | None]:
    return [turn.speaker for turn in tell_apart(stretches, SAME_FROM, count)]


@given(st.floats(0, 3_600), st.floats(0.3, 60))
def test_windows_cover_a_stretch_from_end_to_end(start: float, seconds: float) -> None:
    spans = window_spans(start, start + seconds)
    assert abs(spans[0][0] - start) < 0.001
    assert abs(spans[-1][1] - (start + seconds)) < 0.001
    assert all(later[0] < earlier[1] for earlier, later in itertools.pairwise(spans))
    assert all(end - begin <= WINDOW_SECONDS + 0.002 for begin, end in spans)


def test_in_a_breath_nobody_is_known() -> None:
    assert window_spans(1.0, 1.0 + SHORTEST_SECONDS / 2) == ()
    assert tell_apart([said(1.0, 0.1, 0)], SAME_FROM) == ()


def test_two_who_talk_by_turns_are_two() -> None:
    talk = [said(at * 5.0, 4.0, at % 2) for at in range(6)]
    assert speakers_of(talk) == [0, 1, 0, 1, 0, 1]
    assert [(t.start, t.end) for t in tell_apart(talk, SAME_FROM)][1] == (5.0, 9.0)


def test_one_who_talks_alone_is_one() -> None:
    assert set(speakers_of([said(at * 5.0, 4.0, 3, seed=at) for at in range(8)])) == {0}


def test_few_windows_are_told_apart_too() -> None:
    """funasr's own clustering answers one speaker for fewer than 20."""
    assert speakers_of([said(0.0, 2.5, 0), said(3.0, 2.5, 1)], 2) == [0, 1]


def test_a_change_within_an_utterance_cuts_it() -> None:
    turns = tell_apart([said(0.0, 8.0, 0, 1), said(9.0, 5.0, 0)], SAME_FROM)
    assert [turn.speaker for turn in turns] == [0, 1, 0]
    assert turns[0].end == turns[1].start
    assert abs(turns[0].end - 4.0) <= 0.8


def test_one_odd_window_makes_no_turn() -> None:
    odd = said(0.0, 8.0, 0)
    odd.embeddings[4] = 0.8 * voice(9) + 0.6 * voice(0)
    assert speakers_of([odd, said(9.0, 6.0, 1)]) == [0, 1]


def test_a_given_count_is_found_where_the_limit_would_join_them() -> None:
    near = [said(at * 5.0, 4.0, 0, seed=at) for at in range(4)]
    for each in near[1::2]:
        each.embeddings[:] = 0.8 * voice(0) + 0.6 * voice(1)
    assert set(speakers_of(near)) == {0}
    assert speakers_of(near, 2) == [0, 1, 0, 1]
    assert set(speakers_of(near, 1)) == {0}


def test_a_short_word_goes_to_a_voice_that_longer_ones_have() -> None:
    short = said(5.0, FULL_SECONDS / 2, 1)
    short.embeddings[:] = (0.4 * voice(1) + 0.9165 * voice(20)).astype(np.float32)
    talk = [said(0.0, 4.0, 0), short, said(6.0, 4.0, 1)]
    assert speakers_of(talk) == [0, 1, 1]


def test_who_says_one_thing_only_is_nobody_else() -> None:
    talk = [said(0.0, 6.0, 0), said(7.0, 6.0, 1), said(14.0, WINDOW_SECONDS, 2)]
    assert speakers_of(talk) == [0, 1, None]
    assert speakers_of(talk, 2)[-1] in {0, 1}


def test_who_says_one_thing_only_is_somebody_where_the_count_says_so() -> None:
    talk = [said(0.0, 6.0, 0), said(7.0, 6.0, 1), said(14.0, 2 * WINDOW_SECONDS, 2)]
    assert speakers_of(talk, 3) == [0, 1, 2]


def test_two_at_once_are_no_third() -> None:
    both = said(14.0, 4.0, 0)
    both.embeddings[:] = unit(np.stack([voice(0) + voice(1)] * len(both.spans)))
    talk = [said(0.0, 6.0, 0), said(7.0, 6.0, 1), both]
    assert set(speakers_of(talk)) == {0, 1}
    assert set(speakers_of([*talk, said(20.0, 4.0, 2)], 3)) == {0, 1, 2}


def test_a_change_without_a_pause_is_no_third() -> None:
    talk = [said(at * 10.0, 8.0, 0, 0, 0, 0, 1, 1, 1, 1, 1) for at in range(4)]
    for each in talk:
        each.embeddings[4] = voice(9)
    assert set(speakers_of(talk)) <= {0, 1, None}
    alone = [said(50.0 + at * 3.0, WINDOW_SECONDS, 9) for at in range(4)]
    assert speakers_of([*talk, *alone])[-4:] == [2, 2, 2, 2]


def test_digital_silence_is_nobody() -> None:
    silence = said(7.0, 4.0, 0)
    silence.embeddings[:] = 0.0
    broken = said(12.0, 4.0, 0)
    broken.embeddings[:] = np.nan
    turns = tell_apart([said(0.0, 6.0, 0), silence, broken], SAME_FROM)
    assert [(turn.start, turn.end, turn.speaker) for turn in turns] == [(0.0, 6.0, 0)]
    assert tell_apart([silence, broken], SAME_FROM) == ()
    assert tell_apart([silence], SAME_FROM, 2) == ()


def test_hours_are_told_apart_by_a_part_of_their_windows() -> None:
    talk = [said(at * 31.0, 30.0, at % 3) for at in range(80)]
    assert sum(len(each.spans) for each in talk) > MOST_CLUSTERED
    assert speakers_of(talk) == [at % 3 for at in range(80)]


def test_there_are_never_more_speakers_than_letters_found_by_themselves() -> None:
    crowd = [said(at * 5.0, 4.0, at) for at in range(MOST_SPEAKERS + 5)]
    assert len(set(speakers_of(crowd)) - {None}) == MOST_SPEAKERS


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0.05, 12)), max_size=12),
    st.one_of(st.none(), st.integers(1, 6)),
)
def test_turns_fill_stretches_and_speakers_are_numbered_as_they_come(
    talk: list[tuple[int, float]], count: int | None
) -> None:
    stretches, at = [], 0.0
    for speaker, seconds in talk:
        stretches.append(said(at, seconds, speaker))
        at += seconds + 1
    turns = tell_apart(stretches, SAME_FROM, count)
    assert turns == tell_apart(stretches, SAME_FROM, count)
    lengths = [each.spans[-1][1] - each.spans[0][0] for each in stretches if each.spans]
    assert sum(t.end - t.start for t in turns) == pytest.approx(sum(lengths), abs=0.01)
    speakers = [turn.speaker for turn in turns if turn.speaker is not None]
    first_heard = list(dict.fromkeys(speakers))
    assert first_heard == list(range(len(first_heard)))
    assert len(first_heard) <= (count or MOST_SPEAKERS)
