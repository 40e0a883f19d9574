"""The tables of the history, and the database that they are in.

A history of an older version is brought up to date when it is opened, and a copy of it kept: in
SQLite a file beside it; on a server, which undoes a transaction with all its changes of tables, a
copy of each table that goes or stays with that transaction. One of a newer version is refused.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    func,
    make_url,
    or_,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    sessionmaker,
)

from richspeech.errors import StoreError, UnreadableStoreError
from richspeech.language.catalog import Notice
from richspeech.places import HOME
from richspeech.storage.sqlite_file import (
    LONGEST_WAIT_SECONDS,
    SqliteError,
    SqliteFile,
    is_damage,
    put_aside,
)

if TYPE_CHECKING:
    from richspeech.storage.migrations.run import Migrations

log = logging.getLogger(__name__)

ASIDE = "--history-aside"
"""The option of app_sensevoice.py that puts a history aside which cannot be read."""

BEFORE = "before"
"""In the names of copies that an upgrade has made, before the revision that it led to."""

LONGEST_LEASE = timedelta(hours=2)
"""More than any settings allow: a lease that is to end later is of a clock that has jumped."""

HIGHEST_NUMBER = 2**31 - 1
"""To which every database can count: PostgreSQL no further."""
SHORT_WAIT_MS = 200
"""For readers of a log that is to be emptied."""

COPY = re.compile(rf"richspeech_[a-z]+_{BEFORE}_\d{{4}}_\d{{8}}_\d{{6}}")
"""Such a table."""

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


def lease_is_over(row: Any, now: datetime) -> ColumnElement[bool]:
    """Say of rows with ``lease_until`` that their workers were not heard of for too long.

    A lease that ends absurdly late is of a clock that has jumped, and is over as well.
    """
    return or_(row.lease_until < now, row.lease_until > now + LONGEST_LEASE)


class SchemaRow(Table):
    """One row: which version of the tables these are, and which database."""

    __tablename__ = "richspeech_schema"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    name: Mapped[str | None] = mapped_column(String(16))
    """Tells it from all others, wherever it moves; every revision from 0005 on has one."""


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
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``TranscriptionRequest.to_dict()``."""
    preview: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)
    words: Mapped[str] = mapped_column(Text)
    """Folded text, as edited."""
    edits: Mapped[list[Any]] = mapped_column(JSON)
    """``edits_to_list`` of the document."""
    measured: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``Transcript.to_dict()``; never changed."""


class LabelRow(Table):
    """That an emotion, an event or a language is heard in a transcript, edits included."""

    __tablename__ = "richspeech_labels"

    transcript: Mapped[int] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (Index("richspeech_labels_by_value", "kind", "value"),)


class RiskRow(Table):
    """How risky a transcript is, edits included, by the rules that were in force then."""

    __tablename__ = "richspeech_risks"

    transcript: Mapped[int] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), primary_key=True
    )
    rules: Mapped[str] = mapped_column(String(64))
    """Digest of what decides it beside the transcript."""
    level: Mapped[str] = mapped_column(String(16))
    score: Mapped[int]

    __table_args__ = (Index("richspeech_risks_by_level", "rules", "level"),)


class TagRow(Table):
    """A word under which people have filed a transcript."""

    __tablename__ = "richspeech_tags"

    transcript: Mapped[int] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class OwnerRow(Table):
    """Whose a transcript is; one that is nobody's has no row, or no owner in it."""

    __tablename__ = "richspeech_owners"

    transcript: Mapped[int] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), primary_key=True
    )
    owner: Mapped[str | None] = mapped_column(String(64))
    """Name of a user."""
    whole: Mapped[str] = mapped_column(String(64), index=True)
    """As nobody's transcript of the same would have it, whose own column is unique."""

    __table_args__ = (UniqueConstraint("owner", "whole", name="richspeech_owners_once"),)


class FileRow(Table):
    """A file that a transcript was made of."""

    __tablename__ = "richspeech_files"

    transcript: Mapped[int] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    """Digest of the file, of its first sound, of what decodes and recognises it."""
    samples_per_peak: Mapped[int | None]
    peaks: Mapped[bytes | None] = mapped_column(LargeBinary)
    """``Peaks.values`` of its waveform; None where nobody was to see that."""


