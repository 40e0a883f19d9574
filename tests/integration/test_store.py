"""The history, in SQLite and in PostgreSQL: kept, found, corrected, deleted, and never mixed up."""

import os
import re
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.errors import StoreError, UnreadableStoreError
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.edits import CorrectionEdit
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Token, Transcript
from richspeech.settings import HistorySettings
from richspeech.storage.query import fold, parse_query
from richspeech.storage.sqlite_file import put_aside
from richspeech.storage.transcripts import Aged, Entry, Fingerprint, Store, open_store
from tests.integration.database import NEWEST

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NUMBERS = count()
"""Number of the newest revision."""
YUE = TranscriptionRequest(Options(language="yue"), engine="sensevoice", sentiment=False)

Opener = Callable[..., Store]


def heard(
    text: str,
    emotion: Emotion = Emotion.NEUTRAL,
    *events: AudioEvent,
    language: str | None = "zh",
) -> Segment:
    tokens = (Token(text[:1], 0.5, 0.62, 0.9), Token(text[1:], None, None, None))
    return Segment(
        0.5, 1.5, text, language, 0.9, emotion, {"angry": 0.7, "sad": 0.3}, events, {}, tokens, text
    )


def transcript(*segments: Segment, duration: float = 2.0) -> Transcript:
    return Transcript(duration, 0.1, "sensevoice", "models/sensevoice-tiny", segments)


def fingerprint() -> Fingerprint:
    number = next(NUMBERS)
    return Fingerprint(f"beginning {number}", f"whole {number}")


def keep(store: Store, *segments: Segment, name: str | None = "a.wav") -> Entry:
    return store.keep(fingerprint(), name, YUE, Document(transcript(*segments)))


