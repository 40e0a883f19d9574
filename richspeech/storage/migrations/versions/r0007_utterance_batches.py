"""Utterance batches: what reading workers have recognition workers do."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "richspeech_utterance_batches",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column(
            "job",
            sa.Integer,
            sa.ForeignKey("richspeech_jobs.number", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("start_ms", sa.Integer, nullable=False),
        sa.Column("identity", sa.String(64), nullable=False, index=True),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("is_over", sa.Boolean, nullable=False),
        sa.Column("lease", sa.String(64), unique=True),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("worker", sa.String),
        sa.Column("error", sa.JSON),
        sa.Column("hypotheses", sa.JSON),
        sa.UniqueConstraint("job", "start_ms", name="richspeech_utterance_batches_once"),
        sqlite_autoincrement=True,
    )
