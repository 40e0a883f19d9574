"""A batch that is killed goes on where it was; and one with the embedded model."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from richspeech.cli import app as command_line
from richspeech.jobs.batch.manifest import FILE_NAME, Record, read_records
from richspeech.model.transcript import Transcript
from richspeech.places import HOME as ROOT
from tests.integration.conftest import EXAMPLES

WAIT_SECONDS = 120.0
"""How long a hung test lasts."""

NAMES = [f"{number:02}.wav" for number in range(10)]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    folder.mkdir()
    for name in NAMES:
        sf.write(folder / name, np.zeros(1_600, np.int16), 16_000)
    return folder


def command_for(calls: Path, most: int) -> list[str]:
    folder = calls.parent
    arguments = [folder / "diary", most, calls, "--output", folder / "out", "--format", "srt"]
    command = [sys.executable, "-m", "tests.integration.hanging_batch", *map(str, arguments)]
    return [*command, "--workers", "2"]


def started(calls: Path, most: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command_for(calls, most), cwd=ROOT)


def records(calls: Path) -> dict[str, Record]:
    manifest = calls.parent / "out" / FILE_NAME
    return read_records(manifest.read_bytes()) if manifest.is_file() else {}


def begun(calls: Path) -> Counter[str]:
    return Counter((calls.parent / "diary").read_text(encoding="utf-8").split())


def killed_after(calls: Path, more: int) -> dict[str, Record]:
    """Run until some more are done, kill the process without a warning, tell what is done."""
    deadline, wanted = time.monotonic() + WAIT_SECONDS, len(records(calls)) + more
    with started(calls, more) as process:
        while len(records(calls)) < wanted:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        assert process.wait(WAIT_SECONDS) == -signal.SIGKILL
    return records(calls)


def test_a_batch_that_is_killed_redoes_nothing_and_loses_nothing(calls: Path) -> None:
    first = killed_after(calls, 3)
    begun_first = begun(calls)
    with (calls.parent / "out" / FILE_NAME).open("ab") as manifest:
        manifest.write(b'{"name": "09.wav", "state": "do')  # as if it had been writing then
    second = killed_after(calls, 4)
    begun_second = begun(calls)
    with started(calls, len(NAMES)) as process:
        assert process.wait(WAIT_SECONDS) == 0

    assert (len(first), len(second)) == (3, 7)
    assert first.items() <= second.items() <= records(calls).items()
    for name in first:
        assert begun(calls)[name] == begun_first[name] == 1
    for name in second:
        assert begun(calls)[name] == begun_second[name]
    assert [(name, record.state) for name, record in sorted(records(calls).items())] == [
        (name, "done") for name in NAMES
    ]
    for name in NAMES:
        document = json.loads((calls.parent / "out" / f"{name}.json").read_text(encoding="utf-8"))
        assert Transcript.from_dict(document).duration == 0.1
    left = {path.name for path in (calls.parent / "out").iterdir()} - {FILE_NAME}
    assert left == {f"{name}.{ending}" for name in NAMES for ending in ("json", "srt")}


def test_a_batch_on_a_full_disk_ends_in_a_sentence_and_goes_on_later(calls: Path) -> None:
    """No file may grow beyond three lines of the manifest, which each result fits into."""
    out = calls.parent / "out"
    line = Record(NAMES[0], "x" * 64, "done", "2026-11-20T12:00:00+00:00", 0.1, 0.1).to_line()

    full = subprocess.run(
        ["prlimit", f"--fsize={3 * len(line) + 20}", *command_for(calls, len(NAMES))],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    said = full.stderr.decode().splitlines()
    assert full.returncode == 1
    assert said[-1] == (
        "manifest.jsonl cannot be written (File too large): make room on the disk and start the "
        "batch again; what is done is kept."
    )
    assert not any("Traceback" in line for line in said)
    manifest = (out / FILE_NAME).read_bytes()
    assert [json.loads(line)["state"] for line in manifest.splitlines()] == ["done"] * 3
    assert [*out.glob(".*.part")] == []
    kept = {name: begun(calls)[name] for name in records(calls)}

    with started(calls, len(NAMES)) as process:
        assert process.wait(WAIT_SECONDS) == 0
    assert {record.state for record in records(calls).values()} == {"done"}
    assert sorted(records(calls)) == NAMES
    assert {name: begun(calls)[name] for name in kept} == kept


def test_real_recordings_one_of_them_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    for name in ("zh-laughter.wav", "en-cough.wav", "ja-sad.wav", "ko-disgusted.wav"):
        shutil.copy(EXAMPLES / name, calls)
    (calls / "broken.mp3").write_text("this is no sound")
    command = ["batch", str(calls), "--output", str(tmp_path / "out"), "--format", "txt"]
    assert command_line.main([*command, "--model", "embedded", "--device", "cpu"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "broken.mp3 cannot be read as sound or video: " in err
    assert "4 done (0:" in err
    words = (tmp_path / "out" / "zh-laughter.wav.txt").read_text(encoding="utf-8")
    assert "(笑声)" in words
