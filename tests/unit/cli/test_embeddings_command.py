"""The command ``embeddings`` with a made-up recogniser: who sounds like whom, groups, a map."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile as sf

from postprocess import Emotion
from richspeech.audio.mono import Waveform
from richspeech.cli import app as command_line
from richspeech.cli import embeddings as embeddings_command
from richspeech.emotion.embedding_map import SIZE, draw_map
from richspeech.emotion.embeddings import save_embedding
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser
from richspeech.engines.hub import Source
from richspeech.model.emotion_scores import EmotionScores, NineEmotion
from richspeech.model.transcript import Segment, Transcript
from richspeech.settings import Settings
from tests.fakes import FakeEmotionRecogniser, loaded_emotion_recogniser
from tests.two_tracks import SECOND, two_tracks

LEVELS = {"low": 1_000, "lower": 900, "high": 20_000, "higher": 21_000}


def loudness(waveform: Waveform) -> EmotionScores:
    """Alike levels point the same way."""
    embedding = np.array([1.0, float(np.abs(waveform).max()) * 4, 0.1], np.float32)
    return EmotionScores(
        1.0, tuple(NineEmotion), np.zeros((1, 9), np.float32), embedding, None, 0.02
    )


@pytest.fixture(autouse=True)
def loads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Settings]:
    """Load the ear instead of a model; keep the settings it was asked with."""
    asked: list[Settings] = []

    def load(given: Settings) -> LoadedEmotionRecogniser:
        asked.append(given)
        return loaded_emotion_recogniser(FakeEmotionRecogniser(loudness), Source.FOLDER)

    monkeypatch.setattr(embeddings_command, "load_emotion_recogniser", load)
    monkeypatch.chdir(tmp_path)
    return asked


def sound(path: Path, *levels: int) -> str:
    path.parent.mkdir(exist_ok=True)
    sf.write(path, np.repeat(levels, 16_000).astype(np.int16), 16_000)
    return str(path)


@pytest.fixture
def voices(tmp_path: Path) -> list[str]:
    return [sound(tmp_path / f"{name}.wav", level) for name, level in LEVELS.items()]


def run(*arguments: str) -> int:
    return command_line.main(["embeddings", *arguments])


def documents(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_nearest_is_the_recording_that_sounds_alike(
    voices: list[str], capsys: pytest.CaptureFixture[str], loads: list[Settings]
) -> None:
    assert run(*voices, "--nearest", "2") == 0
    found = documents(capsys)
    alike = [Path(each["nearest"][0]["file"]).stem for each in found]
    assert alike == ["lower", "low", "higher", "high"]
    for each in found:
        assert len(each["nearest"]) == 2
        first, second = (other["similarity"] for other in each["nearest"])
        assert 1 >= first > second
        assert not {"embedding", "group", "point"} & {*each}
    assert len(loads) == 1


def test_groups_are_those_that_sound_alike_and_lie_together_on_the_map(
    voices: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*voices, "--groups", "2", "--map", "map.svg") == 0
    found = documents(capsys)
    assert [each["group"] for each in found] == [0, 0, 1, 1]
    points = np.array([each["point"] for each in found])
    assert np.linalg.norm(points[0] - points[1]) < np.linalg.norm(points[0] - points[2])
    picture = ET.fromstring((tmp_path / "map.svg").read_text("utf-8"))  # noqa: S314 - our own
    texts = ["".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert [text.split(" · ")[1] for text in texts] == [f"{name}.wav" for name in LEVELS]


def test_embeddings_of_one_name_in_two_folders_are_kept_apart_and_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], loads: list[Settings]
) -> None:
    paths = [sound(tmp_path / folder / "call.wav", 1_000 * n) for n, folder in enumerate("abc", 1)]
    assert run(*paths, "--output", "kept") == 0
    kept = [each["embedding"] for each in documents(capsys)]
    assert len({*kept}) == len([*(tmp_path / "kept").iterdir()]) == 3
    assert run(*kept) == 0
    assert documents(capsys)[0]["nearest"][0]["file"] == kept[1]
    assert len(loads) == 1


def test_the_segments_of_a_transcript_are_voices_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = sound(tmp_path / "call.wav", 1_000, 20_000, 0, 1_000)
    spans = [(float(n), n + 1.0) for n in range(4)]
    segments = tuple(
        Segment(*span, "", "zh", 1.0, Emotion.HAPPY, {}, (), {}, (), "") for span in spans
    )
    heard = Transcript(4.0, 1.0, "e", "m", segments)
    (tmp_path / "call.json").write_text(json.dumps(heard.to_dict()), encoding="utf-8")
    assert run(call, "--transcript", "call.json", "--output", "kept", "--nearest", "1") == 0
    found = documents(capsys)
    assert [(each["start"], each["end"]) for each in found] == [spans[0], spans[1], spans[3]]
    assert found[0]["nearest"][0]["start"] == 3
    assert all(np.load(each["embedding"]).shape == (3,) for each in found)


def test_the_track_that_is_asked_for_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []

    def pitch(waveform: Waveform) -> EmotionScores:
        heard.append(round(int(np.abs(np.fft.rfft(waveform)).argmax()) * 16_000 / len(waveform)))
        return loudness(waveform)

    loaded = loaded_emotion_recogniser(FakeEmotionRecogniser(pitch), Source.FOLDER)
    monkeypatch.setattr(embeddings_command, "load_emotion_recogniser", lambda _: loaded)
    film = str(two_tracks(tmp_path / "film.mkv"))
    said = Segment(0.0, 2.0, "", "zh", 1.0, Emotion.HAPPY, {}, (), {}, (), "")
    document = Transcript(2.0, 1.0, "e", "m", (said,)).to_dict()
    (tmp_path / "film.json").write_text(json.dumps(document), encoding="utf-8")
    assert run(film, "--transcript", "film.json", "--tracks", "2") == 0
    assert run(film, "--tracks", "2") == 0
    assert len(documents(capsys)) == 2
    assert {*heard} == {SECOND}


def test_a_bad_file_fails_alone(
    voices: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = sound(tmp_path / "silent.wav", 0)
    assert run("none.wav", silent, *voices) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == len(voices)
    none, hushed = err.splitlines()
    assert none.startswith("none.wav is not a file")
    assert (
        hushed
        == "silent.wav: There is only silence, in which no emotion can be recognised: record again."
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["a.wav", "b.wav", "--transcript", "t.json"], "one recording"),
        (["a.wav", "--map", "m.svg"], "--groups"),
        (["a.wav", "--nearest", "-1"], "-1"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_heard(
    arguments: list[str],
    complaint: str,
    loads: list[Settings],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert (out, loads) == ("", [])
    assert complaint in err


def test_more_groups_than_recordings_and_two_models_are_refused(
    voices: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*voices, "--groups", "9") == 1
    assert "4 recordings cannot form 9 groups" in capsys.readouterr().err
    save_embedding(tmp_path / "other.npy", np.ones(7))
    assert run(voices[0], "other.npy") == 1
    assert "take those of one model" in capsys.readouterr().err


def test_a_file_that_is_no_transcript_is_refused(
    voices: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.json").write_text("no json")
    assert run(voices[0], "--transcript", "t.json") == 1
    assert "t.json cannot be read as a transcript" in capsys.readouterr().err


@pytest.mark.parametrize("spread", [0.0, 1e-6, 1.0, 1e6])
def test_every_point_lies_on_the_picture(spread: float) -> None:
    points = np.array([[0, 0], [1, 2], [-3, 1]], np.float32) * spread
    picture = ET.fromstring(draw_map(points, np.arange(3), ["a", "b & <c>", "d"]))  # noqa: S314
    for circle in picture.iter("{http://www.w3.org/2000/svg}circle"):
        assert 0 <= float(circle.get("cx", "")) <= SIZE
        assert 0 <= float(circle.get("cy", "")) <= SIZE
