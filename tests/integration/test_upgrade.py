"""Histories of older versions: brought up to date where they are, a copy kept, and never lost.

``tests/golden/history-1.*.sql`` is such a history, as SQLite and PostgreSQL hold it.
"""

import json
import os
import re
import resource
import signal
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, create_engine, event, text

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.errors import StoreError, UnreadableStoreError
from richspeech.jobs.caching import CachingTranscriber
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Progress
from richspeech.storage.cached_result import EngineHistory
from richspeech.storage.database import Table
from richspeech.storage.query import fold, parse_query
from richspeech.storage.transcripts import Fingerprint, Store, Stored
from tests.integration.database import NEWEST, empty_server
from tests.processes import SERVER, started

GOLDEN = Path(__file__).parents[1] / "golden"
REFUSED = 3
"""Exit status of a process that was told a sentence."""
MANY = json.dumps([{"index": 0, "text": "x" * 100}] * 200)
NAMES = [
    *("silence.wav", "(interrupted)", "long talk.wav (interrupted)", "ironie.wav", "meeting.wav"),
    *("인사.wav", None, 'report "final".flac', "call-2.mp3", "客服 call-1.wav"),
]


def run_script(url: str, name: str) -> None:
    """Fill a place that is empty."""
    script = (GOLDEN / name).read_text(encoding="utf-8")
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
    else:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(script.encode())


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


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What another program reads there."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def contents(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All tables, and all that is in them, as one that is not ours would tell them."""
    engine, found = create_engine(url), MetaData()
    with engine.connect() as connection:
        found.reflect(connection)
        names = {name: [column.name for column in table.c] for name, table in found.tables.items()}
    engine.dispose()
    return {
        f"{name}({', '.join(columns)})": sorted(
            tuple(map(repr, row))
            for row in rows(url, f"SELECT * FROM {name}")  # noqa: S608 - names of ours
        )
        for name, columns in names.items()
        if not name.startswith("sqlite")
    }


@dataclass
class Known:
    """A recording of the old history, as the program that made it has heard it."""

    seed: int
    seconds: int
    warnings: tuple[RecordingWarning, ...] = ()
    name = "under another name.wav"

    @property
    def duration(self) -> float:
        return float(self.seconds)

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        numbers = np.arange(self.seconds * SAMPLE_RATE, dtype=np.int64)
        whole = ((numbers * (7919 + self.seed)) % 2001 - 1000).astype(np.float32)
        step = round(block_seconds * SAMPLE_RATE)
        for start in range(0, len(whole), step):
            yield whole[start : start + step] / np.float32(32768)


class Deaf:
    """Fails whoever does not ask the history."""

    def transcribe(self, *_: object) -> Iterator[Progress]:
        message = "nothing should be recognised again"
        raise AssertionError(message)


@pytest.fixture
def opened(old: str) -> Iterator[Store]:
    store = Store(old)
    yield store
    store.close()


def named(store: Store, name: str) -> Stored:
    (entry,) = [each for each in store.search(parse_query("")) if each.name == name]
    return store.open(entry.id)


# What is in it ------------------------------------------------------------------------------------


def test_every_transcript_is_as_it_was_measured_and_as_it_was_corrected(old: str) -> None:
    before = rows(old, "SELECT id, document, corrections, words FROM richspeech_transcripts")
    store = Store(old)
    for number, document, corrections, words in before:
        measured, corrected = (
            json.loads(each) if isinstance(each, str) else each for each in (document, corrections)
        )
        kept = store.open(number).document
        assert kept.measured == Transcript.from_dict(measured)
        assert kept.corrections == tuple(map(Correction.from_dict, corrected))
        assert all((each.by, each.made) == ("person", None) for each in kept.edits)
        assert fold(kept.transcript.text) == words
    store.close()


def test_labels_dates_and_revisions_stay(old: str) -> None:
    labels = "SELECT transcript, kind, value FROM richspeech_labels ORDER BY 1, 2, 3"
    facts = "SELECT id, created, duration, language, revision FROM richspeech_transcripts"
    before = rows(old, labels), sorted(rows(old, facts))
    Store(old).close()
    assert (rows(old, labels), sorted(rows(old, facts))) == before


