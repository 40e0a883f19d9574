"""The command ``emotion`` with a made-up recogniser: documents, kept runs, refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from richspeech.audio.mono import Waveform
from richspeech.cli import app as command_line
from richspeech.cli import emotion as emotion_command
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser
from richspeech.engines.hub import Source
from richspeech.model.emotion_scores import EmotionScores, NineEmotion
from richspeech.settings import Settings
from tests.fakes import FakeEmotionRecogniser, loaded_emotion_recogniser

LOGITS = np.linspace(2.0, -2.0, 9, dtype=np.float32)


def rising_anger(waveform: Waveform) -> EmotionScores:
    strength = np.linspace(0.5, 1.5, len(waveform) // 320, dtype=np.float32)
    logits = LOGITS * strength[:, None]
    features = np.ones((len(logits), 4), np.float32)
    seconds = len(waveform) / 16_000
    return EmotionScores(seconds, tuple(NineEmotion), logits, features[0], features, 0.02)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Settings]:
    """Load the ear instead of a model; keep the settings it was asked with."""
    settings: list[Settings] = []

    def load(given: Settings) -> LoadedEmotionRecogniser:
        settings.append(given)
        return loaded_emotion_recogniser(FakeEmotionRecogniser(rising_anger), Source.FOLDER)

    monkeypatch.setattr(emotion_command, "load_emotion_recogniser", load)
    monkeypatch.chdir(tmp_path)
    return settings


def sound(path: Path, level: int = 1_000) -> str:
    path.parent.mkdir(exist_ok=True)
    sf.write(path, np.full(32_000, level, np.int16), 16_000)
    return str(path)


@pytest.fixture
def good(tmp_path: Path) -> str:
    return sound(tmp_path / "good.wav")


def run(*arguments: str) -> int:
    return command_line.main(["emotion", *arguments])


def documents(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# Documents ----------------------------------------------------------------------------------------


def test_a_file_gives_one_document_with_nine_scores(
    good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(good) == 0
    (document,) = documents(capsys)
    assert document["emotion"] == "angry"
    assert document["confidence"] == document["scores"]["angry"] == max(document["scores"].values())
    assert [*document["scores"]] == [*NineEmotion]
    assert sum(document["scores"].values()) == pytest.approx(1.0, abs=1e-5)
    assert (document["duration"], document["model"]) == (2.0, "models/ear")
    assert not {"frames", "output", "embedding"} & {*document}
    assert [path.name for path in tmp_path.iterdir()] == ["good.wav"]


def test_frame_granularity_adds_a_curve(good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(good, "--granularity", "frame") == 0
    (document,) = documents(capsys)
    assert document["granularity"] == "frame"
    angry = [point["scores"]["angry"] for point in document["frames"]]
    assert angry == sorted(angry)
    assert angry[0] < document["confidence"] < angry[-1]
    assert (document["frames"][0]["start"], document["frames"][-1]["end"]) == (0.0, 2.0)


def test_a_recording_above_the_limit_is_marked(
    good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "strict.yaml").write_text("emotion: {risk: {angry: 0.1, sad: 0.1}}")
    assert run(good) == run(good, "--config", "strict.yaml") == 0
    assert [each["risk"] for each in documents(capsys)] == [[], ["angry"]]


def test_the_model_and_the_device_reach_the_settings(good: str, asked: list[Settings]) -> None:
    assert run(good, "--model", "embedded", "--device", "cpu") == 0
    assert (asked[-1].emotion.id, asked[-1].model.device) == ("embedded", "cpu")


# Kept runs ----------------------------------------------------------------------------------------


def test_a_kept_run_holds_what_was_printed(
    good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(good, good, "--output", "kept", "--field", "customer_id=7=8") == 0
    first, second = documents(capsys)
    assert first["output"] != second["output"]
    folder = tmp_path / first.pop("output")
    assert folder.parent == tmp_path / "kept"
    assert json.loads((folder / "result.json").read_text(encoding="utf-8")) == first
    assert first["customer_id"] == "7=8"
    assert np.load(folder / "embedding.npy").shape == (4,)
    assert (folder / "processed_audio.wav").exists()


def test_an_embedding_is_kept_even_without_a_named_folder(
    good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(good, "--embedding") == run(good, "--embedding", "--granularity", "frame") == 0
    vector, matrix = (tmp_path / each["embedding"] for each in documents(capsys))
    assert vector.parent.parent == matrix.parent.parent == tmp_path / "outputs"
    assert (np.load(vector).shape, np.load(matrix).shape) == ((4,), (100, 4))


# Refusals -----------------------------------------------------------------------------------------


def test_a_bad_file_fails_alone_and_leaves_no_run(
    good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = sound(tmp_path / "silent.wav", level=0)
    (tmp_path / "text.wav").write_text("no sound")
    assert run("none.wav", silent, good, "text.wav", "--output", "kept") == 1
    out, err = capsys.readouterr()
    assert [Path(json.loads(line)["file"]).name for line in out.splitlines()] == ["good.wav"]
    none, hushed, text = err.splitlines()
    assert none.startswith("none.wav is not a file")
    assert (
        hushed
        == "silent.wav: There is only silence, in which no emotion can be recognised: record again."
    )
    assert text.startswith("text.wav cannot be read as sound or video")
    assert len([*(tmp_path / "kept").iterdir()]) == 1


@pytest.mark.parametrize("field", ["customer_id", "=7", "scores=1", "output=x"])
def test_a_field_that_says_nothing_or_hides_a_result_is_refused(
    good: str, field: str, asked: list[Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(good, "--field", field) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert field.partition("=")[0] in err
    assert asked == []


def test_a_field_given_twice_is_refused(good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(good, "--field", "a=1", "--field", "a=2") == 2
    assert capsys.readouterr().err == "The field 'a' is taken; give it another name.\n"


def test_a_folder_that_cannot_be_written_is_refused(
    good: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(good, "--output", good) == 1
    assert "cannot be written" in capsys.readouterr().err
