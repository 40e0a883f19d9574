"""Examples are read with their sound, and what cannot be learned from is named."""

import json
import wave
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postprocess import AudioEvent, Emotion
from richspeech.adaptation.clips import Clip, read_clips
from richspeech.audio.container import AudioLimits
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.review.examples import Example, Fault
from richspeech.review.training import write_training
from tests.transcripts import segment, transcript

LIMITS = AudioLimits(10_000_000, 60.0)


def write_wav(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.zeros(round(seconds * SAMPLE_RATE), "<i2").tobytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_wav(tmp_path / "a.wav", 2.0)
    write_wav(tmp_path / "long.wav", 31.0)
    write_wav(tmp_path / "short.wav", 0.1)
    (tmp_path / "text.wav").write_text("no sound")
    return tmp_path


def read(folder: Path, *lines: object) -> list[Clip | Fault]:
    texts = (each if isinstance(each, str) else json.dumps(each) for each in lines)
    (folder / "data.jsonl").write_text("\n".join(texts), encoding="utf-8")
    return [*read_clips(folder / "data.jsonl", LIMITS)]


def line(**more: Any) -> dict[str, Any]:
    return {"key": "k", "source": "a.wav", "target": "你好", **more}


def test_a_line_as_sensevoices_tools_write_it_is_read(folder: Path) -> None:
    (clip,) = read(
        folder,
        line(
            key="call-00001200-00003200",
            text_language="<|zh|>",
            emo_target="<|ANGRY|>",
            event_target="<|Speech|>",
            with_or_wo_itn="<|withitn|>",
            source_len=200,
            target_len=2,
        ),
    )
    assert isinstance(clip, Clip)
    assert clip.seconds == 2.0
    assert clip.example == Example(
        "call-00001200-00003200", "你好", "zh", Emotion.ANGRY, AudioEvent.SPEECH, itn=True
    )


def test_what_nobody_has_said_is_missing_and_an_unknown_emotion_as_well(folder: Path) -> None:
    (clip,) = read(folder, line(emo_target="<|EMO_UNKNOWN|>"))
    assert isinstance(clip, Clip)
    assert clip.example == Example("k", "你好", itn=False)


@pytest.mark.parametrize(
    ("bad", "key"),
    [
        ("{", "examples.no_json"),
        ({"source": "a.wav", "target": "好"}, "adapt.no_key"),
        (line(key="x", target=" "), "adapt.silence"),
        (line(key="x", text_language="<|nospeech|>"), "adapt.silence"),
        (line(key="x", text_language="<|fr|>"), "examples.tag"),
        (line(key="x", source="none.wav"), "examples.no_source"),
        (line(key="x", source="https://example.org/a.wav"), "examples.no_source"),
        (line(key="x", source="a\0.wav"), "examples.no_source"),
        (line(key="x", source="long.wav"), "adapt.seconds"),
        (line(key="x", source="short.wav"), "adapt.seconds"),
        (line(key="x", source_len=900), "adapt.other_length"),
        (line(), "adapt.key_twice"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(folder: Path, bad: object, key: str) -> None:
    first, fault, last = read(folder, line(), bad, line(key="last"))
    assert isinstance(first, Clip)
    assert isinstance(last, Clip)
    assert isinstance(fault, Fault)
    assert (fault.file, fault.line, fault.error.key) == ("data.jsonl", 2, key)
    assert str(fault.error)


def test_what_is_no_sound_is_named_by_the_decoder(folder: Path) -> None:
    (fault,) = read(folder, line(source="text.wav"))
    assert isinstance(fault, Fault)
    assert "text.wav" in str(fault.error)


def test_corrections_are_read_from_the_zip_that_the_page_exports(tmp_path: Path) -> None:
    said = replace(segment(0, 1.5, "我要退款！", Emotion.ANGRY), corrected=("text",))
    path = tmp_path / "call.zip"
    write_training(transcript(said), [np.zeros(2 * SAMPLE_RATE, np.float32)], "call", path)
    (clip,) = read_clips(path, LIMITS)
    assert isinstance(clip, Clip)
    assert (clip.example.text, clip.seconds) == ("我要退款！", 1.5)


def test_a_member_of_a_zip_is_read_no_further_than_the_limits_allow(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.jsonl", json.dumps(line()))
        archive.writestr("a.wav", bytes(20_000_000))
    (fault,) = read_clips(tmp_path / "a.zip", LIMITS)
    assert isinstance(fault, Fault)


def test_a_damaged_member_of_a_zip_is_named_and_the_rest_goes_on(
    folder: Path, tmp_path: Path
) -> None:
    lines = [json.dumps({"key": key, "source": f"{key}.wav", "target": "好"}) for key in "ab"]
    with zipfile.ZipFile(tmp_path / "two.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.jsonl", "\n".join(lines))
        for key in "ab":
            archive.write(folder / "a.wav", f"{key}.wav")
        damaged = archive.getinfo("a.wav").header_offset + 30 + len("a.wav")
    content = bytearray((tmp_path / "two.zip").read_bytes())
    content[damaged : damaged + 2] = b"\xff\xff"
    (tmp_path / "two.zip").write_bytes(content)
    fault, clip = read_clips(tmp_path / "two.zip", LIMITS)
    assert isinstance(fault, Fault)
    assert fault.error.key == "examples.no_source"
    assert isinstance(clip, Clip)
