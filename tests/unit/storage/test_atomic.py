"""A file is there in full or not at all, whatever breaks off while it is written."""

import os
import stat
from pathlib import Path

import pytest

from richspeech.storage.atomic import replacing, write_atomically
from tests.disk import disk_is_full, room_for


def test_a_result_that_finds_no_room_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.wav.json"
    write_atomically(path, b"before")
    with room_for(100), pytest.raises(OSError, match="File too large"):
        write_atomically(path, bytes(1_000))
    assert path.read_bytes() == b"before"
    assert [*tmp_path.iterdir()] == [path]


def test_a_file_that_breaks_off_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"before")
    monkeypatch.setattr(os, "fsync", disk_is_full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"after, and much longer")
    assert path.read_bytes() == b"before"
    monkeypatch.undo()
    write_atomically(path, b"after")
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_bytes() == b"after"


def test_nobody_sees_a_file_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    with replacing(path) as unfinished:
        unfinished.write_bytes(b"half")
        assert not path.exists()
        assert unfinished.parent == tmp_path
        unfinished.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"


def test_folders_that_are_missing_are_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b.json", b"{}")
    assert (tmp_path / "a" / "b.json").read_bytes() == b"{}"


def test_whoever_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a.npy"):
        raise KeyboardInterrupt
    assert [*tmp_path.iterdir()] == []


def test_what_was_private_is_private_at_every_moment(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.touch(mode=0o600)
    leftover = tmp_path / ".config.yaml.part"
    leftover.touch(mode=0o644)
    with replacing(path) as unfinished:
        assert stat.S_IMODE(unfinished.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_names_reach_the_disk_before_anybody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content before the name, or a crash between the two leaves an empty file."""
    path, synced = tmp_path / "a.json", []

    def fsync(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        synced.append((name, path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(path, b"{}")
    assert synced == [(".a.json.part", False), (tmp_path.name, True)]
