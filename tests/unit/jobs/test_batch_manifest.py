"""The manifest and the files beside it: whatever breaks off, what is written there is whole."""

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from postprocess import Emotion
from richspeech.audio.container import AudioLimits
from richspeech.errors import ModelError, OptionError
from richspeech.jobs.batch.manifest import FILE_NAME, Record, open_manifest, read_records
from richspeech.jobs.batch.results import Results
from richspeech.jobs.batch.sources import Item
from richspeech.model.options import Options
from richspeech.model.transcript import Segment, Transcript
from richspeech.writers import WriterOptions
from tests.disk import disk_is_full, room_for
from tests.two_tracks import SECOND, pitches_of, sound_in, two_tracks

RECORDS = st.builds(
    Record,
    name=st.text(),
    version=st.text(),
    state=st.sampled_from(["done", "failed"]),
    finished=st.text(),
    duration=st.none() | st.floats(0, 1e6),
    error=st.none() | st.text(),
)
LIMITS = AudioLimits(10**8, 600.0)
EXAMPLE = Path(__file__).parents[3] / "examples" / "en-cough.wav"
HEARD = Transcript(
    2.0,
    0.1,
    "ear",
    "tiny",
    (Segment(0.5, 1.5, "你好", "zh", 0.9, Emotion.HAPPY, {}, (), {}, (), "你好"),),
)


def record(name: str = "a.wav", version: str = "1") -> Record:
    return Record(name, version, "done", "2026-11-20T12:00:00+00:00", 2.0, 0.1)


def lines(*records: Record) -> bytes:
    return b"".join(each.to_line() for each in records)


# A full disk -------------------------------------------------------------------------------------


def test_a_full_disk_is_a_sentence_and_tears_no_line(tmp_path: Path) -> None:
    first, second, third = (record(name) for name in ("a.wav", "b.wav", "c.wav"))
    with open_manifest(tmp_path) as manifest:
        manifest.append(first)
        with room_for(len(lines(first, second)) - 10):
            for _ in range(2):
                with pytest.raises(OptionError, match=r"\(File too large\): make room on the disk"):
                    manifest.append(second)
        assert (tmp_path / FILE_NAME).read_bytes() == lines(first)
        manifest.append(third)
    assert (tmp_path / FILE_NAME).read_bytes() == lines(first, third)


# Reading ------------------------------------------------------------------------------------------


@given(st.lists(RECORDS))
def test_what_is_written_is_read_back_and_the_last_line_counts(records: list[Record]) -> None:
    assert read_records(lines(*records)) == {each.name: each for each in records}


@given(st.lists(RECORDS, min_size=1), st.data())
def test_a_torn_line_costs_itself_alone(records: list[Record], data: st.DataObject) -> None:
    whole, last = lines(*records[:-1]), records[-1].to_line()
    torn = last[: data.draw(st.integers(0, len(last) - 2))]
    assert read_records(whole + torn) == {each.name: each for each in records[:-1]}


@given(
    st.lists(
        RECORDS.map(Record.to_line)
        | st.binary()
        | st.sampled_from([b"\n", b"{}\n", b"[1]\n", b'{"name": 1}\n', b"null\n", b"\xff\n"])
    )
)
def test_anything_is_a_manifest_with_fewer_records(pieces: list[bytes]) -> None:
    for name, each in read_records(b"".join(pieces)).items():
        assert each.name == name
        assert each.state in ("done", "failed")


def test_unreadable_lines_are_counted_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert list(read_records(b"x\n\n" + record().to_line() + b'{"name": "b"}\n')) == ["a.wav"]
    assert caplog.messages == ["manifest.jsonl: 2 lines cannot be read and are left out"]


# Writing ------------------------------------------------------------------------------------------


