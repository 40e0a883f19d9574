"""Utterance batches: what a reading worker has others recognise, while their job is not finished.

    reading worker: put → (waiting) → recognition worker: claim → finish → reading worker: results

A job has one batch at a place, so that a reader who goes on with the job of one that was killed
finds what was recognised meanwhile, and nothing is recognised twice. As with jobs, whoever is at
work has a lease, and whoever was taken for dead changes nothing any more. They go with their job.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from richspeech.errors import JobError, JobLostError, RichSpeechError
from richspeech.language.catalog import Notice
from richspeech.storage.database import BatchRow, Database, JobRow, lease_is_over


@dataclass(frozen=True)
class NewBatch:
    """Utterances of a job that are to be recognised."""

    job: str
    """Id of the job."""
    start_ms: int
    """Start of the first one in the recording."""
    identity: str
    """Digest of the engine that is to recognise them."""
    asked: str
    """Digest of what is asked of it: utterances and options."""
    content: str
    """Id of the file that has them."""
    seconds: float


@dataclass(frozen=True)
class BatchClaim:
    """A batch that somebody has begun, and the lease on it."""

    number: int
    content: str
    lease: str


@dataclass(frozen=True)
class Outcome:
    """What has become of a batch."""

    hypotheses: Sequence[Mapping[str, Any]] | None = None
    """One an utterance; None until then."""
    error: Notice | None = None
    """Why there are none."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.hypotheses is not None or self.error is not None


class UtteranceBatches:
    """The batches of a database; for all threads. Everything raises ``StoreError``."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        lease_seconds: float = 30.0,
        max_attempts: int = 10,
    ) -> None:
        """Take for dead who has not renewed a lease for so long; that often, and it is an error."""
        self._database, self._now = database, now
        self._lease, self._max_attempts = timedelta(seconds=lease_seconds), max_attempts

    # For who reads --------------------------------------------------------------------------------

    def find(self, batch: NewBatch) -> int | None:
        """Return the number of the same batch, put by who had the job before; None without one."""
        same = (BatchRow.identity == batch.identity) & (BatchRow.asked == batch.asked)
        with self._session() as session:
            return session.scalar(select(BatchRow.number).where(_at_place(batch), same))

    def put(self, batch: NewBatch) -> int:
        """Have a batch wait, in the place of another one there; return its number.

        Raises ``JobLostError`` when there is no such job any more.
        """
        with self._session() as session:
            job = session.scalar(select(JobRow.number).where(JobRow.id == batch.job))
            if job is None:
                raise JobLostError
            session.execute(delete(BatchRow).where(_at_place(batch)))
            row = BatchRow(
                job=job,
                start_ms=batch.start_ms,
                identity=batch.identity,
                asked=batch.asked,
                content=batch.content,
                seconds=batch.seconds,
                attempts=0,
                is_over=False,
            )
            session.add(row)
            session.flush()
            return row.number

    def outcomes(self, numbers: Collection[int]) -> Mapping[int, Outcome]:
        """Return what has become of batches; of those that are gone nothing."""
        with self._session() as session:
            rows = session.scalars(select(BatchRow).where(BatchRow.number.in_(numbers)))
            return {row.number: _outcome(row) for row in rows}

    def drop(self, numbers: Collection[int]) -> tuple[str, ...]:
        """Delete batches; return the ids of their files, which are nobody's then."""
        with self._session() as session:
            gone = delete(BatchRow).where(BatchRow.number.in_(numbers))
            return tuple(session.scalars(gone.returning(BatchRow.content)))

    def contents(self) -> frozenset[str]:
        """Return the ids of all files."""
        with self._session() as session:
            return frozenset(session.scalars(select(BatchRow.content)))

    # For who recognises ---------------------------------------------------------------------------

    def claim(self, worker: str, identity: str) -> BatchClaim | None:
        """Begin the next batch for an engine, in the order of the jobs; None without one."""
        lease = token_hex(8)
        with self._session() as session:
            now = self._clock(session)
            self._end_the_deadly(session, now)
            next_one = (
                select(BatchRow.number)
                .join(JobRow, JobRow.number == BatchRow.job)
                .where(BatchRow.identity == identity, self._is_free(now))
                .order_by(JobRow.priority.desc(), BatchRow.job, BatchRow.start_ms)
                .limit(1)
                .with_for_update(of=BatchRow, skip_locked=True)
                .scalar_subquery()
            )
            taken = (
                update(BatchRow)
                .where(BatchRow.number == next_one)
                .values(
                    lease=lease,
                    lease_until=now + self._lease,
                    worker=worker,
                    attempts=BatchRow.attempts + 1,
                )
            )
            row = session.scalar(taken.returning(BatchRow))
            return None if row is None else BatchClaim(row.number, row.content, lease)

    def renew(self, leases: Collection[str], worker: str) -> frozenset[str]:
        """Keep leases for their time; return those that still hold."""
        held = BatchRow.lease.in_(leases) & (BatchRow.worker == worker)
        with self._session() as session:
            renewed = update(BatchRow).where(held)
            renewed = renewed.values(lease_until=self._clock(session) + self._lease)
            return frozenset(map(str, session.scalars(renewed.returning(BatchRow.lease))))

    def finish(self, claim: BatchClaim, hypotheses: Sequence[Mapping[str, Any]]) -> None:
        """Say what was recognised; raises ``JobLostError`` when somebody else has the batch."""
        self._write(claim, hypotheses=list(hypotheses), is_over=True)

    def fail(self, claim: BatchClaim, error: RichSpeechError) -> None:
        """Say why nothing can be; raises ``JobLostError`` as ``finish`` does."""
        self._write(claim, error=Notice.of(error).to_dict(), is_over=True)

    def give_back(self, claim: BatchClaim) -> None:
        """Have a batch wait again, since its worker ends; raises ``JobLostError``, too."""
        self._write(claim, attempts=BatchRow.attempts - 1)

    # Below ----------------------------------------------------------------------------------------

    def _write(self, claim: BatchClaim, **values: Any) -> None:
        held = update(BatchRow).where(BatchRow.lease == claim.lease).returning(BatchRow.number)
        with self._session() as session:
            if session.scalar(held.values(lease=None, lease_until=None, **values)) is None:
                raise JobLostError

    def _is_free(self, now: datetime) -> ColumnElement[bool]:
        """Say which wait, or were begun by somebody who has not been heard of for a lease."""
        free = or_(BatchRow.lease.is_(None), lease_is_over(BatchRow, now))
        return BatchRow.is_over.is_(False) & free

    def _end_the_deadly(self, session: Session, now: datetime) -> None:
        gave_up = Notice.of(JobError("job.gave_up", count=self._max_attempts)).to_dict()
        deadly = self._is_free(now) & (BatchRow.attempts >= self._max_attempts)
        ended = update(BatchRow).where(deadly)
        session.execute(ended.values(error=gave_up, is_over=True, lease=None, lease_until=None))

    def _clock(self, session: Session) -> datetime:
        return self._database.clock(session, self._now)

    def _session(self) -> AbstractContextManager[Session]:
        return self._database.session()


def _at_place(batch: NewBatch) -> ColumnElement[bool]:
    job = select(JobRow.number).where(JobRow.id == batch.job).scalar_subquery()
    return (BatchRow.job == job) & (BatchRow.start_ms == batch.start_ms)


def _outcome(row: BatchRow) -> Outcome:
    return Outcome(row.hypotheses, None if row.error is None else Notice.from_dict(row.error))
