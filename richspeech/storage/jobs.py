"""Jobs in the database, so that a restart finds what was not over; and what became of the others.

A record is what ``JobRecord.to_dict`` of jobs/job.py gives: the database needs its ``id``,
``state`` and ``created``, and keeps the rest as it is. The recording lies in storage/recordings.py.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from richspeech.storage.database import Database, JobRow

OVER = ("finished", "cancelled", "failed")
"""The states after which nothing more comes."""


class JobStore:
    """The jobs of a database; for all threads. Everything raises ``StoreError``."""

    def __init__(
        self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._now = database, now

    def write(self, record: Mapping[str, Any]) -> None:
        """Keep how a job is now, in the place of how it was."""
        row = JobRow(
            id=record["id"],
            state=record["state"],
            created=datetime.fromisoformat(record["created"]),
            changed=self._now(),
            record=dict(record),
        )
        with self._database.session() as session:
            session.merge(row)

    def read(self, identifier: str) -> dict[str, Any] | None:
        """Return the record of a job; None when there is none."""
        with self._database.session() as session:
            row = session.get(JobRow, identifier)
            return None if row is None else row.record

    def unfinished(self) -> tuple[dict[str, Any], ...]:
        """Return the records of the jobs that are not over, oldest first."""
        waiting = select(JobRow).where(JobRow.state.not_in(OVER))
        with self._database.session() as session:
            rows = session.scalars(waiting.order_by(JobRow.created, JobRow.id))
            return tuple(row.record for row in rows)

    def delete(self, identifier: str) -> None:
        """Delete one job; one that is gone already is no error."""
        self._delete(JobRow.id == identifier)

    def delete_over(self, before: datetime | None = None) -> int:
        """Delete the jobs that were over then, or are now; return how many those were."""
        return self._delete(JobRow.state.in_(OVER) & (JobRow.changed <= (before or self._now())))

    def _delete(self, condition: ColumnElement[bool]) -> int:
        with self._database.session() as session:
            gone = session.scalars(delete(JobRow).where(condition).returning(JobRow.id)).all()
        if gone:
            self._database.empty_log()
        return len(gone)