class Clock:
    """Shows what a test sets."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(empty: str, clock: Clock) -> Iterator[Opener]:
    """Opens the history any number of times."""
    stores: list[Store] = []

    def open_once_more(keep_days: int | None = None) -> Store:
        stores.append(Store(empty, keep_days=keep_days, now=clock))
        return stores[-1]

    yield open_once_more
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Opener) -> Store:
    return opened()


def names(store: Store, line: str, where: timezone = UTC) -> list[str | None]:
    query = parse_query(line)
    found = [entry.name for entry in store.search(query, timezone=where)]
    assert store.count(query, timezone=where) == len(found)
    return found


# Keeping ------------------------------------------------------------------------------------------


def test_what_was_kept_comes_back_whole(store: Store, opened: Opener) -> None:
    kept = transcript(heard("我要退款！", Emotion.ANGRY, AudioEvent.BGM), heard("再见。"))
    key = fingerprint()
    entry = store.keep(key, "客服 7.mp3", YUE, Document(kept))
    again = opened().open(entry.id)
    assert again.document == Document(kept)
    assert again.entry == entry
    assert opened().find(key.whole) == again
    assert opened().find(key.beginning) is None


def test_an_entry_says_what_it_is(store: Store) -> None:
    entry = keep(store, heard("我要退款！"), heard("x" * 300, language="en"), name="a.mp3")
    assert (entry.name, entry.created, entry.duration) == ("a.mp3", NOON, 2.0)
    assert (entry.engine, entry.model) == ("sensevoice", "models/sensevoice-tiny")
    assert entry.language == "zh"
    assert entry.request == YUE
    assert entry.options.allowed_languages is None
    assert entry.preview.startswith("我要退款！")
    assert len(entry.preview) == 200


def test_the_same_is_kept_once_and_under_its_first_name(store: Store) -> None:
    key = fingerprint()
    first = store.keep(key, "a.wav", TranscriptionRequest(), Document(transcript(heard("一"))))
    second = store.keep(key, "b.wav", TranscriptionRequest(), Document(transcript(heard("二"))))
    assert second == first
    assert names(store, "") == ["a.wav"]


def test_a_known_beginning_is_recognised(store: Store) -> None:
    key = fingerprint()
    assert store.find_beginning(key.beginning) is None
    entry = store.keep(key, None, TranscriptionRequest(), Document(transcript()))
    assert store.find_beginning(key.beginning) == entry
    assert store.find_beginning(key.whole) is None


def test_a_recording_without_name_words_or_language_is_kept_too(store: Store) -> None:
    entry = keep(store, heard("", Emotion.UNKNOWN, AudioEvent.BGM, language=None), name=None)
    assert (entry.name, entry.language, entry.preview) == (None, None, "")
    assert store.search(parse_query("event:bgm emotion:unknown")) == (entry,)


def test_a_name_that_no_database_can_hold_is_kept_without_its_odd_letters(store: Store) -> None:
    assert keep(store, name="a\0b\udcff.wav").name == "ab.wav"


# Search -------------------------------------------------------------------------------------------


@pytest.fixture
def calls(store: Store, clock: Clock) -> Store:
    keep(store, heard("我要退款！", Emotion.ANGRY), heard("嗯。", Emotion.SAD), name="call-1.wav")
    clock.time += timedelta(days=1)
    keep(
        store,
        heard("唔該退款", Emotion.NEUTRAL, AudioEvent.LAUGHTER, language="yue"),
        name="CALL-2.mp3",
    )
    clock.time += timedelta(days=1)
    keep(store, heard("100% refund, don't ＷＡＩＴ", language="en"), name="客服.wav")
    keep(store, heard("もう一度", Emotion.HAPPY, language="ja"), heard("again", language="en"))
    return store


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", ["a.wav", "客服.wav", "CALL-2.mp3", "call-1.wav"]),
        ("退款", ["CALL-2.mp3", "call-1.wav"]),
        ("退", ["CALL-2.mp3", "call-1.wav"]),
        ("款退", []),
        ("度", ["a.wav"]),
        ("退款 嗯", ["call-1.wav"]),
        ("退款 emotion:sad", ["call-1.wav"]),
        ("emotion:愤怒", ["call-1.wav"]),
        ("emotion:angry emotion:sad", ["call-1.wav"]),
        ("event:laughter", ["CALL-2.mp3"]),
        ("lang:yue", ["CALL-2.mp3"]),
        ("lang:en", ["a.wav", "客服.wav"]),
        ("lang:ja lang:en", ["a.wav"]),
        ("lang:ko", []),
        ("REFUND", ["客服.wav"]),
        ("wait", ["客服.wav"]),
        ('"refund, don\'t"', ["客服.wav"]),
        ("100%", ["客服.wav"]),
        ("1%d", []),
        ("r_fund", []),
        ("/", []),
        ("name:call", ["CALL-2.mp3", "call-1.wav"]),
        ("name:客", ["客服.wav"]),
        ("after:2026-11-21", ["a.wav", "客服.wav", "CALL-2.mp3"]),
        ("before:2026-11-21", ["call-1.wav"]),
        ("after:2026-11-21 before:2026-11-22", ["CALL-2.mp3"]),
        ("退款 after:2026-11-22", []),
    ],
)
def test_every_term_of_a_search_must_hold(calls: Store, line: str, found: list[str]) -> None:
    assert names(calls, line) == found


def test_a_day_begins_at_midnight_where_the_searcher_is(calls: Store) -> None:
    half_a_day_ahead = timezone(timedelta(hours=12))  # noon of UTC is the next day there
    assert names(calls, "before:2026-11-21", half_a_day_ahead) == []
    before = names(calls, "before:2026-11-22", half_a_day_ahead)
    assert before == ["call-1.wav"]


def test_a_long_list_is_read_page_by_page(calls: Store) -> None:
    everything = parse_query("")
    pages = [calls.search(everything, limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [len(page) for page in pages] == [2, 2, 0]
    assert pages[0] + pages[1] == calls.search(everything)


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('one')}/history.sqlite")
    yield store
    store.close()


@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(st.characters(codec="utf-8"), max_size=40), data=st.data())
def test_any_part_of_a_text_is_found(one_store: Store, text: str, data: st.DataObject) -> None:
    one_store.wipe()
    keep(one_store, heard(text, language="zh"))
    folded = fold(one_store.search(parse_query(""))[0].preview).replace('"', " ")
    pieces = [piece for piece in folded.split() if not piece.isspace()]
    word = data.draw(st.sampled_from(pieces)) if pieces else ""
    first = data.draw(st.integers(0, max(len(word) - 1, 0)))
    part = word[first:].translate({ord("“"): None, ord("”"): None})
    if ":" not in part and part in word:
        assert names(one_store, part) == ["a.wav"]


# Corrections --------------------------------------------------------------------------------------


def corrected(store: Store, entry: Entry, **values: object) -> Document:
    """Its document with one correction more."""
    correction = Correction.from_dict({"index": 0, **values})
    edit = CorrectionEdit(correction=correction, made=NOON)
    return store.open(entry.id).document.with_edit(edit)


MENDED = {"text": "我要退款", "emotion": "angry", "events": ["cry"], "language": "yue"}


def test_edits_are_kept_beside_what_was_measured(store: Store, opened: Opener) -> None:
    entry = keep(store, heard("我要推宽", Emotion.NEUTRAL))
    document = corrected(store, entry, **MENDED)
    changed = store.edit(entry, document)
    again = opened().open(entry.id)
    assert again.entry == changed
    assert (changed.revision, changed.preview, changed.language) == (1, "我要退款", "yue")
    assert again.document == document
    assert again.document.measured == transcript(heard("我要推宽", Emotion.NEUTRAL))


def test_the_search_knows_what_was_edited(store: Store) -> None:
    entry = keep(store, heard("我要推宽", Emotion.NEUTRAL))
    store.edit(entry, corrected(store, entry, **MENDED))
    assert names(store, "退款 emotion:angry event:cry lang:yue") == ["a.wav"]
    for before in ("推宽", "emotion:neutral", "lang:zh"):
        assert names(store, before) == []


def test_of_two_who_edit_at_once_the_second_is_told(store: Store) -> None:
    entry = keep(store, heard("一"))
    first = corrected(store, entry, text="二")
    newer = store.edit(entry, first)
    with pytest.raises(StoreError, match="Somebody else has changed this transcript"):
        store.edit(entry, corrected(store, entry, text="三"))
    assert store.open(entry.id).document == first
    assert store.edit(newer, first.without_last_correction()).revision == 2
    assert names(store, "一") == ["a.wav"]


# Deleting -----------------------------------------------------------------------------------------


def labels(store: Store) -> int:
    with store._database.session() as session:
        found = session.connection().exec_driver_sql("SELECT count(*) FROM richspeech_labels")
        return int(found.scalar_one())


def test_an_engine_that_hears_no_emotion_leaves_none_to_be_found(store: Store) -> None:
    unheard = replace(heard("一", Emotion.UNKNOWN), emotion_probabilities={})
    keep(store, unheard)
    asked = keep(store, heard("二", Emotion.UNKNOWN))
    assert store.search(parse_query("emotion:unknown")) == (asked,)


def test_what_is_deleted_is_gone_with_its_labels_and_its_number(store: Store) -> None:
    first, second = keep(store, heard("一", Emotion.SAD)), keep(store, heard("二", Emotion.SAD))
    assert labels(store) == 4
    store.delete(second.id)
    store.delete(second.id)
    assert labels(store) == 2
    assert store.search(parse_query("emotion:sad")) == (first,)
    with pytest.raises(StoreError, match=f"transcript {second.id} is not in the history"):
        store.open(second.id)
    with pytest.raises(StoreError, match="corrected or deleted elsewhere"):
        store.edit(second, Document(transcript()))
    assert keep(store, heard("三")).id not in (first.id, second.id)


def test_a_wiped_history_is_empty_and_usable(store: Store) -> None:
    key = fingerprint()
    store.keep(key, "a.wav", TranscriptionRequest(), Document(transcript(heard("一"))))
    keep(store, heard("二"))
    assert store.wipe() == 2
    assert store.wipe() == 0
    assert (names(store, ""), store.find(key.whole)) == ([], None)
    store.keep(key, "b.wav", TranscriptionRequest(), Document(transcript(heard("一"))))
    assert names(store, "") == ["b.wav"]


def test_what_is_older_than_allowed_is_deleted(opened: Opener, clock: Clock) -> None:
    store = opened(keep_days=30)
    keep(store, name="old.wav")
    clock.time += timedelta(days=20)
    keep(store, name="middle.wav")
    clock.time += timedelta(days=11)
    keep(store, name="new.wav")
    assert names(store, "") == ["new.wav", "middle.wav"]
    clock.time += timedelta(days=9_999)
    assert names(opened(), "") == ["new.wav", "middle.wav"]


def test_a_clock_that_jumps_ahead_deletes_nothing(
    opened: Opener, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    store = opened(keep_days=30)
    for number in range(4):
        keep(store, name=f"{number}.wav")
    clock.time += timedelta(days=3_650)
    assert opened(keep_days=30).count(parse_query("")) == 4
    assert caplog.messages == []
    keep(store, name="late.wav")
    assert store.count(parse_query("")) == 5
    (said,) = caplog.messages
    assert said.startswith("4 of 5 transcripts in the history are older than history.keep_days")
    assert "python -m richspeech history prune" in said


def test_one_entry_is_no_less_safe_from_a_clock(opened: Opener, clock: Clock) -> None:
    store = opened(keep_days=30)
    keep(store, name="only.wav")
    clock.time += timedelta(days=3_650)
    keep(store, name="late.wav")
    assert names(store, "") == ["late.wav", "only.wav"]


def test_what_a_wrong_clock_has_dated_ahead_makes_nothing_old(opened: Opener, clock: Clock) -> None:
    store = opened(keep_days=30)
    clock.time += timedelta(days=3_650)
    keep(store, name="ahead.wav")
    clock.time -= timedelta(days=3_650)
    for number in range(3):
        keep(store, name=f"{number}.wav")
    assert store.aged(30) == Aged(old=0, total=4, newest=clock.time)


def test_whoever_asks_for_it_deletes_all_that_is_old(opened: Opener, clock: Clock) -> None:
    store = opened()
    for name in ("a.wav", "b.wav", "c.wav"):
        keep(store, name=name)
    clock.time += timedelta(days=31)
    keep(store, name="new.wav")
    assert store.aged(30) == Aged(old=3, total=4, newest=clock.time)
    assert store.aged(31).old == 0
    assert store.prune(30) == 3
    assert names(store, "") == ["new.wav"]


def test_nothing_of_what_was_wiped_is_left_on_the_disk(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/history.sqlite")
    keep(store, heard("the secret of customer 4711"))
    written = [path.read_bytes() for path in tmp_path.iterdir()]
    assert any(b"customer 4711" in content for content in written)
    store.wipe()
    left = [path.read_bytes() for path in tmp_path.iterdir()]
    assert not any(b"customer 4711" in content for content in left)
    store.close()


# Threads and programs -----------------------------------------------------------------------------


def test_many_may_open_a_new_history_at_once(opened: Opener) -> None:
    together = threading.Barrier(8)

    def begin(_: int) -> Entry:
        together.wait()
        return keep(opened(), heard("一"))

    with ThreadPoolExecutor(8) as pool:
        entries = [*pool.map(begin, range(8))]
    assert len({entry.id for entry in entries}) == 8


def test_many_threads_may_keep_search_and_delete(store: Store) -> None:
    def work(number: int) -> None:
        entry = keep(store, heard("一"), name=f"{number}.wav")
        assert entry in store.search(parse_query(f"一 name:{number}.wav"))
        if number % 2:
            store.delete(entry.id)

    with ThreadPoolExecutor(8) as pool:
        [*pool.map(work, range(40))]
    kept = {f"{number}.wav" for number in range(0, 40, 2)}
    assert set(names(store, "")) == kept


def test_of_two_who_keep_the_same_at_once_both_get_one_entry(store: Store) -> None:
    key, together = fingerprint(), threading.Barrier(4)

    def work(_: int) -> Entry:
        together.wait()
        return store.keep(key, "a.wav", TranscriptionRequest(), Document(transcript(heard("一"))))

    with ThreadPoolExecutor(4) as pool:
        assert len({entry.id for entry in pool.map(work, range(4))}) == 1


# Opening ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "age"), [(99, "newer"), (0, "older")])
def test_a_history_of_another_version_is_refused(tmp_path: Path, version: int, age: str) -> None:
    path = tmp_path / "history.sqlite"
    Store(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE richspeech_schema SET version = ?", (version,))
    connection.close()
    with pytest.raises(StoreError) as caught:
        Store(f"sqlite:///{path}")
    assert str(caught.value) == (
        f"The history at sqlite:///{path} was made by a {age} version of this program "
        f"(schema {version}, not {NEWEST}): use that version, another place in history.url, "
        "or --history-aside to put it aside."
    )


@pytest.mark.parametrize(
    "url",
    [
        "no url",
        "nosql://here",
        "mysql://somewhere/name",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////proc/history/here.sqlite",
        "postgresql://tester:hunter2@127.0.0.1:1/name?connect_timeout=1",
    ],
)
def test_a_place_that_cannot_be_used_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store(url)
    message = str(caught.value)
    assert message.startswith(("The history cannot be used (", "The history needs a file"))
    assert message.endswith(("history.url in the settings.", "history.url."))
    assert "\n" not in message
    assert "hunter2" not in message


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("this is no database " * 100)
    with pytest.raises(StoreError, match=r"is damaged \(file is not a database\)"):
        Store(f"sqlite:///{path}")
    assert path.read_text().startswith("this is no database")


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path}/folder/history.sqlite").close()
    folder = tmp_path / "folder"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "history.sqlite").stat().st_mode) & 0o077 == 0


def test_a_history_that_is_switched_off_is_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.sqlite"
    assert open_store(HistorySettings(enabled=False, url=url)) is None
    assert not (tmp_path / "history.sqlite").exists()
    store = open_store(HistorySettings(url=url))
    assert store is not None
    kept = keep(store, heard("一"))
    assert store.search(parse_query("一")) == (kept,)
    store.close()


# A file that does not stay ------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "history.sqlite"


@pytest.fixture
def running(file: Path) -> Iterator[Store]:
    """A store with one entry, whose file is about to have bad luck."""
    store = Store(f"sqlite:///{file}")
    keep(store, heard("一"), name="before.wav")
    yield store
    store.close()


def in_file(path: Path) -> list[str]:
    """The names that another program finds in a file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        found = connection.execute("SELECT name FROM richspeech_transcripts ORDER BY id")
        return [name for (name,) in found]


