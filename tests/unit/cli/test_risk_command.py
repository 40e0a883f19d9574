"""``python -m richspeech risk``: the risk of a file or of the history's, explained."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from postprocess import Emotion
from richspeech.cli import app as command_line
from richspeech.engines import loader
from richspeech.engines.hub import Source
from richspeech.model.document import Document
from richspeech.model.request import TranscriptionRequest
from richspeech.storage.transcripts import Fingerprint, Store
from tests.fakes import FakeTranscriber, loaded_with
from tests.transcripts import segment, transcript

HEARD = transcript(
    segment(0, 6, "我要投诉", Emotion.ANGRY),
    segment(7, 11, "找律师"),
    segment(12, 30, "好"),
    duration=30,
)


def run(*arguments: object) -> int:
    return command_line.main(["risk", *map(str, arguments)])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "call.json"
    path.write_text(json.dumps(HEARD.to_dict()), encoding="utf-8")
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "settings.yaml"
    url = f"sqlite:///{tmp_path}/history.sqlite"
    audit = tmp_path / "audit.jsonl"
    path.write_text(f"history: {{url: {url}}}\noperations: {{audit_file: {audit}}}\n")
    with closing(Store(url)) as store:
        key = Fingerprint("beginning", "whole")
        store.keep(key, "call.wav", TranscriptionRequest(), Document(HEARD))
    return path


def test_every_reason_has_its_points_and_seconds_and_the_level_follows(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stored, "--explain") == 0
    lines = said(capsys).splitlines()
    assert lines[:2] == ["Risk 70 of 100: high", "Rules: Service calls"]
    assert "  +40  Angry for 6 s from 0:00  [0:00–0:06]" in lines
    assert "  +30  Speaks of law or police at 0:07: “律师”  [0:07–0:11]" in lines
    assert "  −10  The last 15 s of speech are calm or happy  [0:12–0:30]" in lines
    assert lines[-1] == "+40 +30 +10 −10 = 70, between 0 and 100. From 60: high."


def test_it_is_explained_in_the_language_that_is_asked_for(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stored, "--explain", "--locale", "zh", "--preset", "live") == 0
    assert "规则：直播" in said(capsys)


def test_a_number_is_that_of_a_transcript_in_the_history(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(1, "--config", config) == 0
    found: dict[str, Any] = json.loads(said(capsys))
    assert (found["score"], found["level"]) == (70, "high")
    assert {each["rule"] for each in found["points"]} >= {"law", "angry-run"}


def test_a_number_that_the_history_does_not_have_is_refused(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(7, "--config", config) != 0
    assert "7" in capsys.readouterr().err


def test_own_rules_of_the_settings_are_named_as_such(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "own.yaml"
    config.write_text("risk: {rules: []}")
    assert run(stored, "--explain", "--config", config) == 0
    out = said(capsys)
    assert "Own rules" in out
    assert "No rule applied." in out


def test_a_recording_is_transcribed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "call.wav"
    sf.write(path, np.zeros(8_000, np.int16), 8_000)
    loaded = loaded_with(FakeTranscriber(*HEARD.segments), source=Source.FOLDER)
    monkeypatch.setattr(loader, "load_engine", lambda *_: loaded)
    assert run(path) == 0
    assert json.loads(said(capsys))["level"] == "high"


def test_an_unknown_preset_is_refused(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(stored, "--preset", "banking") == 2
    assert "banking" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("99999", "The transcript 99999 is not in the history: search again."),
        ("9999999999", "The transcript 9999999999 is not in the history: search again."),
        ("9" * 23, f"{'9' * 20} is no number of a transcript, which are at most 2147483647:"),
        ("9" * 5_000, f"{'9' * 20} is no number of a transcript, which are at most 2147483647:"),
    ],
)
def test_a_number_that_the_history_has_not_is_a_sentence(
    config: Path, capsys: pytest.CaptureFixture[str], number: str, sentence: str
) -> None:
    assert run(number, "--config", config) == 1
    assert capsys.readouterr().err.startswith(sentence)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 5_000, "[" * 100_000])
@pytest.mark.parametrize("place", ['"duration": 30', '"end": 11'])
def test_a_file_with_a_number_that_is_none_is_a_sentence(
    stored: Path, capsys: pytest.CaptureFixture[str], place: str, number: str
) -> None:
    text, (name, _) = stored.read_text("utf-8"), place.split()
    assert place in text
    stored.write_text(text.replace(place, f"{name} {number}"), "utf-8")
    assert run(stored) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "call.json" in err or "finite number" in err
