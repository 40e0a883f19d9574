"""Where the sound of a WAV is, whatever its header says.

A WAV says before its sound how long that is, and often says it wrongly: a recorder that lost power
had not written it yet, a program that writes into a pipe never knows it, above 4 GB there is no
room for it, and whoever puts two files one behind the other leaves that of the first. Then ffmpeg
hears only as far as the header says, or takes lists, tags and further headers for sound where it
says nothing; ffmpeg's option `ignore_length` always does the latter.

So the chunks are walked here:

* Sound goes as far as its header says if chunks, another WAV or nothing follow there.
* If something else follows, it is sound if it looks like that.
* Where its header says nothing, or more than there is, sound goes up to the next WAV, up to the
  chunks that end the file, or to the end.
* Of several WAVs of one format the sound of all is shown, as that of one.
* Big-endian sound (RIFX) is shown as AU: ffmpeg takes it for little-endian in a WAV.

Not covered: what lies behind the first WAV in another format, and what follows the sound of codecs
other than PCM and G.711, is not heard; a warning says so.
"""

import re
import struct
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

import numpy as np
from av import AudioCodecContext, CodecContext, Packet
from numpy.typing import NDArray

from richspeech.audio.chunks import (
    KNOWN,
    MOST_CHUNKS,
    WAVE64_START,
    Chunk,
    Dialect,
    dialect_at,
)
from richspeech.audio.pieces import Pieces, Readable
from richspeech.model.recording_warning import RecordingWarning

DATA, FORMAT, TIME_OF_DAY, LONG_SIZES = b"data", b"fmt ", b"bext", b"ds64"
"""Chunks that are read."""

KNOWN_NAME = re.compile(b"|".join(re.escape(name) for name in sorted(KNOWN)))
MOST_GUESSES = 1_000
"""Places that may be where the last chunks begin."""

SHORTEST_CHUNK = 8
LONGEST_START = 40
"""Bytes by which a WAV of any dialect is known."""

UNKNOWN_BYTES = 0xFFFF_FFFF
"""What a header says that does not know."""

MOST_FILES = 1_000
"""One behind the other; the rest is not heard."""

SHORTEST_FORMAT = 16
MOST_HEAD_BYTES = 65_536
"""Of a format, and of a chunk with the time of day."""

PART_BYTES = 2**20
"""Read at once in search of something; the chunks that end a file begin within as many of its end,
where they have to be searched for."""

WINDOWS, WINDOW_BYTES = 64, 4_096
"""How many places are looked at to tell sound from junk, and how much at each."""

LONGEST_SAMPLE = 8
"""Bytes; a decoder refuses less than one sample."""

ROUGHEST = 1.0
"""Mean square of the step from one sample to the next over the variance. White noise, text and
compressed data have 2; speech at 8 kHz has 0.05 to 0.7, and its pauses as much as noise."""

SMOOTHEST = 0.2
"""Quantile that decides: speech has noise between its words, junk is rough nearly everywhere."""

STEPS = {"pcm_u8": 2**-7, "pcm_mulaw": 2**-12, "pcm_alaw": 2**-12}
FINE_STEP = 2**-15
"""Of a codec: between the two samples nearest to silence, where full scale is 1; sound with more
bits has seldom been finer than that of 16."""

QUIET_STEPS = 4.0
"""A window with a smaller standard deviation is a pause: dither and its like."""

TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")
"""Of MP3; some programs put them behind any file."""

PCM = {8: "pcm_u8", 16: "pcm_s16", 24: "pcm_s24", 32: "pcm_s32"}
FLOAT = {32: "pcm_f32", 64: "pcm_f64"}
"""Bits a sample → codec, without the order of its bytes."""
G711 = {6: "pcm_alaw", 7: "pcm_mulaw"}
EXTENSIBLE = 0xFFFE

AU_CODES = {
    "pcm_mulaw": 1,
    "pcm_s16be": 3,
    "pcm_s24be": 4,
    "pcm_s32be": 5,
    "pcm_f32be": 6,
    "pcm_f64be": 7,
    "pcm_alaw": 27,
}
"""Of AU, by the codec."""


