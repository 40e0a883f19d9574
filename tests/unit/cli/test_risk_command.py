"""``python -m richspeech risk``: the risk of a file or of the history's, explained."""

import json
from contextlib import closing
from dataclasses import replace
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
from richspeech.model.transcript import Segment, Transcript
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
    assert run(stored, "--explain", "--locale", "en") == 0
    lines = said(capsys).splitlines()
    assert lines[:2] == ["Risk 70 of 100: high", "Rules: Service calls"]
    assert "  +40  Angry for 6 s from 0:00  [0:00–0:06]" in lines
    assert "  +30  Speaks of law or police at 0:07: “律师”  [0:07–0:11]" in lines
    assert "  −10  The last 15 s of speech are calm or happy  [0:15–0:30]" in lines
    assert lines[-1] == "+40 +30 +10 −10 = 70. From 60: high."


def test_it_is_explained_in_chinese_unless_another_language_is_asked_for(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stored, "--explain", "--preset", "live") == 0
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
    assert run(stored, "--explain", "--locale", "en", "--config", config) == 0
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


def explained(heard: Transcript, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    path = tmp_path / "call.json"
    path.write_text(json.dumps(heard.to_dict()), encoding="utf-8")
    assert run(path, "--explain", "--locale", "en") == 0
    return said(capsys).splitlines()


def on_two_channels(*segments: Segment) -> Transcript:
    """Even ones are the first channel's, odd ones the second's."""
    apart = (
        replace(each, channel=1 + at % 2, speaker="AB"[at % 2]) for at, each in enumerate(segments)
    )
    return transcript(*apart, duration=60)


def test_it_is_said_who_is_angry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heard = on_two_channels(segment(0, 2), segment(3, 9, "喂", Emotion.ANGRY), segment(10, 40))
    lines = explained(heard, tmp_path, capsys)
    assert "  +40  B: Angry for 6 s from 0:03  [0:03–0:09]" in lines


def test_the_times_of_several_spans_add_up_to_what_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    angry = (segment(at, at + 2.63, "喂", Emotion.ANGRY) for at in (0.11, 3.4))
    lines = explained(transcript(*angry, segment(10, 40)), tmp_path, capsys)
    assert "  +40  Angry for 5 s from 0:00  [0:00.11–0:02.74, 0:03.4–0:06.03: 5.26 s]" in lines


def test_points_beyond_the_most_are_added_up_and_capped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rage = segment(0, 30, "我要起诉你们这些骗子", Emotion.ANGRY)
    assert explained(transcript(rage, duration=30), tmp_path, capsys)[-1] == (
        "+65 +60 +30 +30 = 185, capped at 100. From 60: high."
    )


def test_names_are_given_to_whom_a_transcript_calls_by_a_letter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "call.json"
    heard = on_two_channels(segment(0, 2), segment(3, 9, "我要起诉"))
    path.write_text(json.dumps(heard.to_dict()), encoding="utf-8")
    assert run(path, "--speakers", "left=agent,right=Ann") == 0
    assert {each["speaker"] for each in json.loads(said(capsys))["points"]} >= {"Ann"}
    assert run(path, "--speakers", "right=agent") == 0
    assert "law" not in {each["rule"] for each in json.loads(said(capsys))["points"]}


def test_a_name_for_a_channel_on_which_nobody_is_heard_is_told_of(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stored, "--speakers", "left=agent") == 0
    assert capsys.readouterr().err.startswith(
        "call.json: Nobody was heard on a channel of their own as agent: "
    )


def test_tracks_of_what_is_a_transcript_already_are_refused(
    stored: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for call in (stored, 1):
        assert run(call, "--tracks", "2", "--config", config) == 2
        assert "of which --tracks changes nothing" in capsys.readouterr().err


def test_names_that_cannot_be_read_and_an_unknown_language_are_wrong_usage(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stored, "--speakers", "middle=agent") == 2
    assert run(stored, "--locale", "xx") == 2
    assert "xx" in capsys.readouterr().err


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
