"""What ffmpeg gets to read of a file: its audio, and no header that would exhaust memory.

ffmpeg reads tags and pictures into memory whole, some of them several times, unpacks compressed
ones, and allocates room for every sample that an MP4 table claims. A file of 240 kB could take
600 MB that way. Audio needs none of it:

* Tags in ID3v2, where most pictures are and the only place where they can be compressed, are
  hidden.
* Tags and pictures of FLAC look like padding.
* Tables that claim more samples than the file has bytes end it.
* An MXF is walked through before (``audio.mxf``), and no set of it is shown that lies elsewhere.
* So does a header of more than MOST_BYTES, or one that keeps ffmpeg busy for MOST_SECONDS.

Not covered: pictures in other containers are read, up to MOST_BYTES, and ffmpeg holds two copies of
them while it does. An MP4 table takes 36 bytes per sample, and one sample per byte of the file is
allowed. Tens of thousands of tags in Ogg or Matroska keep ffmpeg busy for minutes.
"""

import errno
import logging
import os
import time
from collections.abc import Iterator
from typing import BinaryIO

from richspeech.audio.boxes import second_mp4
from richspeech.audio.mxf import LOCAL_SET, sets_of
from richspeech.audio.pieces import Readable
from richspeech.audio.wav import corrected
from richspeech.model.recording_warning import RecordingWarning

log = logging.getLogger(__name__)

MOST_BYTES = 64_000_000
"""The tables of twelve hours of video are 40 MB."""
MOST_SECONDS = 30.0
"""Opening takes milliseconds; among tens of thousands of tags each is compared with all others."""

ID3 = b"ID3"
ID3_BYTES = 10
FLAC = b"fLaC"
SHOWN_BLOCKS = (0, 3)
"""Blocks of FLAC that tell of the sound: what it is, and where to look for it."""
PADDING = 1
MOST_BLOCKS = 1_000

TABLES = (b"stsz", b"stz2", b"trun")
"""Boxes of MP4 that say how many samples there are."""
BOX_BYTES = 16
"""Of a table, from its name to the count of samples."""