def test_a_reopened_transcript_knows_its_engine_and_what_was_asked_for(opened: Store) -> None:
    meeting = named(opened, "meeting.wav").entry.request
    assert (meeting.engine, meeting.sentiment) == ("paraformer", True)
    assert (meeting.options.language, meeting.options.hotwords) == ("zh", ("魔搭",))
    assert named(opened, "silence.wav").entry.request == TranscriptionRequest(
        Options(allowed_languages=("zh", "yue", "en", "ja", "ko")),
        engine="sensevoice",
        sentiment=False,
    )
    older = named(opened, "인사.wav").entry.request  # from before there were hotwords
    assert older.options == Options(allowed_languages=("ko", "ja"))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("退款", ["call-2.mp3", "客服 call-1.wav"]),
        ("推宽", []),
        ("emotion:disgusted event:cry", ["客服 call-1.wav"]),
        ("再也不买", ["meeting.wav"]),
        ("감사", ["인사.wav"]),
        ("lang:ja", [None]),
        ("100%", ['report "final".flac']),
        ("never", []),
    ],
)
def test_an_old_history_is_searched_with_its_corrections(
    opened: Store, line: str, found: list[str | None]
) -> None:
    assert [entry.name for entry in opened.search(parse_query(line))] == found


@pytest.mark.parametrize(
    ("recording", "engine", "options", "text"),
    [
        (Known(1, 14), "sensevoice", Options(language="zh"), "你好，我要退款。"),
        (Known(5, 3), "sensevoice", Options(allowed_languages=("ko", "ja")), "안녕하세요"),
        (Known(6, 7), "paraformer", Options(language="zh", hotwords=("魔搭",)), "服务真好。"),
    ],
    ids=["corrected", "before hotwords", "with hotwords"],
)
def test_what_was_cached_before_is_cached_after(
    opened: Store, recording: Known, engine: str, options: Options, text: str
) -> None:
    transcriber = CachingTranscriber(Deaf(), EngineHistory(opened, f"identity of {engine}"))
    (*_, last) = transcriber.steps(recording, options)
    assert last.kept is not None
    assert last.kept.is_cached
    assert last.kept.document.transcript.text.startswith(text)


def test_an_interrupted_recording_still_answers_for_none(opened: Store) -> None:
    transcriber = CachingTranscriber(Deaf(), EngineHistory(opened, "identity of sensevoice"))
    with pytest.raises(AssertionError, match="recognised again"):
        list(transcriber.steps(Known(8, 12), Options()))


def test_what_was_deleted_before_gives_its_number_to_nobody(opened: Store) -> None:
    document = Document(Transcript(1.0, 0.1, "ear", "tiny"))
    entry = opened.keep(Fingerprint("b", "w"), "new.wav", TranscriptionRequest(), document)
    assert entry.id == 12


# The copy -----------------------------------------------------------------------------------------


def copies(url: str) -> list[Path]:
    return sorted(Path(url.removeprefix("sqlite:///")).parent.glob("*before*"))


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    path = tmp_path / "history.sqlite"
    run_script(f"sqlite:///{path}", "history-1.sqlite.sql")
    return path


