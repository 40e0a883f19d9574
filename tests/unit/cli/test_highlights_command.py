"""``python -m richspeech highlights``: one document on stdout, and the files that are asked for."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile as sf
import webvtt

from postprocess import AudioEvent, Emotion
from richspeech.cli import app as command_line
from richspeech.engines import loader
from richspeech.engines.hub import Source
from richspeech.model.transcript import Transcript
from tests.fakes import FakeTranscriber, loaded_with
from tests.transcripts import segment, transcript
from tests.two_tracks import SECOND, pitches_of, two_tracks

HEARD = transcript(
    segment(1, 2, "哈哈", Emotion.HAPPY, AudioEvent.LAUGHTER),
    segment(12, 18, "我要投诉", Emotion.ANGRY),
    duration=20,
)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "call.wav"
    sf.write(path, np.zeros(20 * 8_000, np.int16), 8_000)
    return path


@pytest.fixture
def stored(tmp_path: Path) -> str:
    return written(tmp_path / "call.json", HEARD)


def written(path: Path, heard: Transcript) -> str:
    path.write_text(json.dumps(heard.to_dict()), encoding="utf-8")
    return str(path)


def run(*arguments: object) -> int:
    return command_line.main(["highlights", *map(str, arguments)])


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    out, err = capsys.readouterr()
    assert err == ""
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_document_has_insight_highlights_and_risk(
    recording: Path, stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(recording, "--transcript", stored, "--window", 5) == 0
    found = document(capsys)
    assert found["file"] == str(recording)
    assert len(found["insight"]["windows"]) == 4
    assert [each["rules"][0] for each in found["highlights"]] == ["laughter", "longest-anger"]
    assert found["risk"]["level"] == "high"
    assert found["files"] == {}
    assert sorted(path.name for path in recording.parent.iterdir()) == ["call.json", "call.wav"]


def test_what_happened_is_written_as_a_table_also_without_highlights(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = (replace(segment(1, 4), speaker="A"), replace(segment(3, 9), speaker="=B"))
    stored = written(tmp_path / "call.json", transcript(*call, duration=20))
    table = tmp_path / "out" / "call.conversation.csv"
    asked = ("--transcript", stored, "--conversation", "--output", table.parent)
    assert run(recording, *asked) == 0
    assert document(capsys)["files"] == {"conversation": str(table)}
    rows = [*csv.DictReader(table.open(encoding="utf-8-sig", newline=""))]
    assert [(row["kind"], row["speaker"], row["seconds"]) for row in rows] == [
        ("talk", "A", "3.0"),
        ("pace", "A", "3.0"),
        ("talk", "'=B", "6.0"),
        ("pace", "'=B", "6.0"),
        ("turn", "A", "3.0"),
        ("turn", "'=B", "6.0"),
        ("monologue", "'=B", "6.0"),
        ("talk_over", "'=B", "1.0"),
        ("hold", "", "11.0"),
    ]
    assert (rows[7]["other"], rows[8]["other"]) == ("A", "'=B")
    assert (rows[2]["share"], rows[2]["broke_in"], rows[1]["unit"]) == ("0.6667", "1", "characters")


def test_the_table_says_as_json_does_that_nobody_broke_in_where_both_began(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = (replace(segment(1, 4), speaker="A"), replace(segment(1, 9), speaker="B"))
    stored = written(tmp_path / "call.json", transcript(*call, duration=20))
    asked = ("--transcript", stored, "--conversation", "--output", tmp_path / "out")
    assert run(recording, *asked) == 0
    (over,) = document(capsys)["insight"]["conversation"]["talk_overs"]
    table = (tmp_path / "out" / "call.conversation.csv").open(encoding="utf-8-sig", newline="")
    (row,) = (row for row in csv.DictReader(table) if row["kind"] == "talk_over")
    assert (over["by"], over["over"]) == (None, None)
    assert (row["speaker"], row["other"], row["speakers"]) == ("", "", "A / B")


def test_names_for_channels_are_in_insight_and_who_is_not_there_is_told_of(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = (replace(segment(1, 4), channel=1, speaker="A"),)
    stored = written(tmp_path / "call.json", transcript(*call, duration=20))
    assert run(recording, "--transcript", stored, "--speakers", "left=Ann,right=Bob") == 0
    out, err = capsys.readouterr()
    (talk,) = json.loads(out)["insight"]["conversation"]["speakers"]
    assert talk["speaker"] == "Ann"
    assert err.startswith("call.json: Nobody was heard on a channel of their own as Bob: ")


def test_a_recording_is_heard_with_the_names_that_are_given(
    recording: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeTranscriber(*HEARD.segments)
    monkeypatch.setattr(loader, "load_engine", lambda *_: loaded_with(fake, source=Source.FOLDER))
    assert run(recording, "--speakers", "left=Ann") == 0
    assert "as Ann" in capsys.readouterr().err


def test_all_files_are_written_where_the_output_says(
    recording: Path, stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "out"
    wanted = ("--clips", "--reel", "--chapters", "--edl", "--otio", "--frame-rate", "29.97")
    assert run(recording, "--transcript", stored, "--output", folder, *wanted) == 0
    found = document(capsys)
    files = found["files"]
    names = [
        "call-01.wav",
        "call-02.wav",
        "call-reel.wav",
        "call.chapters.vtt",
        "call.edl",
        "call.otio",
    ]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert files == {
        "clips": [str(folder / "call-01.wav"), str(folder / "call-02.wav")],
        "reel": str(folder / "call-reel.wav"),
        "note": None,
        "chapters": str(folder / "call.chapters.vtt"),
        "edl": str(folder / "call.edl"),
        "otio": str(folder / "call.otio"),
    }
    seconds = [each["end"] - each["start"] for each in found["highlights"]]
    assert [length(path) for path in files["clips"]] == pytest.approx(seconds)
    assert length(files["reel"]) == pytest.approx(sum(seconds))
    assert len(webvtt.read(files["chapters"]).captions) == 2
    assert "AT 29.97 FPS" in Path(files["edl"]).read_text(encoding="utf-8")


def length(path: str) -> float:
    with av.open(path) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def test_clips_are_of_the_track_that_was_heard(
    stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = two_tracks(tmp_path / "film.mkv", seconds=20)
    wanted = ("--tracks", "2", "--output", tmp_path / "out", "--clips", "--reel")
    assert run(film, "--transcript", stored, *wanted) == 0
    files = document(capsys)["files"]
    assert [pitches_of(Path(each)) for each in files["clips"]] == [{SECOND}, {SECOND}]
    assert pitches_of(Path(files["reel"])) == {SECOND}


def test_a_recording_without_highlights_has_no_files(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calm = written(tmp_path / "calm.json", transcript(duration=20))
    assert run(recording, "--transcript", calm, "--output", tmp_path / "out", "--clips") == 0
    assert document(capsys)["files"] == {}


def test_without_a_transcript_the_recording_is_transcribed(
    recording: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = loaded_with(FakeTranscriber(*HEARD.segments), source=Source.FOLDER)
    monkeypatch.setattr(loader, "load_engine", lambda *_: loaded)
    assert run(recording) == 0
    assert document(capsys)["risk"]["level"] == "high"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            None,
            (
                "The transcript call.json cannot be read (No such file or directory): "
                "check its path and permissions.\n"
            ),
        ),
        ("{", "The transcript call.json is not a single JSON document; transcribe again.\n"),
        ("[]", "The document is not a transcript: it is a list.\n"),
    ],
)
def test_what_is_no_transcript_is_refused(
    content: str | None,
    sentence: str,
    recording: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "call.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert run(recording, "--transcript", path) == 1
    assert capsys.readouterr() == ("", sentence)


@pytest.mark.parametrize("flag", ["--clips", "--reel", "--chapters", "--edl", "--otio"])
def test_files_need_a_folder(
    flag: str, recording: Path, stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(recording, "--transcript", stored, flag) == 2
    assert capsys.readouterr() == ("", f"{flag} needs a folder: name it with --output.\n")


@pytest.mark.parametrize("rate", ["0", "fast", "nan", "inf", "1/0", "120"])
def test_a_wrong_frame_rate_is_wrong_usage(
    rate: str, recording: Path, stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(recording, "--transcript", stored, "--frame-rate", rate) == 2
    assert capsys.readouterr().err == f"--frame-rate {rate} is not a frame rate: give 1 to 99.\n"


def test_a_short_window_is_refused_in_a_sentence(
    recording: Path, stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(recording, "--transcript", stored, "--window", "0.1") == 2
    assert capsys.readouterr().err == "Windows of 0.1 seconds are too short; choose 1 or more.\n"
