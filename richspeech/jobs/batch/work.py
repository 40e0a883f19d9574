"""A batch at work: some recordings at once, each failing alone, all of them to be stopped."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeAlias

from richspeech.audio.container import AudioLimits
from richspeech.errors import Cancelled, RichSpeechError
from richspeech.jobs.batch.rows import BatchRow, Tally, seconds_left
from richspeech.jobs.batch.sources import Item
from richspeech.jobs.caching import CachingTranscriber, Step
from richspeech.language.catalog import Notice
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.readers.opener import HERE, Opener
from richspeech.recognition.pipeline import Cancel, Progress

log = logging.getLogger(__name__)

Transcribe: TypeAlias = Callable[[Item, Cancel], Iterator[Step]]
"""Transcribes a recording; `transcribe_with` makes one."""

Keep: TypeAlias = Callable[[Item, Step], int | None]
"""Keeps what the last step of a recording has; returns its risk, if that is known."""


def transcribe_with(
    transcriber: CachingTranscriber,
    limits: AudioLimits,
    options: Options,
    opener: Opener = HERE,
) -> Transcribe:
    """Transcribe what an item holds, opened by ``opener``."""

    def transcribe(item: Item, cancelled: Cancel) -> Iterator[Step]:
        name, asked = PurePosixPath(item.name).name, replace(options, raw=item.raw)
        with (
            item.open() as source,
            opener.open(source, limits, asked, name=name, cancelled=cancelled) as recording,
        ):
            yield from transcriber.steps(recording, asked, cancelled)

    return transcribe


class Batch:
    """Recordings and their rows; any thread may look, and stop what it likes."""

    def __init__(
        self,
        items: Iterable[Item],
        transcribe: Transcribe,
        keep: Keep,
        watch: Callable[[BatchRow], None] = lambda _: None,
    ) -> None:
        """``watch`` is told of every change of a row, by the thread that made it."""
        self._items = {item.name: item for item in items}
        self._transcribe, self._keep, self._watch = transcribe, keep, watch
        self._rows = {name: BatchRow(name, item.size_bytes) for name, item in self._items.items()}
        self._lock = threading.Lock()
        self._began: float | None = None

    @property
    def rows(self) -> tuple[BatchRow, ...]:
        """How far each recording is now, in the order of the items."""
        with self._lock:
            return tuple(self._rows.values())

    def seconds_left(self, sums: Tally) -> float | None:
        """Return processing seconds left for all at the speed so far; None while unknown."""
        return seconds_left(sums, self._began)

    def run(self, workers: int) -> None:
        """Do all that waits, some at once; returns when everything is over."""
        self._began = time.perf_counter()
        with ThreadPoolExecutor(workers, thread_name_prefix="batch") as pool:
            try:
                begun = [pool.submit(copy_context().run, self._do, each) for each in self._items]
                for future in begun:
                    future.result()
            finally:
                self.cancel()  # changes nothing unless something went wrong above, Ctrl-C perhaps

    def cancel(self, *names: str) -> None:
        """Stop some recordings, or all; what is over stays as it is."""
        for name in names or reversed(tuple(self._rows)):  # so that none begins meanwhile
            self._change(name, BatchRow.cancel)

    def cancel_waiting(self) -> None:
        """Begin no other recording."""
        for row in reversed(self.rows):
            self._change(row.name, lambda row: row.cancel() if row.state is State.WAITING else row)

    def _do(self, name: str) -> None:
        if not self._change(name, BatchRow.begin):
            return
        try:
            last = self._last_step(name)
            risk = self._keep(self._items[name], last)
        except Cancelled:
            self.cancel(name)
        except RichSpeechError as error:
            self._fail(name, Notice.of(error))
        except OSError as error:
            why = str(error.strerror)
            self._fail(name, Notice("batch.unkept", {"name": name, "why": why}))
        except Exception as error:
            log.exception("%s", name)
            why = f"{type(error).__name__}: {error}"
            self._fail(name, Notice("batch.fault", {"name": name, "why": why}))
        else:
            unkept = Notice.of(last.unkept) if last.unkept else None
            self._change(name, lambda row: row.finish(last.progress.transcript, risk, unkept))

    def _last_step(self, name: str) -> Step:
        last = None
        for last in self._transcribe(self._items[name], lambda: self._is_over(name)):
            self._advance(name, last.progress)
        if last is None or self._is_over(name):
            raise Cancelled
        return last

    def _advance(self, name: str, progress: Progress) -> None:
        self._change(name, lambda row: row.advance(progress))

    def _fail(self, name: str, error: Notice) -> None:
        self._change(name, lambda row: row.fail(error))

    def _is_over(self, name: str) -> bool:
        return self._rows[name].state.is_over

    def _change(self, name: str, change: Callable[[BatchRow], BatchRow]) -> bool:
        """Put another row in the place of one that is not over; tell whether it was not."""
        with self._lock:
            if self._is_over(name):
                return False
            row = self._rows[name] = change(self._rows[name])
        self._watch(row)
        return True
