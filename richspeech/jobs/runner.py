"""The one place that starts threads for work: how much at once, and how jobs end.

A job gets its thread at once, or a place first, for which it may have to wait in the room that all
kinds share. Where too many wait, it gets none. However its work ends, the job says so.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from richspeech.access.principal import Scope
from richspeech.errors import (
    BusyError,
    Cancelled,
    RichSpeechError,
    StoppingError,
    UnexpectedError,
)
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.observer import NOBODY, Observer
from richspeech.jobs.waiting import Places, Turn, WaitingRoom
from richspeech.model.job_state import State
from richspeech.operations.caller import called_by
from richspeech.polling import WAITING_POLL_SECONDS

log = logging.getLogger(__name__)

AT_ONCE: Mapping[Kind, int] = MappingProxyType(
    {
        Kind.TRANSCRIBE: 4,  # the scheduler shares the model among them
        Kind.EMOTION: 2,  # each takes a gigabyte beside the weights of the large model
        Kind.BATCH: 4,  # each hears ``batch.workers`` recordings, beside those of all others
        Kind.COMPARE: 1,  # side by side they would slow each other down, and measure nothing
        Kind.QUEUED: 4,  # beside those of people who wait
        Kind.EXPORT: 2,  # cutting video and encoding sound take a core each
        Kind.LIVE: 8,
    }
)
"""How many jobs of a kind run side by side; more wait."""

SHARED: Mapping[Kind, Kind] = MappingProxyType({Kind.SECOND_OPINION: Kind.EMOTION})
"""Kinds that take the places of another, since they use the same model."""

Work = Callable[[], None]


class Runner:
    """Starts the threads of jobs, and knows which are not over; for all threads."""

    def __init__(
        self,
        room: WaitingRoom | None = None,
        at_once: Mapping[Kind, int] = AT_ONCE,
        observer: Observer = NOBODY,
    ) -> None:
        """``room`` is where everybody waits for a place; one of the usual size unless given.

        An ``observer`` is told what becomes of jobs.
        """
        self.observer = observer
        self._room = room = room or WaitingRoom()
        self._places = {
            kind: room.places(number) for kind, number in {**AT_ONCE, **at_once}.items()
        }
        self._jobs: list[Job] = []
        self._changed = threading.Condition()
        """Held while the jobs change, and notified when one has ended."""
        self._is_closing = self._is_interrupted = False

    def require_open(self) -> None:
        """Raise ``StoppingError`` once no new work is taken: whoever takes some asks first."""
        if self._is_closing:
            raise StoppingError

    @property
    def is_closing(self) -> bool:
        """Whether no new work is taken."""
        return self._is_closing

    def require_room(self) -> None:
        """Raise ``BusyError`` when so many wait that nobody more may."""
        if self._room.waiting >= self._room.most > 0:
            raise BusyError("queue.full", count=self._room.waiting)

    def places(self, kind: Kind) -> Places:
        """Return the places for jobs of a kind."""
        return self._places[SHARED.get(kind, kind)]

    def submit(self, job: Job, work: Work, *, always: bool = False) -> None:
        """Do ``work`` once a place is free; where too many wait, ``job`` has failed at once.

        With ``always`` it waits beside them.
        """
        try:
            turn = self.places(job.kind).ask(always=always)
        except BusyError as error:
            job.fail(error)
            self.observer.refused(job)
        else:
            self.start(job, work, turn)

    def start(
        self, job: Job, work: Work, turn: Turn | None = None, then: Work = lambda: None
    ) -> None:
        """Do ``work`` in a thread of its own: at once, or when ``turn`` has come.

        ``then`` is done once the job is over.
        """
        if turn:
            job.listeners.append(turn.look)  # before the thread asks whether it was stopped
        with self._changed:
            self._jobs.append(job)
        # A daemon, for the process does not wait for it longer than ``close`` does.
        thread = partial(copy_context().run, self._run_then, job, work, turn, then)
        threading.Thread(target=thread, name=job.kind, daemon=True).start()

    def _run_then(self, job: Job, work: Work, turn: Turn | None, then: Work) -> None:
        self.run(job, work, turn)
        then()

    def run(self, job: Job, work: Work, turn: Turn | None = None) -> None:
        """Do ``work`` here and now; ``job`` ends as it does, whatever that is."""
        with called_by(replace(job.caller, job=job.id)):
            with self.observer.at_work(job):
                self._run(job, work, turn)
            job.conclude()
        with self._changed:  # not before: who closes waits for what is concluded
            self._jobs = [each for each in self._jobs if each is not job]
            self._changed.notify_all()

    def _run(self, job: Job, work: Work, turn: Turn | None) -> None:
        began = time.monotonic()
        try:
            with turn.taken(job.stop.is_set) if turn else nullcontext():
                if turn:
                    self.observer.turn(job, time.monotonic() - began)
                _require_allowed(job)
                work()
            job.enter(State.FINISHED)
        except Cancelled:
            job.withdraw()
        except RichSpeechError as error:
            job.fail(error)
        except Exception:  # the person at the page gets a sentence, the log gets the rest
            log.exception("the job %s on %s failed", job.kind, job.name or "nothing")
            job.fail(UnexpectedError())

    @property
    def busy(self) -> tuple[Job, ...]:
        """The jobs that are not over, or not concluded yet."""
        with self._changed:
            return (*self._jobs,)

    def interrupted(self) -> bool:
        """Whether what is cancelled now is cancelled because the process ends."""
        return self._is_interrupted

    def wind_up(self) -> None:
        """Take no new work; what has begun goes on, but for what never ends by itself."""
        self._is_closing = True
        for job in self.busy:
            job.wind_up()

    def close(self, seconds: float, more_seconds: float) -> None:
        """Take no new work and let what has begun end within ``seconds``; then stop the rest.

        What is stopped has ``more_seconds`` to keep what it has.
        """
        self.wind_up()
        if self._is_idle_within(seconds):
            return
        self._is_interrupted = True
        for job in self.busy:
            job.cancel()
        if not self._is_idle_within(more_seconds):
            log.warning("%d jobs did not stop in time; what they had is lost", len(self.busy))

    def _is_idle_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._jobs:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, WAITING_POLL_SECONDS))
        return True


def _require_allowed(job: Job) -> None:
    """Raise ``AccessError`` where whoever asked may only read; writing a file of it is reading."""
    if job.kind is not Kind.EXPORT:
        job.caller.principal.require(Scope.TRANSCRIBE)
