"""The SQLite file of a history: made, watched while it is open, checked, and put aside."""

import sqlite3
import stat
from contextlib import closing, suppress
from datetime import datetime
from glob import escape
from pathlib import Path

from filelock import FileLock

from richspeech.storage.atomic import UNFINISHED, replacing

LONGEST_WAIT_SECONDS = 30
"""For another writer of the same file."""

LOGS = ("-wal", "-shm")
"""What SQLite writes beside the file; a name goes with the file's."""

SqliteError = sqlite3.Error


class SqliteFile:
    """A file that is open; tells when another one, or none, has taken its place."""

    def __init__(self, path: Path) -> None:
        """Make the file unless it is there; raises ``OSError`` and ``SqliteError``."""
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite lets no one wait who finds another at the change below, so a lock of our own does.
        with _locked(path):
            path.touch(mode=0o600)  # these are people's words
            self._identity = _identity(path)
            self._connection = sqlite3.connect(
                path, LONGEST_WAIT_SECONDS, check_same_thread=False, isolation_level=None
            )
            try:
                # A search goes on while somebody writes; the file stays so for good.
                self._connection.execute("PRAGMA journal_mode = WAL").close()
                # Opens the log, which stays that of this file, wherever that goes.
                self._connection.execute("SELECT count(*) FROM sqlite_master").close()
            except SqliteError:
                self._connection.close()
                raise

    @property
    def is_in_place(self) -> bool:
        """Whether the file that is open is the one that is there."""
        return _identity(self.path) == self._identity

    def check(self) -> None:
        """Read the whole file; raises ``SqliteError`` when it is damaged anywhere."""
        for (found,) in self._connection.execute("PRAGMA quick_check(1)"):
            if found != "ok":
                raise DamagedFile(found)

    def copied(self, mark: str) -> Path:
        """Copy what is committed to a file beside this one, which only its owner may read.

        It is there whole or not at all. Raises ``OSError`` and ``SqliteError``.
        """
        copy, original = _free_name(self.path, mark), self.path.stat()
        for left in self.path.parent.glob(f".{escape(self.path.stem)}.*{UNFINISHED}*"):
            left.unlink()  # of a process that was killed
        with replacing(copy) as unfinished:
            unfinished.chmod(stat.S_IMODE(original.st_mode))
            with closing(sqlite3.connect(unfinished)) as target:
                self._connection.backup(target)
        return copy

    def delete_copies(self, mark: str) -> None:
        """Delete what ``copied`` has made; raises ``OSError``."""
        path = self.path
        for copy in path.parent.glob(f"{escape(path.stem)}.{mark}-*{escape(path.suffix)}"):
            copy.unlink()

    def close(self) -> None:
        """Close the file, wherever it is now; its log is emptied first.

        Else SQLite might take what is left in the log for that of another file at this place.
        """
        with suppress(SqliteError):  # closed before, or somebody still reads it
            self._connection.execute("PRAGMA busy_timeout = 1000").close()
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        self._connection.close()


class DamagedFile(sqlite3.DatabaseError):
    """A check found damage."""


def is_damage(error: object) -> bool:
    """Whether an error says that what is in the file can never be read."""
    if isinstance(error, DamagedFile):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def put_aside(path: Path) -> Path:
    """Rename a file and its logs to a name with the time; return the new path of the file."""
    with _locked(path):
        aside = _free_name(path, "aside")
        for ending in ("", *LOGS):
            with suppress(FileNotFoundError):
                path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    return aside


def _free_name(path: Path, mark: str) -> Path:
    stem = f"{path.stem}.{mark}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    marks = ("", *(f"-{number}" for number in range(2, 1_000)))
    names = (path.with_name(f"{stem}{mark}{path.suffix}") for mark in marks)
    return next(name for name in names if not name.exists())


def _locked(path: Path) -> FileLock:
    return FileLock(path.with_name(f"{path.name}.lock"), LONGEST_WAIT_SECONDS, mode=0o600)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_dev, state.st_ino
