"""Links to transcripts in the database; what stands in a link is there as a digest alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select

from richspeech.storage.database import Database, ShareRow


@dataclass(frozen=True)
class Share:
    """A link to one transcript."""

    transcript: int
    made_by: str | None
    """None where nobody logs in."""
    created: datetime
    """UTC, as all times here."""
    expires: datetime


class ShareStore:
    """The links of a database; for all threads. Everything raises ``StoreError``.

    Links go with their transcripts.
    """

    def __init__(
        self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self.now = database, now

    def add(self, share: Share, digest: str) -> None:
        """Keep a link."""
        with self._database.session() as session:
            session.add(ShareRow(digest=digest, **vars(share)))

    def find(self, digest: str) -> Share | None:
        """Return the link with a digest, whether or not it has expired."""
        with self._database.session() as session:
            row = session.scalar(select(ShareRow).where(ShareRow.digest == digest))
            return None if row is None else _share(row)

    def of(self, transcript: int) -> tuple[Share, ...]:
        """Return the links to a transcript that hold, the latest to expire first."""
        holding = (ShareRow.transcript == transcript) & (ShareRow.expires > self.now())
        with self._database.session() as session:
            rows = session.scalars(
                select(ShareRow).where(holding).order_by(ShareRow.expires.desc())
            )
            return tuple(map(_share, rows))

    def revoke(self, transcript: int) -> int:
        """Have no link lead to a transcript any more; return how many did."""
        gone = delete(ShareRow).where(ShareRow.transcript == transcript)
        with self._database.session() as session:
            return len(session.scalars(gone.returning(ShareRow.id)).all())


def _share(row: ShareRow) -> Share:
    return Share(row.transcript, row.made_by, row.created, row.expires)
