"""Processes of a test, from a server that has one thread.

A fork of the tests themselves would begin with the locks that their other threads held at that
moment, in SQLite and in the allocator, and wait for these forever.
"""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess

SERVER = get_context("forkserver")
PRELOADED = ("richspeech.service", "richspeech.storage.transcripts")
"""What takes seconds to import."""


def started(target: Callable[..., None], *args: object) -> ForkServerProcess:
    """Start a process; everything it is given is pickled."""
    SERVER.set_forkserver_preload([*PRELOADED])
    process = SERVER.Process(target=target, args=args)
    process.start()
    return process
