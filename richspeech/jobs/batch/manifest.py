"""What became of each recording: JSON lines that outlive the process, whenever it ends.

A line is written and flushed to the disk once its results are on the disk. A line that a crash has
torn is cut off when the manifest is opened again; lines that cannot be read count for nothing, and
their recordings are done again. Of several lines with one name the last one counts.
"""

import contextlib
import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from io import FileIO
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from richspeech.errors import OptionError

log = logging.getLogger(__name__)

FILE_NAME = "manifest.jsonl"


@dataclass(frozen=True)
class Record:
    """What became of one recording."""

    name: str
    """Of the recording, and of its results but for their endings."""
    version: str
    """Of its content, the settings and the weights; done again when it changes."""
    state: Literal["waiting", "done", "failed"]
    finished: str
    """When it was, or when it was handed in: UTC, as in ISO 8601."""
    duration: float | None = None
    """Seconds of audio."""
    processing_seconds: float | None = None
    error: str | None = None
    """Why it failed, in a sentence."""
    job: str | None = None
    """The durable job that it waits for."""

    def to_line(self) -> bytes:
        """Write the record as one line."""
        return json.dumps(asdict(self), ensure_ascii=False).encode() + b"\n"


@cache
def _adapter() -> TypeAdapter[Record]:
    return TypeAdapter(Record)


def read_records(content: bytes) -> dict[str, Record]:
    """Read the lines that can be read, by name."""
    records: dict[str, Record] = {}
    unreadable = 0
    for line in content.split(b"\n"):
        try:
            record = _adapter().validate_json(line)
        except ValidationError:
            unreadable += bool(line.strip())
        else:
            records[record.name] = record
    if unreadable:
        log.warning("%s: %d lines cannot be read and are left out", FILE_NAME, unreadable)
    return records


class Manifest:
    """The open manifest of a folder; thread-safe."""

    def __init__(self, file: FileIO) -> None:
        """``file`` has no buffer: what a full disk refused must not be written later."""
        self._file, self._lock = file, threading.Lock()
        content = file.readall()
        whole = content[: content.rfind(b"\n") + 1]
        file.truncate(len(whole))
        self._bytes = len(whole)
        self.records = read_records(whole)
        """What was there when it was opened."""

    def append(self, record: Record) -> None:
        """Add a line; when this returns, it is on the disk.

        Raises ``OptionError`` if it cannot be; then the manifest is as it was.
        """
        with self._lock:
            try:
                self._write(record.to_line())
            except OSError as error:
                self._file.truncate(self._bytes)
                raise OptionError(
                    "batch.manifest", name=FILE_NAME, why=str(error.strerror)
                ) from error

    def _write(self, line: bytes) -> None:
        left = line
        while left:
            left = left[self._file.write(left) :]
        os.fsync(self._file.fileno())
        self._bytes += len(line)


@contextmanager
def open_manifest(folder: Path) -> Iterator[Manifest]:
    """Open the manifest of a folder, and make both if need be; they go again if nothing is noted.

    Raises ``OptionError`` when the folder cannot be used, or when another process writes there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / FILE_NAME).open("a+b", buffering=0)
    except OSError as error:
        raise OptionError(
            "batch.folder_unwritable", name=folder.name, why=str(error.strerror)
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OptionError("batch.folder_taken", name=folder.name) from error
        file.seek(0)
        try:
            yield Manifest(file)
        finally:
            if not os.fstat(file.fileno()).st_size:
                (folder / FILE_NAME).unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # there is something else in it
                    folder.rmdir()
