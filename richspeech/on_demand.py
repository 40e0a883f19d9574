"""What is loaded when it is first used, and let go once nobody has used it for a while."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class OnDemand(Generic[Thing]):
    """One thing for all threads; it stays as long as somebody uses it."""

    def __init__(self, load: Callable[[], Thing], idle_seconds: float | None) -> None:
        """``idle_seconds`` None keeps what was loaded."""
        self._load, self._idle_seconds = load, idle_seconds
        self._lock = threading.Lock()
        self._thing: Thing | None = None
        self._users = 0
        self._timer: threading.Timer | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether it is in memory now."""
        return self._thing is not None

    @contextmanager
    def use(self) -> Iterator[Thing]:
        """Give the thing; who comes while it is being loaded waits for it."""
        with self._lock:
            self._stop_timer()
            if self._thing is None:
                self._thing = self._load()
            self._users += 1
            thing = self._thing
        try:
            yield thing
        finally:
            del thing
            with self._lock:
                self._users -= 1
                if not self._users and self._idle_seconds is not None:
                    self._start_timer(self._idle_seconds)

    def _start_timer(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._let_go)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _let_go(self) -> None:
        with self._lock:
            # A timer that was stopped too late finds itself replaced or taken away.
            if self._timer is threading.current_thread():
                self._thing = self._timer = None