class VoiceRow(Table):
    """How somebody sounds in a transcript, and who a person has said that is."""

    __tablename__ = "richspeech_voices"

    transcript: Mapped[int] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), primary_key=True
    )
    voice: Mapped[str] = mapped_column(String(64), primary_key=True)
    """What the transcript calls whoever nobody has named."""
    name: Mapped[str | None] = mapped_column(String(64))
    encoder: Mapped[str] = mapped_column(Text)
    direction: Mapped[bytes] = mapped_column(LargeBinary)
    """``Voiceprint.direction``, little-endian float32."""


class UserRow(Table):
    """Who may log in, beside the account of the settings."""

    __tablename__ = "richspeech_users"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    password: Mapped[str]
    """As an argon2 hash."""
    role: Mapped[str] = mapped_column(String(16))
    created: Mapped[datetime] = mapped_column(UtcDateTime)


class KeyRow(Table):
    """An API key, which only its owner has; here is a digest of it."""

    __tablename__ = "richspeech_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column("user_name", String(64))
    name: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    beginning: Mapped[str] = mapped_column(String(16))
    """The first letters, by which people know it again."""
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    expires: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rate: Mapped[str | None]
    concurrent: Mapped[int | None]

    __table_args__ = (UniqueConstraint("user_name", "name", name="richspeech_keys_named"),)


class ShareRow(Table):
    """A link to one transcript, which only those have who were given it."""

    __tablename__ = "richspeech_shares"

    id: Mapped[int] = mapped_column(primary_key=True)
    transcript: Mapped[int] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_by: Mapped[str | None] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    expires: Mapped[datetime] = mapped_column(UtcDateTime)


