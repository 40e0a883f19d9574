"""Files and folders that are there in full or not at all, for whoever looks, even after a crash."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".part"
"""Behind the name of a file that is not whole yet, with a dot before it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file to fill, which takes the place of ``path`` afterwards.

    It lies in the same folder, since only there a renaming is one step, and may be read by those
    alone who may read the file that it replaces. Raises ``OSError``; then, as after any error
    within, ``path`` is as it was, and nothing is left on the disk that may be full.
    """
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    try:
        unfinished.unlink(missing_ok=True)  # of a crash, perhaps with more rights
        unfinished.touch(mode=path.stat().st_mode & 0o777 if path.exists() else 0o666)
        yield unfinished
        _sync(unfinished)
        if path.exists():
            shutil.copymode(path, unfinished)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _sync(path.parent)


@contextmanager
def making(folder: Path) -> Iterator[Path]:
    """Give a folder to fill, which is ``folder`` afterwards; there is none before.

    Raises ``OSError``; then, as after any error within, nothing is left on the disk that may be
    full.
    """
    unfinished = folder.with_name(f".{folder.name}{UNFINISHED}")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)  # of a crash
        unfinished.mkdir(parents=True)
        yield unfinished
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file, and the folders above it where they are missing. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def _sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
