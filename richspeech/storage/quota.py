"""How much of the disk visitors may take: each window, and all together.

What lies on the disk is counted there, so that whatever deletes a file gives its room back. Files
without a name, which nobody finds there, are told beforehand.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from richspeech.errors import QuotaError

STEP_BYTES = 16 * 2**20
"""Between two counts while a file grows; it may be over by as much."""
ROOMY_BYTES, ROOMY_SECONDS = 4 * 2**30, 1.0
"""Where so much is left that nobody fills it within that time, a count as old as that will do."""


@dataclass(frozen=True)
class Quota:
    """The room below one folder, whose subfolders are windows; thread-safe."""

    root: Path
    total_bytes: int
    window_bytes: int
    _count: "_Count" = field(default_factory=lambda: _Count())  # noqa: PLW0108 - it comes below
    _unseen: dict[Path, int] = field(default_factory=dict)
    """Bytes of files without a name, by the folder of the window."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def require_room(self, window: Path, more_bytes: int = 0) -> None:
        """Raise ``QuotaError`` unless ``more_bytes`` fit, in the window and in all."""
        own = disk_bytes(window)
        total = self._count.bytes_below(self.root, self.total_bytes - more_bytes)
        with self._lock:
            own += self._unseen.get(window, 0) + more_bytes
            total += sum(self._unseen.values()) + more_bytes
        if own > self.window_bytes:
            raise QuotaError("quota.window", most=self.window_bytes)
        if total > self.total_bytes:
            raise QuotaError("quota.all", most=self.total_bytes)

    @contextmanager
    def unseen(self, window: Path, size_bytes: int) -> Iterator[None]:
        """Count a file without a name for as long as it is there; raises ``QuotaError``."""
        self.require_room(window, size_bytes)
        self._add(window, size_bytes)
        try:
            yield
        finally:
            self._add(window, -size_bytes)

    def _add(self, window: Path, size_bytes: int) -> None:
        with self._lock:
            left = self._unseen.pop(window, 0) + size_bytes
            if left:
                self._unseen[window] = left


class _Count:
    """Counts what lies on the disk; who waits for a count shares the next one with the others.

    Hundreds who send at once would else each count the files of all, one after the other. While
    there is plenty of room they share that of the last second.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun, self._bytes = float("-inf"), 0

    def bytes_below(self, folder: Path, most: int) -> int:
        """Return what lay there since the call, or lately if that is far from the ``most``."""
        asked = time.monotonic()
        with self._lock:
            is_roomy = self._bytes + ROOMY_BYTES < most
            if self._begun < asked - ROOMY_SECONDS * is_roomy:
                self._begun, self._bytes = time.monotonic(), disk_bytes(folder)
            return self._bytes


def disk_bytes(folder: Path) -> int:
    """Add up the files below a folder, each once, however many names it has."""
    seen: dict[tuple[int, int], int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                state = os.lstat(os.path.join(place, name))  # noqa: PTH118 - thousands of them
            except FileNotFoundError:  # gone since it was listed
                continue
            seen[state.st_dev, state.st_ino] = state.st_size
    return sum(seen.values())
