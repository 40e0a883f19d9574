"""JobQueue: what everybody hands recordings to who may close the laptop then.

    recordings → kept under their jobs' ids → jobs that wait → (a worker) → documents

Page, API, watch folder and command line all use it. It knows nothing of workers but how to tell
them that there is work.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b, file_digest
from pathlib import Path

from richspeech.access.principal import Principal, Scope
from richspeech.errors import JobError, QuotaError, RichSpeechError
from richspeech.language.catalog import Notice
from richspeech.model.document import Document
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.operations.caller import caller
from richspeech.polling import PAGE_POLL_SECONDS
from richspeech.privacy.mask import mask_document
from richspeech.queue.receivers import Receivers
from richspeech.settings import PrivacySettings, WebhookSettings
from richspeech.storage.history import History
from richspeech.storage.jobs import JobStore, NewJob, QueuedJob, new_id
from richspeech.storage.recordings import RecordingStore

PATIENCE, MOST_PAUSE_SECONDS = 1.5, 1.0
"""By how much rarer somebody looks who finds nothing new, and how rarely at most."""


@dataclass(frozen=True)
class HandedIn:
    """A recording on this machine, and the name that it goes by."""

    path: Path
    name: str


@dataclass(frozen=True)
class Unreadable:
    """What came with recordings and is none: a job that has failed from the start."""

    name: str
    error: RichSpeechError


@dataclass(frozen=True)
class JobQueue:
    """The durable jobs, as far as somebody may see them; for all threads.

    Everything raises ``StoreError``, and ``JobError`` for a job that is not there.
    """

    store: JobStore
    recordings: RecordingStore
    history: History | None = None
    """Has the transcripts, unless it is None."""
    max_bytes: int = 32 * 1024**3
    """Of all recordings that are kept."""
    receivers: Receivers = field(default_factory=lambda: Receivers(WebhookSettings()))
    """Whom a job may ask to be told when it is over."""
    wake: Callable[[], None] = lambda: None
    """Tells workers that there is work."""
    privacy: PrivacySettings = field(default_factory=PrivacySettings)

    def seen_by(self, principal: Principal) -> "JobQueue":
        """Return the same, as far as somebody may see and change it; what they add is theirs."""
        history = self.history and self.history.seen_by(principal)
        return replace(self, store=self.store.seen_by(principal), history=history)

    def submit(
        self,
        recordings: Iterable[HandedIn | Unreadable],
        request: TranscriptionRequest,
        *,
        priority: int = 0,
        batch: str | None = None,
        webhook: str | None = None,
    ) -> tuple[QueuedJob, ...]:
        """Hand in recordings: all of them wait when this returns, or none is kept.

        The files are linked where the disk allows that, else copied, and may be deleted then: that
        of one before the next one is asked for. Raises ``QuotaError`` when so much is kept already
        that they do not fit, ``AccessError`` for those who may only read, and ``OptionError`` for a
        ``webhook`` that may not be called.
        """
        self.store.principal.require(Scope.TRANSCRIBE)
        asked = NewJob(
            name="",
            size_bytes=0,
            content="",
            request=request,
            priority=priority,
            batch=batch,
            owner=self.store.principal.user,
            webhook=None if webhook is None else str(self.receivers.require(webhook)),
            request_id=caller().request,
        )
        new: list[NewJob] = []
        try:
            for job in self._kept(recordings, asked):
                new.append(job)  # noqa: PERF402 - those before one that fails have to be known
            jobs = self.store.add(new)
        except BaseException:
            for job in new:
                self.recordings.delete(job.id)
            raise
        self.wake()
        return jobs

    def _kept(self, recordings: Iterable[HandedIn | Unreadable], asked: NewJob) -> Iterator[NewJob]:
        """Keep the recordings, one after the other."""
        room_bytes = self.max_bytes - self.store.size_bytes
        for each in recordings:
            job = replace(asked, name=each.name, id=new_id())
            if isinstance(each, Unreadable):
                yield replace(job, error=each.error)
                continue
            size_bytes = each.path.stat().st_size
            room_bytes -= size_bytes
            if room_bytes < 0:
                raise QuotaError("job.no_room", most=self.max_bytes)
            job = replace(job, size_bytes=size_bytes, content=_digest(each.path))
            self.recordings.keep(job.id, each.path)
            yield job

    def find(self, identifier: str) -> QueuedJob:
        """Return a job."""
        return _found(self.store.find(identifier), identifier)

    def list(
        self,
        *,
        batch: str | None = None,
        states: Collection[State] = (),
        before: int | None = None,
        limit: int | None = None,
    ) -> tuple[QueuedJob, ...]:
        """Return jobs as ``JobStore.list`` does."""
        return self.store.list(batch=batch, states=states, before=before, limit=limit)

    def cancel(self, identifier: str) -> QueuedJob:
        """Have a job end; what is at work stops within seconds, what is over stays."""
        self.store.principal.require(Scope.TRANSCRIBE)
        job = _found(self.store.cancel(identifier), identifier)
        self.wake()
        return job

    def retry(self, identifier: str) -> QueuedJob:
        """Have a job tried again that has failed or was cancelled; it goes on where it was."""
        self.store.principal.require(Scope.TRANSCRIBE)
        job = _found(self.store.retry(identifier), identifier)
        self.wake()
        return job

    def cancel_batch(self, batch: str) -> None:
        """Have all end that was handed in together, as ``cancel`` does."""
        self.store.principal.require(Scope.TRANSCRIBE)
        self.store.cancel_batch(batch)
        self.wake()

    def retry_batch(self, batch: str) -> None:
        """Have all tried again that have failed of what was handed in together."""
        self.store.principal.require(Scope.TRANSCRIBE)
        self.store.retry_batch(batch)
        self.wake()

    def delete(self, identifier: str) -> None:
        """Delete a job and its recording; its transcript stays in the history, if there is one."""
        self.store.principal.require(Scope.TRANSCRIBE)
        self.find(identifier)
        self.store.delete(identifier)
        self.recordings.delete(identifier)

    def result(self, identifier: str) -> Document:
        """Return what was heard, with all that was done to it since.

        Raises ``JobError`` unless the job has finished.
        """
        job = self.find(identifier)
        if job.state is not State.FINISHED:
            state = Notice(f"state_{job.state.value}")
            if job.state.is_over:
                raise JobError("job.no_result", number=identifier, state=state)
            raise JobError("job.unfinished", number=identifier, state=state)
        if job.transcript is not None and self.history is not None:
            return self.history.store.open(job.transcript).document
        document = self.store.document(identifier)
        if document is None:
            raise JobError("job.gone", number=identifier)
        masks = self.store.principal.masks
        return mask_document(document, self.privacy.kinds) if masks else document

    def tidy(self, keep_hours: float) -> None:
        """Delete what was over for some hours, and what belongs to no job."""
        for identifier in self.store.delete_old(keep_hours):
            self.recordings.delete(identifier)
        self.recordings.sweep(self.store.identifiers() | self.store.utterance_batches.contents())

    async def watch(self, identifier: str) -> AsyncGenerator[QueuedJob]:
        """Yield a job now, whenever something has changed, and at the end; it may be anywhere."""
        seen, pause = None, PAGE_POLL_SECONDS
        while seen is None or not seen.state.is_over:
            job = await asyncio.to_thread(self.find, identifier)
            if job == seen:  # hundreds may follow jobs that wait
                pause = min(pause * PATIENCE, MOST_PAUSE_SECONDS)
            else:
                seen, pause = job, PAGE_POLL_SECONDS
                yield job
            await asyncio.sleep(pause)

    def require_room(self, more_bytes: int) -> None:
        """Raise ``QuotaError`` unless so many more bytes of recordings may be kept."""
        if self.store.size_bytes + more_bytes > self.max_bytes:
            raise QuotaError("job.no_room", most=self.max_bytes)


def _found(job: QueuedJob | None, identifier: str) -> QueuedJob:
    if job is None:
        raise JobError("job.gone", number=identifier)
    return job


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=32)).hexdigest()
