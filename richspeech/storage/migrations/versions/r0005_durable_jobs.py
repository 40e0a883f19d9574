"""Durable jobs, and what is recognised of them; in the place of a table that nothing has filled."""

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Replace a table and add one; and name the database, whose recordings lie elsewhere."""
    op.add_column("richspeech_schema", sa.Column("name", sa.String(16)))
    schema = sa.table("richspeech_schema", sa.column("name"))
    op.execute(schema.update().values(name=token_hex(8)))
    op.drop_table("richspeech_jobs")
    op.create_table(
        "richspeech_jobs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("batch", sa.String(64)),
        sa.Column("owner", sa.String(64), index=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("priority", sa.Integer, nullable=False),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=False)
            for name in ("created", "changed")
        ),
        *(
            sa.Column(name, sa.DateTime(timezone=True))
            for name in ("started", "ended", "not_before", "lease_until")
        ),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(64), unique=True),
        sa.Column("worker", sa.String),
        sa.Column("identity", sa.String(64)),
        sa.Column("seconds_done", sa.Double, nullable=False),
        sa.Column("seconds_total", sa.Double),
        sa.Column("error_code", sa.String),
        sa.Column("webhook", sa.String),
        sa.Column("request_id", sa.String(64)),
        sa.Column("transcript", sa.Integer, _of("richspeech_transcripts.id"), index=True),
        sa.Column("is_cached", sa.Boolean, nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("document", sa.JSON),
        sqlite_autoincrement=True,
    )
    op.create_index("richspeech_jobs_by_batch", "richspeech_jobs", ["batch", "changed"])
    held = sa.text("lease IS NOT NULL")
    op.create_index(
        "richspeech_jobs_once",
        "richspeech_jobs",
        ["content", "asked"],
        unique=True,
        sqlite_where=held,
        postgresql_where=held,
    )
    op.create_table(
        "richspeech_job_parts",
        sa.Column("job", sa.Integer, _of("richspeech_jobs.number"), primary_key=True),
        sa.Column("first", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segments", sa.JSON, nullable=False),
    )


def _of(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, ondelete="CASCADE")
