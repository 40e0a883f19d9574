"""Voices: how those sound who were told apart, with the names that people gave them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "richspeech_voices",
        sa.Column(
            "transcript",
            sa.Integer,
            sa.ForeignKey("richspeech_transcripts.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("voice", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64)),
        sa.Column("encoder", sa.Text, nullable=False),
        sa.Column("direction", sa.LargeBinary, nullable=False),
    )
