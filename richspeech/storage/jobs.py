"""Durable jobs: recordings that were handed in, until what was heard in them is deleted.

    waiting → running → finished | cancelled | failed,   and the last two → waiting (tried again)

Whoever does a job has a lease on it and renews it. A job whose lease is over goes to the next who
asks: a worker that was killed costs the time of a lease, and nobody has to tell of its end. Every
write of a worker names its lease, so that one who was taken for dead changes nothing any more.

What the engine has recognised is kept in parts as it comes, and goes once the job is finished: the
transcript is then in the history, or with the job where there is none.

Two jobs with the same recording and the same request are never at work together, so that the second
is answered from the history.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    case,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from richspeech.access.principal import ANYBODY, Principal, Scope
from richspeech.errors import JobError, JobLostError, RichSpeechError, StoreError
from richspeech.language.catalog import Notice
from richspeech.model.delivery import DeliveryState, Told
from richspeech.model.document import Document
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript, plain
from richspeech.storage.database import (
    BatchRow,
    Database,
    DeliveryRow,
    JobRow,
    PartRow,
    TranscriptRow,
    lease_is_over,
)
from richspeech.storage.deliveries import DeliveryStore, delivery_of, told_of
from richspeech.storage.identity import digest_of
from richspeech.storage.query import storable
from richspeech.storage.utterance_batches import UtteranceBatches

log = logging.getLogger(__name__)

OVER = tuple(state.value for state in State if state.is_over)
"""The states after which nothing more comes."""

SUSPECT_ATTEMPTS = 2
"""A job that has cost so many workers their lives without getting further goes after all others."""


LONGEST_PAUSE_SECONDS = 300.0
"""Before a job is begun again that its worker could not go on with."""

MOST_LOST_RACES = 5
"""For the next job, against other workers, before one does something else."""


def new_id() -> str:
    """Return what no job is called yet."""
    return token_hex(8)


@dataclass(frozen=True)
class NewJob:
    """A recording that somebody hands in."""

    name: str
    """Of the file, as it was given."""
    size_bytes: int
    content: str
    """Digest of the file."""
    request: TranscriptionRequest = field(default_factory=TranscriptionRequest)
    priority: int = 0
    """Higher ones go first."""
    batch: str | None = None
    """What was handed in together has the same."""
    owner: str | None = None
    """None where nobody logs in."""
    webhook: str | None = None
    """Address that is told of the end."""
    request_id: str | None = None
    """Number of the HTTP request that asked for it, which the log has as well."""
    error: RichSpeechError | None = None
    """Why it has failed from the start: what was handed in cannot be read."""
    id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class QueuedJob:
    """A durable job as it is now."""

    number: int
    """Jobs are done in this order; never given to another one."""
    id: str
    batch: str | None
    owner: str | None
    name: str
    size_bytes: int
    state: State
    priority: int
    request: TranscriptionRequest
    created: datetime
    """UTC, as all times here."""
    started: datetime | None
    """When somebody began it last; None before."""
    ended: datetime | None
    """When it was over; None before."""
    changed: datetime
    attempts: int
    """How often it was begun since it last got further."""
    seconds_done: float
    """Of the recording."""
    seconds_total: float | None
    """None while unknown."""
    error: Notice | None
    """Why it failed, or why it waits after it was begun; None without a reason."""
    error_code: str | None
    transcript: int | None
    """Number of its transcript in the history; None until then, and where there is no history."""
    is_cached: bool
    """Whether the history had the transcript, so that nothing was recognised."""
    webhook: str | None
    request_id: str | None
    told: Told | None = None
    """How far the receiver of the webhook knows of the end; None until then, and without one."""


@dataclass(frozen=True)
class JobSummary:
    """What a list of thousands shows of a job, as in ``QueuedJob``."""

    number: int
    id: str
    name: str
    size_bytes: int
    state: State
    changed: datetime
    seconds_done: float
    seconds_total: float | None
    error: Notice | None
    is_cached: bool

    @property
    def may_retry(self) -> bool:
        """Whether it could end otherwise than it has; what is no file never does."""
        return self.state in (State.FAILED, State.CANCELLED) and self.size_bytes > 0


@dataclass(frozen=True)
class BatchSummary:
    """What was handed in together."""

    batch: str
    created: datetime
    jobs: int
    over: int
    """How many of them are."""


@dataclass(frozen=True)
class Claim:
    """A job that somebody has begun, and the lease on it."""

    job: QueuedJob
    lease: str


@dataclass(frozen=True)
class Outcome:
    """How a job has finished."""

    seconds: float
    """Of the recording."""
    transcript: int | None = None
    """In the history."""
    document: Document | None = None
    """Where there is no history."""
    is_cached: bool = False


class JobStore:
    """The durable jobs of a database; for all threads. Everything raises ``StoreError``."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        lease_seconds: float = 30.0,
        max_attempts: int = 10,
    ) -> None:
        """Give workers ``lease_seconds`` to renew a lease.

        A job that was begun ``max_attempts`` times without getting further has failed.
        """
        self._database, self._now = database, now
        self._lease, self._max_attempts = timedelta(seconds=lease_seconds), max_attempts
        self.principal = ANYBODY
        """For whom it answers."""

    @property
    def name(self) -> str:
        """What tells its database from all others."""
        return self._database.name

    def with_limits(self, lease_seconds: float, max_attempts: int) -> "JobStore":
        """Return the same with other limits."""
        return JobStore(
            self._database, self._now, lease_seconds=lease_seconds, max_attempts=max_attempts
        )

    def deliveries(self, lease_seconds: float) -> DeliveryStore:
        """Return what receivers are to be told of these jobs."""
        return DeliveryStore(self._database, lease_seconds, self._now)

    @property
    def utterance_batches(self) -> UtteranceBatches:
        """What of these jobs is recognised elsewhere."""
        lease, most = self._lease.total_seconds(), self._max_attempts
        return UtteranceBatches(self._database, self._now, lease_seconds=lease, max_attempts=most)

    def seen_by(self, principal: Principal) -> "JobStore":
        """Return the same, as far as somebody may see and change it."""
        seen = copy(self)
        seen.principal = principal
        return seen

    # Handing in and looking -----------------------------------------------------------------------

    def add(self, jobs: Sequence[NewJob]) -> tuple[QueuedJob, ...]:
        """Have jobs wait, all or none of them."""
        with self._session() as session:
            now = self._clock(session)
            rows = [_row(job, now) for job in jobs]
            session.add_all(rows)
            session.flush()
            return tuple(map(_queued, rows))

    def find(self, identifier: str) -> QueuedJob | None:
        """Return a job; None when there is none, or it is somebody else's."""
        with self._session() as session:
            row = session.scalar(self._seen(JobRow.id == identifier))
            return None if row is None else _queued(row)

    def list(
        self,
        *,
        batch: str | None = None,
        states: Collection[State] = (),
        before: int | None = None,
        limit: int | None = None,
        transcript: int | None = None,
    ) -> tuple[QueuedJob, ...]:
        """Return jobs, the newest first; of a ``batch`` or ``transcript``, in ``states``, if named.

        For the next page, ``before`` is the number of the last one.
        """
        found = self._seen(
            true() if batch is None else JobRow.batch == batch,
            JobRow.state.in_([state.value for state in states]) if states else true(),
            true() if before is None else JobRow.number < before,
            true() if transcript is None else JobRow.transcript == transcript,
        )
        with self._session() as session:
            rows = session.scalars(found.order_by(JobRow.number.desc()).limit(limit))
            return tuple(_readable(rows))

    def summaries(self, batch: str, since: datetime | None = None) -> tuple[JobSummary, ...]:
        """Return the jobs of a batch in the order in which they were handed in.

        With ``since``, only those that have changed then or later.
        """
        wanted = [getattr(JobRow, each.name) for each in fields(JobSummary)]
        later = true() if since is None else JobRow.changed >= since
        found = select(*wanted).where(self._is_seen, JobRow.batch == batch, later)
        with self._session() as session:
            rows = session.execute(found.order_by(JobRow.number))
            return tuple(_summary(row._asdict()) for row in rows)

    def saying(self, batch: str, word: str) -> frozenset[str]:
        """Return ids of the jobs of a batch in whose transcripts the history has a folded word."""
        found = (
            select(JobRow.id)
            .join(TranscriptRow, TranscriptRow.id == JobRow.transcript)
            .where(self._is_seen, JobRow.batch == batch)
            .where(TranscriptRow.words.contains(word, autoescape=True))
        )
        with self._session() as session:
            return frozenset(session.scalars(found))

    def revisions(self, batch: str) -> dict[str, int]:
        """Return how often transcripts of a batch were edited, by the ids of their jobs.

        Those that never were are left out, and those that no history has.
        """
        found = (
            select(JobRow.id, TranscriptRow.revision)
            .join(TranscriptRow, TranscriptRow.id == JobRow.transcript)
            .where(self._is_seen, JobRow.batch == batch, TranscriptRow.revision > 0)
        )
        with self._session() as session:
            return {row.id: row.revision for row in session.execute(found)}

    def batches(self, beginning: str = "", limit: int | None = None) -> tuple[BatchSummary, ...]:
        """Return one's own batches, the newest first; where nobody logs in, everybody's.

        Their names start with ``beginning``, which has letters and digits only.
        """
        user = self.principal.user
        over = func.sum(case((JobRow.state.in_(OVER), 1), else_=0))
        found = (
            select(JobRow.batch, func.min(JobRow.created), func.count(), over)
            .where(self._is_seen, true() if user is None else JobRow.owner == user)
            .where(JobRow.batch.startswith(beginning))
            .group_by(JobRow.batch)
            .order_by(func.max(JobRow.number).desc())
        )
        with self._session() as session:
            return tuple(BatchSummary(*row) for row in session.execute(found.limit(limit)))

    def document(self, identifier: str) -> Document | None:
        """Return what was heard in a job that has it, since there is no history; None without."""
        with self._session() as session:
            row = session.scalar(self._seen(JobRow.id == identifier))
            return None if row is None or row.document is None else Document.from_dict(row.document)

    @property
    def size_bytes(self) -> int:
        """Of the recordings of all jobs."""
        with self._session() as session:
            return session.scalar(select(func.sum(JobRow.size_bytes))) or 0

    def counts(self) -> dict[State, int]:
        """Return how many jobs of all people there are in each state."""
        counted = select(JobRow.state, func.count()).group_by(JobRow.state)
        with self._session() as session:
            found = {State(state): count for state, count in session.execute(counted)}
        return {state: found.get(state, 0) for state in State}

    def identifiers(self) -> frozenset[str]:
        """Return the ids of all jobs, whosever."""
        with self._session() as session:
            return frozenset(session.scalars(select(JobRow.id)))

    # Changing one's mind --------------------------------------------------------------------------

    def cancel(self, identifier: str) -> QueuedJob | None:
        """Have a job end; one at work is stopping until its worker says so, what is over stays.

        Returns it, as ``retry`` does; None when there is none, or it is somebody else's.
        """
        self._cancel(JobRow.id == identifier)
        return self.find(identifier)

    def cancel_batch(self, batch: str) -> None:
        """Do so with all that was handed in together."""
        self._cancel(JobRow.batch == batch)

    def _cancel(self, which: ColumnElement[bool]) -> None:
        mine = which & self._is_seen
        with self._session() as session:
            # Both must see the same: on a server a worker may give one back between them.
            session.scalars(select(JobRow.number).where(mine).with_for_update()).all()
            now = self._clock(session)
            self._end(session, mine & (JobRow.state == State.WAITING.value), State.CANCELLED, now)
            works = update(JobRow).where(mine, JobRow.state == State.RUNNING.value)
            session.execute(works.values(state=State.STOPPING.value, changed=now))

    def retry(self, identifier: str) -> QueuedJob | None:
        """Have a job wait again that has failed or was cancelled; others stay as they are."""
        self._retry(JobRow.id == identifier, State.FAILED, State.CANCELLED)
        return self.find(identifier)

    def retry_batch(self, batch: str) -> None:
        """Do so with all that have failed of what was handed in together."""
        self._retry(JobRow.batch == batch, State.FAILED)

    def _retry(self, which: ColumnElement[bool], *states: State) -> None:
        again = JobRow.state.in_([state.value for state in states]) & (JobRow.size_bytes > 0)
        mine = which & self._is_seen & again
        untold = DeliveryRow.state == DeliveryState.WAITING.value
        of_mine = DeliveryRow.job.in_(select(JobRow.number).where(mine))
        values = {"state": State.WAITING.value, "attempts": 0, "not_before": None, "ended": None}
        with self._session() as session:
            session.execute(delete(DeliveryRow).where(untold, of_mine))  # that end is none any more
            changed = update(JobRow).where(mine).values(**values, **_NO_ERROR)
            session.execute(changed.values(changed=self._clock(session)))

    def delete(self, identifier: str) -> bool:
        """Delete a job with what it has heard, unless the history has that; tell if there was one.

        Whoever is at work on it finds out at the next write.
        """
        return bool(self._delete((JobRow.id == identifier) & self._is_seen))

    def delete_over(self, before: datetime | None = None) -> tuple[str, ...]:
        """Delete the jobs that were over then, or are now; return their ids."""
        over = JobRow.state.in_(OVER)
        return self._delete(over if before is None else over & (JobRow.ended < before))

    def delete_old(self, hours: float) -> tuple[str, ...]:
        """Delete the jobs that have been over for some hours; return their ids."""
        with self._session() as session:
            now = self._clock(session)
        return self.delete_over(now - timedelta(hours=hours))

    # Working --------------------------------------------------------------------------------------

    def claim(self, worker: str) -> Claim | None:
        """Begin the next job; None when there is nothing to do.

        That is one that waits, or one whose worker has not been heard of for the time of a lease.
        """
        for _ in range(MOST_LOST_RACES):
            try:
                return self._claim(worker)
            except StoreError as error:  # somebody has begun its like at the same moment
                if not isinstance(error.__cause__, IntegrityError):
                    raise
        return None

    def _claim(self, worker: str) -> Claim | None:
        lease = token_hex(8)
        with self._session() as session:
            now = self._clock(session)
            self._end_the_abandoned(session, now)
            taken = (
                update(JobRow)
                .where(
                    JobRow.number == self._next(now),
                    JobRow.state.in_((State.WAITING.value, State.RUNNING.value)),
                )
                .values(
                    state=State.RUNNING.value,
                    attempts=JobRow.attempts + case((JobRow.lease.is_not(None), 1), else_=0),
                    lease=lease,
                    lease_until=now + self._lease,
                    worker=worker,
                    started=now,
                    changed=now,
                )
            )
            row = session.scalar(taken.returning(JobRow))
            if row is None:
                return None
            try:
                return Claim(_queued(row), lease)
            except RichSpeechError as error:  # another version of the program has written it
                log.warning("the job %s cannot be read: %s", row.id, error)
                self._end(session, JobRow.lease == lease, State.FAILED, now, **_error(error))
                return None

    def resume(self, claim: Claim, identity: str) -> tuple[Segment, ...]:
        """Return what is recognised already of a job, by an engine of the same ``identity``.

        What another one has heard is dropped. Raises ``JobLostError`` as all that writes for a
        claim does when somebody else has the job by now, or nobody.
        """
        with self._session() as session:
            same = session.scalar(select(JobRow.identity).where(JobRow.lease == claim.lease))
            self._write(session, claim, identity=identity)
            parts = PartRow.job == claim.job.number
            if same != identity:
                session.execute(delete(PartRow).where(parts))
            rows = session.scalars(select(PartRow).where(parts).order_by(PartRow.first))
            return tuple(segment for row in rows for segment in _segments(row.segments))

    def keep(
        self,
        claim: Claim,
        first: int,
        segments: Sequence[Segment],
        seconds_done: float,
        seconds_total: float | None,
    ) -> None:
        """Keep what was just recognised; ``first`` counts the segments of the job before these."""
        with self._session() as session:
            self._write(
                session,
                claim,
                seconds_done=seconds_done,
                seconds_total=seconds_total,
                attempts=0,
                **_NO_ERROR,
            )
            part = PartRow(job=claim.job.number, first=first, segments=plain(tuple(segments)))
            session.add(part)

    def renew(self, leases: Collection[str], worker: str) -> dict[str, State]:
        """Keep leases for their time; return those that still hold, and the states of their jobs.

        One that is STOPPING is not wanted any more.
        """
        held = JobRow.lease.in_(leases) & (JobRow.worker == worker)
        with self._session() as session:
            renewed = (
                update(JobRow).where(held).values(lease_until=self._clock(session) + self._lease)
            )
            rows = session.execute(renewed.returning(JobRow.lease, JobRow.state))
            return {str(lease): State(state) for lease, state in rows}

    def finish(self, claim: Claim, outcome: Outcome) -> None:
        """End a job with its result, in one transaction."""
        document = outcome.document
        with self._session() as session:
            self._end_claim(
                session,
                claim,
                State.FINISHED,
                seconds_done=outcome.seconds,
                seconds_total=outcome.seconds,
                transcript=outcome.transcript,
                document=None if document is None else document.to_dict(),
                is_cached=outcome.is_cached,
                **_NO_ERROR,
            )
            for row in (PartRow, BatchRow):
                session.execute(delete(row).where(row.job == claim.job.number))

    def fail(self, claim: Claim, error: RichSpeechError) -> None:
        """End a job with the reason; what it has heard is kept in case it is tried again."""
        with self._session() as session:
            self._end_claim(session, claim, State.FAILED, **_error(error))

    def stop(self, claim: Claim) -> None:
        """End a job that nobody wants any more."""
        with self._session() as session:
            self._end_claim(session, claim, State.CANCELLED)

    def give_back(self, claim: Claim, error: RichSpeechError | None = None) -> None:
        """Have a job wait again that its worker cannot go on with; it may, elsewhere or later.

        After an ``error`` it waits a while, longer every time; after too many it has failed.
        """
        why = _NO_ERROR if error is None else _error(error)
        held = JobRow.lease == claim.lease
        with self._session() as session:
            now = self._clock(session)
            if self._end(
                session, held & (JobRow.state == State.STOPPING.value), State.CANCELLED, now
            ):
                return
            attempts = session.scalar(select(JobRow.attempts).where(held)) or 0
            attempts += error is not None
            if error is not None and attempts >= self._max_attempts:
                self._end(session, held, State.FAILED, now, **why)
                return
            pause = timedelta(seconds=min(2.0**attempts, LONGEST_PAUSE_SECONDS))
            self._write(
                session,
                claim,
                state=State.WAITING.value,
                attempts=attempts,
                not_before=None if error is None else now + pause,
                lease=None,
                **why,
            )

    # Below ----------------------------------------------------------------------------------------

    def _next(self, now: datetime) -> ScalarSelect[int]:
        """Choose what is to be begun: by priority, then by age, and suspects last.

        Of equal priority a batch of which nothing is at work goes first, so that one recording does
        not wait for somebody's archive.
        """
        twin = aliased(JobRow)
        same = (twin.content == JobRow.content) & (twin.asked == JobRow.asked)
        like_at_work = exists().where(same, twin.lease.is_not(None))
        waits = (
            (JobRow.state == State.WAITING.value)
            & or_(JobRow.not_before.is_(None), JobRow.not_before <= now)
            & ~like_at_work
        )
        suspect = case((JobRow.attempts > SUSPECT_ATTEMPTS, 1), else_=0)
        at_work = select(twin.batch).where(twin.lease.is_not(None), twin.batch.is_not(None))
        has_its_share = case((JobRow.batch.in_(at_work), 1), else_=0)
        order = (suspect, JobRow.priority.desc(), has_its_share, JobRow.number)
        left = (JobRow.state == State.RUNNING.value) & self._is_abandoned(now)
        found = select(JobRow.number).where(waits | left).order_by(*order)
        return found.limit(1).with_for_update(skip_locked=True).scalar_subquery()

    def _is_abandoned(self, now: datetime) -> ColumnElement[bool]:
        """Say which were begun by somebody who has not been heard of for a lease."""
        return JobRow.lease.is_not(None) & lease_is_over(JobRow, now)

    def _end_the_abandoned(self, session: Session, now: datetime) -> None:
        """End what was to stop when its worker died, and what has cost too many workers."""
        abandoned = self._is_abandoned(now)
        stopping = abandoned & (JobRow.state == State.STOPPING.value)
        self._end(session, stopping, State.CANCELLED, now)
        deadly = abandoned & (JobRow.attempts + 1 >= self._max_attempts)
        gave_up = _error(JobError("job.gave_up", count=self._max_attempts))
        self._end(session, deadly, State.FAILED, now, **gave_up)

    def _end_claim(self, session: Session, claim: Claim, state: State, **values: Any) -> None:
        held = JobRow.lease == claim.lease
        if not self._end(session, held, state, self._clock(session), **values):
            raise JobLostError

    def _end(
        self,
        session: Session,
        which: ColumnElement[bool],
        state: State,
        now: datetime,
        **values: Any,
    ) -> Sequence[JobRow]:
        """End jobs: the one place where that happens, and where receivers are to be told of it."""
        over = (
            update(JobRow)
            .where(which)
            .values(state=state.value, ended=now, changed=now, lease=None)
        )
        rows = session.scalars(over.values(**values).returning(JobRow)).all()
        session.add_all(filter(None, (delivery_of(row, state, now) for row in rows)))
        return rows

    def _write(self, session: Session, claim: Claim, **values: Any) -> None:
        held = update(JobRow).where(JobRow.lease == claim.lease)
        changed = held.values(**values, changed=self._clock(session)).returning(JobRow.number)
        if session.scalar(changed) is None:
            raise JobLostError

    def _delete(self, condition: ColumnElement[bool]) -> tuple[str, ...]:
        with self._session() as session:
            gone = session.scalars(delete(JobRow).where(condition).returning(JobRow.id)).all()
        if gone:
            self._database.empty_log()
        return tuple(gone)

    def _seen(self, *conditions: ColumnElement[bool]) -> Select[JobRow]:
        return select(JobRow).where(self._is_seen, *conditions)

    @property
    def _is_seen(self) -> ColumnElement[bool]:
        if self.principal.may(Scope.ADMIN):
            return true()
        if self.principal.user is None:
            return false()
        return JobRow.owner == self.principal.user

    def _clock(self, session: Session) -> datetime:
        return self._database.clock(session, self._now)

    def _session(self) -> AbstractContextManager[Session]:
        return self._database.session()


