"""The chunks of WAV in its dialects: RIFF, RIFX, RF64 and BW64, and Sony's Wave64.

RIFF as in "Multimedia Programming Interface and Data Specifications 1.0" (1991), RF64 and BW64 as
in EBU Tech 3306 and ITU-R BS.2088, Wave64 as Sony's specification of 2000 has it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from richspeech.audio.pieces import Readable

MOST_CHUNKS = 10_000
"""Of one file that are looked at."""

KNOWN = frozenset(
    {
        *(b"DISP", b"FLLR", b"ID3 ", b"JUNK", b"LIST", b"PAD ", b"PEAK", b"_PMX", b"acid"),
        *(b"adtl", b"afsp", b"axml", b"bext", b"chna", b"cue ", b"elm1", b"fact", b"iXML"),
        *(b"id3 ", b"inst", b"junk", b"minf", b"plst", b"regn", b"smpl", b"umid"),
    }
)
"""Chunks besides format and sound that programs write."""


@dataclass(frozen=True)
class Chunk:
    """One chunk, as it says itself."""

    name: bytes
    """Of four letters, also in Wave64, where a GUID begins with them."""
    body: int
    """Where its content begins."""
    claimed: int
    """Bytes of its content."""


@dataclass(frozen=True)
class Dialect:
    """How one family writes chunks."""

    magic: bytes
    order: str
    """Of bytes, as `struct` writes it."""
    is_wave64: bool = False

    @property
    def start_bytes(self) -> int:
        """Bytes from the beginning of the file to its first chunk."""
        return 40 if self.is_wave64 else 12

    @property
    def head_bytes(self) -> int:
        """Bytes of a chunk before its content."""
        return 24 if self.is_wave64 else 8

    def chunk(self, file: Readable, place: int) -> Chunk | None:
        """Read what begins at a place; None where no chunk can."""
        file.seek(place)
        head = file.read(self.head_bytes)
        name = head[:4]
        if len(head) < self.head_bytes or not all(0x20 <= letter < 0x7F for letter in name):
            return None
        if self.is_wave64:
            claimed = int.from_bytes(head[16:], "little") - self.head_bytes
        else:
            [claimed] = struct.unpack(f"{self.order}I", head[4:])
        return Chunk(name, place + self.head_bytes, claimed) if claimed >= 0 else None

    def behind(self, chunk: Chunk) -> tuple[int, ...]:
        """Say where the next chunk may begin: some programs do not fill up to even places."""
        end = chunk.body + chunk.claimed
        padded = end + -chunk.claimed % (8 if self.is_wave64 else 2)
        return (padded,) if padded == end else (padded, end)

    def chunks(self, file: Readable, place: int) -> Iterator[Chunk]:
        """Walk from chunk to chunk, as long as there are any."""
        chunk = self.chunk(file, place)
        for _ in range(MOST_CHUNKS):
            if chunk is None:
                return
            yield chunk
            following = (self.chunk(file, place) for place in self.behind(chunk))
            chunk = next((each for each in following if each), None)


WAVE64_START = bytes.fromhex("726966662e91cf11a5d628db04c10000")
DIALECTS = (
    *(Dialect(magic, "<") for magic in (b"RIFF", b"RF64", b"BW64")),
    Dialect(b"RIFX", ">"),
    Dialect(WAVE64_START, "<", is_wave64=True),
)


def dialect_at(file: Readable, place: int) -> Dialect | None:
    """Return the dialect of the WAV that begins at a place, if one does."""
    file.seek(place)
    head = file.read(40)
    for dialect in DIALECTS:
        kind = head[24:28].lower() if dialect.is_wave64 else head[8:12].lower()
        if head.startswith(dialect.magic) and kind == b"wave":
            return dialect
    return None
