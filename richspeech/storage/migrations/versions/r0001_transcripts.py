"""The tables as the first versions of the program made them, before there were revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    schema = op.create_table(
        "richspeech_schema",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.bulk_insert(schema, [{"id": 1, "version": 1}])
    _make_transcripts()
    op.create_table(
        "richspeech_labels",
        sa.Column(
            "transcript",
            sa.Integer,
            sa.ForeignKey("richspeech_transcripts.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("value", sa.String, primary_key=True),
    )
    op.create_index("richspeech_labels_by_value", "richspeech_labels", ["kind", "value"])


def _make_transcripts() -> None:
    op.create_table(
        "richspeech_transcripts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("beginning", sa.String(64), nullable=False, index=True),
        sa.Column("whole", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String),
        sa.Column("folded_name", sa.String, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("duration", sa.Double, nullable=False),
        sa.Column("language", sa.String),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("preview", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("corrections", sa.JSON, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