_NO_ERROR: dict[str, Any] = {"error": None, "error_code": None}


def _error(error: RichSpeechError) -> dict[str, Any]:
    return {"error": Notice.of(error).to_dict(), "error_code": error.code}


def _segments(segments: list[Any]) -> tuple[Segment, ...]:
    return Transcript.from_dict(
        {"duration": 0, "processing_seconds": 0, "engine": "", "model": "", "segments": segments}
    ).segments


def _row(job: NewJob, now: datetime) -> JobRow:
    request = job.request.to_dict()
    ends = (
        {"state": State.WAITING.value}
        if job.error is None
        else {"state": State.FAILED.value, "ended": now, **_error(job.error)}
    )
    given = {each.name: getattr(job, each.name) for each in fields(NewJob) if each.name != "error"}
    return JobRow(
        **{**given, "name": storable(job.name), "request": request},
        **ends,
        asked=digest_of(request),
        created=now,
        changed=now,
        attempts=0,
        seconds_done=0.0,
        is_cached=False,
    )


def _summary(row: Mapping[str, Any]) -> JobSummary:
    error = None if row["error"] is None else Notice.from_dict(row["error"])
    return JobSummary(**{**row, "state": State(row["state"]), "error": error})


def _readable(rows: Iterable[JobRow]) -> Iterator[QueuedJob]:
    """Read jobs, but for those that another version of the program has written in its own way."""
    for row in rows:
        try:
            yield _queued(row)
        except RichSpeechError as error:
            log.warning("the job %s cannot be read: %s", row.id, error)


def _queued(row: JobRow) -> QueuedJob:
    names = [each.name for each in fields(QueuedJob) if each.name != "told"]
    values = {name: getattr(row, name) for name in names}
    error = None if row.error is None else Notice.from_dict(row.error)
    request = TranscriptionRequest.from_dict(row.request)
    read = {"state": State(row.state), "error": error, "request": request, "told": told_of(row)}
    return QueuedJob(**{**values, **read})
