"""Engines whose weights are not those of the settings: with another adapter, or without one.

Each has all of its weights for itself, so that taking an adapter out leaves nothing of it, and of
those there are few at once.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from richspeech.engines.adapters import Adapter
from richspeech.engines.lazy import Lazy, entered
from richspeech.engines.loader import Loaded
from richspeech.errors import Cancelled
from richspeech.polling import WAITING_POLL_SECONDS


class Version(NamedTuple):
    """An engine with an adapter, or without one; one that was trained again is another."""

    engine: str
    adapter: str | None
    digest: str | None

    @classmethod
    def of(cls, engine: str, adapter: Adapter | None) -> "Version":
        """Return what tells it from others."""
        return cls(engine, adapter.name, adapter.digest) if adapter else cls(engine, None, None)


class AdaptedEngines:
    """Loads them when they are first used, and lets those go that nobody uses; for all threads."""

    def __init__(
        self, load: Callable[[Version], Loaded], idle_seconds: float | None, most: int
    ) -> None:
        """At most ``most`` are in memory at once."""
        self._load, self._idle_seconds, self._most = load, idle_seconds, most
        self._changed = threading.Condition()
        self._held: dict[Version, Lazy[Loaded]] = {}
        """What may be in memory, the longest unused first."""
        self._users: dict[Version, int] = {}

    @contextmanager
    def use(self, version: Version, cancelled: Callable[[], bool]) -> Iterator[Loaded]:
        """Give one; who comes while too many are used waits. Raises ``Cancelled``."""
        lazy = self._taken(version, cancelled)
        try:
            with entered(lazy.use(), cancelled) as loaded:
                yield loaded
        finally:
            with self._changed:
                self._users[version] -= 1
                self._changed.notify_all()

    def _taken(self, version: Version, cancelled: Callable[[], bool]) -> Lazy[Loaded]:
        with self._changed:
            while version not in self._held and not self._has_room():
                if cancelled():
                    raise Cancelled
                self._changed.wait(WAITING_POLL_SECONDS)
            lazy = self._held.pop(version, None) or Lazy(
                partial(self._load, version), self._idle_seconds, Loaded.close
            )
            self._held[version] = lazy
            self._users[version] = self._users.get(version, 0) + 1
            return lazy

    def _has_room(self) -> bool:
        """Let those go that nobody uses, until there is room for one more."""
        for version in [*self._held]:
            if len(self._held) < self._most:
                break
            self._let_go(version)
        return len(self._held) < self._most

    def _let_go(self, version: Version) -> None:
        if not self._users.get(version) and self._held[version].let_go():
            del self._held[version]
            self._users.pop(version, None)

    def unload(self, adapter: str) -> bool:
        """Let an adapter go now; say whether it is gone, which it is not while somebody uses it."""
        with self._changed:
            for version in [each for each in self._held if each.adapter == adapter]:
                self._let_go(version)
            self._changed.notify_all()
            return not any(version.adapter == adapter for version in self._held)

    @property
    def loaded(self) -> Mapping[Version, Loaded]:
        """Those in memory now."""
        with self._changed:
            found = {version: lazy.loaded for version, lazy in self._held.items()}
        return {version: each for version, each in found.items() if each is not None}

    def close(self) -> None:
        """End them all, whoever uses them."""
        with self._changed:
            for lazy in self._held.values():
                lazy.close()
            self._held.clear()
