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
    """An utterance whose windows in turn have these speakers, the last one to its end."""
    spans = window_spans(start, start + seconds)
    who = [
        speakers[min(at * len(speakers) // max(len(spans), 1), len(speakers) - 1)]
        for at in range(len(spans))
    ]
    noise = np.random.default_rng((seed, round(start * 100))).normal(
        0, 0.05, (len(spans), DIMENSIONS)
    )
    raw = np.stack([voice(each) for each in who]) + noise if spans else np.zeros((0, DIMENSIONS))
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return Windows(start, start + seconds, spans, unit.astype(np.float32))


def speakers_of(utterances: Sequence[Windows], count: int | None = None) -> list[int]:
    return [turn.speaker for turn in tell_apart(utterances, SAME_FROM, count)]


@given(st.floats(0, 3_600), st.floats(0.3, 60))
def test_windows_cover_an_utterance_from_end_to_end(start: float, seconds: float) -> None:
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
    short.embeddings[:] = (0.7 * voice(1) + 0.714 * voice(20)).astype(np.float32)
    talk = [said(0.0, 4.0, 0), short, said(6.0, 4.0, 1)]
    assert speakers_of(talk) == [0, 1, 1]


def test_turns_end_where_it_is_quiet() -> None:
    heard = said(0.0, 8.0, 0, 1)
    quiet = tuple(
        round((b[0] + a[1]) / 2 + 0.1, 3)
        for a, b in zip(heard.spans, heard.spans[1:], strict=False)
    )
    cut = tell_apart([Windows(0.0, 8.0, heard.spans, heard.embeddings, quiet)], SAME_FROM)[0].end
    assert cut in quiet


def test_hours_are_told_apart_by_a_part_of_their_windows() -> None:
    talk = [said(at * 31.0, 30.0, at % 3) for at in range(80)]
    assert sum(len(each.spans) for each in talk) > MOST_CLUSTERED
    assert speakers_of(talk) == [at % 3 for at in range(80)]


def test_there_are_never_more_speakers_than_letters_found_by_themselves() -> None:
    crowd = [said(at * 5.0, 4.0, at) for at in range(MOST_SPEAKERS + 5)]
    assert len(set(speakers_of(crowd))) == MOST_SPEAKERS


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0.05, 12)), max_size=12),
    st.one_of(st.none(), st.integers(1, 6)),
)
def test_turns_fill_utterances_and_speakers_are_numbered_as_they_come(
    talk: list[tuple[int, float]], count: int | None
) -> None:
    utterances, at = [], 0.0
    for speaker, seconds in talk:
        utterances.append(said(at, seconds, speaker))
        at += seconds + 1
    turns = tell_apart(utterances, SAME_FROM, count)
    assert turns == tell_apart(utterances, SAME_FROM, count)
    heard = [each for each in utterances if each.spans]
    assert sum(t.end - t.start for t in turns) == pytest.approx(sum(u.end - u.start for u in heard))
    first_heard = list(dict.fromkeys(turn.speaker for turn in turns))
    assert first_heard == list(range(len(first_heard)))
    assert len(first_heard) <= (count or MOST_SPEAKERS)
