"""The batch that a window looks at: its rows as they were last read, and what was heard in them.

The rows are read once, then those that have changed since. What is said of a recording is that of
its transcript when it was first seen finished.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from richspeech.errors import RichSpeechError
from richspeech.jobs.batch.rows import Tally
from richspeech.model.job_state import State
from richspeech.queue.queue import JobQueue
from richspeech.review.overview import Overview, overview_of
from richspeech.settings import RiskSettings
from richspeech.storage.jobs import JobSummary

OVERLAP = timedelta(seconds=5)
"""Read again beside what is new: what is written may be seen a little later than it says."""

WHOLE_SECONDS = 60.0
"""Between two readings of all rows: those find what was deleted, and what a clock has misdated."""

OVERVIEW_SECONDS = 0.1
"""For transcripts that nobody has looked at yet, whenever rows are read."""


@dataclass(eq=False)
class Followed:
    """A batch and its rows; for all threads."""

    batch: str = ""
    """Its name; empty where none was chosen."""
    rows: dict[str, JobSummary] = field(default_factory=dict)
    """By the ids of their jobs, in the order in which they were handed in."""
    overviews: dict[str, Overview | None] = field(default_factory=dict)
    """Of finished jobs, by their ids; None where the transcript cannot be read."""
    changes: int = 0
    """Counts what has changed, for whoever draws it."""
    _newest: datetime | None = None
    """When a row changed last."""
    _whole: float = float("-inf")
    """When all rows were read, in monotonic seconds, as are all moments here."""
    _began: tuple[float, float] | None = None
    """A moment, and the seconds that were done then."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return all(row.state.is_over for row in self.rows.values()) and not self._unseen

    def refresh(self, queue: JobQueue, risk: RiskSettings) -> None:
        """Read what has changed; raises ``StoreError``."""
        with self._lock:
            self._read(queue)
            self._look(queue, risk)

    def seconds_left(self, sums: Tally) -> float | None:
        """Return processing seconds left for all at the speed since it is seen; None if unknown."""
        if self._began is None or sums.seconds_total is None:
            return None
        moment, before = self._began
        gained = sums.seconds_done - before
        if gained <= 0:
            return None
        left = max(sums.seconds_total - sums.seconds_done, 0.0)
        return left * (time.monotonic() - moment) / gained

    def _read(self, queue: JobQueue) -> None:
        now = time.monotonic()
        is_whole = self._newest is None or now - self._whole > WHOLE_SECONDS
        since = None if is_whole or self._newest is None else self._newest - OVERLAP
        read = {row.id: row for row in queue.store.summaries(self.batch, since)}
        rows = read if is_whole else {**self.rows, **read}
        if is_whole:
            self._whole = now
        if rows != self.rows:
            self.changes += 1
        self.rows = rows
        if read:
            self._newest = max(row.changed for row in read.values())
        if self._began is None or self.is_over:
            self._began = now, sum(row.seconds_done for row in rows.values())

    def _look(self, queue: JobQueue, risk: RiskSettings) -> None:
        until = time.monotonic() + OVERVIEW_SECONDS
        for row in self._unseen:
            try:
                transcript = queue.result(row.id).transcript
                self.overviews[row.id] = overview_of(transcript, risk)
            except RichSpeechError:  # deleted since, or damaged: opening it says why
                self.overviews[row.id] = None
            self.changes += 1
            if time.monotonic() > until:
                return

    @property
    def _unseen(self) -> list[JobSummary]:
        done = (row for row in self.rows.values() if row.state is State.FINISHED)
        return [row for row in done if row.id not in self.overviews]
