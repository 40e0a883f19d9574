"""Programs of the console, each in a process of its own."""

import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context, set_forkserver_preload
from pathlib import Path
from typing import Protocol

from .visitor import ROOT


class Program(Protocol):
    """What tests ask of a process: that of ``subprocess.Popen``."""

    def poll(self) -> int | None: ...
    def wait(self, timeout: float) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...


Start = Callable[[Sequence[str], Path, Mapping[str, str]], Program]


def anew(arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Program:
    """Start Python with these arguments, as a user does: 5 s of CPU time go into imports."""
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
        )


def forked(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str], errors: Path | None = None
) -> Program:
    """Do the same in a fork of a process that has imported what the console imports.

    ``errors`` takes what goes to stderr, else it is in the log.
    """
    return Fork(arguments, log, environment, errors or log)


class Fork:
    """A child of Python's fork server, which has one thread and no model."""

    def __init__(
        self, arguments: Sequence[str], log: Path, environment: Mapping[str, str], errors: Path
    ) -> None:
        for each in (log, errors):
            each.write_bytes(b"")  # which the child writes once it runs
        set_forkserver_preload(["tests.e2e.imports"])
        self._process = get_context("forkserver").Process(
            target=run, args=(arguments, log, environment, errors)
        )
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(["a fork"], timeout)
        return self._process.exitcode

    def send_signal(self, sig: int) -> None:
        if self._process.pid is not None and self.poll() is None:
            os.kill(self._process.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def run(arguments: Sequence[str], log: Path, environment: Mapping[str, str], errors: Path) -> None:
    """Be ``python`` with these arguments: a file or ``-c`` and code, and what these are given."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    tempfile.tempdir = None
    for stream, path in ((sys.stdout, log), (sys.stderr, errors)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, stream.fileno())
    if arguments[0] == "-c":
        sys.argv = ["-c", *arguments[2:]]
        exec(arguments[1], {"__name__": "__main__"})  # noqa: S102 - of the test itself
    else:
        sys.argv = [*arguments]
        runpy.run_path(arguments[0], run_name="__main__")
