"""A batch on a Ray of two processes: the same words, and nothing that dies loses a recording."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from richspeech.cli import app as command_line
from richspeech.jobs.batch.manifest import FILE_NAME, Record, read_records
from richspeech.jobs.batch.ray import session
from richspeech.places import HOME as ROOT
from tests.integration.conftest import EXAMPLES

WAIT_SECONDS = 240.0
"""How long a hung test lasts; Ray starts ten processes."""

EARLY = [f"{number:02}.wav" for number in range(4)]
OTHERS = ["always.wav", "late-a.wav", "late-b.wav", "once.wav"]

TWO_PROCESSES = ("--ray", "local", "--workers", "2")


def records(output: Path) -> dict[str, Record]:
    manifest = output / FILE_NAME
    return read_records(manifest.read_bytes()) if manifest.is_file() else {}


def words(output: Path) -> dict[str, list[tuple[object, ...]]]:
    """What was heard, and when; batches of another size round probabilities otherwise."""
    told = ("start", "end", "text", "language", "emotion", "events")
    found = {}
    for path in output.rglob("*.json"):
        segments = json.loads(path.read_text(encoding="utf-8"))["segments"]
        found[str(path.relative_to(output))] = [
            tuple(each[key] for key in told) for each in segments
        ]
    return found


def test_the_same_words_as_without_ray(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RICHSPEECH_MODEL__THREADS", "1")
    calls, archive = tmp_path / "calls", tmp_path / "more.zip"
    calls.mkdir()
    for name in ("zh-laughter.wav", "en-cough.wav", "ja-sad.wav"):
        shutil.copy(EXAMPLES / name, calls)
    (calls / "broken.mp3").write_text("this is no sound")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(EXAMPLES / "ko-disgusted.wav", "ko-disgusted.wav")

    def command(output: str, *arguments: str) -> list[str]:
        words = ["batch", calls, archive, "--output", tmp_path / output, "--format", "srt"]
        return [*map(str, words), "--model", "embedded", "--device", "cpu", *arguments]

    assert command_line.main(command("here")) == 1
    ray = subprocess.run(
        [sys.executable, "-m", "richspeech", *command("there", *TWO_PROCESSES)],
        cwd=ROOT,
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
    )
    here, there = tmp_path / "here", tmp_path / "there"
    assert (ray.returncode, ray.stdout) == (1, "")
    for said in (capsys.readouterr().err, ray.stderr):
        assert "broken.mp3 cannot be read as sound or video: " in said
        assert "4 done (0:" in said
    assert not (tmp_path / ".ray").exists()
    assert words(there) == words(here)
    assert sum(bool(segments) for segments in words(here).values()) == 4
    for path in here.rglob("*.srt"):
        assert (there / path.relative_to(here)).read_bytes() == path.read_bytes()
    versions = [{each.name: each.version for each in records(o).values()} for o in (here, there)]
    assert versions[0] == versions[1]


def test_whoever_is_killed_costs_no_more_than_what_it_was_at(tmp_path: Path) -> None:
    calls, output = tmp_path / "calls", tmp_path / "out"
    calls.mkdir()
    for name in (*EARLY, *OTHERS):
        (calls / name).write_bytes(b"sound")

    @contextmanager
    def started() -> Iterator["subprocess.Popen[bytes]"]:
        command = ["-m", "tests.integration.ray_ear", calls, "--output", output, *TWO_PROCESSES]
        environment = os.environ | session.QUIET | session.LOOPBACK
        with subprocess.Popen(
            [sys.executable, *map(str, command)], cwd=ROOT, env=environment
        ) as driver:
            try:
                yield driver
            finally:
                driver.kill()

    def begun(name: str) -> list[int]:
        noted = calls / f"{name}.begun"
        return [int(line) for line in noted.read_text().split()] if noted.exists() else []

    def wait_for(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    with started() as driver:
        wait_for(lambda: bool(begun("late-a.wav") and begun("late-b.wav")))
        driver.kill()
        assert driver.wait(WAIT_SECONDS) == -signal.SIGKILL
    engines = {begun(f"late-{which}.wav")[-1] for which in "ab"}
    wait_for(lambda: not any(Path(f"/proc/{engine}").exists() for engine in engines))
    done_first = records(output)
    begun_first = {name: len(begun(name)) for name in done_first}
    (calls / "go").touch()
    with started() as driver:
        assert driver.wait(WAIT_SECONDS) == 1

    after = records(output)
    assert sorted(after) == [*EARLY, *OTHERS]
    assert [name for name, record in after.items() if record.state == "failed"] == ["always.wav"]
    assert after["always.wav"].error == (
        "always.wav has ended the process that worked on it 3 times: look whether it needs more "
        "memory than there is."
    )
    assert len(engines) == 2
    assert done_first.items() <= after.items()
    assert {name: len(begun(name)) for name in done_first} == begun_first
    assert len(begun("once.wav")) >= 2
