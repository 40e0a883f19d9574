"""Memory of this process: how much it has, and giving freed memory back."""

import ctypes
import gc
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

MAPS, SMAPS = Path("/proc/self/maps"), Path("/proc/self/smaps")
MAPPING = re.compile(
    r"^(?P<first>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<rights>\S+) \S+ \S+ \d+ *(?P<name>.*)$",
    re.MULTILINE,
)
"""The line of a mapping in both; between rights and name are offset, device and inode."""
READ_AND_SHARED = "r--s"
UNCHANGED = re.compile(r"^Anonymous: +0 kB", re.MULTILINE)
LIBRARY = re.compile(r"\.so(\.[0-9.]+)?$")
MADV_DONTNEED = 4
"""Linux's number for it: mman.h."""
RELEASE_SECONDS = 0.02
"""In which half a gigabyte of weights is read from memory, at most a tenth of it."""
M_ARENA_MAX = -8
"""glibc's number for it: malloc.h."""
ARENAS = 2
"""More cost memory; with two, the same load took no more processor time."""


def resident_bytes() -> int:
    """Return how much of this process is in memory."""
    return int(psutil.Process().memory_info().rss)


def few_arenas() -> None:
    """Have all threads share two of glibc's arenas; before there are threads.

    By default each has one of its own, up to eight a core, and what it frees there no other uses:
    under the load of two hundred clients 350 MB beside 300 in use, with two arenas 100.
    """
    if sys.platform == "linux":
        tune = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if tune is not None:
            tune(M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return to the system what was freed.

    glibc keeps it otherwise: two times the weights after funasr has loaded a model.
    """
    gc.collect()  # funasr's models are in cycles
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def release_pages(file: Path) -> None:
    """Release what was read of a file that is mapped to be read; what is read again comes back.

    Such pages count as memory of the process for as long as the file is mapped. Linux only.

    Nobody may end a mapping of that file meanwhile. ``madvise`` knows addresses and no files: what
    another thread maps at the same place between the look and the release would be emptied, and
    the two cannot be made one. The only caller is an encoder that computes from its own weights,
    whose mapping it holds; a second encoder of the same file, let go at that very moment, is what
    is left of the danger. So nothing but these lines is looked through in between.
    """
    name = str(file.resolve())
    for line in _told(MAPS).splitlines():
        head = MAPPING.match(line) if line.endswith(name) else None
        if head and (head["rights"], head["name"]) == (READ_AND_SHARED, name):
            _release(head)


def release_libraries() -> None:
    """Release what was read of shared libraries to start them; what is used comes back.

    Pages stay that are no longer the file's: pointers in libraries are moved when they start. As
    above no library may be unloaded meanwhile, which Python does with none.
    """
    for facts in re.split(r"^(?=[0-9a-f]+-)", _told(SMAPS), flags=re.MULTILINE):
        head = MAPPING.match(facts)
        is_library = head and "w" not in head["rights"] and LIBRARY.search(head["name"])
        if head and is_library and UNCHANGED.search(facts):
            _release(head)


def _told(facts: Path) -> str:
    return facts.read_text(encoding="utf-8", errors="replace") if facts.is_file() else ""


def _release(mapping: re.Match[str]) -> None:
    first, end = int(mapping["first"], 16), int(mapping["end"], 16)
    size = ctypes.c_size_t(end - first)
    ctypes.CDLL(None).madvise(ctypes.c_void_p(first), size, MADV_DONTNEED)


@contextmanager
def releasing_pages(file: Path) -> Iterator[None]:
    """Release what the block reads of a mapped file while it goes on, and once more at its end."""
    done = threading.Event()

    def release() -> None:
        while not done.wait(RELEASE_SECONDS):
            release_pages(file)

    thread = threading.Thread(target=release, name="pages", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        release_pages(file)


def freeze() -> None:
    """Have Python look no more for cycles in what there is now, and is to stay.

    Torch, Gradio and the page are half a million objects. Going through them takes 0.2 s, and up to
    a second where others use the processor, in which nobody is answered; under load that is often.
    """
    gc.collect()
    gc.freeze()
