"""The audit log: who opened, exported and deleted what, and who came in; one JSON object a line.

    {"time": "2026-11-28T12:09:16.313+00:00", "action": "deleted", "user": "ann", "key": null,
     "address": "192.0.2.7", "request": "9d2d156038f0e9cb", "transcripts": [12], "count": 1}

It is written where the one thing happens (the store, the exports, the accounts, the login), never
by a route; who it is comes from ``caller``. A file of its own, that nothing in the program reads or
deletes: lines are added, and after so many bytes it is put aside. Every line opens the file anew
and holds a lock, so that a command may write while the server does.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from richspeech.operations.caller import caller
from richspeech.settings import OperationsSettings

log = logging.getLogger(__name__)
_lines = logging.getLogger("richspeech.audit")

MOST_LETTERS = 200
"""Of a name."""
LOCK_SECONDS = 5.0


class Action(StrEnum):
    """What was done."""

    OPENED = "opened"
    """A transcript of the history was shown."""
    EXPORTED = "exported"
    """A file was made of a transcript, or of those of a batch."""
    DELETED = "deleted"
    """Transcripts are gone from the history."""
    VOICES_FORGOTTEN = "voices_forgotten"
    """Voiceprints are gone from it."""
    SHARED = "shared"
    """A link was made that shows a transcript to whoever has it."""
    UNSHARED = "unshared"
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGGED_OUT = "logged_out"
    USER_ADDED = "user_added"
    USER_CHANGED = "user_changed"
    """Another password or role."""
    USER_REMOVED = "user_removed"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"


def record(action: Action, **what: Any) -> None:
    """Write down that somebody has done something; what cannot be written is in the log.

    Nothing is undone for that: a full disk must not keep people from deleting.
    """
    who = caller()
    fields = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "action": action.value,
        "user": who.user,
        "key": who.key,
        "address": who.address,
        "request": who.request,
        **what,
    }
    bounded = {name: _bounded(value) for name, value in fields.items()}
    _lines.info(json.dumps(bounded, ensure_ascii=False, default=str))


def _bounded(value: Any) -> Any:
    return value[:MOST_LETTERS] if isinstance(value, str) else value


@contextmanager
def audit_written(settings: OperationsSettings) -> Iterator[None]:
    """Write what is recorded meanwhile to the file of the settings, if they name one."""
    _lines.setLevel(logging.INFO)
    _lines.propagate = False
    handler = _handler(settings, settings.audit_file) if settings.audit_file else None
    if handler is not None:
        _lines.addHandler(handler)
    try:
        yield
    finally:
        if handler is not None:
            _lines.removeHandler(handler)


def _handler(settings: OperationsSettings, path: Path) -> logging.Handler:
    return _AuditFile(path, settings.audit_bytes, settings.audit_files)


class _AuditFile(RotatingFileHandler):
    """A file that is open for the time of one line, and belongs to whoever runs the server."""

    def __init__(self, path: Path, most_bytes: int, files: int) -> None:
        super().__init__(path, maxBytes=most_bytes, backupCount=files, encoding="utf-8", delay=True)
        self._lock_file = FileLock(f"{path}.lock", timeout=LOCK_SECONDS)

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
            with self._lock_file:
                super().emit(record)
                self.close()
        except (OSError, Timeout):
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002 - logging's
        log.error("the audit log cannot be written: %s", sys.exc_info()[1])
        with suppress(OSError):
            self.close()
