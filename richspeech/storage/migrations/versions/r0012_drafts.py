"""Drafts: what people were writing in lines when they were last heard of."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "richspeech_drafts",
        sa.Column(
            "transcript",
            sa.Integer,
            sa.ForeignKey("richspeech_transcripts.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("user_name", sa.String(64), primary_key=True),
        sa.Column("segment", sa.Integer, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("correction", sa.JSON, nullable=False),
    )
