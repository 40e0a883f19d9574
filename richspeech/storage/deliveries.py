"""Deliveries: what receivers of webhooks are to be told of jobs that are over, until they are.

    waiting → delivered | given up

A delivery is written in the transaction that ends its job, so neither is ever without the other.
Whoever sends it has a lease on it; what a process has begun that was killed is begun again once the
lease is over, with the same id, by which a receiver knows it. It goes with its job.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from sqlalchemy import ColumnElement, ScalarSelect, exists, select, update
from sqlalchemy.orm import Session, aliased

from richspeech.model.delivery import DeliveryState, JobEnd, Told
from richspeech.model.job_state import State
from richspeech.model.web_address import origin_of
from richspeech.storage.database import Database, DeliveryRow, JobRow, lease_is_over


@dataclass(frozen=True)
class Due:
    """What somebody is to be told now, and the lease on it."""

    id: str
    """The same for all attempts."""
    url: str
    body: str
    """JSON."""
    job: str
    attempts: int
    """This one included."""
    lease: str


class DeliveryStore:
    """The deliveries of a database; for all threads. Everything raises ``StoreError``."""

    def __init__(
        self,
        database: Database,
        lease_seconds: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Give senders ``lease_seconds`` for one attempt."""
        self._database, self._now = database, now
        self._lease = timedelta(seconds=lease_seconds)

    def claim(self) -> Due | None:
        """Begin the next attempt; None when nothing is due.

        No receiver is called twice at once, so that one that is slow keeps others from nothing.
        """
        lease = token_hex(8)
        with self._database.session() as session:
            now = self._database.clock(session, self._now)
            taken = (
                update(DeliveryRow)
                .where(DeliveryRow.number == self._next(now))
                .values(
                    attempts=DeliveryRow.attempts + 1, lease=lease, lease_until=now + self._lease
                )
            )
            row = session.scalar(taken.returning(DeliveryRow))
            return None if row is None else _due(session, row, lease)

    def settle(
        self, due: Due, answer: str, state: DeliveryState, pause_seconds: float = 0.0
    ) -> None:
        """Say what came of an attempt; one that waits is due after the pause.

        It changes nothing where somebody else has the lease by now.
        """
        with self._database.session() as session:
            now = self._database.clock(session, self._now)
            held = update(DeliveryRow).where(DeliveryRow.lease == due.lease)
            again = now + timedelta(seconds=pause_seconds)
            session.execute(held.values(state=state.value, answer=answer, due=again, lease=None))

    def _next(self, now: datetime) -> ScalarSelect[int]:
        twin = aliased(DeliveryRow)
        called = exists().where(twin.origin == DeliveryRow.origin, self._is_held(twin, now))
        waits = (DeliveryRow.state == DeliveryState.WAITING.value) & (DeliveryRow.due <= now)
        found = select(DeliveryRow.number).where(waits, ~called).order_by(DeliveryRow.due)
        return found.limit(1).with_for_update(skip_locked=True).scalar_subquery()

    def _is_held(self, row: type[DeliveryRow], now: datetime) -> ColumnElement[bool]:
        """Say which leases hold."""
        return row.lease.is_not(None) & ~lease_is_over(row, now)


def delivery_of(row: JobRow, state: State, ended: datetime) -> DeliveryRow | None:
    """Return what is to be said of a job that ends; None where nobody wants to know."""
    if row.webhook is None:
        return None
    end = JobEnd(
        id=row.id,
        batch=row.batch,
        name=row.name,
        state=state,
        created=row.created,
        ended=ended,
        seconds_total=row.seconds_total,
        error_code=row.error_code,
    )
    return DeliveryRow(
        id=f"msg_{token_hex(12)}",
        job=row.number,
        origin=origin_of(row.webhook),
        state=DeliveryState.WAITING.value,
        due=ended,
        attempts=0,
        url=row.webhook,
        body=json.dumps(end.to_dict(), ensure_ascii=False),
    )


def told_of(row: JobRow) -> Told | None:
    """Return how far the receiver of a job was told of its last end; None while there is none."""
    if row.webhook is None or not row.deliveries:
        return None
    last = row.deliveries[-1]
    return Told(DeliveryState(last.state), last.attempts, last.answer)


def _due(session: Session, row: DeliveryRow, lease: str) -> Due:
    job = session.scalars(select(JobRow.id).where(JobRow.number == row.job)).one()
    return Due(row.id, row.url, row.body, job, row.attempts, lease)
