"""What receivers of webhooks are to be told of jobs that are over."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "richspeech_deliveries",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("job", sa.Integer, _of("richspeech_jobs.number"), nullable=False, index=True),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("answer", sa.String(16)),
        sa.Column("lease", sa.String(64), unique=True),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("richspeech_deliveries_by_due", "richspeech_deliveries", ["state", "due"])


def _of(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, ondelete="CASCADE")
