"""``batch`` with a made-up transcriber: results, resuming, and what is done again and what not."""

import csv
import json
import os
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from richspeech.cli import app as command_line
from richspeech.engines import loader
from richspeech.engines.hub import Source
from richspeech.engines.loader import Loaded
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.transcript import Transcript
from richspeech.settings import Settings
from tests.fakes import HAPPY, FakeTranscriber, loaded_with
from tests.history import full_history


class Bench:
    """Runs the command in a folder of its own, and keeps what was heard."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ear = folder, FakeTranscriber()
        self.weights = folder / "weights"
        self.weights.mkdir()
        (self.weights / "model.pt").write_text("first weights")

    def load(self, _: Settings, engine: str) -> Loaded:
        return loaded_with(self.ear, engine, folder=self.weights, source=Source.FOLDER)

    def run(self, *arguments: object) -> int:
        """Run it on the calls, unless other sources are given."""
        sources = () if arguments and str(arguments[0]).startswith("/") else (self.calls,)
        self.ear.heard.clear()
        command = ["batch", *sources, *arguments, "--output", self.output]
        return command_line.main([str(argument) for argument in command])

    @property
    def calls(self) -> Path:
        return self.folder / "calls"

    @property
    def output(self) -> Path:
        return self.folder / "out"

    @property
    def files(self) -> list[str]:
        found = self.output.rglob("*")
        return sorted(str(path.relative_to(self.output)) for path in found if path.is_file())

    @property
    def lines(self) -> list[dict[str, object]]:
        manifest = (self.output / "manifest.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in manifest.splitlines()]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(tmp_path)
    monkeypatch.setattr(loader, "load_engine", bench.load)
    for name in ("a.wav", "b.wav", "late/a.wav"):
        silence(bench.calls / name)
    return bench


def silence(path: Path, seconds: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.zeros(16_000 * seconds, np.int16), 16_000)
    return path


# Results ------------------------------------------------------------------------------------------


def test_each_recording_gets_a_document_beside_the_manifest(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.run() == 0
    assert bench.files == ["a.wav.json", "b.wav.json", "late/a.wav.json", "manifest.jsonl"]
    document = json.loads((bench.output / "late/a.wav.json").read_text(encoding="utf-8"))
    assert Transcript.from_dict(document).segments == (HAPPY,)
    assert sorted((line["name"], line["state"], line["duration"]) for line in bench.lines) == [
        (name, "done", 1.0) for name in ("a.wav", "b.wav", "late/a.wav")
    ]
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("3 done (0:03 of audio), 0 failed.\n")


def test_what_is_passed_over_is_counted_at_the_end(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("notes.txt", "late/more.TXT", ".DS_Store"):
        (bench.calls / name).write_text("no sound", encoding="utf-8")
    (bench.calls / "a.wav").rename(bench.calls / "call.3gpp")
    (bench.calls / "b.wav").rename(bench.calls / "b")
    assert bench.run() == 0
    assert bench.files == ["b.json", "call.3gpp.json", "late/a.wav.json", "manifest.jsonl"]
    assert capsys.readouterr().err.endswith(
        "3 done (0:03 of audio), 0 failed.\n"
        "3 files without sound were passed over: 2 .txt, 1 hidden.\n"
    )


def test_raw_sound_is_read_as_the_command_line_says(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "call").write_bytes(bytes(16_000))
    assert bench.run(str(tmp_path / "call"), "--raw", "ulaw:8000", "--format", "html") == 0
    assert [line["duration"] for line in bench.lines] == [2.0]
    assert bench.run(str(tmp_path / "call"), "--raw", "s16le:8000") == 0
    assert [line["duration"] for line in bench.lines] == [2.0, 1.0]
    assert bench.run(str(tmp_path / "call"), "--raw", "s16le:8000") == 0
    assert len(bench.ear.heard) == 0


def test_the_history_answers_where_it_is_asked(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RICHSPEECH_HISTORY__URL", f"sqlite:///{tmp_path}/history.sqlite")
    assert bench.run("--workers", "1", "--history") == 0
    assert len(bench.ear.heard) == 1  # the three sound the same
    (bench.output / "manifest.jsonl").unlink()
    assert bench.run("--history") == 0
    assert bench.ear.heard == []
    assert len(bench.lines) == 3


def test_what_the_history_does_not_take_is_done_and_told(
    bench: Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RICHSPEECH_HISTORY__URL", full_history(tmp_path / "history.sqlite"))
    assert bench.run("--workers", "1", "--history") == 0
    lines = capsys.readouterr().err.splitlines()
    (line,) = (line for line in lines if line.startswith("late/a.wav"))
    assert line == (
        "late/a.wav is not kept in the history. The history cannot be used "
        "(database or disk is full); see history.url in the settings."
    )
    assert lines[-1].endswith("0 failed. 3 are not in the history.")
    assert len(bench.lines) == 3


def test_what_is_amiss_with_a_recording_is_told_once(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.ear.warnings = (RecordingWarning.of("damaged_packets", packets=2),)
    assert bench.run() == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "damaged" in line]
    assert sorted(line.partition(":")[0] for line in lines) == ["a.wav", "b.wav", "late/a.wav"]


def test_other_formats_are_written_where_they_are_asked_for(bench: Bench) -> None:
    arguments = ("--format", "srt", "--format", "txt", "--style", "plain", "--locale", "en")
    assert bench.run(*arguments) == 0
    assert [name for name in bench.files if name.startswith("b.")] == [
        "b.wav.json",
        "b.wav.srt",
        "b.wav.txt",
    ]
    assert (bench.output / "b.wav.txt").read_text(encoding="utf-8") == "你好\n"


def test_a_zip_is_done_like_a_folder(bench: Bench) -> None:
    with zipfile.ZipFile(bench.folder / "calls.zip", "w") as archive:
        archive.write(bench.calls / "a.wav", "x/a.wav")
        archive.writestr("x/bad.wav", "no sound")
    assert bench.run(bench.folder / "calls.zip") == 1
    assert bench.files == ["manifest.jsonl", "x/a.wav.json"]


def test_a_table_has_a_row_a_recording_those_of_earlier_runs_and_failed_ones_too(
    bench: Bench,
) -> None:
    assert bench.run() == 0
    (bench.calls / "=late.wav").write_text("no sound")
    assert bench.run("--table", "csv", "--table", "xlsx", "--locale", "en") == 1
    assert bench.ear.heard == []
    text = (bench.output / "summary.csv").read_text(encoding="utf-8-sig")
    rows = {row["name"]: row for row in csv.DictReader(text.splitlines())}
    assert [*rows] == ["'=late.wav", "a.wav", "b.wav", "late/a.wav"]
    failed, done = rows["'=late.wav"], rows["late/a.wav"]
    assert (failed["state"], failed["level"]) == ("failed", "")
    assert "cannot be read as sound or video" in failed["error"]
    assert (done["state"], done["level"], float(done["happy"])) == ("finished", "low", 1.0)
    with zipfile.ZipFile(bench.output / "summary.xlsx") as workbook:
        texts = workbook.read("xl/sharedStrings.xml").decode()
    assert all(name in texts for name in ("=late.wav", "a.wav", "b.wav", "late/a.wav"))


def test_the_options_of_recognition_reach_the_transcriber(bench: Bench) -> None:
    assert bench.run("--language", "yue", "--no-itn", "--workers", "1") == 0
    assert bench.ear.options == [Options(language="yue", inverse_text_normalization=False)] * 3


def test_a_bad_recording_fails_alone_and_the_manifest_says_why(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    (bench.calls / "late" / "bad.wav").write_text("no sound")
    assert bench.run() == 1
    assert len(bench.ear.heard) == 3
    (failed,) = [line for line in bench.lines if line["state"] == "failed"]
    assert failed["name"] == "late/bad.wav"
    assert str(failed["error"]).startswith("bad.wav cannot be read as sound or video: ")
    err = capsys.readouterr().err
    assert f"late/{failed['error']}\n" in err
    assert err.endswith("3 done (0:03 of audio), 1 failed.\n")


# Again --------------------------------------------------------------------------------------------


def test_what_is_done_is_not_done_again(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run() == 0
    before = {name: (bench.output / name).read_bytes() for name in bench.files}
    assert bench.run() == 0
    assert bench.ear.heard == []
    assert {name: (bench.output / name).read_bytes() for name in bench.files} == before
    assert capsys.readouterr().err.endswith(
        "0 done (0:00 of audio), 0 failed. 3 were done before.\n"
    )


def test_what_is_new_is_done_alone(bench: Bench) -> None:
    assert bench.run() == 0
    silence(bench.calls / "new.wav")
    assert bench.run() == 0
    assert bench.ear.heard == ["new.wav"]


def test_what_failed_is_tried_again_and_then_done(bench: Bench) -> None:
    bad = bench.calls / "bad.wav"
    bad.write_text("no sound")
    assert bench.run() == 1
    assert bench.run() == 1
    assert bench.ear.heard == []
    silence(bad)
    assert bench.run() == 0
    assert bench.ear.heard == ["bad.wav"]
    assert bench.run() == 0
    assert bench.ear.heard == []


def test_a_changed_recording_is_done_again(bench: Bench) -> None:
    assert bench.run() == 0
    silence(bench.calls / "b.wav", seconds=2)
    assert bench.run() == 0
    assert bench.ear.heard == ["b.wav"]
    document = json.loads((bench.output / "b.wav.json").read_text(encoding="utf-8"))
    assert document["duration"] == 2.0


def test_other_options_or_weights_do_everything_again(bench: Bench) -> None:
    assert bench.run() == 0
    assert bench.run("--language", "yue") == 0
    assert len(bench.ear.heard) == 3
    (bench.weights / "model.pt").write_text("second weights")
    assert bench.run("--language", "yue") == 0
    assert len(bench.ear.heard) == 3


def test_what_was_written_unmasked_is_not_done_where_words_are_to_be_masked(
    tmp_path: Path, bench: Bench
) -> None:
    number = "13800138000"
    bench.ear.segments = (replace(HAPPY, text=f"电话{number}", raw_text="", tokens=()),)
    calls = silence(tmp_path / "by_number" / f"{number}.wav").parent
    assert bench.run(calls, "--format", "txt", "--format", "html") == 0
    assert number in (bench.output / f"{number}.wav.txt").read_text(encoding="utf-8")
    assert bench.run(calls, "--mask") == 0
    assert len(bench.ear.heard) == 1
    for form in ("json", "txt", "html"):
        assert number not in (bench.output / f"{number}.wav.{form}").read_text(encoding="utf-8")
    assert bench.run(calls, "--mask") == 0
    assert bench.ear.heard == []


def test_another_format_is_made_without_recognising_again(bench: Bench) -> None:
    assert bench.run() == 0
    assert bench.run("--format", "srt") == 0
    assert bench.ear.heard == []
    assert "late/a.wav.srt" in bench.files


def test_a_lost_document_is_made_again(bench: Bench) -> None:
    assert bench.run() == 0
    (bench.output / "late/a.wav.json").unlink()
    assert bench.run() == 0
    assert bench.ear.heard == ["a.wav"]


def test_a_full_disk_fails_what_could_not_be_written_and_nothing_is_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if target.name == "b.wav.json":
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    assert bench.run() == 1
    (failed,) = [line for line in bench.lines if line["state"] == "failed"]
    assert (
        failed["error"] == "b.wav cannot be kept (No space left on device): start the batch again."
    )
    monkeypatch.setattr(Path, "replace", replace)
    assert bench.run() == 0
    assert bench.ear.heard == ["b.wav"]
    assert [name for name in bench.files if name.endswith(".part")] == []


# Refusals -----------------------------------------------------------------------------------------


def test_a_folder_without_recordings_is_refused(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = bench.folder / "empty"
    empty.mkdir()
    assert bench.run(empty) == 1
    assert capsys.readouterr().err == (
        "There is no recording in empty; name recordings, folders or zips.\n"
    )
    assert not bench.output.exists()


@pytest.mark.parametrize("arguments", [[], ["x", "--output", "y", "--workers", "0"], ["x"]])
def test_wrong_usage_ends_with_status_2(arguments: list[str]) -> None:
    assert command_line.main(["batch", *arguments]) == 2


def test_times_of_change_are_compared_and_not_believed_to_be_new(bench: Bench) -> None:
    assert bench.run() == 0
    os.utime(bench.calls / "a.wav", (1, 1))
    assert bench.run() == 0
    assert bench.ear.heard == ["a.wav"]


# On Ray -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["here", "ray://head:10001", "head", "head:port", ""])
def test_what_is_no_address_of_a_ray_cluster_is_refused(
    bench: Bench, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.run("--ray", address) == 2
    assert (
        f"--ray does not know {address}: give local, auto or HOST:PORT" in capsys.readouterr().err
    )
    assert not bench.output.exists()


@pytest.mark.parametrize("port", [1, 99_999])
def test_a_cluster_that_is_not_there_is_a_sentence_at_once(
    bench: Bench, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.run("--ray", f"127.0.0.1:{port}") == 1
    assert f"The Ray cluster 127.0.0.1:{port} cannot be used (" in capsys.readouterr().err
    assert not bench.output.exists()


def test_a_history_stays_on_one_machine(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run("--ray", "local", "--history") == 2
    assert "--history does not go with --ray" in capsys.readouterr().err


def test_without_ray_there_is_a_sentence_that_says_what_to_install(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in ("cluster", "worker"):
        monkeypatch.delitem(sys.modules, f"richspeech.jobs.batch.ray.{name}", raising=False)
        monkeypatch.delattr(f"richspeech.jobs.batch.ray.{name}", raising=False)
    assert bench.run("--ray", "local") == 1
    said = capsys.readouterr().err
    assert 'pip install "richspeech[ray]", or pip install -r requirements-ray.txt' in said
    assert not bench.output.exists()
