"""The batch that a window looks at: its rows as they were last read, and what was heard in them.

The rows are read once, then those that have changed since. What is said of a recording is that of
its transcript as people have corrected it by now, here or elsewhere.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias

from richspeech.errors import RichSpeechError
from richspeech.jobs.batch.rows import Tally
from richspeech.model.document import Document
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


Edition: TypeAlias = int | Document | None
"""A revision of the history, or what the history does not have; None where nobody has corrected."""
NOTHING: Mapping[str, Document] = MappingProxyType({})


@dataclass(eq=False)
class Followed:
    """A batch and its rows; for all threads."""

    batch: str = ""
    """Its name; empty where none was chosen."""
    rows: dict[str, JobSummary] = field(default_factory=dict)
    """By the ids of their jobs, in the order in which they were handed in."""
    overviews: dict[str, Overview | None] = field(default_factory=dict)
    """Of finished jobs, by their ids; None where the transcript cannot be read."""
    _made_of: dict[str, Edition] = field(default_factory=dict)
    """Of which edition of its transcript an overview is, by the same ids."""
    _newest_editions: Mapping[str, Edition] = field(default_factory=dict)
    """Those there are now; what nobody has corrected has none."""
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

    def refresh(
        self, queue: JobQueue, risk: RiskSettings, corrected: Mapping[str, Document] = NOTHING
    ) -> None:
        """Read what has changed; raises ``StoreError``.

        ``corrected`` are documents of whose corrections no history knows, by the ids of their jobs.
        """
        with self._lock:
            self._read(queue)
            self._newest_editions = {**queue.store.revisions(self.batch), **corrected}
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
            edition = self._newest_editions.get(row.id)
            self._made_of[row.id] = edition
            try:
                document = edition if isinstance(edition, Document) else queue.result(row.id)
                self.overviews[row.id] = overview_of(document.transcript, risk)
            except RichSpeechError:  # deleted since, or damaged: opening it says why
                self.overviews[row.id] = None
            self.changes += 1
            if time.monotonic() > until:
                return

    @property
    def _unseen(self) -> list[JobSummary]:
        done = (row for row in self.rows.values() if row.state is State.FINISHED)
        return [row for row in done if not self._is_seen(row.id)]

    def _is_seen(self, job: str) -> bool:
        """Whether there is an overview of its transcript as it is now."""
        newest = self._newest_editions.get(job)
        return job in self.overviews and self._made_of.get(job) == newest
