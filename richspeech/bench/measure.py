"""Timing and memory."""

import json
import logging
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from richspeech.bench.setup import Setup
from richspeech.errors import ModelError

log = logging.getLogger(__name__)

MOST_SECONDS = 180.0
"""For the turns of one comparison, so that everything takes less than half an hour anywhere."""
STATUS = Path("/proc/self/status")
KILOBYTES_PER_MB = 1024
BYTES_PER_MB = 1024**2


@dataclass(frozen=True)
class Timing:
    """Seconds of every run."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.runs)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def alternate(
    systems: Mapping[str, Callable[[], object]],
    repeat: int,
    measure: Callable[[Callable[[], object]], float] = timed,
) -> dict[str, Timing]:
    """Let the systems take turns, so that a busy minute of the machine hits all of them.

    There are fewer turns than ``repeat`` where those would take longer than MOST_SECONDS.
    """
    runs: dict[str, list[float]] = {name: [] for name in systems}
    began = time.perf_counter()
    for turn in range(repeat):
        if turn and (time.perf_counter() - began) * (turn + 1) / turn > MOST_SECONDS:
            break
        for name, work in systems.items():
            runs[name].append(measure(work))
            log.info("%s: %.4g s (%d of %d)", name, runs[name][-1], turn + 1, repeat)
    return {name: Timing(tuple(seconds)) for name, seconds in runs.items()}


def resident_mb() -> float:
    """Return the memory of this process now."""
    return float(psutil.Process().memory_info().rss) / BYTES_PER_MB


def peak_mb() -> float:
    """Return the most memory that this process ever had.

    Linux's own record, where there is one: ``ru_maxrss`` begins with what the process had that
    started this one.
    """
    if STATUS.is_file():
        lines = STATUS.read_text(encoding="utf-8").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    else:
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / KILOBYTES_PER_MB


class MemoryGrowth:
    """The most memory of this process early on, and later."""

    def __init__(self) -> None:
        self.early_mb = self.late_mb = 0.0

    def look(self, *, early: bool) -> None:
        """Weigh the process now."""
        if early:
            self.early_mb = max(self.early_mb, resident_mb())
        else:
            self.late_mb = max(self.late_mb, resident_mb())

    def to_dict(self) -> dict[str, float]:
        """Return both, and the difference."""
        early, late = self.early_mb, self.late_mb
        return {"early_mb": early, "late_mb": late, "growth_mb": late - early}


@dataclass(frozen=True)
class ChildReport:
    """What another process says of itself."""

    ready_seconds: float
    """From starting the process until its model is loaded."""
    facts: dict[str, Any]


def run_child(role: str, setup: Setup) -> ChildReport:
    """Run ``richspeech.bench.child`` in a fresh process; raises ``ModelError`` when it fails."""
    command = [sys.executable, "-m", "richspeech.bench.child", role, json.dumps(setup.to_dict())]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        process.stdout.readline()
        ready = time.perf_counter() - started
        answer = process.stdout.read()
    if process.returncode:
        raise ModelError("bench.failed", role=role)
    log.info("%s: ready after %.2f s, %s", role, ready, answer.strip())
    return ChildReport(ready, json.loads(answer))
