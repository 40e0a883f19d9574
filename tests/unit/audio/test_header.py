"""Headers that take memory for nothing, made here; none is more than a picture or a number."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from richspeech.audio import header
from richspeech.audio.boxes import second_mp4
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform, open_recording
from richspeech.audio.header import Sound
from richspeech.errors import AudioError
from tests.unit.audio.test_audio import encode, small, tone

ROOT = Path(header.__file__).parents[2]
LIMITS = AudioLimits(10**9, 60.0)
PICTURE_BYTES = 50_000_000
NOISE_KB = 16_000
"""What decoders and Python take, one way or the other."""


def tag(frames: bytes, version: int = 3) -> bytes:
    length = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, 0]) + length + frames


def picture(size: int) -> bytes:
    return b"\0image/jpeg\0\3\0\xff\xd8" + bytes(size)


def plain_picture(size: int = PICTURE_BYTES) -> bytes:
    body = picture(size)
    return tag(b"APIC" + struct.pack(">IH", len(body), 0) + body)


def compressed_picture(size: int = PICTURE_BYTES) -> bytes:
    """A tag of fifty kilobytes, which are a thousand times as much when they are unpacked."""
    unpacked = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    body = unpacked + zlib.compress(picture(size))
    length = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return tag(b"APIC" + length + b"\0\x09" + body, version=4)


def in_wav(chunk: bytes) -> bytes:
    sound, even = small("wav"), chunk + bytes(len(chunk) % 2)
    place = sound.index(b"data")
    return sound[:place] + b"id3 " + struct.pack("<I", len(even)) + even + sound[place:]


def flac_with(kind: int, body: bytes, count: int = 1) -> bytes:
    """Sound behind blocks of one kind."""
    sound = small("flac")
    block = bytes([kind]) + struct.pack(">I", len(body))[1:] + body
    return sound[:4] + bytes([sound[4] & 0x7F]) + sound[5:42] + block * count + sound[42:]


def flac_picture(size: int) -> bytes:
    return struct.pack(">II10sI16sI", 3, 10, b"image/jpeg", 0, bytes(16), size) + bytes(size)


def flac_comments(count: int) -> bytes:
    comments = [b"%x=b" % number for number in range(count)]
    written = b"".join(struct.pack("<I", len(each)) + each for each in comments)
    return struct.pack("<I1sI", 1, b"a", count) + written


def mp4_of_many_samples(count: int) -> bytes:
    """Sound whose table says that each of its samples has one byte."""
    content = bytearray(small("ipod"))
    sizes, times = content.index(b"stsz"), content.index(b"stts")
    content[sizes + 8 : sizes + 16] = struct.pack(">II", 1, count)
    content[times + 12 : times + 16] = struct.pack(">I", count)
    chunks = content.index(b"stsc")
    [runs] = struct.unpack(">I", content[chunks + 8 : chunks + 12])
    last = chunks + 12 * runs
    content[last + 4 : last + 8] = struct.pack(">I", count)
    return bytes(content)


MEASURE = """
import sys
from pathlib import Path
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.errors import AudioError

def kilobytes(name):
    return int(Path("/proc/self/status").read_text().partition(name)[2].split()[0])

load_waveform(Path(sys.argv[1]), AudioLimits(10**9, 60.0))
Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
before = kilobytes("VmRSS:")
try:
    load_waveform(Path(sys.argv[2]), AudioLimits(10**9, 60.0))
except AudioError:
    pass
