"""The tables of the history, and the database that they are in.

Not covered: changing a history of another version, which is refused in a sentence.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from filelock import FileLock
from sqlalchemy import (
    JSON,
    URL,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    Index,
    String,
    Text,
    TypeDecorator,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from richspeech.errors import StoreError
from richspeech.settings import ROOT

SCHEMA_VERSION = 1
"""Raised with every change of the tables below."""

LONGEST_WAIT_SECONDS = 30
"""For another writer of the same SQLite file."""

ONE_AT_A_TIME = MappingProxyType(
    {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(6006)"}
)
"""Until the end of the transaction; two programs may start together."""


class UtcDateTime(TypeDecorator[datetime]):
    """A time that is UTC in Python and in every database; SQLite forgets time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Write."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read."""
        return value and (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)


class Table(DeclarativeBase):
    """Base of the tables."""


class SchemaRow(Table):
    """One row: which version of the tables these are."""

    __tablename__ = "richspeech_schema"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


class TranscriptRow(Table):
    """The long columns come last: SQLite reads a row up to the column that it needs."""

    __tablename__ = "richspeech_transcripts"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own form

    id: Mapped[int] = mapped_column(primary_key=True)
    beginning: Mapped[str] = mapped_column(String(64), index=True)
    whole: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str | None]
    folded_name: Mapped[str]
    created: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    duration: Mapped[float]
    language: Mapped[str | None]
    engine: Mapped[str]
    model: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    preview: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)
    words: Mapped[str] = mapped_column(Text)
    """Folded text, with its corrections."""
    corrections: Mapped[list[Any]] = mapped_column(JSON, default=list)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``Transcript.to_dict()``; never changed."""


class LabelRow(Table):
    """That an emotion, an event or a language is heard in a transcript, corrections included."""

    __tablename__ = "richspeech_labels"

    transcript: Mapped[int] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (Index("richspeech_labels_by_value", "kind", "value"),)


def open_database(address: str) -> Engine:
    """Open, and make if need be, the database at a URL; raises ``StoreError``."""
    with as_store_error():
        url = make_url(address)
        engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _server(url)
        version = _version(engine)
    if version != SCHEMA_VERSION:
        place = url.render_as_string(hide_password=True)
        age = "newer" if version > SCHEMA_VERSION else "older"
        message = (
            f"The history at {place} was made by a {age} version of this program (schema "
            f"{version}, not {SCHEMA_VERSION}): use that version, or another place in history.url."
        )
        raise StoreError(message)
    return engine


@contextmanager
def as_store_error() -> Iterator[None]:
    """Turn what a database or its driver says into one sentence; passwords are in none of them."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
        said = getattr(error, "orig", None) or getattr(error, "strerror", None) or error
        reason = str(said).partition("\n")[0].rstrip(".")
        message = f"The history cannot be used ({reason}); see history.url in the settings."
        raise StoreError(message) from error


def _server(url: URL) -> Engine:
    return create_engine(url, json_serializer=_json, pool_pre_ping=True)


def _sqlite(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        message = "The history needs a file that lasts: give one in history.url."
        raise StoreError(message)
    path = ROOT / str(url.database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)  # these are people's words
    _log_ahead(path)
    engine = create_engine(
        url.set(database=str(path)),
        json_serializer=_json,
        connect_args={"timeout": LONGEST_WAIT_SECONDS},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _log_ahead(path: Path) -> None:
    """Have a search go on while somebody writes; the file stays so for good.

    SQLite lets no one wait who finds another at this change, so a lock of our own does.
    """
    lock = FileLock(path.with_name(f"{path.name}.lock"), LONGEST_WAIT_SECONDS, mode=0o600)
    with lock, closing(sqlite3.connect(path, LONGEST_WAIT_SECONDS)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # FULL: what was kept survives a power cut. secure_delete: what was deleted is overwritten.
    for setting in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}").close()


def _version(engine: Engine) -> int:
    """Make the tables unless they are there; return the version of those that are."""
    with Session(engine) as session, session.begin():
        connection = session.connection()
        connection.exec_driver_sql(ONE_AT_A_TIME.get(engine.dialect.name, "SELECT 1"))
        if not inspect(connection).has_table(SchemaRow.__tablename__):
            Table.metadata.create_all(connection)
            session.add(SchemaRow(id=1, version=SCHEMA_VERSION))
        return session.get_one(SchemaRow, 1).version
