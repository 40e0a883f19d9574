"""Stand-ins for readers that something goes wrong with, within a reading process."""

import logging
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from richspeech.audio.mono import SAMPLE_RATE
from richspeech.model.options import Options
from richspeech.recognition.reading import ReadByItself, Reader, Stretch, WaveformSource
from richspeech.recognition.utterance import Utterance


@dataclass(frozen=True)
class BadReader:
    """Finds an utterance in every block; from one block on, it does ``then`` first."""

    then: Callable[[], Any]
    first: int = 1
    """Number of that block."""

    @property
    def pickled(self) -> bytes:
        return pickle.dumps(self)

    @property
    def digest(self) -> str:
        return f"{self.then.__name__} {self.first}"

    @property
    def block_seconds(self) -> float:
        return 4.0

    def read(self, recording: WaveformSource, options: Options) -> Iterator[Stretch]:
        if isinstance(recording, ReadByItself):
            return recording.read_with(self.as_reader, options)
        return self._read(recording)

    @property
    def as_reader(self) -> Reader:
        return self  # type: ignore[return-value]

    def _read(self, recording: WaveformSource) -> Iterator[Stretch]:
        seconds = 0.0
        for number, block in enumerate(recording.blocks(1.0)):
            if number >= self.first:
                self.then()
            end = seconds + block.shape[-1] / SAMPLE_RATE
            heard = Utterance(seconds, end, block, np.zeros((98, 80), np.float32))
            seconds = end
            yield Stretch(block, (heard,), seconds)


def nothing() -> None:
    """Go on."""


def slowly() -> None:
    time.sleep(0.05)


def talk() -> None:
    for _ in range(2_000):
        logging.getLogger("reader").warning("so much to say")


def talk_on() -> None:
    while True:
        talk()


def sleep() -> None:
    time.sleep(3600)


def compute() -> None:
    while True:
        pass


def hoard() -> None:
    kept = []
    while True:
        kept.append(np.ones(2**20))


def abort() -> None:
    os.abort()


def fail() -> None:
    raise RuntimeError("what nobody has thought of")


def leave() -> None:
    os._exit(0)


ATTEMPTS: dict[str, Callable[[], Any]] = {
    "a file is read": lambda: open("/etc/hostname"),  # noqa: PTH123, SIM115
    "a file is made": lambda: os.open("/tmp/made-by-a-reader", os.O_CREAT | os.O_WRONLY),  # noqa: S108
    "a folder is listed": lambda: os.listdir("/"),  # noqa: PTH208
    "a socket is made": socket.socket,
    "a local socket is made": socket.socketpair,
    "a program is started": lambda: subprocess.run(["/bin/true"], check=False),
    "a process is forked": os.fork,
    "another is signalled": lambda: os.kill(os.getppid(), 0),
    "its limits are lifted for others": lambda: os.sched_setaffinity(os.getppid(), {0}),
    "its name is changed": lambda: os.setuid(1),
}
"""What no reader needs."""


def attempt() -> None:
    """Try everything; say by the error what was allowed."""
    allowed = []
    for what, how in ATTEMPTS.items():
        try:
            how()
        except OSError:
            continue
        allowed.append(what)
    raise RuntimeError(f"allowed: {allowed}")


def limits() -> None:
    """Say by the error how much may be opened and written."""
    import resource

    files, written = resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE
    raise RuntimeError(f"{resource.getrlimit(files)} {resource.getrlimit(written)} {len(sys.argv)}")


class Misshapen(BadReader):
    """Finds what no recogniser could take."""

    def _read(self, recording: WaveformSource) -> Iterator[Stretch]:
        for block in recording.blocks(1.0):
            yield Stretch(block.reshape(2, -1), (), 1.0)
