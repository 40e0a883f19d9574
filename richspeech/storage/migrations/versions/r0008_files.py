"""Files: which transcript was made of which, so that a file need not be decoded to be known."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "richspeech_files",
        sa.Column(
            "transcript",
            sa.Integer,
            sa.ForeignKey("richspeech_transcripts.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("content", sa.String(64), primary_key=True, index=True),
        sa.Column("samples_per_peak", sa.Integer),
        sa.Column("peaks", sa.LargeBinary),
    )
