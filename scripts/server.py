"""The console in a process of its own, which scripts start, watch, kill and start again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from richspeech.places import HOME as ROOT
from scripts.ports import free_port
from scripts.screenshots import answers

SECONDS_TO_STOP = 30
BYTES_PER_MB = 10**6


@dataclass
class Server:
    """A build of the console on loopback; history, uploads and log lie in a folder of its own."""

    folder: Path
    model: str = "embedded"
    root: Path = ROOT
    """Where the build lies."""
    program: tuple[str, ...] = ("app_sensevoice.py",)
    """What Python runs."""
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: Any = None

    @property
    def address(self) -> str:
        """Where it listens, however often it is started."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def history(self) -> str:
        """Address of its database."""
        return f"sqlite:///{self.folder}/history.sqlite"

    @property
    def log(self) -> str:
        """What it has written."""
        return (self.folder / "log.txt").read_text(errors="replace")

    @property
    def running(self) -> Any:
        """The process; raises ``RuntimeError`` while there is none."""
        if self.process is None:
            message = "The console was not started."
            raise RuntimeError(message)
        return self.process

    @property
    def megabytes(self) -> float:
        """Resident memory, its own."""
        return float(self.running.memory_info().rss) / BYTES_PER_MB

    @property
    def family_megabytes(self) -> float:
        """That of the processes that it has started as well; what they share counts once."""
        found = [self.running.memory_full_info().pss]
        for each in self.running.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                found.append(each.memory_full_info().pss)
        return float(sum(found)) / BYTES_PER_MB

    @property
    def processor_seconds(self) -> float:
        """What it has used so far."""
        times = self.running.cpu_times()
        return float(times.user + times.system)

    def start(self) -> None:
        """Begin it and wait until it can transcribe; ends the program where it cannot."""
        self.begin()
        if not answers(self.running, f"{self.address}/readyz"):
            sys.exit(f"the console did not start:\n{self.log[-2000:]}")

    def begin(self) -> None:
        """Begin it."""
        own = {
            "TMPDIR": str(self.folder),
            "RICHSPEECH_HISTORY__URL": self.history,
            "RICHSPEECH_MODEL__VAD_ID": "embedded",
            "RICHSPEECH_EMOTION__ID": "embedded",
            "RICHSPEECH_PARAFORMER__ID": "embedded",
        }
        program = (*self.program, "--model", self.model, "--port", str(self.port))
        self.process = self.process_of(program, {**os.environ, **own, **self.environment})

    def process_of(self, program: Sequence[str], environment: Mapping[str, str]) -> Any:
        """Have Python run a program; what comes back knows what ``subprocess.Popen`` does."""
        with (self.folder / "log.txt").open("ab") as log:
            return psutil.Popen(
                [sys.executable, *program],
                cwd=self.root,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        self.running.send_signal(signal.SIGKILL)
        self.running.wait(SECONDS_TO_STOP)

    def stop(self) -> None:
        """End it as a supervisor would."""
        self.running.terminate()
        self.running.wait(SECONDS_TO_STOP)


@contextmanager
def served(server: Server) -> Iterator[Server]:
    """Have a server run, and end with the block."""
    try:
        server.start()
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()
