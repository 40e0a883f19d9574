"""A file made of some bytes and pieces of another file, without a copy of it."""

import errno
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol


class Readable(Protocol):
    """As much of an open file as ffmpeg needs."""

    def tell(self) -> int:
        """Return the place in it."""

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Go to a place in it."""

    def read(self, count: int, /) -> bytes:
        """Return the next bytes, fewer at the end."""


class Pieces:
    """Reads ``head``, then stretches of ``file``, as one file."""

    def __init__(self, file: Readable, head: bytes, pieces: Sequence[tuple[int, int]]) -> None:
        """``pieces`` are where each begins and ends in ``file``, in bytes."""
        self._file, self._head, self._pieces = file, head, pieces
        lengths = (end - start for start, end in pieces)
        self._starts = [*accumulate(lengths, initial=len(head))]
        """Where each begins here, and where all end."""
        self._place = 0

    def tell(self) -> int:
        """Return the place in the whole."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the whole, which may lie behind its end; raises ``OSError`` before."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._starts[-1]}[whence]
        if origin + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._place = origin + offset
        return self._place

    def read(self, count: int) -> bytes:
        """Return the next bytes: as many as asked for, but at the end."""
        parts: list[bytes] = []
        while count > 0 and (part := self._read_some(count)):
            parts.append(part)
            count -= len(part)
            self._place += len(part)
        return b"".join(parts)

    def _read_some(self, count: int) -> bytes:
        if self._place < len(self._head):
            return self._head[self._place : self._place + count]
        number = bisect_right(self._starts, self._place) - 1
        if number >= len(self._pieces):
            return b""
        start, end = self._pieces[number]
        at = start + self._place - self._starts[number]
        self._file.seek(at)
        return self._file.read(min(count, end - at))
