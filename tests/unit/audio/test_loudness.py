"""Which recordings are very quiet, and what is made of them; loudness is made up."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.audio.loudness import WINDOW_CELLS, Raiser

Array = NDArray[np.float32]
Piece = tuple[float, float]
"""Seconds and decibels."""

NOISE_DB, QUIET_SPEECH_DB, SPEECH_DB, SILENT_DB = -56.0, -35.0, 8.0, -60.0


def track(*pieces: Piece) -> Array:
    frames = [round(seconds * 100) for seconds, _ in pieces]
    return np.repeat(np.array([decibel for _, decibel in pieces], np.float32), frames)


def mel(decibel: Array) -> Array:
    """As loud in every bin."""
    return np.repeat(decibel[:, None] * np.float32(np.log(10) / 10), 4, axis=1)


def raised(decibel: Array, sizes: Sequence[int] = ()) -> tuple[Array, Array, Raiser]:
    raiser, out, first = Raiser(), [], 0
    for size in (*sizes, len(decibel)):
        piece = decibel[first : first + size]
        out.append(raiser.feed(piece, mel(piece)))
        first += size
    if (held := raiser.finish()) is not None:
        out.append(held)
    decibels, log_mels = zip(*out, strict=True)
    return np.concatenate(decibels), np.concatenate(log_mels), raiser


QUIET_TALK = (1, NOISE_DB), (4, QUIET_SPEECH_DB), (1, NOISE_DB), (4, QUIET_SPEECH_DB - 6)


def test_a_quiet_talk_is_raised_from_its_first_frame_on() -> None:
    talk = track(*QUIET_TALK)
    decibel, log_mel, raiser = raised(talk)
    assert raiser.level_db == pytest.approx(QUIET_SPEECH_DB)
    assert decibel == pytest.approx(talk + 40)
    assert log_mel == pytest.approx(mel(talk + 40), abs=1e-5)


@pytest.mark.parametrize(
    "pieces",
    [
        [(5, SILENT_DB), (3, SPEECH_DB)],
        [(0.3, -14.9), (9, QUIET_SPEECH_DB)],
        [(30, NOISE_DB)],
        [(30, SILENT_DB)],
        [(2, NOISE_DB), (2, NOISE_DB + 9)],
        [],
    ],
)
def test_what_is_loud_or_silent_or_steady_stays_as_it_is(pieces: list[Piece]) -> None:
    talk = track(*pieces)
    decibel, log_mel, raiser = raised(talk)
    assert raiser.level_db is None
    assert np.array_equal(decibel, talk)
    assert np.array_equal(log_mel, mel(talk))


def test_one_who_speaks_up_waits_for_nothing() -> None:
    raiser, loud = Raiser(), track((0.3, SPEECH_DB))
    assert len(raiser.feed(loud[:29], mel(loud[:29]))[0]) == 0
    assert len(raiser.feed(loud[29:], mel(loud[29:]))[0]) == 30
    one = track((0.01, SPEECH_DB))
    assert len(raiser.feed(one, mel(one))[0]) == 1
    assert raiser.finish() is None


def test_a_click_makes_no_recording_loud() -> None:
    _, _, raiser = raised(track((0.1, SPEECH_DB), *QUIET_TALK))
    assert raiser.level_db is not None


def test_who_speaks_up_later_is_raised_no_more() -> None:
    talk = track(*QUIET_TALK, (3, SPEECH_DB), (2, QUIET_SPEECH_DB))
    decibel, _, _ = raised(talk)
    assert decibel.max() == pytest.approx(10.0)
    assert decibel[-300:] == pytest.approx(talk[-300:] + 2)


def test_less_than_three_seconds_are_judged_at_the_end() -> None:
    talk = track((0.2, NOISE_DB), (0.8, QUIET_SPEECH_DB))
    decibel, _, _ = raised(talk)
    assert decibel == pytest.approx(talk + 40)


def test_hours_of_silence_are_let_go_and_only_what_stands_out_is_said_to_be_held() -> None:
    raiser, given_out = Raiser(), 0
    minute = track((60, SILENT_DB))
    for _ in range(60):
        given_out += len(raiser.feed(minute, mel(minute))[0])
        assert raiser.held_start is None
    assert 360_000 - given_out <= (WINDOW_CELLS + 1) * 10
    speech = track((1, QUIET_SPEECH_DB))
    raiser.feed(speech, mel(speech))
    assert raiser.held_start == 3600.0


pieces_of = st.lists(
    st.tuples(
        st.sampled_from([0.07, 0.1, 0.33, 1.0, 3.0, 25.0]),
        st.sampled_from([SILENT_DB, NOISE_DB, -45.0, QUIET_SPEECH_DB, -20.0, SPEECH_DB]),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(pieces_of, st.lists(st.sampled_from([1, 7, 10, 64, 400]), max_size=30))
def test_blocks_change_nothing_and_no_frame_is_lost(pieces: list[Piece], sizes: list[int]) -> None:
    talk = track(*pieces)
    whole, in_blocks = raised(talk), raised(talk, sizes)
    for one, other in zip(whole[:2], in_blocks[:2], strict=True):
        assert np.array_equal(one, other)
    assert whole[2].level_db == in_blocks[2].level_db
    assert len(whole[0]) == len(talk)
    assert np.all(whole[0] >= talk)