class DraftRow(Table):
    """What somebody was writing in a line of a transcript."""

    __tablename__ = "richspeech_drafts"

    transcript: Mapped[int] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), primary_key=True
    )
    user: Mapped[str] = mapped_column("user_name", String(64), primary_key=True)
    segment: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    changed: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    correction: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As ``Correction.from_dict`` reads it."""


class JobRow(Table):
    """A durable job; the long columns come last."""

    __tablename__ = "richspeech_jobs"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    batch: Mapped[str | None] = mapped_column(String(64))
    owner: Mapped[str | None] = mapped_column(String(64), index=True)
    name: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[str] = mapped_column(String(64))
    """Digest of the file."""
    asked: Mapped[str] = mapped_column(String(64))
    """Digest of the request."""
    state: Mapped[str] = mapped_column(String(16), index=True)
    priority: Mapped[int]
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    started: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed: Mapped[datetime] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    lease: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the worker that has it; None when nobody has."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    worker: Mapped[str | None]
    identity: Mapped[str | None] = mapped_column(String(64))
    """Digest of the engine that has heard its parts."""
    seconds_done: Mapped[float]
    seconds_total: Mapped[float | None]
    error_code: Mapped[str | None]
    webhook: Mapped[str | None]
    request_id: Mapped[str | None] = mapped_column(String(64))
    transcript: Mapped[int | None] = mapped_column(
        ForeignKey(TranscriptRow.id, ondelete="CASCADE"), index=True
    )
    is_cached: Mapped[bool]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """``Notice.to_dict()``."""
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``TranscriptionRequest.to_dict()``."""
    document: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    """``Document.to_dict()`` of a job whose transcript no history has."""
    deliveries: Mapped[list["DeliveryRow"]] = relationship(
        order_by="DeliveryRow.number", lazy="selectin", viewonly=True
    )

    __table_args__ = (
        Index("richspeech_jobs_by_batch", "batch", "changed"),  # whoever looks on asks what is new
        # The same recording with the same request is heard once; the next is answered from that.
        Index(
            "richspeech_jobs_once",
            "content",
            "asked",
            unique=True,
            sqlite_where=text("lease IS NOT NULL"),
            postgresql_where=text("lease IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )


class PartRow(Table):
    """What was recognised of a job that is not finished, some utterances at a time."""

    __tablename__ = "richspeech_job_parts"

    job: Mapped[int] = mapped_column(
        ForeignKey(JobRow.number, ondelete="CASCADE"), primary_key=True
    )
    first: Mapped[int] = mapped_column(primary_key=True)
    """How many segments there are before these."""
    segments: Mapped[list[Any]] = mapped_column(JSON)
    """As the engine gave them."""


class BatchRow(Table):
    """Some utterances of a job that another process is to recognise; the long columns come last."""

    __tablename__ = "richspeech_utterance_batches"

    number: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[int] = mapped_column(ForeignKey(JobRow.number, ondelete="CASCADE"))
    start_ms: Mapped[int]
    """Of the first utterance, in the recording."""
    identity: Mapped[str] = mapped_column(String(64), index=True)
    """Digest of the engine that is to do it."""
    asked: Mapped[str] = mapped_column(String(64))
    """Digest of the utterances and of the options."""
    content: Mapped[str] = mapped_column(String(64))
    """Id of the file with their features."""
    seconds: Mapped[float]
    attempts: Mapped[int]
    is_over: Mapped[bool]
    lease: Mapped[str | None] = mapped_column(String(64), unique=True)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    worker: Mapped[str | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """``Notice.to_dict()``: why they cannot be recognised."""
    hypotheses: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    """One an utterance."""

    __table_args__ = (
        UniqueConstraint("job", "start_ms", name="richspeech_utterance_batches_once"),
        {"sqlite_autoincrement": True},
    )


class DeliveryRow(Table):
    """What the receiver of a webhook is to be told, or was; the long columns come last."""

    __tablename__ = "richspeech_deliveries"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    job: Mapped[int] = mapped_column(ForeignKey(JobRow.number, ondelete="CASCADE"), index=True)
    origin: Mapped[str]
    """Of the receiver."""
    state: Mapped[str] = mapped_column(String(16))
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    answer: Mapped[str | None] = mapped_column(String(16))
    lease: Mapped[str | None] = mapped_column(String(64), unique=True)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    url: Mapped[str]
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("richspeech_deliveries_by_due", "state", "due"),
        {"sqlite_autoincrement": True},
    )


class Database:
    """The database of the history, for all threads.

    SQLite would go on writing into a file that was removed meanwhile, where nobody finds it. So
    before anything is asked of it, the file that is open is compared with the one that is there,
    and that one is opened instead.
    """

    def __init__(self, address: str) -> None:
        """Open, and make if need be, the database at a URL; raises ``StoreError``."""
        self._address, self._lock = address, threading.Lock()
        self._open()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a transaction; raises ``StoreError``."""
        with as_store_error(), self._sessions_now().begin() as session:
            yield session

    @staticmethod
    def clock(session: Session, now: Callable[[], datetime]) -> datetime:
        """Return the time, which on a server is its own: those of many machines differ."""
        if session.get_bind().dialect.name == "postgresql":
            return session.scalar(select(func.clock_timestamp())) or now()
        return now()

    @property
    def name(self) -> str:
        """What tells it from all others; raises ``StoreError``."""
        with self.session() as session:
            return session.scalars(select(SchemaRow.name)).one() or ""

    def empty_log(self) -> None:
        """Leave nothing of what was deleted in the log beside the file; raises ``StoreError``.

        While somebody reads for long it stays until the next time: everybody who writes would wait.
        """
        if self._file is not None:
            with as_store_error(), self._engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {SHORT_WAIT_MS}")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {LONGEST_WAIT_SECONDS * 1_000}")

    def delete_copies(self) -> None:
        """Delete what was copied before upgrades; raises ``StoreError``."""
        with as_store_error():
            if self._file is not None:
                self._file.delete_copies(BEFORE)
                return
            with self._engine.begin() as connection:
                copies = MetaData()
                copies.reflect(connection, only=lambda name, _: bool(COPY.fullmatch(name)))
                copies.drop_all(connection)

    def check(self) -> None:
        """Read all of a file; raises ``UnreadableStoreError`` when it is damaged anywhere."""
        if self._file is not None:
            with as_store_error():
                self._file.check()

    def close(self) -> None:
        """Close the connections."""
        _close(self._engine, self._file)

    def _open(self) -> None:
        with as_store_error():
            url = make_url(self._address)
            file = _file(url) if url.get_backend_name() == "sqlite" else None
            engine = _server(url) if file is None else _sqlite(url, file)
        try:
            _bring_up_to_date(engine, url, file)
        except StoreError:
            _close(engine, file)
            raise
        self._engine, self._file, self._sessions = engine, file, sessionmaker(engine)

    def _sessions_now(self) -> sessionmaker[Session]:
        with self._lock:
            if self._file is not None and not self._file.is_in_place:
                self._open_again(self._file)
            return self._sessions

    def _open_again(self, file: SqliteFile) -> None:
        """Open what is there now instead of what was there, if it can be used."""
        what = "replaced" if file.path.exists() else "removed"
        _close(self._engine, file)
        self._open()
        log.warning(
            "The history at %s was %s while it was open: it goes on with %s.",
            file.path,
            what,
            "the file that is there now" if what == "replaced" else "a new one at the same place",
        )


def is_there(address: str) -> bool:
    """Tell whether there is a database at a URL already; of a server it is taken for granted."""
    with as_store_error():
        url = make_url(address)
    return url.get_backend_name() != "sqlite" or (HOME / str(url.database)).is_file()


def put_database_aside(address: str) -> None:
    """Rename a history that cannot be read, with its log; raises ``StoreError``."""
    with as_store_error():
        url = make_url(address)
        if url.get_backend_name() != "sqlite":
            raise StoreError("history.server_aside")
        path = HOME / str(url.database)
        log.warning("The history at %s was put aside as %s.", path, put_aside(path))


@contextmanager
def as_store_error() -> Iterator[None]:
    """Turn what a database or its driver says into one sentence; passwords are in none of them."""
    try:
        yield
    except (SQLAlchemyError, SqliteError, OSError, ImportError) as error:
        original = getattr(error, "orig", None) or error
        said = getattr(original, "strerror", None) or original
        reason = str(said).partition("\n")[0].rstrip(".")
        if is_damage(original):
            raise UnreadableStoreError("history.damaged", why=reason, option=ASIDE) from error
        raise StoreError("history.unusable", why=reason) from error


def _server(url: URL) -> Engine:
    return create_engine(url, json_serializer=_json, pool_pre_ping=True)


def _file(url: URL) -> SqliteFile:
    if url.database in (None, "", ":memory:"):
        raise StoreError("history.no_file")
    return SqliteFile(HOME / str(url.database))


def _sqlite(url: URL, file: SqliteFile) -> Engine:
    engine = create_engine(
        url.set(database=str(file.path)),
        json_serializer=_json,
        connect_args={"timeout": LONGEST_WAIT_SECONDS},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _close(engine: Engine, file: SqliteFile | None) -> None:
    engine.dispose()
    if file is not None:
        file.close()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # FULL: what was kept survives a power cut. secure_delete: what was deleted is overwritten.
    for setting in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}").close()


def _bring_up_to_date(engine: Engine, url: URL, file: SqliteFile | None) -> None:
    """Make the tables, or change older ones, after a copy; raises ``StoreError`` for newer ones."""
    # alembic takes a sixth of a second, and most commands open no history
    from richspeech.storage.migrations.run import Migrations  # noqa: PLC0415

    copy = None
    try:
        with as_store_error(), engine.begin() as connection:
            connection.exec_driver_sql(ONE_AT_A_TIME.get(engine.dialect.name, "SELECT 1"))
            migrations = Migrations(connection)
            _require_known(migrations, url)
            if migrations.found not in (None, migrations.newest):
                copy = _copied(connection, file, migrations.newest)
            migrations.upgrade()
    except BaseException:
        if isinstance(copy, Path):  # nothing was changed, so nothing needs a copy
            copy.unlink()
        raise
    if copy is not None:
        log.warning(
            "The history at %s was brought up to date. As it was before it is kept as %s, until "
            "that is deleted or the history is wiped.",
            url.render_as_string(hide_password=True),
            copy,
        )


def _require_known(migrations: "Migrations", url: URL) -> None:
    if migrations.knows_found:
        return
    found, newest = str(migrations.found), migrations.newest
    place = url.render_as_string(hide_password=True)
    is_file = url.get_backend_name() == "sqlite"
    raise UnreadableStoreError(
        "history.file_of_other_version" if is_file else "history.of_other_version",
        place=place,
        age=Notice("history.newer" if found > newest else "history.older"),
        schema=int(found),
        own=int(newest),
        option=ASIDE,
    )


def _copied(connection: Connection, file: SqliteFile | None, newest: str) -> Path | str:
    """Copy what is there, to a file or to other tables; return where that is."""
    if file is not None:
        file.check()
        return file.copied(f"{BEFORE}-{newest}")
    ending = f"_{BEFORE}_{newest}_{datetime.now().astimezone():%Y%m%d_%H%M%S}"
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in Table.metadata.tables)
    for name, each in found.tables.items():
        connection.execute(select(each).into(name + ending))
    return f"tables that end in {ending}"
