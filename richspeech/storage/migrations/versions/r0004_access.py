"""Users, API keys, owners of transcripts, and links to them.

Owners have a table of their own: SQLite would add a column behind the long ones. What is there
already has no row in it, and so is nobody's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add four tables."""
    _make_accounts()
    op.create_table(
        "richspeech_owners",
        sa.Column("transcript", sa.Integer, _transcript(), primary_key=True),
        sa.Column("owner", sa.String(64)),
        sa.Column("whole", sa.String(64), nullable=False, index=True),
        sa.UniqueConstraint("owner", "whole", name="richspeech_owners_once"),
    )
    op.create_table(
        "richspeech_shares",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("transcript", sa.Integer, _transcript(), nullable=False, index=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("made_by", sa.String(64)),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
    )


def _transcript() -> sa.ForeignKey:
    return sa.ForeignKey("richspeech_transcripts.id", ondelete="CASCADE")


def _make_accounts() -> None:
    op.create_table(
        "richspeech_users",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("password", sa.String, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "richspeech_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_name", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("beginning", sa.String(16), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True)),
        sa.Column("revoked", sa.DateTime(timezone=True)),
        sa.Column("rate", sa.String),
        sa.Column("concurrent", sa.Integer),
        sa.UniqueConstraint("user_name", "name", name="richspeech_keys_named"),
    )
