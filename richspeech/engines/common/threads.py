"""How many threads torch may use for work that is too small to share."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread within the block, without a change for other threads.

    Threads gain little in small work, and on a busy machine they wait for each other (measured:
    260 ms instead of 1 ms for a block of 100 ms, when another process trained on the same cores).
    """
    torch.get_num_threads()  # in a new thread, torch would set its number within the block
    before = _limit_mkl()(1)
    try:
        with _openmp().limit(limits=1):
            yield
    finally:
        _limit_mkl()(before)


@cache
def _openmp() -> Any:
    """Torch's threads, whose number can be limited for the calling thread alone."""
    return ThreadpoolController().select(user_api="openmp")


@cache
def _limit_mkl() -> Callable[[int], int]:
    """Return what sets the number for MKL in the calling thread, and returns the one before.

    MKL listens to OpenMP only until ``torch.set_num_threads`` is called. It is part of torch's own
    library, where threadpoolctl does not see it; a torch without it does as OpenMP says.
    """
    file = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    library = ctypes.CDLL(str(file)) if file.exists() else None
    return getattr(library, "MKL_Set_Num_Threads_Local", lambda _: 0)
