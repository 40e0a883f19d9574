"""A process's folder goes with the process, whatever ends it."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from richspeech.storage.workspace import LOCK, PREFIX, SECONDS_TO_LOCK, sweep, workspace
from tests.fakes import wait_until

HOLDER = """
import sys
from richspeech.storage.workspace import workspace
with workspace() as folder:
    (folder / "call.wav").write_bytes(b"sound")
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(parent: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """A process that has a folder, until its input ends or it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"TMPDIR": str(parent), "PYTHONPATH": "."},
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_the_folder_goes_with_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with workspace() as folder:
        (folder / "call.wav").write_bytes(b"sound")
        assert folder.parent == tmp_path
    assert not folder.exists()


def test_a_killed_process_leaves_no_sound_behind(tmp_path: Path) -> None:
    with holder(tmp_path) as (process, folder):
        assert (folder / "call.wav").exists()
        process.kill()
        wait_until(lambda: not folder.exists())


def test_a_start_deletes_what_the_dead_have_left_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, young, other = (tmp_path / f"{PREFIX}{name}" for name in ("dead", "young", "other"))
    for folder in (dead, young, other):
        folder.mkdir()
    (dead / LOCK).touch()
    other.rename(tmp_path / "someone-else")
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "someone-else")
    with holder(tmp_path) as (_, living):
        sweep(tmp_path)
        assert (living / "call.wav").exists()
        assert not dead.exists()
        assert young.exists()  # somebody may be about to lock it
        assert (tmp_path / "someone-else").exists()
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + SECONDS_TO_LOCK + 1)
        sweep(tmp_path)
        assert not young.exists()
        assert (living / "call.wav").exists()
