"""What sounds between utterances, on made-up loudness and spectra; no model, no audio."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from richspeech.audio.sounds import BANDS, FLOOR_CELLS, LONGEST_FRAMES, SoundFinder
from richspeech.audio.vad import SpeechSpan

SILENT_DB, NOISE_DB, SOUND_DB, SPEECH_DB = -60.0, -20.0, 0.0, 10.0

Piece = tuple[float, float, float]
"""Seconds, decibels, and what every mel bin is."""


def track(*pieces: Piece) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    frames = [round(seconds * 100) for seconds, _, _ in pieces]
    decibel = np.repeat(np.array([each[1] for each in pieces], np.float32), frames)
    mel = np.repeat(np.array([each[2] for each in pieces], np.float32), frames)
    return decibel, mel[:, None].repeat(80, axis=1)


def sounds_of(*pieces: Piece, spoken: Sequence[tuple[float, float]] = ()) -> list[list[float]]:
    finder = SoundFinder()
    finder.feed(*track(*pieces))
    found = finder.finish([SpeechSpan(*each) for each in spoken])
    return [[sound.start, sound.end] for sound in found]


def test_music_between_two_utterances_is_a_sound_from_one_to_the_other() -> None:
    pieces = ((1, NOISE_DB, 5), (2, SPEECH_DB, 9), (4, SOUND_DB, 5), (3, SPEECH_DB, 9))
    assert sounds_of(*pieces, spoken=[(0.9, 3.12), (6.63, 10.0)]) == [[3.12, 6.63]]


def test_without_speech_and_without_a_pause_a_sound_is_heard_from_its_start() -> None:
    assert sounds_of((3.25, SOUND_DB, 5)) == [[0.0, 3.25]]


def test_the_noise_beneath_speech_is_no_sound_however_loud() -> None:
    pieces = ((8, 2.0, 5), (2, 14.0, 9), (3, 2.0, 5), (2, 14.0, 9), (3, 2.0, 5))
    spoken = [(0.0, 10.0), (13.0, 15.0)]
    assert sounds_of(*pieces, spoken=spoken) == []
    assert sounds_of(*pieces) != []  # where nobody speaks it is all there is


@pytest.mark.parametrize("decibel", [SILENT_DB, NOISE_DB, -8.5])
def test_a_quiet_line_is_no_sound(decibel: float) -> None:
    assert sounds_of((20, decibel, 5)) == []


def test_after_a_pause_a_quieter_sound_is_heard_too() -> None:
    assert sounds_of((1, -30.0, 5), (2, -15.0, 5), (1, -30.0, 5)) == [[1.0, 3.0]]


def test_applause_that_goes_on_for_minutes_is_heard_to_its_end() -> None:
    words = ((0.4, SPEECH_DB, 9), (0.1, NOISE_DB, 5)) * 10
    pieces = ((2, NOISE_DB, 5), *words, (120, SOUND_DB, 5))
    found = sounds_of(*pieces, spoken=[(2.0, 7.0)])
    assert (found[0][0], found[-1][1]) == (7.0, 127.0)
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert all(1.0 <= end - start <= LONGEST_FRAMES / 100 for start, end in found)


def test_what_is_shorter_than_half_a_second_is_no_sound() -> None:
    assert sounds_of((1, NOISE_DB, 5), (0.4, SOUND_DB, 5), (1, NOISE_DB, 5)) == []


def test_claps_in_a_row_are_one_sound() -> None:
    claps = ((0.2, SOUND_DB, 5), (0.3, NOISE_DB, 5)) * 5
    assert sounds_of((1, NOISE_DB, 5), *claps, (1, NOISE_DB, 5)) == [[1.0, 3.2]]


def test_a_pause_of_a_second_parts_two_sounds() -> None:
    pieces = ((2, SOUND_DB, 5), (1, NOISE_DB, 5), (2, SOUND_DB, 5))
    assert sounds_of(*pieces) == [[0.0, 2.0], [3.0, 5.0]]


def test_music_and_the_applause_after_it_are_two_sounds() -> None:
    assert sounds_of((4, SOUND_DB, 5), (4, SOUND_DB, 9)) == [[0.0, 4.0], [4.0, 8.0]]


def test_a_little_change_parts_nothing_unless_the_sound_is_too_long() -> None:
    assert sounds_of((4, SOUND_DB, 5), (4, SOUND_DB, 6)) == [[0.0, 8.0]]
    assert sounds_of((11, SOUND_DB, 5), (9, SOUND_DB, 6)) == [[0.0, 11.0], [11.0, 20.0]]


def test_a_sound_is_given_out_while_it_goes_on() -> None:
    finder, found = SoundFinder(), []
    for second in range(1, 41):
        finder.feed(*track((1, SOUND_DB, 5)))
        found += finder.find([], float(second), speaking=False)
        assert finder.open_start == (found[-1].end if found else 0.0)
        assert second - finder.open_start <= LONGEST_FRAMES / 100 + 2
    assert found


def test_where_speech_begins_a_sound_ends_at_once() -> None:
    finder = SoundFinder()
    finder.feed(*track((3.5, SOUND_DB, 5)))
    assert finder.find([], 3.04, speaking=False) == []
    [sound] = finder.find([], 3.04, speaking=True)
    assert (sound.start, sound.end) == (0.0, 3.04)
    assert finder.open_start is None


@pytest.mark.parametrize("decibel", [SILENT_DB, SOUND_DB])
def test_hours_take_no_more_memory_than_minutes(decibel: float) -> None:
    finder = SoundFinder()
    for minute in range(1, 181):
        finder.feed(*track((60, decibel, 5)))
        finder.find([], 60.0 * minute, speaking=False)
        kept = vars(finder)["_level"], vars(finder)["_spectrum"], vars(finder)["_spoken"]
        assert {len(each) for each in kept} == {len(kept[0])}
        assert len(kept[0]) <= FLOOR_CELLS + 200
    assert kept[1].shape[1] == BANDS
