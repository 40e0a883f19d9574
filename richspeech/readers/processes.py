"""Reading processes as those see them who ask: started, spoken to, and ended with a reason."""

import mmap
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from richspeech.errors import ModelError
from richspeech.readers.channel import (
    BLOCK_BYTES,
    BLOCKS,
    Drain,
    Gone,
    Line,
    Message,
    shared_memory,
)
from richspeech.readers.limits import ReaderLimits
from richspeech.readers.template import command

START_SECONDS = 120.0
"""For the template to load everything on a machine that is busy."""
ANSWER_SECONDS = 10.0
"""For it to start a process, or to end one."""

ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "LD_LIBRARY_PATH")
LIBRARIES = ("NUMBA_", "MKL_", "ATEN_", "DNNL_", "ONEDNN_", "TORCH_")
"""What libraries are told in the environment; keys and passwords of the server stay there."""

ONE_THREAD: Mapping[str, str] = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Recordings are read side by side; and what forks must have no thread beside the one that does."""


@dataclass(eq=False)
class ReaderProcess:
    """A reading process; one thread at a time."""

    number: int
    """What the system calls it."""
    drain: Drain
    known: set[str] = field(default_factory=set)
    """Readers that it was given."""

    @property
    def line(self) -> Line:
        """Where it is spoken to."""
        return self.drain.line

    def hang_up(self) -> None:
        """Say nothing more to it: it ends once it sees that."""
        self.line.socket.close()
        self.drain.memory.close()

    @property
    def cpu_seconds(self) -> float:
        """Processor time that it has used by now; 0 where it is there no longer."""
        try:
            fields = Path(f"/proc/{self.number}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return 0.0
        user, system = fields.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @property
    def is_alive(self) -> bool:
        """Whether it waits for work, as far as can be seen: one that has ended has hung up."""
        return not self.line.is_ready(0)


class Template:
    """Starts reading processes, all forked from one; for all threads."""

    def __init__(
        self,
        limits: ReaderLimits,
        modules: Sequence[str] = (),
        *,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """``modules`` are imported beforehand, for readers that are made of them."""
        self._limits, self._modules, self._lock = limits, modules, threading.Lock()
        self._answer_seconds = answer_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Line | None = None

    def fork(self) -> ReaderProcess:
        """Start a reading process. Raises ``ModelError`` when there is none to be had."""
        for is_last in (False, True):
            with self._lock:
                try:
                    return self._fork(self._running())
                except Gone as error:  # it was killed, or does not answer: there is another one
                    self._close()
                    if is_last:
                        raise ModelError("reading.no_process") from error
        raise AssertionError

    def end(self, reader: ReaderProcess) -> int | None:
        """Kill a reading process unless it is dead; return how it has ended.

        As ``os.waitpid`` tells it; None where nobody can say: its template has ended, and it with
        that.
        """
        reader.hang_up()
        with self._lock:
            if self._line is None:
                return None
            try:
                self._line.send("end", reader.number)
                [status], _ = self._answer(self._line, self._answer_seconds)
            except Gone:
                self._close()  # a late answer would be taken for that to the next question
                return None
        return status if isinstance(status, int) else None

    def close(self) -> None:
        """End it, and with it all that was forked from it."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        process, self._process = self._process, None
        line, self._line = self._line, None
        if line is not None:
            line.socket.close()
        if process is not None:
            process.kill()
            process.wait()

    def _fork(self, line: Line) -> ReaderProcess:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memory = shared_memory()
        try:
            with theirs:
                line.send("fork", files=[theirs.fileno(), memory])
            [number], _ = self._answer(line, self._answer_seconds)
            shared = mmap.mmap(memory, BLOCKS * BLOCK_BYTES, prot=mmap.PROT_READ)
        except BaseException:
            ours.close()
            raise
        finally:
            os.close(memory)
        return ReaderProcess(number, Drain(Line(ours), shared))

    def _running(self) -> Line:
        """Return the line to the template, which is started if there is none."""
        if self._line is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                number = theirs.fileno()
                self._process = subprocess.Popen(  # noqa: S603 - Python, with a program of ours
                    command(number, self._limits, self._modules),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env={**_environment(), "PYTHONPATH": os.pathsep.join(sys.path)},
                    pass_fds=[number],
                    start_new_session=True,
                )
            line = Line(ours)
            self._answer(line, START_SECONDS)
            self._line = line
        return self._line

    @staticmethod
    def _answer(line: Line, seconds: float) -> tuple[Message, list[int]]:
        if not line.is_ready(seconds):
            raise Gone
        return line.receive()


def _environment() -> dict[str, str]:
    """Return what the template may know of the environment."""
    kept = (each for each in os.environ if each in ENVIRONMENT or each.startswith(LIBRARIES))
    return {**{name: os.environ[name] for name in kept}, **ONE_THREAD}
