"""Presence: who has which transcript open at this moment.

It is told anew every few seconds and forgotten soon after, with the process or before: nothing of
it is written down. With several processes in front of one history, each knows its own.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

SECONDS_BETWEEN = 15
"""In which whoever has a transcript open says so again."""
EXPIRY_SECONDS = 3 * SECONDS_BETWEEN
MOST_OPEN = 10_000
"""At once; who comes then is not told of."""


@dataclass(frozen=True)
class Watcher:
    """Somebody who has a transcript open."""

    user: str | None
    """None where nobody logs in."""
    window: str
    """A browser window, or an API key."""

    def is_other_than(self, other: "Watcher") -> bool:
        """Tell whether it is somebody else; of two without names, whether in another window."""
        if self.user is None and other.user is None:
            return self.window != other.window
        return self.user != other.user


class Presence:
    """Who has what open; for all threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """``now`` gives seconds of a clock that is never set."""
        self._now, self._lock = now, threading.Lock()
        self._seen: dict[Watcher, tuple[int, float]] = {}
        """Which transcript each has open, and when that was last said; the latest last."""

    def see(self, transcript: int, watcher: Watcher) -> None:
        """Take note that somebody has a transcript open, and no other one in that window."""
        with self._lock:
            self._forget()
            if self._seen.pop(watcher, None) or len(self._seen) < MOST_OPEN:
                self._seen[watcher] = (transcript, self._now())

    def others(self, transcript: int, watcher: Watcher) -> tuple[str | None, ...]:
        """Return who else has it open, each name once; None for those without a name."""
        with self._lock:
            self._forget()
            there = [each for each, (opened, _) in self._seen.items() if opened == transcript]
        names = {each.user for each in there if each.is_other_than(watcher)}
        return tuple(sorted(names, key=lambda name: (name is None, name)))

    def _forget(self) -> None:
        oldest = self._now() - EXPIRY_SECONDS
        while self._seen and next(iter(self._seen.values()))[1] <= oldest:
            del self._seen[next(iter(self._seen))]
