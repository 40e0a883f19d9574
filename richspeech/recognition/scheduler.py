"""The one thread that owns a model, and the queue before it.

Utterances of everybody's recordings share batches. Each recording has a job, and each job a clock
of the audio seconds that the model took from it: fair queueing by virtual time. The job whose clock
is furthest behind comes next. A job that begins, or comes back, sets its clock by the one that was
furthest ahead when the model last became free. So a short clip goes before the long file that the
model is busy with, yet after those that were waiting already: no stream of clips starves a file,
and nobody makes up for the time in which they asked for nothing.

A batch is made when the model becomes free, of what is waiting then: a lone clip waits for no
batch to fill. It starts with the oldest utterance of the job that is furthest behind, and is
filled with utterances of similar length: first of this job, then of the others that it does not
leave behind with them. So a clip does not wait for a batch full of a long file's utterances.

Not covered: priorities, and stopping what is in the model already.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from richspeech.audio.mono import Waveform
from richspeech.errors import ModelError
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis, Segment
from richspeech.recognition.pipeline import Recogniser, WholeRecogniser
from richspeech.recognition.utterance import Request

log = logging.getLogger(__name__)

Result = TypeVar("Result")

MOST_PADDING = 0.2
"""Share of a batch that may be padding; reading the weights once more costs about as much."""


class ModelThread:
    """Does one thing after the other, all on the same thread; stops when it is forgotten."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")

    def close(self) -> None:
        """Drop what waits, let the model finish what it has begun, and end the thread."""
        self._executor.shutdown(cancel_futures=True)

    def _call(self, function: Callable[..., Result], *arguments: object) -> Future[Result]:
        try:
            return self._executor.submit(function, *arguments)
        except RuntimeError as error:
            raise ModelError("model.closed") from error


class WholeScheduler(ModelThread):
    """Gives an engine that takes recordings whole one after the other, first come first served."""

    def __init__(self, recogniser: WholeRecogniser) -> None:
        super().__init__(recogniser.name)
        self._recogniser = recogniser

    def submit(self, waveform: Waveform, options: Options) -> Future[tuple[Segment, ...]]:
        """Queue a recording; cancelling the future drops it while it waits."""
        return self._call(self._recogniser.segments, waveform, options)


@dataclass(eq=False)
class _Waiting:
    """A request that the model has not begun."""

    job: "Job"
    request: Request
    future: Future[Hypothesis] = field(default_factory=Future)

    @property
    def seconds(self) -> float:
        return self.request.utterance.duration


class Job:
    """One recording's place in the queue; ``Scheduler.job`` makes it."""

    def __init__(self, scheduler: "Scheduler") -> None:
        self._scheduler = scheduler
        self.waiting: deque[_Waiting] = deque()
        self.served = 0.0
        """The clock: audio seconds that the model took from here, or might have while idle."""

    @property
    def waiting_seconds(self) -> float:
        """Audio seconds that the model has not begun."""
        return sum(each.seconds for each in self.waiting)

    @property
    def has_room(self) -> bool:
        """Whether ``submit`` would return at once; always true while nothing of the job waits."""
        return self._scheduler.has_room(self)

    def give(self, batch: Sequence[_Waiting]) -> None:
        """Let go what is in ``batch``, and count it."""
        self.served += sum(each.seconds for each in self.waiting if each in batch)
        self.waiting = deque(each for each in self.waiting if each not in batch)

    def submit(self, request: Request) -> Future[Hypothesis]:
        """Queue an utterance; blocks while more of the job waits than its share of the queue.

        The future carries the hypothesis or what the model raised; cancelling it drops the
        utterance while it waits. In a coroutine, ``await asyncio.wrap_future(future)``, and see
        to ``has_room`` first.
        """
        return self._scheduler.submit(self, request)


