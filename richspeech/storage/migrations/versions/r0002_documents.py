"""Documents: the whole request instead of its options, and edits instead of corrections.

Columns are renamed in place, since SQLite would add new ones behind the long ones; nothing that was
measured is touched, and digests stay, so that what was cached before is cached after.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TABLE = "richspeech_transcripts"
RENAMED = {"options": "request", "corrections": "edits", "document": "measured"}
TRANSCRIPTS = sa.table(
    TABLE,
    sa.column("id", sa.Integer),
    sa.column("engine", sa.String),
    sa.column("request", sa.JSON),
    sa.column("edits", sa.JSON),
    sa.column("measured", sa.JSON),
)


def upgrade() -> None:
    """Rename three columns, and write two of them anew, one row after the other."""
    for before, after in RENAMED.items():
        op.alter_column(TABLE, before, new_column_name=after)
    connection, columns = op.get_bind(), TRANSCRIPTS.c
    sentiment = columns.measured["sentiment"].as_string().label("sentiment")
    wanted = sa.select(columns.id, columns.engine, columns.request, columns.edits, sentiment)
    for number in connection.scalars(sa.select(columns.id)).all():
        row = connection.execute(wanted.where(columns.id == number)).one()
        connection.execute(
            sa.update(TRANSCRIPTS)
            .where(columns.id == number)
            .values(
                request=_request(row.engine, row.request, row.sentiment),
                edits=[_edit(each) for each in row.edits],
            )
        )


def _request(engine: str, options: dict[str, Any], sentiment: str | None) -> dict[str, Any]:
    """Say what was asked for, as far as the transcript tells."""
    return {"options": options, "engine": engine, "sentiment": sentiment is not None}


def _edit(correction: object) -> dict[str, Any]:
    return {"kind": "correction", "by": "person", "made": None, "correction": correction}
