"""Every engine of one process: the main one, and others that are loaded when they are needed."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from postprocess import Rule
from richspeech.engines import loader
from richspeech.engines.adapted import AdaptedEngines, Version
from richspeech.engines.adapters import NO_ADAPTER, Adapter, find_adapter, list_adapters
from richspeech.engines.cascades import (
    NO_CASCADE,
    Cascade,
    KeptCascade,
    find_cascade,
    list_cascades,
)
from richspeech.engines.lazy import Lazy, entered
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.engines.registry import engine_named
from richspeech.engines.sentiment.load import LazyReader, lazy_reader
from richspeech.engines.voices.load import LazyVoices
from richspeech.errors import ModelError, OptionError
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
    return Transcribers(Readiness(), settings).load_staged()


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
        self._voices = LazyVoices(settings)
        self._cascades: dict[str, Cascade] = {}
        """Those that somebody has used, by their digests."""
        self._lock = threading.Lock()
        """Held while the reader, or a cascade, is chosen."""
        self._others = {
            engine: Lazy(
                partial(self._load, settings.with_adapter(None), engine),
                settings.model.idle_seconds,
                Loaded.close,
            )
            for engine in ENGINES
            if engine != self._main_engine
        }
        self._adapted = AdaptedEngines(
            self._load_version, settings.model.idle_seconds, settings.adapters.most_loaded
        )

    @property
    def engines(self) -> tuple[str, ...]:
        """Names of those that are installed, the main one first."""
        others = (name for name in self._others if engine_named(name).is_installed)
        return (self._main_engine, *others)

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
        had, and for a cascade of other weights; ``OptionError`` for one that cannot be had at all.
        """
        kept = self._kept_cascade(self._main_engine, None, None)
        if self.reads(self._main_engine):
            self._lazy_reader()
        loaded = self._load(self._settings, self._main_engine)
        try:
            self._loaded_cascade(loaded, kept)
        except ModelError:
            loaded.close()
            raise
        return loaded

    def load_staged(self) -> Loaded:
        """Load it with the stages of the settings; raises the same."""
        kept = self._kept_cascade(self._main_engine, None, None)
        return self.with_stages(self.load_main(), cascade=kept)

    @contextmanager
    def use(
        self,
        engine: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        reads: bool | None = None,
        rules: tuple[Rule, ...] | None = None,
        adapter: str | None = None,
        cascade: str | None = None,
    ) -> Iterator[Loaded]:
        """Give an engine, the main one if none is named; it stays at least as long as the block.

        Its weights have the ``adapter`` of this name, or that of the settings unless one is named;
        ``none`` is none. An engine that takes none is refused, and so is a name that is not there.
        The same holds of the ``cascade`` that revises its labels.

        Its segments go through the stages that ``with_stages`` chooses, whose models stay as long.
        Who comes while it is being loaded waits for it. Raises ``OptionError`` for an unknown name,
        what went wrong in loading, and ``Cancelled`` once ``cancelled`` says so.
        """
        kept = self._kept_cascade(engine or self._main_engine, adapter, cascade)
        with self._using(engine or self._main_engine, adapter, cancelled) as loaded:
            staged = self.with_stages(loaded, reads=reads, rules=rules, cascade=kept)
            with self._reading(staged, cancelled):
                yield staged

    @contextmanager
    def _using(
        self, engine: str, adapter: str | None, cancelled: Callable[[], bool]
    ) -> Iterator[Loaded]:
        version = self._version(engine, adapter)
        if version is not None:
            with self._adapted.use(version, cancelled) as loaded:
                yield loaded
        elif engine == self._main_engine:
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

    def _version(self, engine: str, adapter: str | None) -> Version | None:
        """Return what is none of the engines as the settings have them; None for one of those.

        Raises ``OptionError`` for an adapter that is not there, or not for this engine.
        """
        own = self._settings.model.adapter if engine == self._main_engine else None
        if adapter is None or adapter == (own or NO_ADAPTER) or engine not in self.engines:
            return None
        if adapter == NO_ADAPTER:
            return Version.of(engine, None)
        engine_named(engine).require_adapters()
        return Version.of(engine, find_adapter(self._settings.adapters.folder, adapter))

    def require_adapter(self, engine: str | None, adapter: str | None) -> None:
        """Raise ``OptionError`` for an adapter that is not there, or not for this engine."""
        self._version(engine or self._main_engine, adapter)

    def _load_version(self, version: Version) -> Loaded:
        return self._load(self._settings.with_adapter(version.adapter), version.engine)

    @property
    def adapters(self) -> tuple[Adapter, ...]:
        """All that may be named, whatever weights they are for."""
        return list_adapters(self._settings.adapters.folder)

    @property
    def main_adapter(self) -> str:
        """Name of the one that the main engine has when nobody says otherwise, or ``none``."""
        return self._settings.model.adapter or NO_ADAPTER

    @property
    def adapters_loaded(self) -> frozenset[str]:
        """Names of those in memory now, that of the main engine included."""
        main = self._main.loaded
        own = (main.adapter,) if main is not None else ()
        adapted = (each.adapter for each in self._adapted.loaded.values())
        return frozenset(adapter.name for adapter in (*own, *adapted) if adapter is not None)

    def unload(self, adapter: str) -> bool:
        """Let an adapter go now; say whether it is gone.

        It is not while somebody uses it, and that of the main engine stays. Raises ``OptionError``
        for one that is neither in memory nor there; its folder may be gone already.
        """
        if adapter not in self.adapters_loaded:
            find_adapter(self._settings.adapters.folder, adapter)
        return self._adapted.unload(adapter) and adapter != self._settings.model.adapter

    @contextmanager
    def _reading(self, staged: Loaded, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Load first what reads the words, if they are read: loading is no processing."""
        if staged.sentiment_weights is None:
            yield
            return
        with entered(self._lazy_reader().use(), cancelled):
            yield

    def with_stages(
        self,
        loaded: Loaded,
        *,
        reads: bool | None = None,
        rules: tuple[Rule, ...] | None = None,
        cascade: KeptCascade | None = None,
    ) -> Loaded:
        """Return an engine, as it was loaded, with the stages of a request.

        ``reads`` says whether words are read for their sentiment; None: as the settings have it for
        this engine, and a cascade that wants to know it has it read. ``rules`` mend labels; None:
        those that every engine follows now. Raises ``ModelError`` when what reads the words cannot
        be had, and for a ``cascade`` of other weights.
        """
        judges = self._loaded_cascade(loaded, cascade)
        is_read = self._are_read(loaded.engine, reads=reads) or (cascade and cascade.reads)
        reader = self._lazy_reader() if is_read else None
        followed = self._rules if rules is None else rules
        return loader.with_stages(loaded, self._settings, followed, reader, judges, self._voices)

    def _loaded_cascade(self, loaded: Loaded, kept: KeptCascade | None) -> Cascade | None:
        if kept is None:
            return None
        kept.require_base(loaded.weights, loaded.adapter)
        with self._lock:
            if kept.digest not in self._cascades:
                self._cascades[kept.digest] = kept.load()
            return self._cascades[kept.digest]

    def _kept_cascade(
        self, engine: str, adapter: str | None, cascade: str | None
    ) -> KeptCascade | None:
        """Return what revises labels; that of the settings is for the main engine as they have it.

        Raises ``OptionError`` for one that is not there, not for this engine, or no better than
        rules.
        """
        is_main = engine == self._main_engine and self._version(engine, adapter) is None
        name = (self._settings.cascade.use if is_main else None) if cascade is None else cascade
        if name is None or name == NO_CASCADE or engine not in self.engines:
            return None
        engine_named(engine).require_cascades()
        kept = find_cascade(self._settings.cascade.folder, name)
        if not kept.is_used:
            raise OptionError("cascade.unused", name=name)
        return kept

    def require_cascade(self, engine: str | None, adapter: str | None, cascade: str | None) -> None:
        """Raise ``OptionError`` for a cascade that is not there, or not for this engine."""
        self._kept_cascade(engine or self._main_engine, adapter, cascade)

    @property
    def cascades(self) -> tuple[KeptCascade, ...]:
        """All that may be named, whatever weights they are for."""
        found = list_cascades(self._settings.cascade.folder)
        return tuple(each for each in found if each.is_used)

    @property
    def main_cascade(self) -> str:
        """Name of the one that the main engine has when nobody says otherwise, or ``none``."""
        return self._settings.cascade.use or NO_CASCADE

    def has(
        self,
        engine: str | None,
        *,
        reads: bool | None = None,
        adapter: str | None = None,
        cascade: str | None = None,
    ) -> bool:
        """Whether what ``use`` gives need not be loaded first; raises ``OptionError``, too."""
        name = engine or self._main_engine
        kept = self._kept_cascade(name, adapter, cascade)
        is_read = self._are_read(name, reads=reads) or (kept is not None and kept.reads)
        if is_read and not (self._reader and self._reader.is_loaded):
            return False
        version = self._version(name, adapter)
        return name in self.loaded if version is None else version in self._adapted.loaded

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
        self._adapted.close()
        if (main := self._main.loaded) is not None:
            main.close()
