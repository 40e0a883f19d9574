"""Memory of this process: how much it has, and giving freed memory back."""

import ctypes
import gc
import sys

import psutil

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


def freeze() -> None:
    """Have Python look no more for cycles in what there is now, and is to stay.

    Torch, Gradio and the page are half a million objects. Going through them takes 0.2 s, and up to
    a second where others use the processor, in which nobody is answered; under load that is often.
    """
    gc.collect()
    gc.freeze()
