"""Drafts in the database: what somebody was writing in a line when they were last heard of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from richspeech.model.corrections import Correction
from richspeech.model.place import Place
from richspeech.storage.database import Database, DraftRow

DAYS = 14
"""After which nobody comes back to a draft."""
MOST_LINES = 50
"""Of one transcript in which one user has drafts; the oldest go for newer ones."""


class DraftStore:
    """The drafts of a database; for all threads. Everything raises ``StoreError``.

    Drafts go with their transcripts.
    """

    def __init__(
        self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._now = database, now

    def of(self, transcript: int, user: str) -> tuple[Correction, ...]:
        """Return what a user was writing in a transcript, the oldest first."""
        own = (DraftRow.transcript == transcript) & (DraftRow.user == user)
        with self._database.session() as session:
            found = select(DraftRow).where(own, DraftRow.changed > self._oldest)
            rows = session.scalars(found.order_by(DraftRow.changed))
            return tuple(Correction.from_dict(row.correction) for row in rows)

    def keep(self, transcript: int, user: str, draft: Correction) -> None:
        """Keep a draft in the place of the one of its line; what is too old, or too much, goes."""
        row = DraftRow(
            transcript=transcript,
            user=user,
            segment=draft.index,
            part=draft.part,
            changed=self._now(),
            correction={"index": draft.index, "part": draft.part, **draft.stated},
        )
        with self._database.session() as session:
            session.merge(row)
            session.flush()
            self._delete_old(session, transcript, user)

    def drop(self, transcript: int, user: str, place: Place) -> None:
        """Delete the draft of a line; none is no error."""
        gone = delete(DraftRow).where(
            DraftRow.transcript == transcript,
            DraftRow.user == user,
            DraftRow.segment == place.index,
            DraftRow.part == place.part,
        )
        with self._database.session() as session:
            session.execute(gone)

    def _delete_old(self, session: Session, transcript: int, user: str) -> None:
        session.execute(delete(DraftRow).where(DraftRow.changed <= self._oldest))
        own = (DraftRow.transcript == transcript) & (DraftRow.user == user)
        found = select(DraftRow).where(own).order_by(DraftRow.changed.desc())
        for row in session.scalars(found.offset(MOST_LINES)):
            session.delete(row)

    @property
    def _oldest(self) -> datetime:
        return self._now() - timedelta(days=DAYS)
