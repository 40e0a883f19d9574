"""A cluster of Ray, and a batch on it: engines that are given recordings, and tell what became.

    items → from_items → map_batches(Ear), one recording at a time → outcomes → manifest

Where a process of Ray dies, Ray Data starts another and gives it the recording again.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import ray
import ray.data
import ray.exceptions

from richspeech.errors import ModelError, OptionError, RichSpeechError
from richspeech.jobs.batch.books import Append, Task
from richspeech.jobs.batch.ray.share import Share
from richspeech.jobs.batch.ray.worker import Attempts, Ear, Found, Outcome, find
from richspeech.jobs.batch.rows import BatchRow, Tally, Watch, Watched, seconds_left
from richspeech.jobs.batch.sources import Item
from richspeech.settings import Settings


class Cluster:
    """The engines of a cluster that this process is connected to."""

    def __init__(self, share: Share, settings: Settings) -> None:
        """Ask the cluster what its engines stand on; raises ``ModelError``."""
        self._settings, self._engines = share.settings(settings), share.engines
        self._needs = {"num_cpus": share.cpus, "num_gpus": share.gpus}
        with _as_sentences():
            there = ray.remote(**self._needs)(find)
            found: Found = ray.get(there.remote(self._settings))
        self.identity, self.weights = found.identity, found.weights

    def run(self, items: Sequence[Item], task: Task, append: Append, watch: Watch) -> Watched:
        """Do all; returns when everything is over. Raises ``ModelError`` when engines cannot work.

        ``append`` takes the line of each recording, whose files are there then, and ``watch`` is
        told, both by this thread.
        """
        rows = _Rows(items)
        with _as_sentences():
            for outcome in self._outcomes(items, replace(task, settings=self._settings)):
                rows.put(outcome.row)
                append(outcome.record)
                watch(rows, outcome.row)
        return rows

    def _outcomes(self, items: Sequence[Item], task: Task) -> Iterator[Outcome]:
        """Yield what became of each as soon as it is over, in any order."""
        if not items:
            return
        attempts = ray.remote(num_cpus=0)(Attempts).remote()
        rows = [{"item": item} for item in items]
        pool = ray.data.ActorPoolStrategy(size=self._engines, max_tasks_in_flight_per_actor=1)
        heard = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            Ear,
            fn_constructor_args=(task, self.identity, attempts),
            batch_size=1,
            batch_format="numpy",
            compute=pool,
            **self._needs,
        )
        for row in heard.iter_rows():
            yield row["outcome"]


class _Rows:
    """What has become of the recordings."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._rows = {item.name: BatchRow(item.name, item.size_bytes) for item in items}
        self._began = time.perf_counter()

    @property
    def rows(self) -> tuple[BatchRow, ...]:
        return tuple(self._rows.values())

    def seconds_left(self, sums: Tally) -> float | None:
        return seconds_left(sums, self._began)

    def put(self, row: BatchRow) -> None:
        self._rows[row.name] = row


@contextmanager
def connected(address: str, **options: Any) -> Iterator[Mapping[str, float]]:
    """Connect to a cluster, or start one, and tell what it has; one that was started ends then.

    Raises ``OptionError`` where there is none, or one of other versions.
    """
    for name in ("ray", "ray.data"):  # what it would say comes as an error
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        ray.init(address, log_to_driver=False, configure_logging=False, **options)
    except (OSError, RuntimeError, ray.exceptions.RayError) as error:
        raise OptionError("ray.unreached", address=address, why=_last_line(error)) from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.execution_no_progress_timeout_s = -1  # a recording may take longer than any limit
    try:
        yield ray.cluster_resources()
    finally:
        ray.shutdown()


@contextmanager
def _as_sentences() -> Iterator[None]:
    """Raise our own errors as they were in the other process, and Ray's as ``ModelError``."""
    try:
        yield
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, RichSpeechError):
            raise cause from error
        raise ModelError("ray.failed", why=_last_line(error)) from error


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
