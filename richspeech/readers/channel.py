"""What goes between a reading process and the one it reads for: messages, and blocks of memory.

    reader ── message (JSON, one packet) ──→ whoever asked
           ── block of shared memory ─────→
           ←─ block is free again, stop ───

The memory has BLOCKS blocks. A reader fills one after the other with the bytes of its arrays, and
waits while none is free: so it runs ahead by that much, and no further.
"""

import fcntl
import json
import mmap
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from richspeech.polling import WAITING_POLL_SECONDS

BLOCKS, BLOCK_BYTES = 8, 2**20
"""Half a minute to a minute of speech with its features."""

LONGEST_MESSAGE = 2**17
"""Bytes; Linux carries packets of up to 200 kB unless told otherwise."""

Message: TypeAlias = list[Any]
"""Its name, and what belongs to it."""

Waited: TypeAlias = Callable[[float], None]
"""Told again and again how many seconds somebody has waited; may raise something to end that."""


class Gone(Exception):  # noqa: N818 - the end of one, not a fault of this
    """Nobody is at the other end any more."""


class Stopped(Exception):  # noqa: N818
    """Whoever asked wants no more of it."""


@dataclass(frozen=True)
class Line:
    """One end of a line of messages; one thread at a time."""

    socket: socket.socket

    def send(self, *message: Any, files: Sequence[int] = ()) -> None:
        """Send a message, and open files with it. Raises ``Gone``."""
        content = json.dumps(message).encode()
        try:
            socket.send_fds(self.socket, [content], files)
        except OSError as error:
            raise Gone from error

    def receive(self, files: int = 0) -> tuple[Message, list[int]]:
        """Wait for a message, and for at most so many open files. Raises ``Gone``."""
        try:
            content, received, _, _ = socket.recv_fds(self.socket, LONGEST_MESSAGE + 1, files)
        except OSError as error:
            raise Gone from error
        if not content or len(content) > LONGEST_MESSAGE:
            raise Gone
        message = json.loads(content)
        if not isinstance(message, list) or not message:
            raise Gone
        return message, received

    def is_ready(self, seconds: float) -> bool:
        """Wait for a message at most so long; tell whether there is one, or the end."""
        poll = select.poll()  # a server has more files than ``select`` can tell apart
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(seconds * 1_000))


@dataclass
class Filler:
    """The reader's end of the memory."""

    line: Line
    memory: mmap.mmap
    free: deque[int] = field(default_factory=lambda: deque(range(BLOCKS)))

    def send(self, arrays: Sequence[NDArray[Any]]) -> None:
        """Send the bytes of arrays. Raises ``Stopped`` and ``Gone``."""
        filled = 0
        for array in arrays:
            rest = array.reshape(-1).view(np.uint8).data
            while rest:
                if not filled:
                    self._wait_for_room()
                taken = rest[: BLOCK_BYTES - filled]
                start = self.free[0] * BLOCK_BYTES + filled
                self.memory[start : start + len(taken)] = taken
                filled, rest = filled + len(taken), rest[len(taken) :]
                if filled == BLOCK_BYTES:
                    filled = self._hand_over(filled)
        if filled:
            self._hand_over(filled)

    def listen(self) -> None:
        """Hear what has been said meanwhile. Raises ``Stopped`` and ``Gone``."""
        while self.line.is_ready(0):
            self.wait()

    def _hand_over(self, filled: int) -> int:
        self.line.send("block", self.free.popleft(), filled)
        return 0

    def _wait_for_room(self) -> None:
        while not self.free:
            self.wait()

    def wait(self) -> None:
        """Wait for a word. Raises ``Stopped`` and ``Gone``."""
        (name, *rest), _ = self.line.receive()
        if name == "stop":
            raise Stopped
        self.free.append(*rest)


@dataclass
class Drain:
    """The other end: takes messages and arrays from a reader."""

    line: Line
    memory: mmap.mmap

    def message(self, waited: Waited) -> Message:
        """Wait for the next message. Raises ``Gone``, and what ``waited`` does."""
        began = time.monotonic()
        while not self.line.is_ready(WAITING_POLL_SECONDS):
            waited(time.monotonic() - began)
        return self.line.receive()[0]

    def fill(self, arrays: Sequence[NDArray[Any]], waited: Waited) -> None:
        """Fill arrays with what comes. Raises as ``message``, and ``Gone`` for nonsense."""
        blocks = self._blocks(waited)
        rest = b""
        for array in arrays:
            wanted = array.reshape(-1).view(np.uint8).data
            while wanted:
                rest = rest or next(blocks)
                taken = rest[: len(wanted)]
                wanted[: len(taken)] = taken
                wanted, rest = wanted[len(taken) :], rest[len(taken) :]
        if rest:
            raise Gone

    def _blocks(self, waited: Waited) -> Iterator[bytes]:
        while True:
            match self.message(waited):
                case ["block", int(number), int(size)] if number in range(BLOCKS) and (
                    0 < size <= BLOCK_BYTES
                ):
                    start = number * BLOCK_BYTES
                    copy = self.memory[start : start + size]
                    self.line.send("free", number)
                    yield copy
                case _:
                    raise Gone


def shared_memory() -> int:
    """Return a file of all blocks; it has no name and goes with the last process that has it."""
    file = os.memfd_create("reading", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(file, BLOCKS * BLOCK_BYTES)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return file
