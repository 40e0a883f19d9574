"""What Ray's processes do: one engine each, one recording after the other."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import ray

from richspeech.engines import transcribers
from richspeech.engines.hub import Weights
from richspeech.errors import ModelError
from richspeech.jobs.batch.books import Books, Task
from richspeech.jobs.batch.manifest import Record
from richspeech.jobs.batch.rows import BatchRow
from richspeech.jobs.batch.sources import Item
from richspeech.jobs.batch.work import Batch, transcribe_with
from richspeech.jobs.caching import CachingTranscriber, Step
from richspeech.recognition.pipeline import Cancel
from richspeech.settings import Settings
from richspeech.storage.history import engine_identity

MOST_ATTEMPTS = 3
"""At a recording that ends its process: twice a machine may be taken away, thrice is no chance."""


@dataclass(frozen=True)
class Found:
    """What an engine of the cluster stands on."""

    identity: str
    """Of all that decides what it hears, apart from sound and options."""
    weights: tuple[Weights | None, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a recording, its files being written."""

    record: Record
    row: BatchRow


def find(settings: Settings) -> Found:
    """Load the engine of the settings once, and tell what it stands on; raises ``ModelError``."""
    loaded = transcribers.load(settings)
    try:
        return Found(engine_identity(settings, loaded), loaded.all_weights)
    finally:
        loaded.close()


class Attempts:
    """Counts how often each recording was begun; outlives the processes of the engines."""

    def __init__(self) -> None:
        self._begun = Counter[str]()

    def begin(self, name: str) -> int:
        """Count one more; return how many there are now."""
        self._begun[name] += 1
        return self._begun[name]


class Ear:
    """Hears what it is given, and writes the files of it."""

    def __init__(self, task: Task, identity: str, attempts: Any) -> None:
        """``identity`` is that of the expected engine, ``attempts`` the actor of ``Attempts``.

        Raises ``ModelError`` when the engine cannot be loaded, or is another than expected.
        """
        loaded = transcribers.load(task.settings)
        if engine_identity(task.settings, loaded) != identity:
            raise ModelError("ray.other_weights", name=loaded.weights.name)
        self._task, self._attempts = task, attempts
        self._transcribe = transcribe_with(
            CachingTranscriber(loaded.transcriber), task.results.limits, task.options
        )

    def __call__(self, rows: Mapping[str, Any]) -> dict[str, Any]:
        """Take a column of items, and give one of outcomes; what fails is an outcome, too."""
        outcomes = np.empty(len(rows["item"]), dtype=object)
        outcomes[:] = [self.hear(item) for item in rows["item"]]
        return {"outcome": outcomes}

    def hear(self, item: Item) -> Outcome:
        """Do one recording, as a batch of its own."""
        records: list[Record] = []
        books = Books([item], self._task, records.append)
        batch = Batch([item], self._steps, books.keep, books.note)
        batch.run(workers=1)
        return Outcome(records[-1], batch.rows[0])

    def _steps(self, item: Item, cancelled: Cancel) -> Iterator[Step]:
        begun = ray.get(self._attempts.begin.remote(item.name))
        if begun > MOST_ATTEMPTS:
            raise ModelError("ray.recording_kills", name=item.name, count=MOST_ATTEMPTS)
        yield from self._transcribe(item, cancelled)
