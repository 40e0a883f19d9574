"""The history, in SQLite and in PostgreSQL: kept, found, corrected, deleted, and never mixed up."""

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.errors import StoreError
from richspeech.history.query import fold, parse_query
from richspeech.history.store import Entry, Fingerprint, Store, open_store
from richspeech.options import Options
from richspeech.settings import HistorySettings
from richspeech.transcript import LANGUAGES, Segment, Token, Transcript
from tests.integration.database import postgresql, server

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NUMBERS = count()

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
    return store.keep(fingerprint(), name, Options(language="yue"), transcript(*segments))


class Clock:
    """Shows what a test sets."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    programs = postgresql()
    if programs is None:
        assert not os.environ.get("CI"), "CI installs postgresql"
        pytest.skip("PostgreSQL is not installed")
    with server(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.sqlite"
    url: str = request.getfixturevalue("server_url")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url


@pytest.fixture
def opened(url: str, clock: Clock) -> Iterator[Opener]:
    """Opens the history any number of times."""
    stores: list[Store] = []

    def open_once_more(keep_days: int | None = None) -> Store:
        stores.append(Store(url, keep_days=keep_days, now=clock))
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
    entry = store.keep(key, "客服 7.mp3", Options(language="yue"), kept)
    again = opened().open(entry.id)
    assert again.transcript == kept
    assert again.entry == entry
    assert again.corrections == ()
    assert opened().find(key.whole) == again
    assert opened().find(key.beginning) is None


def test_an_entry_says_what_it_is(store: Store) -> None:
    entry = keep(store, heard("我要退款！"), heard("x" * 300, language="en"), name="a.mp3")
    assert (entry.name, entry.created, entry.duration) == ("a.mp3", NOON, 2.0)
    assert (entry.engine, entry.model) == ("sensevoice", "models/sensevoice-tiny")
    assert entry.language == "zh"
    assert entry.options["language"] == "yue"
    assert entry.options["allowed_languages"] == [*LANGUAGES]
    assert entry.preview.startswith("我要退款！")
    assert len(entry.preview) == 200


def test_the_same_is_kept_once_and_under_its_first_name(store: Store) -> None:
    key = fingerprint()
    first = store.keep(key, "a.wav", Options(), transcript(heard("一")))
    second = store.keep(key, "b.wav", Options(), transcript(heard("二")))
    assert second == first
    assert names(store, "") == ["a.wav"]


def test_a_known_beginning_is_recognised(store: Store) -> None:
    key = fingerprint()
    assert store.find_beginning(key.beginning) is None
    entry = store.keep(key, None, Options(), transcript())
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
        ("emotion:生气", ["call-1.wav"]),
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


def test_corrections_are_kept_beside_what_was_recognised(store: Store, opened: Opener) -> None:
    entry = keep(store, heard("我要推宽", Emotion.NEUTRAL))
    edits = [{"segment": 0, "field": "text", "value": "我要退款"}]
    corrected = transcript(heard("我要退款", Emotion.ANGRY, AudioEvent.CRY, language="yue"))
    changed = store.correct(entry, edits, corrected)
    again = opened().open(entry.id)
    assert again.entry == changed
    assert (changed.revision, changed.preview, changed.language) == (1, "我要退款", "yue")
    assert [*again.corrections] == edits
    assert again.transcript == transcript(heard("我要推宽", Emotion.NEUTRAL))


def test_the_search_knows_what_was_corrected(store: Store) -> None:
    entry = keep(store, heard("我要推宽", Emotion.NEUTRAL))
    corrected = transcript(heard("我要退款", Emotion.ANGRY, AudioEvent.CRY, language="yue"))
    store.correct(entry, ["any JSON"], corrected)
    assert names(store, "退款 emotion:angry event:cry lang:yue") == ["a.wav"]
    for before in ("推宽", "emotion:neutral", "lang:zh"):
        assert names(store, before) == []


def test_of_two_who_correct_at_once_the_second_is_told(store: Store) -> None:
    entry = keep(store, heard("一"))
    newer = store.correct(entry, ["first"], transcript(heard("二")))
    with pytest.raises(StoreError, match="was corrected or deleted elsewhere; open it again"):
        store.correct(entry, ["second"], transcript(heard("三")))
    assert [*store.open(entry.id).corrections] == ["first"]
    assert store.correct(newer, [], transcript(heard("一"))).revision == 2


# Deleting -----------------------------------------------------------------------------------------


def labels(store: Store) -> int:
    with store._engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM richspeech_labels")
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
    with pytest.raises(StoreError, match=f"transcript {second.id} is no longer in the history"):
        store.open(second.id)
    with pytest.raises(StoreError, match="corrected or deleted elsewhere"):
        store.correct(second, [], transcript())
    assert keep(store, heard("三")).id not in (first.id, second.id)


def test_a_wiped_history_is_empty_and_usable(store: Store) -> None:
    key = fingerprint()
    store.keep(key, "a.wav", Options(), transcript(heard("一")))
    keep(store, heard("二"))
    assert store.wipe() == 2
    assert store.wipe() == 0
    assert (names(store, ""), store.find(key.whole)) == ([], None)
    store.keep(key, "b.wav", Options(), transcript(heard("一")))
    assert names(store, "") == ["b.wav"]


def test_what_is_older_than_allowed_is_deleted(opened: Opener, clock: Clock) -> None:
    store = opened(keep_days=30)
    keep(store, name="old.wav")
    clock.time += timedelta(days=20)
    keep(store, name="middle.wav")
    clock.time += timedelta(days=11)
    keep(store, name="new.wav")
    assert names(store, "") == ["new.wav", "middle.wav"]
    clock.time += timedelta(days=20)
    assert names(opened(keep_days=30), "") == ["new.wav"]
    clock.time += timedelta(days=9_999)
    assert names(opened(), "") == ["new.wav"]


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
        return store.keep(key, "a.wav", Options(), transcript(heard("一")))

    with ThreadPoolExecutor(4) as pool:
        assert len({entry.id for entry in pool.map(work, range(4))}) == 1


# Opening ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "age"), [(2, "newer"), (0, "older")])
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
        f"(schema {version}, not 1): use that version, or another place in history.url."
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
    with pytest.raises(StoreError, match=r"The history cannot be used \(file is not a database\)"):
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
