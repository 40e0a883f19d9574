"""Every engine of one process: the main one, and others that are loaded when they are needed."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from postprocess import Rule
from richspeech.engines import loader
from richspeech.engines.lazy import Lazy, entered
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.engines.sentiment.load import LazyReader, lazy_reader
from richspeech.errors import OptionError
from richspeech.language.catalog import Notice
from richspeech.settings import ENGINES, Settings


class Main(Protocol):
    """The main engine, which something else loads: ``readiness.Readiness``."""

    @property
    def loaded(self) -> Loaded | None:
        """The engine; None unless it is there."""

    def wait(self, cancelled: Callable[[], bool]) -> Loaded:
        """Return the engine once it is there; raises what went wrong, or ``Cancelled``."""


def load(settings: Settings) -> Loaded:
    """Load the engine of the settings, with their stages, for whoever closes it.

    Raises ``ModelError`` as ``Transcribers.load_main`` does.
    """
    transcribers = Transcribers(Readiness(), settings)
    return transcribers.with_stages(transcribers.load_main())


class Transcribers:
    """The engines by their names; for all threads."""

    def __init__(
        self,
        main: Main,
        settings: Settings,
        load: Callable[[Settings, str], Loaded] | None = None,
    ) -> None:
        """Take the engine that ``settings`` name as the main one; others get the same settings.

        ``load`` loads one; ``loader.load_engine`` unless given.
        """
        self._given_load = load
        self._main, self._main_engine = main, settings.model.engine
        self._settings, self._rules = settings, settings.rules
        self._reader: LazyReader | None = None
        self._lock = threading.Lock()
        """Held while the reader is chosen."""
        self._others = {
            engine: Lazy(
                partial(self._load, settings, engine),
                settings.model.idle_seconds,
                Loaded.close,
            )
            for engine in ENGINES
            if engine != self._main_engine
        }

    @property
    def engines(self) -> tuple[str, ...]:
        """Names, the main one first."""
        return (self._main_engine, *self._others)

    @property
    def main(self) -> Loaded | None:
        """The main engine as it was loaded; None unless it is there."""
        return self._main.loaded

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that every engine follows now."""
        return self._rules

    def use_rules(self, rules: tuple[Rule, ...]) -> None:
        """Have whoever asks for an engine from now on follow these rules."""
        self._rules = rules

    def load_main(self) -> Loaded:
        """Load the main engine for whoever keeps it.

        Raises ``ModelError`` when its weights, or those of what reads its words unasked, cannot be
        had.
        """
        if self.reads(self._main_engine):
            self._lazy_reader()
        return self._load(self._settings, self._main_engine)

    @contextmanager
    def use(
        self,
        engine: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        reads: bool | None = None,
        rules: tuple[Rule, ...] | None = None,
    ) -> Iterator[Loaded]:
        """Give an engine, the main one if none is named; it stays at least as long as the block.

        Its segments go through the stages that ``with_stages`` chooses, whose models stay as long.
        Who comes while it is being loaded waits for it. Raises ``OptionError`` for an unknown name,
        what went wrong in loading, and ``Cancelled`` once ``cancelled`` says so.
        """
        with self._using(engine or self._main_engine, cancelled) as loaded:
            staged = self.with_stages(loaded, reads=reads, rules=rules)
            with self._reading(staged, cancelled):
                yield staged

    @contextmanager
    def _using(self, engine: str, cancelled: Callable[[], bool]) -> Iterator[Loaded]:
        if engine == self._main_engine:
            yield self._main.wait(cancelled)
        elif engine in self._others:
            with entered(self._others[engine].use(), cancelled) as loaded:
                yield loaded
        else:
            raise OptionError(
                "option.unknown",
                what=Notice("what.engine"),
                value=engine,
                known=tuple(self.engines),
            )

    @contextmanager
    def _reading(self, staged: Loaded, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Load first what reads the words, if they are read: loading is no processing."""
        if staged.sentiment_weights is None:
            yield
            return
        with entered(self._lazy_reader().use(), cancelled):
            yield

    def with_stages(
        self, loaded: Loaded, *, reads: bool | None = None, rules: tuple[Rule, ...] | None = None
    ) -> Loaded:
        """Return an engine, as it was loaded, with the stages of a request.

        ``reads`` says whether words are read for their sentiment; None: as the settings have it for
        this engine. ``rules`` mend labels; None: those that every engine follows now. Raises
        ``ModelError`` when what reads the words cannot be had.
        """
        reader = self._lazy_reader() if self._are_read(loaded.engine, reads=reads) else None
        followed = self._rules if rules is None else rules
        return loader.with_stages(loaded, self._settings, followed, reader)

    def has(self, engine: str | None, *, reads: bool | None = None) -> bool:
        """Whether what ``use`` gives need not be loaded first."""
        name = engine or self._main_engine
        if self._are_read(name, reads=reads) and not (self._reader and self._reader.is_loaded):
            return False
        return name in self.loaded

    def _are_read(self, engine: str, *, reads: bool | None) -> bool:
        return self.reads(engine) if reads is None else reads

    def reads(self, engine: str) -> bool:
        """Whether this engine's words are read for their sentiment when nobody says so."""
        return engine in self._settings.sentiment.engines

    def _load(self, settings: Settings, engine: str) -> Loaded:
        return (self._given_load or loader.load_engine)(settings, engine)

    def _lazy_reader(self) -> LazyReader:
        """Return the one that reads for all engines."""
        with self._lock:
            if self._reader is None:
                self._reader = lazy_reader(self._settings)
            return self._reader

    @property
    def loaded(self) -> Mapping[str, Loaded]:
        """The engines that are loaded now, by their names, the main one first."""
        found = {self._main_engine: self._main.loaded}
        found |= {engine: other.loaded for engine, other in self._others.items()}
        return {engine: each for engine, each in found.items() if each is not None}

    @property
    def memory_bytes(self) -> Mapping[str, int | None]:
        """By how much the process grew for each engine that is loaded now."""
        return {engine: each.memory_bytes for engine, each in self.loaded.items()}

    @property
    def gpu_memory_bytes(self) -> Mapping[str, int]:
        """What this process has taken of each GPU; empty without one."""
        if "torch" not in sys.modules:  # importing it would take seconds, and find nothing
            return {}
        from richspeech.engines.common.device import gpu_memory_bytes  # noqa: PLC0415

        return gpu_memory_bytes()

    def close(self) -> None:
        """End every engine that is loaded, the main one too."""
        for other in self._others.values():
            other.close()
        if (main := self._main.loaded) is not None:
            main.close()
