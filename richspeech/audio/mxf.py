"""The packets of an MXF (SMPTE ST 377-1), looked at before ffmpeg sees the file.

    key of 16 bytes, length (BER), value; one behind the other up to the end

ffmpeg gets an MXF only when this walk has found that

* every length is no more than the bytes of the file, and packets other than sound and picture end
  within it,
* sets and packs hold no more entries than there is room for in them: those of index tables,
  references, local tags and essence containers,
* an index table is for no more units than it has entries, or than the file has bytes.

What cannot be is refused. A recording that was cut off within its sound or picture, or is damaged
behind its beginning, is read as far as it goes. Sets that lie where the walk does not come by are
not shown (``audio.header``), so none is read that was not looked at.

Not covered: bytes before the first partition (a run-in), with which a file is no recording here.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from richspeech.audio.pieces import Readable

LABEL = bytes.fromhex("060e2b34")
"""Of SMPTE, with which every key begins."""
PARTITION = bytes.fromhex("060e2b34 02050101 0d0102")
"""Eleven bytes by which an MXF is known."""
LOCAL_SET = bytes.fromhex("060e2b34 0253")
"""Keys of sets whose items have a tag and a length of two bytes each."""

STRUCTURE = bytes.fromhex("0d01")
"""Bytes 9 and 10 of the keys that say how a file is made."""
PARTITION_KINDS = (2, 3, 4)
PRIMER = 5
"""Byte 14 of packs: header, body and footer, and the local tags."""
INDEX = bytes.fromhex("0d010201 0110")
"""Bytes 9 to 14 of an index table segment."""

HEAD_BYTES = 25
"""Of a key and the longest length."""
MOST_PACKETS = 5_000_000
"""A track has 25 to 60 a second: nine tracks of an hour are a million."""
MOST_SETS = 65_536
MOST_SET_BYTES = 16 * 2**20

REFERENCES = frozenset({0x1001, 0x1901, 0x1902, 0x3B0A, 0x3B0B, 0x3F01, 0x4403})
"""Items that are a count, the length of an entry, and entries; so are those of an index table."""
INDEX_DURATION, DELTAS, INDEX_ENTRIES = 0x3F0D, 0x3F09, 0x3F0A


class MxfError(ValueError):
    """An MXF says something of itself that cannot be."""

    def __init__(self, place: int) -> None:
        super().__init__(f"a packet at byte {place} does not fit into the file")
        self.place = place
        """Byte of the file where the packet begins."""


@dataclass(frozen=True)
class _Packet:
    place: int
    key: bytes
    body: int
    """Where its value begins."""
    length: int

    @property
    def is_local_set(self) -> bool:
        return self.key.startswith(LOCAL_SET)

    @property
    def is_pack(self) -> bool:
        """Whether it is a partition, or the table of local tags."""
        return self.key.startswith(PARTITION) and self.key[13] in (*PARTITION_KINDS, PRIMER)


def sets_of(file: Readable, start: int, size: int) -> frozenset[int] | None:
    """Return the bytes at which sets begin; None where the file is no MXF.

    Args:
        file: what may be an MXF.
        start: where its first byte is.
        size: bytes of the file, with what lies before `start`.

    Raises:
        MxfError: what it says of its length and of its counts cannot be.
    """
    file.seek(start)
    if file.read(len(PARTITION)) != PARTITION:
        return None
    sets: set[int] = set()
    for packet in _packets(file, start, size):
        if not (packet.is_local_set or packet.is_pack):
            continue
        if len(sets) >= MOST_SETS or packet.length > min(MOST_SET_BYTES, size - packet.body):
            raise MxfError(packet.place)
        sets.add(packet.place)
        file.seek(packet.body)
        value = file.read(packet.length)
        fits = _set_fits if packet.is_local_set else _pack_fits
        if not fits(packet.key, value, size):
            raise MxfError(packet.place)
    return frozenset(sets)


def _packets(file: Readable, place: int, size: int) -> Iterator[_Packet]:
    """Walk from packet to packet, up to the end or to something else. Raises ``MxfError``."""
    for _ in range(MOST_PACKETS):
        file.seek(place)
        head = file.read(HEAD_BYTES)
        if not head.startswith(LABEL) or len(head) < 17:
            return
        count = head[16] & 0x7F if head[16] & 0x80 else 0
        written = head[17 : 17 + count] if head[16] & 0x80 else head[16:17]
        if count > 8:
            raise MxfError(place)
        packet = _Packet(place, head[:16], place + 17 + count, int.from_bytes(written))
        if packet.length > size:
            raise MxfError(place)
        yield packet
        place = packet.body + packet.length
        if place >= size:
            return
    raise MxfError(place)


def _set_fits(key: bytes, value: bytes, size: int) -> bool:
    """Whether the items of a set lie within it, and their entries within them."""
    is_index, at = key[8:14] == INDEX, 0
    entries, duration = 0, 0
    while at + 4 <= len(value):
        tag, length = struct.unpack_from(">HH", value, at)
        item = value[at + 4 : at + 4 + length]
        if len(item) < length:
            return False
        at += 4 + length
        if tag in REFERENCES or (is_index and tag in (DELTAS, INDEX_ENTRIES)):
            count = _entries(item)
            if count is None:
                return False
            entries += count if tag == INDEX_ENTRIES else 0
        elif is_index and tag == INDEX_DURATION:
            duration = int.from_bytes(item)
    return duration <= (entries or size)


def _pack_fits(key: bytes, value: bytes, size: int) -> bool:
    """Whether a partition's parts lie within the file, and the entries of a pack within it."""
    if key[13] == PRIMER:
        return _entries(value) is not None
    if len(value) < 88:
        return False
    header_bytes, index_bytes = struct.unpack_from(">QQ", value, 32)
    return max(header_bytes, index_bytes) <= size and _entries(value[80:]) is not None


def _entries(item: bytes) -> int | None:
    """Return how many entries an item has; None where there is no room for them."""
    if not item:
        return 0
    if len(item) < 8:
        return None
    count, length = struct.unpack_from(">II", item)
    room = len(item) - 8
    fits = count == 0 or (length > 0 and count * length <= room)
    return int(count) if fits else None
