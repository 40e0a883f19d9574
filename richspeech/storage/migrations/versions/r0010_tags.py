"""Tags: under which people file transcripts."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "richspeech_tags",
        sa.Column(
            "transcript",
            sa.Integer,
            sa.ForeignKey("richspeech_transcripts.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("tag", sa.String(64), primary_key=True, index=True),
    )
