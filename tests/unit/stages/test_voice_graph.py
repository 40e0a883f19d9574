"""Two voices that are near to each other fall apart by their links; one voice never does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.stages.voice_graph import LEAST_WINDOWS, parted
from richspeech.stages.voices import Windows, tell_apart, window_spans

DIMENSIONS, IN_STRETCH = 32, 4


def spoken(seed: int, *voices: NDArray[np.float64], stretches: int = 6) -> NDArray[np.float32]:
    """Stretches of four windows each, the voices by turns; windows of a stretch are alike."""
    rng = np.random.default_rng(seed)
    rows = []
    for at in range(stretches * len(voices)):
        said = voices[at % len(voices)] + rng.normal(0, 0.05, DIMENSIONS)
        rows += [said + rng.normal(0, 0.05, DIMENSIONS) for _ in range(IN_STRETCH)]
    raw = np.stack(rows)
    return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), np.float32)


def voice(number: int) -> NDArray[np.float64]:
    """Each two have a cosine of 0.8."""
    return np.asarray(np.eye(DIMENSIONS)[0] + np.eye(DIMENSIONS)[1 + number] / 2)


def stretches_of(windows: NDArray[np.float32]) -> NDArray[np.int_]:
    return np.arange(len(windows)) // IN_STRETCH


NEAR = (voice(0), voice(1))


def test_two_near_voices_in_one_cluster_are_parted() -> None:
    windows = spoken(0, *NEAR)
    labels = parted(windows, stretches_of(windows), np.zeros(len(windows), int))
    by_turns = stretches_of(windows) % 2
    assert set(labels.tolist()) == {0, 1}
    assert set((labels == by_turns).tolist()) in ({True}, {False})


def test_three_are_parted_one_after_the_other() -> None:
    windows = spoken(1, voice(0), voice(1), voice(2))
    labels = parted(windows, stretches_of(windows), np.zeros(len(windows), int))
    turns = stretches_of(windows) % 3
    assert len({*zip(labels.tolist(), turns.tolist(), strict=True)}) == 3


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_one_voice_stays_one_however_long_it_talks(seed: int, stretches: int) -> None:
    windows = spoken(seed, voice(0), stretches=stretches)
    labels = parted(windows, stretches_of(windows), np.zeros(len(windows), int))
    assert set(labels.tolist()) == {0}


def test_of_few_windows_nothing_is_said() -> None:
    windows = spoken(0, *NEAR, stretches=1)[: LEAST_WINDOWS - 1]
    assert not parted(windows, stretches_of(windows), np.zeros(len(windows), int)).any()


def test_windows_of_one_stretch_are_no_sign_of_two_voices() -> None:
    windows = spoken(0, *NEAR)
    assert not parted(windows, np.zeros(len(windows), int), np.zeros(len(windows), int)).any()


def test_other_clusters_stay_as_they_are() -> None:
    windows = np.concatenate([spoken(0, *NEAR), spoken(1, np.eye(DIMENSIONS)[9], stretches=2)])
    before = (np.arange(len(windows)) >= len(windows) - 2 * IN_STRETCH).astype(int)
    labels = parted(windows, stretches_of(windows), before)
    assert len(set(labels[before == 1].tolist())) == 1
    assert len(set(labels.tolist())) == 3


@pytest.mark.parametrize(("voices", "count"), [(NEAR, 2), (NEAR[:1], 1)])
def test_who_has_not_said_how_many_speak_is_told(
    voices: tuple[NDArray[np.float64], ...], count: int
) -> None:
    windows = spoken(3, *voices)
    talk = [
        Windows(window_spans(at * 5.0, at * 5.0 + 4.0), windows[at * 4 : at * 4 + 4])
        for at in range(len(windows) // IN_STRETCH)
    ]
    assert len({turn.speaker for turn in tell_apart(talk, 0.6)}) == count
