"""Recordings of jobs: whole or not at all, under the job's id alone, gone with the job."""

import os
import stat
import time
from pathlib import Path

import pytest

from richspeech.errors import JobError, StoreError
from richspeech.storage.recordings import NEW_SECONDS, Recordings

JOB = "0123456789abcdef"
OTHER = "fedcba9876543210"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "recordings"


def is_there(recordings: Recordings) -> bool:
    try:
        with recordings.open(JOB):
            return True
    except JobError:
        return False


@pytest.fixture
def recordings(folder: Path) -> Recordings:
    return Recordings(folder)


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "客服 call.wav"
    path.write_bytes(b"sound" * 1_000)
    return path


def test_a_recording_outlasts_the_upload_without_taking_more_room(
    recordings: Recordings, folder: Path, upload: Path
) -> None:
    content = upload.read_bytes()
    path = recordings.keep(JOB, upload)
    assert path == folder / JOB
    assert path.samefile(upload)
    upload.unlink()
    assert path.read_bytes() == content
    with recordings.open(JOB) as source:
        assert source == path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_disk_without_links_gets_a_copy_that_only_its_owner_may_read(
    recordings: Recordings, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    path = recordings.keep(JOB, upload)
    assert not path.samefile(upload)
    assert path.read_bytes() == upload.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keeping_it_once_more_changes_nothing(recordings: Recordings, upload: Path) -> None:
    first = recordings.keep(JOB, upload)
    assert recordings.keep(JOB, upload) == first
    assert [path.name for path in first.parent.iterdir()] == [JOB]


@pytest.mark.parametrize(
    "name", ["../secret", "a/b", "", "call.wav", ".", "ABCDEF0123456789", "a" * 65]
)
def test_no_name_of_a_visitor_becomes_a_path(
    recordings: Recordings, upload: Path, folder: Path, name: str
) -> None:
    with pytest.raises(StoreError, match="is not the id of a job"):
        recordings.keep(name, upload)
    with pytest.raises(StoreError, match="is not the id of a job"):
        recordings.delete(name)
    with pytest.raises(StoreError, match="is not the id of a job"), recordings.open(name):
        pass
    assert not folder.exists()


def test_what_cannot_be_kept_is_a_sentence_and_leaves_nothing(
    recordings: Recordings, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match=r"cannot be kept \(No such file or directory\)"):
        recordings.keep(JOB, tmp_path / "gone.wav")
    assert not is_there(recordings)
    assert [*folder.iterdir()] == []


def test_a_recording_goes_with_its_job(recordings: Recordings, upload: Path) -> None:
    recordings.keep(JOB, upload)
    for _ in range(2):
        recordings.delete(JOB)
    assert not is_there(recordings)
    assert upload.exists()


def test_what_belongs_to_no_job_goes_once_it_is_old(
    recordings: Recordings, folder: Path, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings.sweep([JOB])  # there is no folder yet
    kept = recordings.keep(JOB, upload)
    recordings.keep(OTHER, upload)
    (folder / f".{OTHER}.part").write_text("half of it")
    (folder / "a letter.txt").write_text("not ours")
    everything = sorted(folder.iterdir())
    recordings.sweep([JOB])
    assert sorted(folder.iterdir()) == everything
    later = time.time() + 2 * NEW_SECONDS
    monkeypatch.setattr(time, "time", lambda: later)
    recordings.sweep([JOB])
    assert sorted(path.name for path in folder.iterdir()) == [kept.name, "a letter.txt"]
