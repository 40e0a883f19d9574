"""RemoteQueue: a recogniser that works elsewhere, as the pipeline of a reading worker sees it.

    utterances → batches (features in a file, a row in SQL) → recognition workers → hypotheses

A reading worker decodes, finds speech and makes features, for which it needs no GPU. It has the
job, and finishes it through the same stages and history as everybody.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from richspeech.engines.loaded import Models
from richspeech.engines.registry import engine_named
from richspeech.errors import JobLostError, ModelError, RichSpeechError, StoreError
from richspeech.model.transcript import Hypothesis
from richspeech.operations.caller import caller
from richspeech.queue.feature_file import HYPOTHESES, asked_of, write_features
from richspeech.recognition.scheduler import ModelThread
from richspeech.recognition.utterance import Request
from richspeech.settings import Settings
from richspeech.storage.identity import identity_of
from richspeech.storage.recordings import RecordingStore
from richspeech.storage.utterance_batches import NewBatch, Outcome, UtteranceBatches

log = logging.getLogger(__name__)

BATCH_SECONDS = 60.0
"""Of audio: 2 MB of features, and a second of work for a GPU."""

ROOM_SECONDS = 600.0
"""Of audio that a job may have elsewhere; it is decoded no further meanwhile."""

LOOK_SECONDS = 0.2
"""Between two looks for what was recognised; a batch that is not full goes off after one."""


@dataclass(eq=False)
class _Batch:
    """Utterances of one job that go together."""

    job: str
    requests: list[Request] = field(default_factory=list)
    futures: list[Future[Hypothesis]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    is_sealed: bool = False
    """Whether it takes no more."""
    number: int | None = None
    """In SQL; None before it is there."""

    @property
    def seconds(self) -> float:
        return sum(each.utterance.duration for each in self.requests)

    def seal_if_due(self) -> bool:
        """Take no more once it is full or has waited for a moment; tell whether that is now."""
        waited = time.monotonic() - self.began > LOOK_SECONDS
        is_due = not self.is_sealed and (waited or self.seconds >= BATCH_SECONDS)
        self.is_sealed |= is_due
        return is_due

    def answer(self, outcome: Outcome) -> None:
        """Give the futures their results."""
        if outcome.error is not None:
            self.fail(ModelError(outcome.error.key, **outcome.error.fields))
            return
        for future, each in zip(
            self.futures, HYPOTHESES.validate_python(outcome.hypotheses), strict=True
        ):
            if future.set_running_or_notify_cancel():
                future.set_result(each)

    def fail(self, error: RichSpeechError) -> None:
        """Give the futures an error."""
        for future in self.futures:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)


@dataclass(eq=False)
class RemoteJob:
    """One recording's place; ``RemoteQueue.job`` makes it."""

    queue: "RemoteQueue"
    id: str
    batches: list[_Batch] = field(default_factory=list)

    @property
    def has_room(self) -> bool:
        """Whether more of it may be elsewhere."""
        open_ones = (each for batch in self.batches for each in _open(batch))
        return sum(each.utterance.duration for each in open_ones) < ROOM_SECONDS

    def submit(self, request: Request) -> Future[Hypothesis]:
        """Have an utterance recognised; returns at once."""
        return self.queue.submit(self, request)


def _open(batch: _Batch) -> Iterator[Request]:
    for request, future in zip(batch.requests, batch.futures, strict=True):
        if not future.done():
            yield request


class RemoteQueue(ModelThread):
    """Carries utterances to other machines, and hypotheses back, in a thread of its own."""

    def __init__(
        self,
        name: str,
        batches: UtteranceBatches,
        files: RecordingStore,
        identity: str,
        wake: Callable[[], None],
    ) -> None:
        """``identity`` says which engine is wanted, and ``wake`` tells others that there is work.

        Raises ``ModelError`` for what its jobs ask for once it is closed.
        """
        super().__init__(name)
        self._batches, self._files, self._identity, self._wake = batches, files, identity, wake
        self._has_sound = engine_named(name).hears_waveforms
        self._changed = threading.Condition()
        """Guards the jobs, and is notified when there is something to carry."""
        self._jobs: list[RemoteJob] = []
        self._is_over = False
        self._call(self._run)

    @contextmanager
    def job(self) -> Iterator[RemoteJob]:
        """Begin a job, the one that this thread is at; what is still elsewhere is dropped."""
        job = RemoteJob(self, caller().job or "")
        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()
        try:
            yield job
        finally:
            with self._changed:
                self._jobs.remove(job)
            self._drop(job)

    def submit(self, job: RemoteJob, request: Request) -> Future[Hypothesis]:
        """Do what ``RemoteJob.submit`` says."""
        future: Future[Hypothesis] = Future()
        with self._changed:
            batch = job.batches[-1] if job.batches else None
            if batch is None or batch.is_sealed:
                batch = _Batch(job.id)
                job.batches.append(batch)
            batch.requests.append(request)
            batch.futures.append(future)
        return future

    def close(self) -> None:
        """Carry no more."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        super().close()

    def _run(self) -> None:
        while not self._is_over:
            with self._changed:
                self._changed.wait(LOOK_SECONDS if self._jobs else None)
                batches = [each for job in self._jobs for each in job.batches]
                due = [each for each in batches if each.seal_if_due()]
            self._send(due)
            self._fetch({each.number: each for each in batches if each.number is not None})

    def _send(self, batches: list[_Batch]) -> None:
        for batch in batches:
            try:
                batch.number = self._number_of(batch)
            except RichSpeechError as error:
                batch.fail(error)
        if batches:
            self._wake()

    def _number_of(self, batch: _Batch) -> int:
        """Put a batch where others find it, unless it is there already."""
        new = NewBatch(
            job=batch.job,
            start_ms=round(batch.requests[0].utterance.start * 1_000),
            identity=self._identity,
            asked=asked_of(batch.requests),
            content=token_hex(16),
            seconds=batch.seconds,
        )
        if (number := self._batches.find(new)) is not None:
            return number
        with TemporaryDirectory(prefix="features-") as folder:
            file = Path(folder) / new.content
            write_features(file, batch.requests, has_sound=self._has_sound)
            self._files.keep(new.content, file)
        return self._batches.put(new)

    def _fetch(self, batches: dict[int, _Batch]) -> None:
        waiting = {number: each for number, each in batches.items() if any(_open(each))}
        if not waiting:
            return
        try:
            outcomes = self._batches.outcomes([*waiting])
        except StoreError as error:  # it will be back, or the lease of the job is over
            log.warning("what was recognised cannot be fetched: %s", error)
            return
        for number, batch in waiting.items():
            outcome = outcomes.get(number)
            if outcome is None:
                batch.fail(JobLostError("job.lost"))
            elif outcome.is_over:
                batch.answer(outcome)

    def _drop(self, job: RemoteJob) -> None:
        """Delete what nobody needs now; what cannot be goes with the job."""
        numbers = [each.number for each in job.batches if each.number is not None]
        try:
            for content in self._batches.drop(numbers):
                self._files.delete(content)
        except RichSpeechError as error:
            log.warning("utterances of the job %s are left: %s", job.id, error)


def recogniser_identity(settings: Settings, engine: str, models: Models, version: str) -> str:
    """Digest all that decides what a recogniser hears: reader and recogniser have the same.

    Rules come after it, and may be changed on the page of one of them.
    """
    return identity_of(
        settings.model_copy(update={"rules": ()}),
        models.recogniser,
        models.detector,
        version,
        engine=engine,
        punctuation_weights=models.punctuation,
        adapter=models.adapter,
    )
