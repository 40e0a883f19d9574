"""How far each recording of a batch is: what a line of a table shows.

The states are those of every job; a recording is never asked to stop, but cancelled at once.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeAlias

from richspeech.language.catalog import Notice
from richspeech.model.job_state import State, require_next
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Progress


@dataclass(frozen=True)
class BatchRow:
    """One recording of a batch."""

    name: str
    size_bytes: int
    state: State = State.WAITING
    seconds_done: float = 0.0
    """Audio seconds."""
    seconds_total: float | None = None
    """Audio seconds; None while unknown."""
    seconds_left: float | None = None
    """Processing seconds; None while unknown."""
    error: Notice | None = None
    """Why it failed."""
    unkept: Notice | None = None
    """Why the history does not have it though it is done and should be there."""
    warnings: tuple[RecordingWarning, ...] = ()
    """What is amiss with it though it is done."""
    risk: int | None = None
    """0 to 100, of what is done; None while unknown."""

    def begin(self) -> Self:
        """Be in work."""
        return self._enter(State.RUNNING)

    def advance(self, progress: Progress) -> Self:
        """Take over how far the work is."""
        return self._enter(
            State.RUNNING,
            seconds_done=progress.seconds_done,
            seconds_total=progress.seconds_total,
            seconds_left=progress.seconds_left,
        )

    def finish(
        self, transcript: Transcript, risk: int | None = None, unkept: Notice | None = None
    ) -> Self:
        """Be done."""
        seconds = transcript.duration
        return self._enter(
            State.FINISHED,
            seconds_done=seconds,
            seconds_total=seconds,
            seconds_left=0.0,
            risk=risk,
            unkept=unkept,
            warnings=transcript.warnings,
        )

    def fail(self, error: Notice) -> Self:
        """Be given up."""
        return self._enter(State.FAILED, error=error, seconds_left=None)

    def cancel(self) -> Self:
        """Be stopped by somebody."""
        return self._enter(State.CANCELLED, seconds_left=None)

    def _enter(self, state: State, **changes: Any) -> Self:
        require_next(self.state, state, self.name)
        return replace(self, state=state, **changes)


class Row(Protocol):
    """What is added up of a recording."""

    @property
    def size_bytes(self) -> int:
        """Of the file."""

    @property
    def state(self) -> State:
        """How far it is."""

    @property
    def seconds_done(self) -> float:
        """Audio seconds."""

    @property
    def seconds_total(self) -> float | None:
        """Audio seconds; None while unknown."""


@dataclass(frozen=True)
class Tally:
    """All rows in one line."""

    files: int
    over: int
    failed: int
    seconds_done: float
    """Audio seconds of all that is over or running."""
    seconds_total: float | None
    """The same of all; what is not opened yet is guessed from its bytes. None without any hint."""


def tally(rows: Iterable[Row]) -> Tally:
    """Add the rows up."""
    rows = [*rows]
    wanted = [row for row in rows if row.state not in (State.FAILED, State.CANCELLED)]
    known = [row for row in wanted if row.seconds_total]
    known_seconds = sum(row.seconds_total or 0.0 for row in known)
    known_bytes = sum(row.size_bytes for row in known)
    unknown_bytes = sum(row.size_bytes for row in wanted if not row.seconds_total)
    guess = known_seconds / known_bytes * unknown_bytes if known_bytes else None
    return Tally(
        files=len(rows),
        over=sum(row.state.is_over for row in rows),
        failed=sum(row.state is State.FAILED for row in rows),
        seconds_done=sum(row.seconds_done for row in wanted),
        seconds_total=None if guess is None else known_seconds + guess,
    )


def seconds_left(sums: Tally, began: float | None) -> float | None:
    """Return processing seconds left for all at the speed so far; None while unknown.

    ``began`` is when the work did, by ``time.perf_counter``.
    """
    if began is None or not sums.seconds_done or sums.seconds_total is None:
        return None
    rate = sums.seconds_done / (time.perf_counter() - began)
    return max(sums.seconds_total - sums.seconds_done, 0.0) / rate


class Watched(Protocol):
    """A batch at work, as whoever tells of it sees it."""

    @property
    def rows(self) -> tuple[BatchRow, ...]:
        """How far each recording is now."""

    def seconds_left(self, sums: Tally) -> float | None:
        """Return processing seconds left for all at the speed so far; None while unknown."""


Watch: TypeAlias = Callable[[Watched, BatchRow], None]
"""Is told of a batch, and of the row that has changed."""
