"""Histories that have bad luck, for tests."""

import sqlite3
from contextlib import closing
from pathlib import Path

from richspeech.storage.transcripts import Store

FULL = """
CREATE TRIGGER full BEFORE INSERT ON richspeech_transcripts
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END
"""


def full_history(path: Path) -> str:
    """Make a history that takes nothing, as on a full disk; return its URL."""
    url = f"sqlite:///{path}"
    Store(url).close()
    refuse(path)
    return url


def refuse(path: Path) -> None:
    """Let a history take nothing from now on."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(FULL)


def ruin(store: Store) -> None:
    """Take the transcripts of a history away while it is open; accounts stay."""
    with store._database.session() as session:
        for table in ("labels", "owners", "shares", "transcripts"):
            session.connection().exec_driver_sql(f"DROP TABLE richspeech_{table}")