class Sound:
    """The three calls that ffmpeg needs of a file, and no name to guess from.

    A forged header can send ffmpeg to an offset before the file. Python raises there, PyAV keeps
    the exception and throws it at whatever call comes next, so the seek must answer by number; and
    a read that is refused is the end of the file.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Look at a file. Raises ``MxfError`` for an MXF that says what cannot be."""
        self._size = file.seek(0, os.SEEK_END)
        self._start = _behind_tags(file)
        """What lies before is not shown."""
        self.warnings: list[RecordingWarning] = []
        """What is wrong with its header."""
        self._file: Readable = file
        if right := corrected(file, self._start, self._size):
            self._start, self._file, self.warnings = 0, *right
        if second := second_mp4(file, self._start, self._size):
            left = self._size - second
            self.warnings = [RecordingWarning.of("second_recording", size_bytes=left)]
        self._sets = sets_of(self._file, self._start, self._size)
        """Places of what an MXF says of itself; None for any other file."""
        self._padding = dict(_hidden_blocks(self._file, self._start))
        """Place of a byte → what is shown there instead."""
        self._samples: dict[int, int] = {}
        """Place of a table → samples that it claims."""
        self._claimed = 0
        """Their sum; a long recording has a table every few seconds."""
        self._left, self._opened = MOST_BYTES, time.monotonic()
        self._opening = True
        self.is_refused = False
        """Whether the rest is kept back."""
        self._file.seek(self._start)

    @property
    def is_mxf(self) -> bool:
        """Whether it is an MXF, and only that."""
        return self._sets is not None

    def open(self) -> None:
        """Say that the header has been read."""
        self._opening = False

    def tell(self) -> int:
        """Return the place in what is shown."""
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in what is shown."""
        try:
            place = self._file.seek(offset + (self._start if whence == os.SEEK_SET else 0), whence)
        except (OSError, ValueError):
            return -errno.EINVAL
        return place - self._start

    def read(self, count: int) -> bytes:
        """Return the next bytes; none when the rest is kept back."""
        if self._opening and self._is_too_long(count):
            self._refuse("has too long a header")
        if self.is_refused:
            return b""
        place = self._file.tell()
        shown = self._file.read(count)
        seen = shown + self._file.read(BOX_BYTES)  # what begins here may end in the next
        self._file.seek(place + len(shown))
        for padded, byte in self._padding.items():
            if 0 <= (at := padded - place) < len(shown):
                seen = seen[:at] + byte + seen[at + 1 :]
        for table, claimed in _tables(seen):
            self._claimed += claimed - self._samples.get(place + table, 0)
            self._samples[place + table] = claimed
        if self._claimed > self._size:
            self._refuse("claims more samples than it has bytes")
            return b""
        if self._sets is not None:
            seen = _without_sets(seen, place, self._sets)
        return _without_tags(seen)[: len(shown)]

    def _is_too_long(self, count: int) -> bool:
        self._left -= min(count, self._size)
        return self._left < 0 or time.monotonic() - self._opened > MOST_SECONDS

    def _refuse(self, reason: str) -> None:
        if not self.is_refused:
            log.warning("a recording %s, the rest is left out", reason)
        self.is_refused = True


def _behind_tags(file: BinaryIO) -> int:
    """Return where the tags that a file begins with are over."""
    place = 0
    while True:
        file.seek(place)
        head = file.read(ID3_BYTES)
        if not _is_tag(head):
            return place
        length = sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        footer = ID3_BYTES if head[5] & 0x10 else 0
        place += ID3_BYTES + length + footer


def _hidden_blocks(file: Readable, place: int) -> Iterator[tuple[int, bytes]]:
    """Find the first byte of every block of FLAC that is not shown, and that of a padding."""
    file.seek(place)
    if file.read(len(FLAC)) != FLAC:
        return
    place += len(FLAC)
    for _ in range(MOST_BLOCKS):
        file.seek(place)
        head = file.read(4)
        if len(head) < 4:
            return
        is_last, kind = head[0] & 0x80, head[0] & 0x7F
        if kind not in SHOWN_BLOCKS:
            yield place, bytes([is_last | PADDING])
        if is_last:
            return
        place += 4 + int.from_bytes(head[1:])


def _is_tag(head: bytes) -> bool:
    """Whether ffmpeg would take this for the head of a tag that it can read."""
    if len(head) < ID3_BYTES or not head.startswith(ID3):
        return False
    return head[3] in (2, 3, 4) and head[4] != 0xFF and max(head[6:ID3_BYTES]) < 0x80


def _without_tags(seen: bytes) -> bytes:
    """Make the heads of tags unreadable; a tag within the sound is as good as damaged sound."""
    for place in [*_places(seen, ID3)]:
        if _is_tag(seen[place : place + ID3_BYTES]):
            seen = seen[:place] + b"i" + seen[place + 1 :]
    return seen


def _without_sets(seen: bytes, place: int, known: frozenset[int]) -> bytes:
    """Make keys of sets unreadable but for those that are known; ``seen`` begins at ``place``."""
    for at in [*_places(seen, LOCAL_SET)]:
        if place + at not in known:
            seen = seen[:at] + b"\0" + seen[at + 1 :]
    return seen


def _tables(seen: bytes) -> Iterator[tuple[int, int]]:
    """Find tables of samples: the place of each, and how many samples it claims."""
    for name in TABLES:
        for place in _places(seen, name):
            box = seen[place : place + BOX_BYTES]
            flags, first, second = (int.from_bytes(box[at : at + 4]) for at in (4, 8, 12))
            if len(box) < BOX_BYTES or flags & ~(0x01000F05 if name == b"trun" else 0):
                continue  # sound that looks like a table
            yield place, first if name == b"trun" else second


def _places(seen: bytes, name: bytes) -> Iterator[int]:
    place = seen.find(name)
    while place >= 0:
        yield place
        place = seen.find(name, place + 1)
