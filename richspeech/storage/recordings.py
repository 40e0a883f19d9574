"""The recordings of jobs that outlast a process: one file a job, under the job's id.

A recording is linked where the disk allows that, else copied; it is there whole or not at all. No
name that came from a visitor is part of a path, and only the owner of the folder may look into it.
"""

import logging
import os
import re
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from richspeech.errors import JobError, StoreError
from richspeech.storage.atomic import UNFINISHED, replacing

log = logging.getLogger(__name__)

IDENTIFIER = re.compile(r"[0-9a-f]{8,64}")

NEW_SECONDS = 3_600.0
"""For so long nobody's recording may be of a job that is just being handed in."""


class RecordingStore(Protocol):
    """Where every process finds the recordings of jobs; for all threads.

    Everything raises ``StoreError`` when it cannot be used.
    """

    def keep(self, identifier: str, source: Path) -> object:
        """Have the recording of a job here as well; once is enough."""

    def open(self, identifier: str) -> AbstractContextManager[Path]:
        """Give the recording of a job to be read; raises ``JobError`` when it is gone."""

    def delete(self, identifier: str) -> None:
        """Delete the recording of a job; one that is gone already is no error."""

    def sweep(self, identifiers: Collection[str]) -> None:
        """Delete what belongs to none of these, and what a process left unfinished.

        What is new stays, since others may hand in a recording at this moment.
        """


class Recordings:
    """A folder of recordings; for all threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, identifier: str, source: Path) -> Path:
        """Have the recording of a job here as well, and return where; once is enough.

        Raises ``StoreError`` for an id that is none, and when the disk cannot take it.
        """
        path = self._path(identifier)
        if path.exists():
            return path
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replacing(path) as unfinished:
                _link_or_copy(source.resolve(strict=True), unfinished)
        except OSError as error:
            reason = error.strerror or "unknown"
            raise StoreError("recording.unwritable", number=identifier, why=reason) from error
        return path

    @contextmanager
    def open(self, identifier: str) -> Iterator[Path]:
        """Give the recording of a job to be decoded; raises ``JobError`` when it is gone."""
        path = self._path(identifier)
        if not path.is_file():
            raise JobError("job.no_recording", number=identifier)
        yield path

    def delete(self, identifier: str) -> None:
        """Delete the recording of a job; one that is gone already is no error."""
        _unlink(self._path(identifier))

    def sweep(self, identifiers: Collection[str]) -> None:
        """Delete what belongs to none of these jobs, and what a process left unfinished.

        What is new stays, since others may hand in a recording at this moment.
        """
        for path in self._folder.glob("*"):
            name = path.name.removeprefix(".").removesuffix(UNFINISHED)
            is_ours = IDENTIFIER.fullmatch(name) and (path.name != name or name not in identifiers)
            if is_ours and _age_seconds(path) > NEW_SECONDS:
                try:
                    _unlink(path)
                except StoreError as error:  # the others can be deleted, perhaps
                    log.warning("%s", error)

    def _path(self, identifier: str) -> Path:
        require_identifier(identifier)
        return self._folder / identifier


def require_identifier(identifier: str) -> None:
    """Raise ``StoreError`` for what can be no id of a job."""
    if not IDENTIFIER.fullmatch(identifier):
        raise StoreError("recording.id", number=identifier[:64])


def _age_seconds(path: Path) -> float:
    """Return how long a name is there, which is not the age of what a link leads to; 0 if gone."""
    try:
        return time.time() - path.lstat().st_ctime
    except OSError:
        return 0.0


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "unknown"
        raise StoreError("recording.undeletable", name=path.name, why=reason) from error


def _link_or_copy(source: Path, path: Path) -> None:
    path.unlink()
    try:
        path.hardlink_to(source)
    except OSError:  # another disk, or one that knows no links
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with source.open("rb") as read, os.fdopen(descriptor, "wb") as write:
            shutil.copyfileobj(read, write)
