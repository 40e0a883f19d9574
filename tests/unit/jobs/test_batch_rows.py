"""Rows of a batch: what may follow on what, and what they come to together."""

import pytest

from richspeech.jobs.batch.rows import BatchRow, tally
from richspeech.language.catalog import Notice
from richspeech.model.job_state import NEXT, State
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Progress

WAITING = BatchRow("a.wav", size_bytes=1_000)
EMPTY = Notice("audio.empty", {"name": "a.wav"})
HEARD = Transcript(20.0, 2.0, "ear", "tiny")


def progress(seconds: float, total: float | None) -> Progress:
    transcript = Transcript(seconds, seconds / 10, "ear", "tiny")
    return Progress(transcript, (), total, finished=False)


def in_state(state: State) -> BatchRow:
    running = WAITING.begin().advance(progress(5.0, 20.0))
    return {
        State.WAITING: WAITING,
        State.RUNNING: running,
        State.FINISHED: running.finish(HEARD, risk=40),
        State.FAILED: running.fail(EMPTY),
        State.CANCELLED: running.cancel(),
    }[state]


def test_a_row_shows_how_far_its_recording_is() -> None:
    running = in_state(State.RUNNING)
    assert (running.seconds_done, running.seconds_total) == (5.0, 20.0)
    assert running.seconds_left == pytest.approx(1.5)
    done = in_state(State.FINISHED)
    assert (done.seconds_done, done.seconds_total, done.seconds_left) == (20.0, 20.0, 0.0)
    assert done.risk == 40


def test_what_is_over_has_no_time_left() -> None:
    assert in_state(State.CANCELLED).seconds_left is None
    failed = in_state(State.FAILED)
    assert (failed.error, failed.seconds_left) == (EMPTY, None)


REACHED = (State.WAITING, State.RUNNING, State.FINISHED, State.FAILED, State.CANCELLED)
"""No recording of a batch is loading or stopping."""


@pytest.mark.parametrize("before", REACHED)
@pytest.mark.parametrize("after", REACHED[1:])
def test_a_row_goes_forward_only(before: State, after: State) -> None:
    steps = {
        State.RUNNING: BatchRow.begin,
        State.FINISHED: lambda row: row.finish(HEARD),
        State.FAILED: lambda row: row.fail(EMPTY),
        State.CANCELLED: BatchRow.cancel,
    }
    step = steps[after]
    if after in NEXT[before]:
        assert step(in_state(before)).state is after
    else:
        with pytest.raises(ValueError, match=f"a.wav is {before} and cannot become {after}"):
            step(in_state(before))


def test_what_is_not_opened_yet_is_guessed_from_its_bytes() -> None:
    rows = [in_state(State.FINISHED), in_state(State.RUNNING), BatchRow("c.wav", 500)]
    sums = tally(rows)
    assert (sums.files, sums.over, sums.failed) == (3, 1, 0)
    assert sums.seconds_done == 25.0
    assert sums.seconds_total == 20.0 + 20.0 + 10.0


def test_nothing_is_guessed_without_a_hint() -> None:
    assert tally([WAITING, WAITING.begin()]).seconds_total is None
    assert tally([]).seconds_total is None


def test_what_failed_or_was_cancelled_is_no_audio() -> None:
    sums = tally([in_state(State.FINISHED), in_state(State.FAILED), in_state(State.CANCELLED)])
    assert (sums.files, sums.over, sums.failed) == (3, 3, 1)
    assert (sums.seconds_done, sums.seconds_total) == (20.0, 20.0)
