"""QueuedJob → JSON: how far it is, for programs and in a sentence for people.

Times are Unix seconds, as OpenAI's; seconds of a recording have a name that says so.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from richspeech.language.catalog import Notice
from richspeech.model.delivery import DeliveryState
from richspeech.model.job_state import State
from richspeech.model.transcript import plain
from richspeech.storage.jobs import QueuedJob

PATH = "/v1/jobs"

StateName = Literal[
    State.WAITING,
    State.RUNNING,
    State.STOPPING,
    State.FINISHED,
    State.CANCELLED,
    State.FAILED,
]
"""Of those that there are: a job waits until the model is there."""


class JobFault(BaseModel):
    """Why a job failed, or why it waits although it was begun."""

    code: str
    """Name of the error, for programs."""
    message: str
    """One sentence."""


class Webhook(BaseModel):
    """Who is told of the end, and how far that has come."""

    url: str
    state: DeliveryState | None
    """Null until the job is over."""
    attempts: int
    answer: str | None
    """What came of the last attempt: a status of HTTP, or a word such as timeout."""


class Job(BaseModel):
    """A recording that was handed in."""

    id: str
    object: Literal["job"] = "job"
    batch: str | None
    """What was handed in together has the same."""
    name: str
    """Of the file."""
    size_bytes: int
    state: State
    code: str
    """The state, or the name of the error, for programs."""
    sentence: str
    """The same for people, in the language of Accept-Language."""
    priority: int
    created: int
    """Unix seconds, as all times here."""
    started: int | None
    """When it was begun last."""
    ended: int | None
    seconds_done: float
    """Of the recording."""
    seconds_total: float | None
    """Null while unknown."""
    is_cached: bool
    """Whether the history had the transcript, so that nothing was recognised."""
    error: JobFault | None
    webhook: Webhook | None
    transcript: int | None
    """Number of the transcript in the history; null until then, and without a history."""
    result: str | None
    """Path of the transcript; null until it is there."""
    owner: str | None
    """Whose it is; null where nobody logs in."""


class FollowedJob(Job):
    """A job at one moment of its work."""

    seconds_left: float | None
    """Until its end at the pace so far; null while that cannot be known."""


class Jobs(BaseModel):
    """Jobs of one batch."""

    object: Literal["list"] = "list"
    batch: str
    data: list[Job]


class JobPage(BaseModel):
    """Jobs, the newest first."""

    object: Literal["list"] = "list"
    data: list[Job]
    first_id: str | None
    last_id: str | None
    has_more: bool
    """Whether anything comes after these."""
    next: str | None
    """With this as ``after`` that is asked for, whatever was deleted meanwhile; null at the end."""


class JobDeletion(BaseModel):
    """What is gone."""

    id: str
    object: Literal["job.deleted"] = "job.deleted"
    deleted: Literal[True] = True


class Pace:
    """How quickly a job gets further, as seen by one who looks at it now and then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: tuple[datetime | None, float, float] | None = None
        """When it was begun, when that was first seen, and the seconds done by then."""

    def seconds_left(self, job: QueuedJob) -> float | None:
        """Return how long the rest will take; None while nothing tells that."""
        if job.state is not State.RUNNING:
            return None
        if self._since is None or self._since[0] != job.started:
            self._since = job.started, self._clock(), job.seconds_done
        _, began, done_before = self._since
        heard = job.seconds_done - done_before
        if heard <= 0 or job.seconds_total is None:
            return None
        return (job.seconds_total - job.seconds_done) * (self._clock() - began) / heard


def described(job: QueuedJob, locale: str) -> Job:
    """Describe a job."""
    is_there = job.state is State.FINISHED
    return Job(
        id=job.id,
        batch=job.batch,
        name=job.name,
        size_bytes=job.size_bytes,
        state=job.state,
        code=job.error_code or job.state.value,
        sentence=_told(job).sentence(locale),
        priority=job.priority,
        created=int(job.created.timestamp()),
        started=_unix(job.started),
        ended=_unix(job.ended),
        seconds_done=plain(job.seconds_done),
        seconds_total=plain(job.seconds_total),
        is_cached=job.is_cached,
        error=_fault(job, locale),
        webhook=_webhook(job),
        transcript=job.transcript,
        result=f"{PATH}/{job.id}/result" if is_there else None,
        owner=job.owner,
    )


def followed(job: QueuedJob, locale: str, seconds_left: float | None) -> FollowedJob:
    """Describe a job and how long it will take."""
    shown = described(job, locale).model_dump()
    return FollowedJob(**shown, seconds_left=plain(seconds_left))


def _told(job: QueuedJob) -> Notice:
    """Return what people are told of the state."""
    if job.error is not None and job.state is State.FAILED:
        return job.error
    if job.error is not None and job.state is State.WAITING:
        return Notice("job.is_delayed", {"why": job.error})
    if job.state is State.RUNNING and job.seconds_total is not None:
        fields = {"done": job.seconds_done, "total": job.seconds_total}
        return Notice("job.is_underway", fields)
    if job.state is State.FINISHED and job.is_cached:
        return Notice("job.was_known")
    return Notice(f"job.is_{job.state.value}")


def _fault(job: QueuedJob, locale: str) -> JobFault | None:
    if job.error is None:
        return None
    return JobFault(code=job.error_code or "error", message=job.error.sentence(locale))


def _webhook(job: QueuedJob) -> Webhook | None:
    if job.webhook is None:
        return None
    if job.told is None:
        return Webhook(url=job.webhook, state=None, attempts=0, answer=None)
    told = job.told
    return Webhook(url=job.webhook, state=told.state, attempts=told.attempts, answer=told.answer)


def _unix(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