def test_a_file_is_copied_first_for_the_same_eyes(
    old_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old_file.chmod(0o640)
    before = contents(f"sqlite:///{old_file}")
    for _ in range(2):
        Store(f"sqlite:///{old_file}").close()
    (copy,) = copies(f"sqlite:///{old_file}")
    assert re.fullmatch(rf"history\.before-{NEWEST:04}-\d{{8}}-\d{{6}}\.sqlite", copy.name)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert contents(f"sqlite:///{copy}") == before
    (said,) = caplog.messages
    assert f"it is kept as {copy}, until" in said


def test_what_was_only_in_the_log_of_the_file_is_in_the_copy(old_file: Path) -> None:
    with closing(sqlite3.connect(old_file)) as other:  # stays open, so the log stays
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("UPDATE richspeech_transcripts SET name = 'in the log.wav' WHERE id = 1")
        other.commit()
        assert old_file.with_name("history.sqlite-wal").stat().st_size
        Store(f"sqlite:///{old_file}").close()
        (copy,) = copies(f"sqlite:///{old_file}")
    found = rows(f"sqlite:///{copy}", "SELECT name FROM richspeech_transcripts WHERE id = 1")
    assert found == [("in the log.wav",)]


def test_the_tables_of_a_server_are_copied_in_the_same_transaction(server_url: str) -> None:
    empty_server(server_url)
    run_script(server_url, "history-1.postgresql.sql")
    before = contents(server_url)
    Store(server_url).close()
    copied = {name: rows for name, rows in contents(server_url).items() if "_before_" in name}
    named = {
        re.sub(rf"_before_{NEWEST:04}_\d{{8}}_\d{{6}}", "", name): rows
        for name, rows in copied.items()
    }
    assert named == before


def test_a_history_that_is_wiped_leaves_no_copy(old: str) -> None:
    store = Store(old)
    assert store.wipe() == 10
    store.close()
    assert not [name for name in contents(old) if "_before_" in name]
    assert copies(old) == []


# What can go wrong --------------------------------------------------------------------------------


@contextmanager
def room_for(url: str, pages: int) -> Iterator[None]:
    """A disk that is full when the file has so many pages more."""

    def limit(connection: Any, _: object) -> None:
        (now,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {now + pages}").close()

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


def test_a_full_disk_leaves_the_history_as_it_was(old_file: Path) -> None:
    url = f"sqlite:///{old_file}"
    with closing(sqlite3.connect(old_file)) as connection, connection:
        connection.execute("UPDATE richspeech_transcripts SET corrections = ?", (MANY,))
    before = contents(url)
    with room_for(url, 1), pytest.raises(StoreError, match="database or disk is full"):
        Store(url)
    assert contents(url) == before
    assert copies(url) == []
    Store(url).close()


def test_without_room_for_the_copy_nothing_is_begun(old_file: Path) -> None:
    url = f"sqlite:///{old_file}"
    before = contents(url)
    child = started(open_with_little_room, url, old_file.stat().st_size // 2)
    child.join()
    assert child.exitcode == REFUSED
    assert contents(url) == before
    assert sorted(path.name for path in old_file.parent.iterdir() if "before" in path.name) == []


def open_with_little_room(url: str, size: int) -> None:
    """No file of this process may grow beyond a size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        Store(url)
    except StoreError:
        os._exit(REFUSED)
    os._exit(0)


def test_a_server_that_refuses_a_change_keeps_everything(server_url: str) -> None:
    empty_server(server_url)
    run_script(server_url, "history-1.postgresql.sql")
    with psycopg.connect(server_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no space left on device'; END $$"
        )
        connection.execute(
            "CREATE TRIGGER refuse BEFORE UPDATE ON richspeech_transcripts "
            "FOR EACH ROW WHEN (OLD.id = 7) EXECUTE FUNCTION refuse()"
        )
    before = contents(server_url)
    with pytest.raises(StoreError, match="no space left on device"):
        Store(server_url)
    assert contents(server_url) == before


def open_and_die(url: str, at: int) -> None:
    """Kill this process as it is about to give a statement to the database."""
    numbers = count()

    def die(*_: object) -> None:
        if next(numbers) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", die)
    event.listen(Engine, "commit", die)
    Store(url)
    os._exit(0)


def test_a_killed_upgrade_leaves_a_history_that_is_upgraded_next_time(old: str) -> None:
    before, kills = contents(old), 0
    for at in count(step=7):
        child = started(open_and_die, old, at)
        child.join()
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        kills += 1
        assert contents(old) == before
    assert kills > 3
    store = Store(old)
    assert [entry.name for entry in store.search(parse_query(""))] == NAMES
    store.close()


def test_an_unfinished_copy_of_a_killed_process_is_deleted(old_file: Path) -> None:
    left = old_file.with_name(".history.before-0002-20261128-000000.sqlite.part")
    left.write_text("half of it")
    Store(f"sqlite:///{old_file}").close()
    assert not left.exists()


def open_together(url: str, together: Any) -> None:
    together.wait()
    with closing(Store(url)) as store:
        os._exit(store.count(parse_query("")))


def test_programs_that_open_it_at_once_upgrade_it_once(old: str) -> None:
    together = SERVER.Barrier(4)
    children = [started(open_together, old, together) for _ in range(4)]
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [len(NAMES)] * 4
    copied = [name for name in contents(old) if "_before_" in name]
    assert len(copied) + 3 * len(copies(old)) == 3  # three tables, or one file


def test_threads_upgrade_histories_of_their_own_at_once(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/{number}.sqlite" for number in range(6)]
    for url in urls:
        run_script(url, "history-1.sqlite.sql")

    def upgraded(url: str) -> int:
        with closing(Store(url)) as store:
            return store.count(parse_query("退款"))

    with ThreadPoolExecutor(len(urls)) as pool:
        assert [*pool.map(upgraded, urls)] == [2] * len(urls)


def test_a_damaged_history_is_neither_copied_nor_changed(old_file: Path) -> None:
    content = bytearray(old_file.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    old_file.write_bytes(content)
    with pytest.raises(UnreadableStoreError, match="damaged"):
        Store(f"sqlite:///{old_file}")
    assert old_file.read_bytes()[100:] == content[100:]  # behind the header
    assert copies(f"sqlite:///{old_file}") == []


def test_a_program_without_revisions_sees_that_it_is_too_old(old: str) -> None:
    Store(old).close()
    assert rows(old, "SELECT version FROM richspeech_schema") == [(NEWEST,)]


def test_opening_what_is_up_to_date_changes_nothing(old: str) -> None:
    Store(old).close()
    said: list[str] = []

    def listen(_: object, __: object, statement: str, *___: object) -> None:
        said.append(statement.split(maxsplit=1)[0])

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        Store(old).close()
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    assert said
    assert {*said} <= {"BEGIN", "SELECT", "PRAGMA", "show"}