@dataclass(frozen=True)
class _Format:
    """What a `fmt ` chunk says."""

    content: bytes
    order: str
    """Of its bytes, as `struct` writes it."""

    def _number(self, place: int, kind: str = "H") -> int:
        [number] = struct.unpack_from(f"{self.order}{kind}", self.content, place)
        return int(number)

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels, or of one block of a codec."""
        return max(1, self._number(12))

    @property
    def seconds_per_byte(self) -> float:
        return 1 / max(1, self._number(8, "I"))

    @property
    def codec(self) -> str | None:
        """Name of the decoder in ffmpeg; None for others than PCM and G.711."""
        code, bits = self._number(0), self._number(14)
        if code == EXTENSIBLE and len(self.content) >= 26:
            code = self._number(24)
        name = {1: PCM.get(bits), 3: FLOAT.get(bits)}.get(code, G711.get(code))
        if name is None or code in G711 or bits == 8:
            return name
        return name + ("le" if self.order == "<" else "be")

    @property
    def sample_rate(self) -> int:
        return self._number(4, "I")

    @property
    def channels(self) -> int:
        return max(1, self._number(2))


@dataclass(frozen=True)
class _Wav:
    """One WAV within a file, up to where its sound begins."""

    dialect: Dialect
    format: _Format
    kept: bytes
    """The chunk with the time of day, whole; empty without one."""
    sound: Chunk


@dataclass
class _Found:
    """What came of a walk through a file."""

    pieces: list[tuple[int, int]] = field(default_factory=list)
    warnings: list[RecordingWarning] = field(default_factory=list)
    files: int = 0
    is_wrong: bool = False
    """Whether ffmpeg would not hear exactly the pieces."""


def corrected(
    file: Readable, start: int, size: int
) -> tuple[Pieces, list[RecordingWarning]] | None:
    """Show a WAV whose header is wrong as one whose header is right.

    Returns None for any other file, and for a WAV whose header is right.

    Args:
        file: what may be a WAV.
        start: where its first byte is.
        size: bytes of the file, with what lies before `start`.
    """
    first = _wav_at(file, start)
    if first is None:
        return None
    found = _walk(file, first, size)
    if not found.is_wrong and first.dialect.order == "<":
        return None
    return Pieces(file, _head(first, found.pieces), found.pieces), found.warnings


def _wav_at(file: Readable, place: int) -> _Wav | None:
    """Read a WAV up to its sound; None where there is none."""
    dialect = dialect_at(file, place)
    if dialect is None:
        return None
    content, kept, long = b"", b"", None
    for chunk in dialect.chunks(file, place + dialect.start_bytes):
        name = chunk.name
        if name == DATA:
            if len(content) < SHORTEST_FORMAT:
                return None
            sound = Chunk(name, chunk.body, chunk.claimed if long is None else long)
            return _Wav(dialect, _Format(content, dialect.order), kept, sound)
        file.seek(chunk.body)
        body = file.read(min(chunk.claimed, MOST_HEAD_BYTES))
        if name == FORMAT and not content:
            content = body
        elif name == TIME_OF_DAY and chunk.claimed == len(body):
            kept = struct.pack(f"{dialect.order}4sI", name, len(body)) + body
            kept += bytes(len(body) % 2)
        elif name == LONG_SIZES and len(body) >= 16:
            long = int.from_bytes(body[8:16], "little")
    return None


def _head(wav: _Wav, pieces: list[tuple[int, int]]) -> bytes:
    """Write what comes before the sound; a length for which there is no room is left unknown."""
    size = min(sum(end - start for start, end in pieces), UNKNOWN_BYTES)
    if wav.dialect.order == ">" and wav.format.codec in AU_CODES:
        return _au_head(wav.format, size)
    content, chunk = wav.format.content, struct.Struct(f"{wav.dialect.order}4sI")
    start = chunk.pack(b"RIFX" if wav.dialect.order == ">" else b"RIFF", UNKNOWN_BYTES) + b"WAVE"
    shape = chunk.pack(FORMAT, len(content)) + content + bytes(len(content) % 2)
    return start + shape + wav.kept + chunk.pack(DATA, size)


def _au_head(shape: _Format, size: int) -> bytes:
    """Write the header of Sun's AU, in which ffmpeg knows that samples are big-endian."""
    code, rate, channels = AU_CODES[str(shape.codec)], shape.sample_rate, shape.channels
    return struct.pack(">4s6I", b".snd", 28, size, code, rate, channels, 0)