def test_a_manifest_grows_from_run_to_run(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    with open_manifest(folder) as manifest:
        assert manifest.records == {}
        manifest.append(record("a.wav"))
        line = json.loads((folder / FILE_NAME).read_text())
        assert (line["name"], line["state"], line["duration"]) == ("a.wav", "done", 2.0)
    with open_manifest(folder) as manifest:
        manifest.append(record("客服.wav"))
    with open_manifest(folder) as manifest:
        assert [*manifest.records] == ["a.wav", "客服.wav"]


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(torn=st.binary().filter(lambda line: b"\n" not in line))
def test_a_new_line_never_joins_a_torn_one(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(lines(record("a.wav")) + torn)
    with open_manifest(tmp_path) as manifest:
        manifest.append(record("b.wav"))
    assert (tmp_path / FILE_NAME).read_bytes() == lines(record("a.wav"), record("b.wav"))


def test_each_line_is_on_the_disk_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append((tmp_path / FILE_NAME).read_bytes()))
    with open_manifest(tmp_path) as manifest:
        manifest.append(record("a.wav"))
        manifest.append(record("b.wav"))
    assert synced == [lines(record("a.wav")), lines(record("a.wav"), record("b.wav"))]


def test_lines_of_several_threads_do_not_mix(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def write(thread: int) -> None:
        together.wait()
        for number in range(20):
            manifest.append(record(f"{thread}-{number}", "x" * 2_000))

    with open_manifest(tmp_path) as manifest, ThreadPoolExecutor(8) as pool:
        [*pool.map(write, range(8))]
    assert len(read_records((tmp_path / FILE_NAME).read_bytes())) == 160


def test_where_nothing_could_begin_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("not of a batch")
    for folder in (tmp_path / "new", tmp_path / "mine"):
        with pytest.raises(ModelError), open_manifest(folder):
            raise ModelError("hub.none_small")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["letter.txt", "mine"]


def test_two_batches_do_not_write_to_one_folder(tmp_path: Path) -> None:
    expected = f"Another batch writes to {tmp_path.name} already"
    with (
        open_manifest(tmp_path),
        pytest.raises(OptionError, match=expected),
        open_manifest(tmp_path),
    ):
        pass
    with open_manifest(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OptionError, match=r"The folder x cannot be written \(Not a directory\)"),
        open_manifest(tmp_path / "file" / "x"),
    ):
        pass


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", disk_is_full)
    with (
        open_manifest(tmp_path) as manifest,
        pytest.raises(OptionError, match=r"cannot be written \(No space left on device\)"),
    ):
        manifest.append(record())


# Results ------------------------------------------------------------------------------------------


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path, ["srt", "txt"], WriterOptions(), LIMITS, Options())


def item(name: str) -> Item:
    return Item(name, 1, "1", name, lambda: nullcontext(EXAMPLE))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_results_lie_under_the_whole_name_of_the_recording(
    results: Results, tmp_path: Path
) -> None:
    results.write(item("calls/a.wav"), HEARD)
    results.write(item("calls/a.mp3"), HEARD)
    assert files(tmp_path) == [
        f"calls/a.{kind}.{ending}" for kind in ("mp3", "wav") for ending in ("json", "srt", "txt")
    ]
    document = json.loads((tmp_path / "calls/a.wav.json").read_text(encoding="utf-8"))
    assert Transcript.from_dict(document) == HEARD
    assert (tmp_path / "calls/a.wav.txt").read_text(encoding="utf-8") == "你好(开心)\n"


def test_missing_formats_are_made_of_the_document(results: Results, tmp_path: Path) -> None:
    Results(tmp_path, [], WriterOptions(), LIMITS, Options()).write(item("a.wav"), HEARD)
    (tmp_path / "a.wav.txt").write_text("by hand")
    assert results.complete(item("a.wav"))
    assert files(tmp_path) == ["a.wav.json", "a.wav.srt", "a.wav.txt"]
    assert (tmp_path / "a.wav.txt").read_text() == "by hand"
    assert not results.complete(item("b.wav"))


def test_a_report_carries_the_sound_and_the_name_of_its_recording(tmp_path: Path) -> None:
    Results(tmp_path, ["html"], WriterOptions(), LIMITS, Options()).write(
        item("calls/a.wav"), HEARD
    )
    page = (tmp_path / "calls/a.wav.html").read_text(encoding="utf-8")
    assert "a.wav" in page
    assert "data:audio/mpeg;base64," in page


def test_a_report_carries_the_track_that_was_heard(tmp_path: Path) -> None:
    results = Results(tmp_path, ["html"], WriterOptions(), LIMITS, Options(tracks=2))
    film = two_tracks(tmp_path / "film.mkv")
    results.write(replace(item("film.mkv"), open=lambda: nullcontext(film)), HEARD)
    page = (tmp_path / "film.mkv.html").read_text(encoding="utf-8")
    assert pitches_of(sound_in(page)) == {SECOND}


@pytest.mark.parametrize("text", ["", "{}", "no JSON", "[]"])
def test_a_document_that_was_spoilt_does_not_count(
    results: Results, tmp_path: Path, text: str
) -> None:
    (tmp_path / "a.wav.json").write_text(text)
    assert not results.complete(item("a.wav"))
