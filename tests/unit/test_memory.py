"""What stays is not looked through again and again, and threads share what is freed."""

import gc
import subprocess
import sys

import pytest

from richspeech.memory import freeze

ARENAS = """
import ctypes, sys, threading
from richspeech.memory import few_arenas
if "few" in sys.argv:
    few_arenas()
there = threading.Barrier(20)
def work():
    some = [bytearray(2000) for _ in range(100)]
    there.wait()
threads = [threading.Thread(target=work) for _ in range(20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
ctypes.CDLL(None).malloc_stats()
"""


def test_what_is_there_is_looked_through_no_more() -> None:
    there: list[list[int]] = [[] for _ in range(1000)]
    before = gc.get_freeze_count()
    freeze()
    assert gc.get_freeze_count() >= before + len(there)


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_threads_share_two_arenas() -> None:
    def arenas(*arguments: str) -> int:
        command = [sys.executable, "-c", ARENAS, *arguments]
        return subprocess.run(command, capture_output=True, check=True).stderr.count(b"Arena ")

    assert arenas("few") <= 2 < arenas()