def _walk(file: Readable, first: _Wav, size: int) -> _Found:
    found, wav = _Found(), first
    while found.files < MOST_FILES:
        following = _take(file, wav, size, found)
        found.files += 1
        if following is None:
            break
        found.is_wrong = True
        behind = _wav_at(file, following)
        if (
            behind is None
            or behind.format.content[:SHORTEST_FORMAT] != first.format.content[:SHORTEST_FORMAT]
        ):
            found.warnings.append(
                RecordingWarning.of("wav_other_format", size_bytes=size - following)
            )
            break
        wav = behind
    if found.files > 1:
        found.warnings.append(RecordingWarning.of("wav_appended", count=found.files))
    return found


def _take(file: Readable, wav: _Wav, size: int, found: _Found) -> int | None:
    """Add the sound of one WAV; return where the next one begins, if one does."""
    claimed, body = wav.sound.claimed, wav.sound.body
    end = body + claimed
    tail = _tail(file, wav.dialect, wav.sound, size) if end <= size else None
    if tail is None:
        return _take_unexplained(file, wav, size, found)
    found.is_wrong |= bool(tail.sounds) or (claimed == 0 and body < size)
    for sound in (wav.sound, *tail.sounds):
        _add(found, wav, sound.body, sound.body + sound.claimed)
    return tail.following


def _take_unexplained(file: Readable, wav: _Wav, size: int, found: _Found) -> int | None:
    """Do the same where a header says nothing, or what cannot be."""
    found.is_wrong = True
    body, claimed = wav.sound.body, wav.sound.claimed
    end, following = _searched(file, wav.dialect, body, size)
    if 0 < claimed < end - body and not _looks_like_sound(file, wav, body + claimed, end):
        found.warnings.append(RecordingWarning.of("wav_rest", size_bytes=end - body - claimed))
        end = body + claimed
    else:
        found.warnings.append(_length_warning(wav, end - body))
    _add(found, wav, body, end)
    return following


def _length_warning(wav: _Wav, heard_bytes: int) -> RecordingWarning:
    claimed, rate = wav.sound.claimed, wav.format.seconds_per_byte
    if claimed in (0, UNKNOWN_BYTES, 2**64 - 1):
        return RecordingWarning.of("wav_length_unknown", seconds=round(heard_bytes * rate, 2))
    return RecordingWarning.of(
        "wav_length_wrong",
        claimed=round(claimed * rate, 2),
        seconds=round(heard_bytes * rate, 2),
    )


def _add(found: _Found, wav: _Wav, start: int, end: int) -> None:
    """Add whole samples only, or the channels of what follows would change places."""
    frame_bytes = wav.format.frame_bytes if wav.format.codec else 1
    found.pieces.append((start, end - (end - start) % frame_bytes))


@dataclass(frozen=True)
class _Tail:
    """What lies behind a sound, where all of it is known."""

    following: int | None = None
    """Where another WAV begins."""
    sounds: tuple[Chunk, ...] = ()
    """Further sound of the same WAV."""


def _tail(file: Readable, dialect: Dialect, chunk: Chunk, size: int) -> _Tail | None:
    """Walk from a chunk to the end of the file, to tags or to the next WAV; None if that fails."""
    sounds: list[Chunk] = []
    for _ in range(MOST_CHUNKS):
        if any(_is_end(file, place, size) for place in dialect.behind(chunk)):
            return _Tail(None, tuple(sounds))
        for place in dialect.behind(chunk):
            if dialect_at(file, place):
                return _Tail(place, tuple(sounds))
        following = (dialect.chunk(file, place) for place in dialect.behind(chunk))
        fitting = (each for each in following if each and each.body + each.claimed <= size)
        found = next(fitting, None)
        if found is None:
            return None
        chunk = found
        if chunk.name == DATA:
            sounds.append(chunk)
    return None


