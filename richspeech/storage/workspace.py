"""The folder in which a process keeps what visitors send, and which goes with the process.

    the process ends             it deletes the folder
    it is killed                 a shell that waits for its end deletes the folder at once
    both are killed              the next start does, as nobody holds the folder's lock any more

A living neighbour's lock is held, so that its folder stays.
"""

import logging
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)

PREFIX = "richspeech-work-"
LOCK = ".lock"
SECONDS_TO_LOCK = 60
"""A folder without a lock is as young as this, or nobody's."""
UNDERTAKER = 'cat > /dev/null; rm -rf -- "$1"'
"""Its input ends when the process does, however it ends."""


@contextmanager
def workspace() -> Iterator[Path]:
    """Give this process a folder of its own, and delete those that dead ones have left."""
    parent = Path(tempfile.gettempdir())
    sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    with FileLock(folder / LOCK), _undertaken(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Delete the folders whose processes are dead; those of others are not ours to touch."""
    for folder in parent.glob(f"{PREFIX}*"):
        if _is_own(folder) and _is_dead(folder):
            log.info("deleting %s, which a process that was killed has left", folder)
            shutil.rmtree(folder, ignore_errors=True)


def _is_own(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid()


def _is_dead(folder: Path) -> bool:
    lock = folder / LOCK
    if not lock.exists():
        return time.time() - folder.stat().st_ctime > SECONDS_TO_LOCK
    try:
        with FileLock(lock, timeout=0):
            return True
    except Timeout:
        return False


@contextmanager
def _undertaken(folder: Path) -> Iterator[None]:
    # A group of its own, so that Ctrl-C in the terminal does not end it first.
    with subprocess.Popen(  # noqa: S603 - nothing in it is anybody's but ours
        ["/bin/sh", "-c", UNDERTAKER, PREFIX, str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    ):
        yield
