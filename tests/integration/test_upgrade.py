"""Histories of older versions: brought up to date where they are, a copy kept, and never lost.

``tests/golden/history-1.*.sql`` is such a history, as SQLite and PostgreSQL hold it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from richspeech.storage.database import Table
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import Store
from tests.integration.database import postgresql, server

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = [
    *("silence.wav", "(interrupted)", "long talk.wav (interrupted)", "ironie.wav", "meeting.wav"),
    *("인사.wav", None, 'report "final".flac', "call-2.mp3", "客服 call-1.wav"),
]


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    programs = postgresql()
    if programs is None:
        assert not os.environ.get("CI"), "CI installs postgresql"
        pytest.skip("PostgreSQL is not installed")
    with server(programs) as url:
        yield url


def run_script(url: str, name: str) -> None:
    """Fill a place that is empty."""
    script = (GOLDEN / name).read_text(encoding="utf-8")
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
    else:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(script.encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.sqlite"
    url: str = request.getfixturevalue("server_url")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url


@pytest.fixture
def old(empty: str) -> str:
    """The URL of a history of the first version."""
    kind = "sqlite" if empty.startswith("sqlite") else "postgresql"
    run_script(empty, f"history-1.{kind}.sql")
    return empty


def test_the_revisions_make_the_tables_that_the_program_works_with(empty: str) -> None:
    Store(empty).close()
    engine = create_engine(empty)
    with engine.connect() as connection:
        options = {"version_table": "richspeech_revision"}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Table.metadata) == []
    engine.dispose()


def test_an_old_history_is_found_as_it_was(old: str) -> None:
    store = Store(old)
    assert [entry.name for entry in store.search(parse_query(""))] == NAMES
    store.close()