class Scheduler(ModelThread):
    """Lets any number of jobs share a recogniser; thread-safe."""

    def __init__(
        self, recogniser: Recogniser, *, batch_seconds: float, queue_seconds: float
    ) -> None:
        """Batches hold ``batch_seconds`` of audio, padding included, or one longer utterance.

        The jobs that have something waiting share ``queue_seconds`` equally; a job whose share
        is used up waits for nobody but the model, so a slow reader of results holds up no other.
        """
        super().__init__(recogniser.name)
        self._recogniser = recogniser
        self._batch_seconds, self._queue_seconds = batch_seconds, queue_seconds
        self._changed = threading.Condition()
        """Guards everything below and in the jobs; notified when something stops waiting."""
        self._busy: list[Job] = []
        """Jobs that have something waiting."""
        self._in_model: list[Job] = []
        """Jobs of the newest batch."""
        self._now = 0.0
        """Where the clocks of new jobs begin."""
        self._closed = False

    @contextmanager
    def job(self) -> Iterator[Job]:
        """Begin a job; what still waits when it is left is cancelled."""
        job = Job(self)
        try:
            yield job
        finally:
            self._drop(job)

    def has_room(self, job: Job) -> bool:
        """Whether ``job`` may have more waiting."""
        with self._changed:
            return self._has_room(job)

    def _has_room(self, job: Job) -> bool:
        busy = len(self._busy) + (not job.waiting)
        return self._closed or job.waiting_seconds < self._queue_seconds / busy

    def submit(self, job: Job, request: Request) -> Future[Hypothesis]:
        """Do what ``Job.submit`` says."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_room(job))
            self._call(self._serve)  # once for each utterance; some calls find nothing left
            if not job.waiting:
                self._busy.append(job)
                if job not in self._in_model:
                    job.served = max(job.served, self._now)
            waiting = _Waiting(job, request)
            job.waiting.append(waiting)
        return waiting.future

    def close(self) -> None:
        """Drop what waits, let the model finish what it has begun, and end the thread."""
        with self._changed:
            self._closed = True
            self._executor.shutdown(wait=False)
        for job in [*self._busy]:
            self._drop(job)
        super().close()

    def _drop(self, job: Job) -> None:
        with self._changed:
            dropped, job.waiting = job.waiting, deque()
            self._busy = [each for each in self._busy if each is not job]
            self._changed.notify_all()
        for each in dropped:
            each.future.cancel()

    def _serve(self) -> None:
        """Recognise one batch; the model's thread does this once for each utterance."""
        batch = self._next_batch()
        self._recognise([each for each in batch if each.future.set_running_or_notify_cancel()])

    def _next_batch(self) -> list[_Waiting]:
        """Take a batch out of the queue."""
        batch = _Batch(self._batch_seconds)
        with self._changed:
            jobs = sorted(self._busy, key=lambda job: job.served)
            self._now = jobs[-1].served if jobs else self._now
            for job in jobs:
                if job.served <= jobs[0].served:  # after what it has taken itself
                    batch.fill(job.waiting)
                    job.give(batch.waiting)
            self._in_model = [each.job for each in batch.waiting]
            self._busy = [job for job in self._busy if job.waiting]
            self._changed.notify_all()
        return batch.waiting

    def _recognise(self, batch: Sequence[_Waiting]) -> None:
        """Answer every future of ``batch``; when several fail together, each is tried alone."""
        if not batch:
            return
        try:
            hypotheses = self._answers(batch)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait, whatever it is
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            log.warning("a batch of %d utterances failed, each is tried alone", len(batch))
            for each in batch:
                self._recognise([each])
        else:
            for each, hypothesis in zip(batch, hypotheses, strict=True):
                each.future.set_result(hypothesis)

    def _answers(self, batch: Sequence[_Waiting]) -> Sequence[Hypothesis]:
        hypotheses = self._recogniser.recognise([each.request for each in batch])
        if len(hypotheses) != len(batch):
            raise ModelError("model.answers", answers=len(hypotheses), count=len(batch))
        return hypotheses


class _Batch:
    """Utterances of similar length, at least one."""

    def __init__(self, most_seconds: float) -> None:
        self.waiting: list[_Waiting] = []
        self.seconds = 0.0
        self._longest, self._most_seconds = 0.0, most_seconds

    def fill(self, queue: Sequence[_Waiting]) -> None:
        """Take what fits: the first of all, then those that come nearest to it in length."""
        first = (self.waiting or queue)[0]
        for each in sorted(queue, key=lambda each: abs(each.seconds - first.seconds)):
            if self._fits(each.seconds):
                self.waiting.append(each)
                self.seconds += each.seconds
                self._longest = max(self._longest, each.seconds)

    def _fits(self, seconds: float) -> bool:
        padded = max(self._longest, seconds) * (len(self.waiting) + 1)
        little_padding = self.seconds + seconds >= (1 - MOST_PADDING) * padded
        return not self.waiting or (padded <= self._most_seconds and little_padding)
