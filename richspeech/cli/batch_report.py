"""Progress of a batch for people at a terminal, or for a log."""

import time
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TextIO

from richspeech.cli.terminal import unkept_line, warning_line
from richspeech.jobs.batch.rows import BatchRow, Watched, tally
from richspeech.language.catalog import Notice
from richspeech.language.figures import clock
from richspeech.model.job_state import State

SECONDS_BETWEEN = {True: 1.0, False: 10.0}
"""Between two lines; whether it is a terminal, where each takes the place of the one before."""


class Report:
    """Writes a line from time to time, and one for every recording that fails."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._now = stream, now
        self._terminal = stream.isatty()
        self._next = now() + (0.0 if self._terminal else SECONDS_BETWEEN[False])

    def show(self, batch: Watched, row: BatchRow) -> None:
        """Say what has changed, if it is time."""
        for warning in row.warnings:
            self._write(warning_line(row.name, warning), passing=False)
        if row.state is State.FAILED:
            self._write(_failure(row), passing=False)
        elif row.unkept is not None:
            self._write(unkept_line(row.name, str(row.unkept)), passing=False)
        elif self._now() >= self._next:
            self._next = self._now() + SECONDS_BETWEEN[self._terminal]
            self._write(progress_line(batch), passing=True)

    def end(self, batch: Watched, done_before: int, passed_over: Notice | None = None) -> None:
        """Sum up."""
        rows = batch.rows
        done = sum(row.state is State.FINISHED for row in rows)
        failed = sum(row.state is State.FAILED for row in rows)
        seconds = sum(row.seconds_done for row in rows if row.state is State.FINISHED)
        before = f" {done_before} were done before." if done_before else ""
        unkept = sum(row.unkept is not None for row in rows)
        missing = f" {unkept} are not in the history." if unkept else ""
        line = f"{done} done ({clock(seconds)} of audio), {failed} failed.{before}{missing}"
        self._write(line, passing=False)
        if passed_over is not None:
            self._write(str(passed_over), passing=False)

    def _write(self, line: str, *, passing: bool) -> None:
        if self._terminal:  # \x1b[K: clear what is left of the line before
            self._stream.write(f"\r{line}\x1b[K{'' if passing else chr(10)}")
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()


def progress_line(batch: Watched) -> str:
    """Say how far all are: files, audio and time left."""
    sums = tally(batch.rows)
    failed = f", {sums.failed} failed" if sums.failed else ""
    total = "" if sums.seconds_total is None else f" of about {clock(sums.seconds_total)}"
    seconds_left = batch.seconds_left(sums)
    left = "" if seconds_left is None else f", about {clock(seconds_left)} left"
    heard = f"{clock(sums.seconds_done)}{total} of audio"
    return f"{sums.over} of {sums.files} recordings{failed}, {heard}{left}"


def _failure(row: BatchRow) -> str:
    sentence = str(row.error)
    plain = PurePosixPath(row.name).name  # sentences name files without their folders
    if plain in sentence:
        return sentence.replace(plain, row.name, 1)
    return f"{row.name}: {sentence}"
