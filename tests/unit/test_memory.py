"""What stays is not looked through again and again, and threads share what is freed."""

import gc
import re
import subprocess
import sys
from mmap import ACCESS_COPY, PROT_READ, mmap
from pathlib import Path

import pytest

from richspeech.memory import freeze, release_pages, releasing_pages

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

LIBRARIES = """
import av, numpy, sqlite3, ssl
from richspeech.memory import release_libraries, resident_bytes
before = resident_bytes()
release_libraries()
print(before - resident_bytes())
numpy.linalg.inv(numpy.eye(50))
ssl.create_default_context()
sqlite3.connect(":memory:")
av.AudioResampler("s16").resample(None)
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


def resident_kb_of(file: Path) -> int:
    """As Linux has it of this process."""
    blocks = re.split(r"^(?=[0-9a-f]+-)", Path("/proc/self/smaps").read_text(), flags=re.MULTILINE)
    found = (re.search(r"^Rss: +(\d+)", each, re.MULTILINE) for each in blocks if str(file) in each)
    return sum(int(each[1]) for each in found if each)


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux maps files")
def test_what_was_read_of_a_mapped_file_is_released_and_can_be_read_again(tmp_path: Path) -> None:
    (file := tmp_path / "weights.bin").write_bytes(bytes(range(256)) * 4_096)
    with file.open("rb") as opened, mmap(opened.fileno(), 0, prot=PROT_READ) as mapped:
        assert mapped[:].count(7) == 4_096
        assert resident_kb_of(file) == 1_024
        with releasing_pages(file):
            assert mapped[:].count(7) == 4_096
        assert resident_kb_of(file) == 0
        assert mapped[:].count(7) == 4_096


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux maps files")
def test_what_was_written_to_a_mapped_file_stays(tmp_path: Path) -> None:
    (file := tmp_path / "weights.bin").write_bytes(b"a" * 4_096)
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_COPY) as mapped:
        mapped[0:1] = b"b"
        release_pages(file)
        assert mapped[0:2] == b"ba"


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="as Linux maps files")
def test_libraries_work_on_when_what_was_read_of_them_is_released() -> None:
    command = [sys.executable, "-c", LIBRARIES]
    released = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert int(released) > 5_000_000
