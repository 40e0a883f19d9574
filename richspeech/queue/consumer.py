"""Consumer: one thread that begins jobs and tidies up, and one that renews their leases."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Thread
from typing import Protocol

from richspeech.errors import RichSpeechError

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Between two looks for jobs that another process has handed in, or has cancelled."""

TIDY_SECONDS = 60.0
"""Between two deletions of what is old."""


class Doer(Protocol):
    """Does jobs, or parts of them, in threads; everything raises ``StoreError``."""

    name: str
    """Of this one, among all that share a database."""

    def begin(self) -> bool:
        """Begin one, if there is a place for it and one to do; tell whether."""

    def renew(self) -> None:
        """Renew the leases of what is at work."""


def new_name() -> str:
    """Return a name for a worker that no other has, and that tells where it is."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


@dataclass(eq=False)
class Consumer:
    """Has what waits done for as long as a ``with`` block lasts."""

    worker: Doer
    is_ready: Callable[[], bool]
    """Whether there is an engine to do it with."""
    tidy: Callable[[], None]
    """Deletes what is old."""
    sweep_seconds: float = LOOK_SECONDS
    """Between two looks for work that nobody has told of."""
    renew_seconds: float = LOOK_SECONDS
    """Between two renewals; a fraction of a lease."""
    work: threading.Event = field(default_factory=threading.Event)
    """Set by whoever knows of work."""
    _is_over: threading.Event = field(default_factory=threading.Event)
    _said: dict[str, str] = field(default_factory=dict)
    """What the log has said last of each thread, and does not say again."""
    _swept: float = float("-inf")
    _tidied: float = float("-inf")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Do jobs meanwhile; those that are not done in the end are left to others."""
        # Leases are renewed whatever a look for work has to wait for.
        tasks = {"queue": self._look_on, "heartbeat": self._renew_on}
        threads = [Thread(target=task, name=name, daemon=True) for name, task in tasks.items()]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self.work.set()
            for thread in threads:
                thread.join()

    def _renew_on(self) -> None:
        while not self._is_over.wait(self.renew_seconds):
            self._try(self.worker.renew)

    def _look_on(self) -> None:
        is_told = True
        while not self._is_over.is_set():
            self._try(partial(self._look, is_told=is_told))
            is_told = self.work.wait(LOOK_SECONDS)
            self.work.clear()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
            said = ""
        except RichSpeechError as error:  # the database will be back, and jobs are still there
            said = str(error)
        except Exception as error:  # no fault ends the thread that jobs wait for
            said = f"{type(error).__name__}: {error}"
            if said != self._said.get(threading.current_thread().name):
                log.exception("the queue has failed at something, and goes on")
        thread = threading.current_thread().name
        if said and said != self._said.get(thread):
            log.warning("jobs wait: %s", said)
        self._said[thread] = said

    def _look(self, *, is_told: bool) -> None:
        if not self.is_ready():
            return
        now = time.monotonic()
        if now - self._tidied > TIDY_SECONDS:
            self._tidied = now
            self._try(self.tidy)
        if is_told or now - self._swept >= self.sweep_seconds:
            self._swept = now
            while not self._is_over.is_set() and self.worker.begin():
                pass
