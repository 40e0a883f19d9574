"""The outermost boxes of MP4 and its family (ISO 14496-12), to see whether one lies behind another.

ffmpeg hears the first alone; so does anybody, until the file is cut up.
"""

from collections.abc import Iterator

from richspeech.audio.pieces import Readable

MOST_BOXES = 10_000
"""Of one file that are looked at; a fragmented one has a few every second."""

TYPE, INDEX, FRAGMENT = b"ftyp", b"moov", b"moof"


def second_mp4(file: Readable, start: int, size: int) -> int | None:
    """Return where a second MP4 begins, with an index of its own; None where there is none.

    Fragments are read one after the other, whatever lies between them, so nothing is lost there.
    """
    begins, indexes = [], 0
    for place, name in _boxes(file, start, size):
        if name == FRAGMENT:
            return None
        if name == TYPE:
            begins.append(place)
        indexes += name == INDEX
    return begins[1] if len(begins) > 1 and indexes > 1 and begins[0] == start else None


def _boxes(file: Readable, start: int, size: int) -> Iterator[tuple[int, bytes]]:
    place = start
    for _ in range(MOST_BOXES):
        file.seek(place)
        head = file.read(16)
        length, name = int.from_bytes(head[:4]), head[4:8]
        if place == start and name != TYPE:
            return
        if length == 1:
            length = int.from_bytes(head[8:16])
        if len(head) < 8 or length < 8:  # 0: up to the end
            return
        yield place, name
        place += length
        if place >= size:
            return