print(kilobytes("VmHWM:") - before)
"""

HEADERS: dict[str, Callable[[], bytes]] = {
    "picture.mp3": lambda: plain_picture() + small("mp3"),
    "compressed.mp3": lambda: compressed_picture() + small("mp3"),
    "two-tags.mp3": lambda: plain_picture(100) + compressed_picture() + small("mp3"),
    "compressed.wav": lambda: in_wav(compressed_picture()),
    "compressed.flac": lambda: compressed_picture() + small("flac"),
    "pictures.flac": lambda: flac_with(6, flac_picture(15_000_000), count=3),
    "comments.flac": lambda: flac_with(4, flac_comments(500_000)),
    "within.aac": lambda: (
        encode([tone(1.0)], 48_000, "adts", "aac")
        + compressed_picture()
        + encode([tone(1.0)], 48_000, "adts", "aac")
    ),
    "samples.m4a": lambda: mp4_of_many_samples(5_000_000),
}


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux tells it")
@pytest.mark.parametrize("name", HEADERS)
def test_a_header_takes_no_memory(tmp_path: Path, name: str) -> None:
    honest, path = tmp_path / "honest.wav", tmp_path / name
    honest.write_bytes(small("wav"))
    path.write_bytes(HEADERS[name]())
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(honest), str(path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < NOISE_KB


@pytest.mark.parametrize("name", [name for name in HEADERS if name != "samples.m4a"])
def test_the_sound_behind_a_tag_is_heard(name: str) -> None:
    assert len(load_waveform(HEADERS[name](), LIMITS)) >= 4_000


def test_a_table_of_more_samples_than_bytes_is_refused_in_a_sentence() -> None:
    with pytest.raises(AudioError, match=r"song\.m4a has a header that would take too much memory"):
        load_waveform(mp4_of_many_samples(5_000_000), LIMITS, name="song.m4a")


def test_a_header_that_is_too_long_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sound = small("wav")
    place = sound.index(b"data")
    tags = b"INFOINAM" + struct.pack("<I", 500_000) + b"x" * 500_000
    long = sound[:place] + b"LIST" + struct.pack("<I", len(tags)) + tags + sound[place:]
    assert len(load_waveform(long, LIMITS)) == pytest.approx(4_800, abs=2)
    monkeypatch.setattr(header, "MOST_BYTES", 400_000)
    with pytest.raises(AudioError, match="has a header that would take too much memory"):
        load_waveform(long, LIMITS)


def test_a_header_that_takes_too_long_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(header, "MOST_SECONDS", -1.0)
    with pytest.raises(AudioError, match="has a header that would take too much memory"):
        load_waveform(small("wav"), LIMITS)


def test_a_long_recording_may_take_longer_than_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_recording(small("wav"), LIMITS) as recording:
        monkeypatch.setattr(header, "MOST_SECONDS", -1.0)
        assert sum(map(len, recording.blocks())) == pytest.approx(4_800, abs=2)


def test_a_seek_to_before_the_file_is_answered_by_a_number() -> None:
    file = Sound(BytesIO(b"abc"))
    assert file.seek(-5) < 0
    assert file.seek(1) == 1


def test_places_are_those_behind_the_tag() -> None:
    file = Sound(BytesIO(plain_picture(100) + b"0123456789"))
    assert (file.seek(0), file.read(3), file.tell()) == (0, b"012", 3)
    assert (file.seek(-2, 2), file.read(5)) == (8, b"89")


def test_a_tag_that_two_reads_divide_is_hidden_as_well() -> None:
    within = b"sound" + plain_picture(100)
    file = Sound(BytesIO(within))
    assert file.read(6) + file.read(1000) == within.replace(b"ID3", b"iD3")


def test_what_only_looks_like_a_tag_or_a_table_is_sound() -> None:
    content = b"..ID3\xff" + bytes(10) + b"stsz" + b"\1" * 12 + b"trun" + b"\xff" * 12
    file = Sound(BytesIO(content))
    assert file.read(1000) == content
    assert not file.is_refused


def test_an_mp4_behind_another_is_named() -> None:
    first, second = small("ipod"), encode([tone(1.0)], 48_000, "ipod", "aac")
    with open_recording(first, LIMITS) as recording:
        assert not recording.warnings
    with open_recording(first + second, LIMITS) as recording:
        assert sum(map(len, recording.blocks())) == pytest.approx(4_800, abs=400)
        [warning] = [each for each in recording.warnings if each.code == "second_recording"]
    assert warning.fields == {"size_bytes": len(second)}


@pytest.mark.parametrize("content", [b"", b"\0\0\0\x08ftyp", b"\0\0\0\1ftyp" + bytes(8)])
def test_boxes_without_end_are_walked_to_none(content: bytes) -> None:
    assert second_mp4(BytesIO(content * 3), 0, 3 * len(content)) is None
