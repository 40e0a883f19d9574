"""The built-in consumer: one thread that begins jobs, renews their leases and tidies up."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from richspeech.errors import RichSpeechError
from richspeech.queue.worker import Worker

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Between two looks for jobs that another process has handed in, or has cancelled."""

TIDY_SECONDS = 60.0
"""Between two deletions of what is old."""


@dataclass(eq=False)
class Consumer:
    """Does the jobs of a queue for as long as a ``with`` block lasts."""

    worker: Worker
    is_ready: Callable[[], bool]
    """Whether there is an engine to do them with."""
    keep_hours: float
    """How long jobs that are over are kept, with their recordings."""
    work: threading.Event = field(default_factory=threading.Event)
    """Set by whoever knows of work."""
    _is_over: bool = False
    _said: str = ""
    """What the log has said last, and does not say again."""
    _tidied: float = float("-inf")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Do jobs meanwhile; those that are not done in the end are left to others."""
        thread = threading.Thread(target=self._run, name="queue", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._is_over = True
            self.work.set()
            thread.join()

    def _run(self) -> None:
        while not self._is_over:
            try:
                self._look()
                self._said = ""
            except RichSpeechError as error:  # the database will be back, and jobs are still there
                if str(error) != self._said:
                    log.warning("jobs wait: %s", error)
                self._said = str(error)
            self.work.wait(LOOK_SECONDS)
            self.work.clear()

    def _look(self) -> None:
        self.worker.renew()
        if not self.is_ready():
            return
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidy()
            self._tidied = time.monotonic()
        while not self._is_over and self.worker.begin():
            pass

    def _tidy(self) -> None:
        """Delete what is old, and what belongs to no job."""
        store, recordings = self.worker.store, self.worker.recordings
        for identifier in store.delete_old(self.keep_hours):
            recordings.delete(identifier)
        recordings.sweep(store.identifiers())
