"""The process that reading processes are forked from: it has loaded what they need, once.

Python's own forkserver runs the main module again in each of them, and has no place to load more
than modules before it forks. This one has a single thread, knows no recording, and ends with the
process that started it.

    fork + socket and memory of the reader → its number
    end  + its number                      → how it has ended; null for any other number
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from richspeech.engines.reader import warm_up
from richspeech.memory import freeze
from richspeech.readers.channel import Gone, Line
from richspeech.readers.limits import ReaderLimits, end_with_parent
from richspeech.readers.reader import serve

END_SECONDS = 2.0
"""From SIGKILL to the end of a process; the kernel may be at work for it."""
END_POLL_SECONDS = 0.001


def main(connection: int, limits: ReaderLimits) -> None:
    """Fork readers on request until nobody can ask any more."""
    for number in (signal.SIGINT, signal.SIGTERM):  # may come to all; whoever asks ends in peace
        signal.signal(number, signal.SIG_IGN)
    warm_up()
    freeze()  # what no reader looks through stays shared among all
    with socket.socket(fileno=connection) as server, suppress(Gone):
        line, children = Line(server), set[int]()
        line.send("ready")
        while True:
            match line.receive(files=2):
                case ["fork"], [reader, memory]:
                    process = _fork(server, reader, memory, limits)
                    children.add(process)
                    line.send(process)
                case ["end", int(process)], _:
                    status = _end(process) if process in children else None
                    if status is not None:
                        children.discard(process)  # the number may be another's from now on
                    line.send(status)


def command(connection: int, limits: ReaderLimits, modules: Sequence[str]) -> list[str]:
    """Return the command line of this process."""
    imports = "".join(f"import {module}; " for module in modules)
    program = (
        f"from {__name__} import main, {ReaderLimits.__name__}; main({connection}, {limits!r})"
    )
    return [sys.executable, "-c", imports + program]


def _fork(server: socket.socket, reader: int, memory: int, limits: ReaderLimits) -> int:
    parent = os.getpid()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            end_with_parent(parent)
            os.dup2(sys.stdout.fileno(), sys.stderr.fileno())  # into nothing
            server.close()
            serve(socket.socket(fileno=reader), memory, limits)
            status = 0
        finally:
            os._exit(status)
    os.close(reader)
    os.close(memory)
    return process


def _end(process: int) -> int | None:
    """Kill a reader unless it is dead; return how it has ended, as ``os.waitpid`` tells it."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return status
        time.sleep(END_POLL_SECONDS)
    return None
