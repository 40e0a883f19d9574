"""Engines with the weights that the lab compares.

People choose weights from a list that config.yaml makes; there is no field for a name. A model's
file can hold a program, a download can fill the disk, and a path tells what lies on the server.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from richspeech.engines import loader
from richspeech.engines.adapters import NO_ADAPTER
from richspeech.engines.cascades import NO_CASCADE
from richspeech.engines.hub import EMBEDDED
from richspeech.engines.lazy import Lazy, entered
from richspeech.engines.loader import Loaded
from richspeech.engines.registry import engine_named
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import OptionError
from richspeech.model.request import TranscriptionRequest
from richspeech.recognition.pipeline import Cancel
from richspeech.settings import Settings


class ComparedEngines:
    """Gives an engine with weights; others than the settings' own are loaded when first used."""

    def __init__(self, transcribers: Transcribers, settings: Settings) -> None:
        self._transcribers, self._settings = transcribers, settings
        self._others: dict[tuple[str, str], Lazy[Loaded]] = {}
        self._lock = threading.Lock()

    @property
    def engines(self) -> tuple[str, ...]:
        """Names, the main one first."""
        return self._transcribers.engines

    @property
    def weights(self) -> tuple[str, ...]:
        """What may be chosen beside the weights that the settings name."""
        return tuple(dict.fromkeys((EMBEDDED, *self._settings.page.lab_models)))

    @contextmanager
    def use(
        self, asked: TranscriptionRequest, weights: str | None, stopped: Cancel
    ) -> Iterator[Loaded]:
        """Give an engine with weights: the main one, and the settings' own, unless named.

        An adapter and a cascade are for the settings' own weights.

        It follows the rules that are asked for, or those that all follow.

        Raises ``OptionError`` for what may not be chosen, what went wrong in loading, or
        ``Cancelled``. Who stops waiting does not stop the loading.
        """
        if weights is not None and weights not in self.weights:
            raise OptionError("lab.weights", name=weights, known=tuple(self.weights))
        # nothing here shows how words are meant
        engine = asked.engine or self.engines[0]
        stages: Mapping[str, Any] = {"reads": False, "rules": asked.rules}
        main = self._transcribers.main
        is_there = main is not None and main.is_embedded and engine == main.engine
        if weights is None or (weights == EMBEDDED and is_there):
            adapter, cascade = asked.adapter, asked.cascade
            if weights is not None:
                adapter, cascade = NO_ADAPTER, NO_CASCADE
            using = self._transcribers.use(
                engine, stopped, adapter=adapter, cascade=cascade, **stages
            )
            with using as loaded:
                yield loaded
            return
        with self._lock:
            other = self._others.setdefault((engine, weights), self._other(engine, weights))
        with entered(other.use(), stopped) as loaded:
            yield self._transcribers.with_stages(loaded, **stages)

    def _other(self, engine: str, weights: str) -> Lazy[Loaded]:
        load = partial(loader.load_engine, settings_with(self._settings, engine, weights), engine)
        return Lazy(load, self._settings.model.idle_seconds, Loaded.close)


def settings_with(settings: Settings, engine: str, weights: str) -> Settings:
    """Return the settings with other weights for an engine, without the adapter of the old ones.

    These weights and no others will do.
    """
    settings = settings.with_adapter(None)
    required = settings.model.model_copy(update={"require_model": True})
    strict = settings.model_copy(update={"model": required})
    return engine_named(engine).with_weights(strict, weights)