def _is_end(file: Readable, place: int, size: int) -> bool:
    if size - place < SHORTEST_CHUNK:
        return True
    file.seek(place)
    return file.read(SHORTEST_CHUNK).startswith(TAGS)


def _searched(file: Readable, dialect: Dialect, low: int, size: int) -> tuple[int, int | None]:
    """Find where sound that begins at `low` ends, and where the next WAV begins."""
    following = _next_wav(file, low, size)
    high = size if following is None else following
    return _last_chunks(file, dialect, max(low, high - PART_BYTES), high), following


def _next_wav(file: Readable, low: int, size: int) -> int | None:
    for place in range(low, size, PART_BYTES):
        file.seek(place)
        part = file.read(PART_BYTES + LONGEST_START)
        for mark, before in ((b"WAVE", 8), (WAVE64_START, 0)):
            at = part.find(mark)
            while at >= 0:
                begin = place + at - before
                if begin >= low and dialect_at(file, begin):
                    return begin
                at = part.find(mark, at + 1)
    return None


def _last_chunks(file: Readable, dialect: Dialect, low: int, high: int) -> int:
    """Return where the chunks begin that go on to `high`, which is `high` without any."""
    file.seek(low)
    content = file.read(high - low)
    for match in islice(KNOWN_NAME.finditer(content), MOST_GUESSES):
        chunk = dialect.chunk(file, low + match.start())
        if chunk is None or chunk.body + chunk.claimed > high:
            continue
        if _tail(file, dialect, chunk, high) is not None:
            return low + match.start()
    return high


def _looks_like_sound(file: Readable, wav: _Wav, low: int, high: int) -> bool:
    """Whether it changes as little from sample to sample as sound does, or as that before it."""
    before, behind = (
        _roughness_of(file, wav, wav.sound.body, low),
        _roughness_of(file, wav, low, high),
    )
    return behind is not None and behind < max(ROUGHEST, before or 0.0)


def _roughness_of(file: Readable, wav: _Wav, low: int, high: int) -> float | None:
    """Return that of the smoothest windows but pauses; None for silence, and for other codecs."""
    codec = wav.format.codec
    if codec is None:
        return None
    step = max(WINDOW_BYTES, (high - low) // WINDOWS)
    windows = [_window(file, wav, codec, place, high) for place in range(low, high, step)]
    quiet = QUIET_STEPS * STEPS.get(codec, FINE_STEP)
    loud = [each for each in windows if len(each) and np.std(each) >= quiet]
    heard = [each for each in map(_roughness, loud or windows) if each is not None]
    return float(np.quantile(heard, SMOOTHEST)) if heard else None


def _window(file: Readable, wav: _Wav, codec: str, place: int, high: int) -> NDArray[np.float64]:
    """Decode a little of the first channel, up to `high` at the most; full scale is 1."""
    frame_bytes = wav.format.frame_bytes
    whole = wav.sound.body + (place - wav.sound.body) // frame_bytes * frame_bytes
    file.seek(whole)
    decoder = cast("AudioCodecContext", CodecContext.create(codec, "r"))
    decoder.sample_rate, decoder.layout = 8_000, "mono"
    wanted = max(1, WINDOW_BYTES // frame_bytes)
    content = file.read(min(wanted, (high - whole) // frame_bytes) * frame_bytes)
    frames = decoder.decode(Packet(content)) if len(content) >= LONGEST_SAMPLE else []
    samples = [_scaled(frame.to_ndarray()[0]) for frame in frames]
    return np.concatenate([np.zeros(0), *samples])[:: wav.format.channels]


def _scaled(samples: NDArray[Any]) -> NDArray[np.float64]:
    """Bring what a decoder gives to -1 to 1; a constant in it does not matter."""
    scale = 1.0 if samples.dtype.kind == "f" else 2.0 ** (8 * samples.itemsize - 1)
    return samples.astype(np.float64) / scale


def _roughness(samples: NDArray[np.float64]) -> float | None:
    """Return the mean square of a step over the variance; None for silence."""
    variance = np.var(samples) if len(samples) else 0.0
    return float(np.mean(np.diff(samples) ** 2) / variance) if variance > 0 else None
