"""Worker: takes durable jobs and does them, one utterance batch after the other.

    claim → what is known of it → decoded, recognised, kept as it comes → history → finished

It may be killed at any moment: whoever takes the job next goes on behind what is kept. When the
process ends in peace, jobs are given back at once.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import ClassVar

from richspeech.access.principal import Principal, Role
from richspeech.engines.loader import Loaded
from richspeech.errors import (
    BusyError,
    InterruptedWorkError,
    JobLostError,
    RichSpeechError,
    StoppingError,
    StoreError,
    UnwritableError,
)
from richspeech.jobs.job import Kind
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Origin, Transcription, Transcriptions
from richspeech.model.job_state import State
from richspeech.model.transcript import Segment
from richspeech.operations.caller import Caller
from richspeech.queue.consumer import new_name
from richspeech.settings import Settings
from richspeech.storage.history import engine_identity
from richspeech.storage.identity import request_identity
from richspeech.storage.jobs import Claim, JobStore, Outcome, QueuedJob
from richspeech.storage.recordings import RecordingStore

log = logging.getLogger(__name__)

PASSING = (StoreError, StoppingError, BusyError, InterruptedWorkError, UnwritableError)
"""Errors that say nothing of the recording: it is tried again."""


@dataclass(eq=False, kw_only=True)
class QueuedTranscription(Transcription):
    """A durable job while this process is at work on it."""

    kind: ClassVar[Kind] = Kind.QUEUED

    settle: Callable[["QueuedTranscription"], None] = lambda _: None
    """Tells the queue how it has ended."""
    is_left: bool = False
    """Whether it stops because the process ends, and somebody else will go on."""
    kept: int = 0
    """How many of its segments the queue has."""
    recognised: int = 0
    """How many there are."""

    def wind_up(self) -> None:
        """Stop: somebody else goes on where this is."""
        self.is_left = True
        self.cancel()

    def conclude(self) -> None:
        """Tell the queue."""
        self.settle(self)


@dataclass(eq=False)
class Worker:
    """Does jobs in threads of a runner; for all threads."""

    store: JobStore
    recordings: RecordingStore
    transcriptions: Transcriptions
    runner: Runner
    settings: Settings
    version: str
    """Of the program: what another one has recognised is not gone on with."""
    has_history: bool = True
    """Whether there is one that keeps transcripts."""
    wake: Callable[[], None] = lambda: None
    """Called when it could begin another job."""
    name: str = field(default_factory=new_name)
    _held: dict[str, QueuedTranscription] = field(default_factory=dict)
    """Jobs at work, by their leases."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> bool:
        """Begin one job, if there is a place and a job; tell whether. Raises ``StoreError``."""
        if self.runner.is_closing:
            return False
        try:
            turn = self.runner.places(Kind.QUEUED).ask(waits=False)
        except BusyError:
            return False
        with turn.unless_it_fails():
            claim = self.store.claim(self.name)
        if claim is None:
            turn.leave()
            return False
        job = self.job_of(claim)
        try:
            self.runner.start(job, partial(self.do, claim, job), turn)
        except BaseException:  # no thread is to be had: somebody else may have more luck
            with self._lock:
                self._held.pop(claim.lease, None)
            turn.leave()
            self.store.give_back(claim)
            raise
        return True

    def job_of(self, claim: Claim) -> QueuedTranscription:
        """Return what does a job here, and looks after its lease from now on."""
        asked = claim.job
        job = QueuedTranscription(
            None,
            asked.request,
            title=PurePosixPath(asked.name).name,
            id=asked.id,
            caller=_caller_of(asked),
            settle=partial(self._settle, claim),
        )
        job.known = partial(self._known, claim, job)
        with self._lock:
            self._held[claim.lease] = job
        return job

    def do(self, claim: Claim, job: QueuedTranscription) -> None:
        """Do a job here and now, up to its result; raises what goes wrong."""
        with self.recordings.open(claim.job.id) as source:
            for _ in self.transcriptions.steps(job, source):
                self._keep_new(claim, job)
                job.touch()
        if job.unkept is not None:
            raise job.unkept
        self.store.finish(claim, self._outcome(job))

    def renew(self) -> None:
        """Renew the leases, and stop what is not wanted any more. Raises ``StoreError``."""
        with self._lock:
            held = dict(self._held)
        if not held:
            return
        states = self.store.renew([*held], self.name)
        for lease, job in held.items():
            if states.get(lease) is not State.RUNNING:
                job.cancel()

    def _known(self, claim: Claim, job: QueuedTranscription, loaded: Loaded) -> Sequence[Segment]:
        identity = engine_identity(self.settings, loaded, self.version)
        known = self.store.resume(claim, request_identity(identity, job.request.options))
        job.kept = len(known)
        if known:
            log.info("%s goes on behind %.1f s", job.name, known[-1].end)
        return known

    def _keep_new(self, claim: Claim, job: QueuedTranscription) -> None:
        """Keep what is new since the last step, unless all of it is about to be."""
        progress = job.progress
        if progress is None or progress.finished or not progress.recognised:
            return
        job.recognised += len(progress.recognised)
        new = progress.recognised[-(job.recognised - job.kept) :]
        if job.recognised > job.kept:
            done, total = progress.seconds_done, progress.seconds_total
            self.store.keep(claim, job.kept, new, done, total)
            job.kept = job.recognised

    def _outcome(self, job: QueuedTranscription) -> Outcome:
        seconds, _ = job.seconds
        if self.has_history and job.entry is not None:
            is_cached = job.origin is Origin.CACHED
            return Outcome(seconds, job.entry.id, is_cached=is_cached)
        return Outcome(seconds, document=job.document)

    def _settle(self, claim: Claim, job: QueuedTranscription) -> None:
        """Say how a job has ended; what cannot be said is found out when its lease is over."""
        with self._lock:
            self._held.pop(claim.lease, None)
        try:
            self._say(claim, job)
        except JobLostError:
            log.info("the job %s is somebody else's by now, or deleted", job.id)
        except RichSpeechError as error:
            log.warning("the end of the job %s is not kept, it is tried again: %s", job.id, error)
        self.wake()

    def _say(self, claim: Claim, job: QueuedTranscription) -> None:
        if job.is_left or (job.state is State.CANCELLED and self.runner.interrupted()):
            if job.state is not State.FINISHED:
                self.store.give_back(claim)
        elif job.state is State.CANCELLED:
            self.store.stop(claim)
        elif isinstance(job.error, PASSING):
            self.store.give_back(claim, job.error)
        elif job.error is not None:
            self.store.fail(claim, job.error)


def _caller_of(job: QueuedJob) -> Caller:
    """Return who asked for a job, as far as that is known when it is done."""
    if job.owner is None:
        return Caller(request=job.request_id)
    principal = Principal.at_browser(job.owner, Role.MEMBER)
    return Caller(request=job.request_id, user=job.owner, principal=principal)
