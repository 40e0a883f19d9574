"""A run folder is there whole or not at all, under a name of its own."""

import json
import wave
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from richspeech.emotion.runs import keep_run
from richspeech.errors import OptionError

STARTED = datetime(2026, 11, 20, 9, 8, 7, tzinfo=UTC)


def keep(outputs: Path, text: str = "x") -> str:
    with keep_run(outputs, STARTED) as run:
        run.save_result({"text": text})
    return run.folder.name


def test_a_run_keeps_sound_result_and_embedding(tmp_path: Path) -> None:
    blocks = [np.full(160, 0.5, np.float32), np.full(40, -1.0, np.float32)]
    with keep_run(tmp_path / "outputs", STARTED) as run:
        passed_on = [*run.tee(blocks)]
        run.save_result({"emotion": "angry", "customer_id": "客户7"})
        run.save_embedding(np.arange(3.0))
    assert [len(block) for block in passed_on] == [160, 40]
    assert run.folder == tmp_path / "outputs" / "outputs_20261120_090807"
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "embedding.npy",
        "processed_audio.wav",
        "result.json",
    ]
    with wave.open(str(run.folder / "processed_audio.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 200)
        samples = np.frombuffer(file.readframes(200), "<i2")
    assert {*samples[:160].tolist()} == {16_384}
    assert {*samples[160:].tolist()} == {-32_767}
    written = json.loads((run.folder / "result.json").read_text(encoding="utf-8"))
    assert written == {"emotion": "angry", "customer_id": "客户7"}
    assert np.load(run.folder / "embedding.npy").dtype == np.float32


def test_runs_of_one_second_have_names_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = [*pool.map(lambda n: keep(tmp_path, str(n)), range(16))]
    assert len({*names}) == 16
    assert {path.name for path in tmp_path.iterdir()} == {*names}
    texts = {json.loads((tmp_path / n / "result.json").read_text())["text"] for n in names}
    assert texts == {str(n) for n in range(16)}


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with keep_run(tmp_path, STARTED) as run:
            run.save_result({})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OptionError, match=r"file cannot be written \(NotADirectoryError\)"),
        keep_run(tmp_path / "file", STARTED),
    ):
        pass