@pytest.mark.parametrize("also", [("",), ("", "-wal", "-shm")])
def test_a_file_that_is_deleted_is_made_anew_with_the_next_entry(
    running: Store, file: Path, also: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    for ending in also:
        file.with_name(file.name + ending).unlink()
    keep(running, heard("二"), name="after.wav")
    assert in_file(file) == ["after.wav"]
    (said,) = caplog.messages
    assert said.startswith(f"The history at {file} was removed while it was open: it goes on with")
    keep(running, heard("三"), name="later.wav")
    running.close()
    assert in_file(file) == ["after.wav", "later.wav"]
    assert len(caplog.messages) == 1


def test_a_folder_that_is_deleted_is_made_anew_as_well(running: Store, file: Path) -> None:
    shutil.rmtree(file.parent)
    keep(running, heard("二"), name="after.wav")
    assert in_file(file) == ["after.wav"]


def test_another_history_in_the_place_of_the_file_is_gone_on_with(
    running: Store, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Store(f"sqlite:///{tmp_path}/backup.sqlite")
    for number in range(50):  # so that pages of the old log would not fit
        keep(other, heard("旧" * 100), name=f"{number}.wav")
    other.close()
    old = file.rename(tmp_path / "old.sqlite")
    (tmp_path / "backup.sqlite").rename(file)
    keep(running, heard("二"), name="after.wav")
    running.close()
    assert in_file(file) == [*(f"{number}.wav" for number in range(50)), "after.wav"]
    assert in_file(old) == ["before.wav"]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert "was replaced while it was open: it goes on with the file that is there now" in (
        caplog.text
    )


def test_a_file_of_something_else_in_its_place_is_refused_until_it_is_gone(
    running: Store, file: Path
) -> None:
    file.rename(file.with_name("old.sqlite"))
    file.write_text("this is no database " * 500)
    for _ in range(2):
        with pytest.raises(UnreadableStoreError, match="damaged"):
            keep(running, heard("二"))
    assert file.read_text().startswith("this is no database")
    file.unlink()
    keep(running, heard("二"), name="after.wav")
    assert in_file(file) == ["after.wav"]


def test_a_correction_finds_no_other_entry_of_the_same_number(running: Store, file: Path) -> None:
    (entry,) = running.search(parse_query(""))
    file.unlink()
    other = keep(running, heard("别的"), name="other.wav")
    assert other.id == entry.id
    with pytest.raises(StoreError, match="corrected or deleted elsewhere"):
        running.edit(entry, Document(transcript(heard("二"))))
    assert running.open(other.id).document.edits == ()


def test_many_threads_notice_it_once(
    running: Store, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.unlink()
    with ThreadPoolExecutor(8) as pool:
        [*pool.map(lambda n: keep(running, heard("一"), name=f"{n}"), range(24))]
    assert sorted(map(int, in_file(file))) == [*range(24)]
    assert len(caplog.messages) == 1


def test_a_full_disk_is_a_sentence_and_the_history_stays_whole(running: Store, file: Path) -> None:
    with running._database.session() as session:
        connection = session.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match=r"cannot be used \(database or disk is full\)"):
        keep(running, heard("长" * 100_000))
    assert in_file(file) == ["before.wav"]


# Put aside ----------------------------------------------------------------------------------------


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all " * 1_000)


def truncated(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    for _ in range(20):
        keep(store, heard("一" * 2_000))
    store.close()
    os.truncate(path, path.stat().st_size // 2)


def damaged_inside(path: Path) -> None:
    """What only a look at every page can find."""
    store = Store(f"sqlite:///{path}")
    for _ in range(20):
        keep(store, heard("一" * 2_000))
    store.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)


def of_another_version(path: Path) -> None:
    Store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE richspeech_schema SET version = 99")


@pytest.mark.parametrize("spoil", [garbage, truncated, damaged_inside, of_another_version])
def test_a_history_that_cannot_be_read_can_be_put_aside(
    tmp_path: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    path, folder = tmp_path / "history.sqlite", tmp_path
    spoil(path)
    (folder / "history.sqlite-wal").write_bytes(b"its log")
    before = path.read_bytes()
    settings = HistorySettings(url=f"sqlite:///{path}")
    if spoil is not damaged_inside:
        with pytest.raises(UnreadableStoreError, match="--history-aside"):
            open_store(settings)
    (folder / "history.sqlite-wal").write_bytes(b"its log")
    caplog.clear()
    store = open_store(settings, aside=True)
    assert store is not None
    keep(store, heard("一"), name="after.wav")
    store.close()
    assert in_file(path) == ["after.wav"]
    (aside,) = folder.glob("history.aside-*.sqlite")
    assert re.fullmatch(r"history\.aside-\d{8}-\d{6}\.sqlite", aside.name)
    assert aside.read_bytes() == before
    assert f"The history at {path} was put aside as {aside}." in caplog.messages


def test_the_log_of_a_history_goes_aside_with_it(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).write_text(f"this is {ending}")
    aside = put_aside(path)
    assert [aside.with_name(aside.name + each).read_text() for each in ("", "-wal", "-shm")] == [
        "this is ",
        "this is -wal",
        "this is -shm",
    ]
    path.write_text("another")
    assert put_aside(path) != aside
    assert aside.read_text() == "this is "


def test_a_good_history_is_never_put_aside(running: Store, file: Path) -> None:
    store = open_store(HistorySettings(url=f"sqlite:///{file}"), aside=True)
    assert store is not None
    assert names(store, "") == ["before.wav"]
    store.close()
    assert [*file.parent.glob("*aside*")] == []


def test_a_history_that_is_only_locked_is_not_put_aside(
    running: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("richspeech.storage.database.LONGEST_WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            open_store(HistorySettings(url=f"sqlite:///{file}"), aside=True)
    assert [*file.parent.glob("*aside*")] == []


def test_a_transcript_that_cannot_be_read_has_no_risk_and_holds_no_other_up(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    with closing(Store(f"sqlite:///{file}")) as store:
        old, new = (keep(store, heard("好。")) for _ in "ab")
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("DELETE FROM richspeech_risks")
            connection.execute(
                "UPDATE richspeech_transcripts SET measured = '{}' WHERE id = ?", [new.id]
            )
        assert store.rate(60) == 0
        levels = {number: risk.level for number, risk in store.risks([old.id, new.id]).items()}
        assert levels == {old.id: "low", new.id: "unknown"}
