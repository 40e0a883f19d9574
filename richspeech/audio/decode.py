"""Decode uploads into blocks of one mono 16 kHz waveform.

    file | bytes | stream → packets → frames → mono, 16 kHz → limit on seconds → equal blocks

The file is not trusted. ffmpeg never learns its name, so the content alone says what it is. An
allow list of containers keeps out playlists (HLS, DASH, ffconcat), which would make ffmpeg open
other files or addresses. Only audio decoders are allowed, so no picture is ever decoded;
``audio.clips`` alone asks for a few video decoders too. Bytes and seconds are counted, never
believed.

Channels are averaged with equal weights. ffmpeg's own mix to mono drops the bass channel, clips
loud stereo recordings and refuses channels without a layout. The average never clips, and a voice
on one channel only is kept: 6 dB lower in stereo, 18 dB lower in eight channels. Two channels that
are the exact negative of each other cancel.

Samples that are not numbers become silence, with the millisecond around them; samples beyond full
scale are clipped.

Not covered: damaged packets are left out, not filled with silence, so later times are early by what
was lost; of several audio streams only the one that ffmpeg calls the best is decoded.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeAlias, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError
from av.container.input import InputContainer
from av.error import BlockingIOError as MoreInputNeeded
from av.error import EOFError as EndOfStream
from av.error import FFmpegError
from av.filter import Graph
from numpy.typing import NDArray

from richspeech.audio.header import Sound
from richspeech.errors import AudioError
from richspeech.language.catalog import Notice

if TYPE_CHECKING:
    from av.packet import Packet

log = logging.getLogger(__name__)

Source: TypeAlias = Path | str | bytes | BinaryIO
"""A path of this machine, the content itself, or an open binary file that can seek."""

Waveform: TypeAlias = NDArray[np.float32]
"""Shape [T], in [-1, 1], mono, SAMPLE_RATE."""

SAMPLE_RATE = 16_000
"""Hz of every waveform in this package."""

BLOCK_SECONDS = 10.0
"""Length of a block, unless the caller wants another."""

CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,"
    "nistsphere,ogg,tta,voc,w64,wav,wv"
)
"""ffmpeg's names of what may be uploaded; each holds its own sound and refers to no other file."""

LOWEST_SAMPLE_RATE, HIGHEST_SAMPLE_RATE = 4_000, 384_000
"""Hz. Below, one second would grow to hours; above, the filter that resamples would."""

MOST_CHANNELS = 64
"""What ffmpeg's `pan` filter can mix."""

SHORTEST_SECONDS = 0.01
"""ffmpeg's resampler gives nothing for less than its filter's length; silence makes up for it."""

LEAST_BYTES_PER_SECOND = 10
"""No codec is thriftier on speech; a header that claims more seconds is not believed."""

MOST_THRIFT = 4
"""How many times fewer bytes a second the rest may take than what is decoded, before a header that
claims so much is not believed any more."""

CLAIM_TOLERANCE_SECONDS = 1.0
"""By which a recording may be longer than its header claims, for codecs pad."""

MOST_DAMAGE_IN_A_ROW = 10_000
"""Packets without any sound after which the rest is given up (several minutes of MP3)."""

UNNAMED = "The recording"
"""Stands for a recording that has no name."""

_DECODER_ERRORS = (FFmpegError, OSError, ValueError, RuntimeError, MemoryError)
"""What PyAV raises on a broken file; the builtin ones come from PyAV itself and from reading."""


@dataclass(frozen=True)
class AudioLimits:
    """How much one recording may hold."""

    max_bytes: int
    """Size of the file, compressed as it came."""

    max_seconds: float
    """Length of the sound, counted while decoding, whatever the header says."""


@dataclass(eq=False)
class Recording:
    """An opened recording; `open_recording` makes it, `blocks` decodes it."""

    name: str
    """What messages call it: the file's own name without folders."""

    _claimed: float | None
    """Seconds as the container claims."""

    _size_bytes: int
    _container: InputContainer
    _stream: AudioStream
    _limits: AudioLimits
    _damage: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)
    """Compressed sound that went into the decoder."""
    _seconds: float = field(default=0.0, init=False)
    """Sound that came out."""

    @property
    def duration(self) -> float | None:
        """Seconds as the container claims, for progress only; None if it claims none or nonsense.

        What is nonsense is known better the more is decoded: a second has taken so many bytes, and
        the file has only so many more.
        """
        if self._claimed is None or self._seconds > self._claimed + CLAIM_TOLERANCE_SECONDS:
            return None
        measured = self._bytes / self._seconds / MOST_THRIFT if self._seconds else 0.0
        most = self._size_bytes / max(measured, LEAST_BYTES_PER_SECOND)
        return self._claimed if 0 < self._claimed <= most else None

    def blocks(self, block_seconds: float = BLOCK_SECONDS) -> Iterator[Waveform]:
        """Decode, once, block by block; every block but the last is exactly `block_seconds` long.

        Raises:
            AudioError: nothing can be decoded, or there is more sound than the limits allow.
        """
        block_samples = max(1, round(block_seconds * SAMPLE_RATE))
        empty = True
        for block in _cut(self._limited(_resampled(self.frames(), self.name)), block_samples):
            empty = False
            yield block
        if empty:
            raise AudioError(
                "audio.damaged" if self._damage else "audio.silent", name=_called(self.name)
            )
        if self._damage:
            log.warning("%s: left out %d damaged packets", self.name, self._damage)

    def frames(self) -> Iterator[AudioFrame]:
        """Decode, once, as the codec gives it; what is damaged is left out."""
        in_a_row = 0
        for packet in self._packets():
            frames = self._decode(packet)
            self._count(packet, frames)
            yield from frames
            in_a_row = 0 if frames else in_a_row + 1
            if in_a_row > MOST_DAMAGE_IN_A_ROW:
                self._damage += 1
                return

    def _packets(self) -> Iterator["Packet[AudioStream] | None"]:
        """Give every packet that can be read; None at a breakage, so that the decoder ends."""
        try:
            yield from self._container.demux(self._stream)
        except _DECODER_ERRORS:
            self._damage += 1
            yield None

    def _decode(self, packet: "Packet[AudioStream] | None") -> list[AudioFrame]:
        try:
            return self._stream.codec_context.decode(packet)
        except EndOfStream:
            return []
        except _DECODER_ERRORS:
            self._damage += 1
            return []

    def _count(self, packet: "Packet[AudioStream] | None", frames: list[AudioFrame]) -> None:
        self._bytes += packet.size if packet else 0
        self._seconds += sum(each.samples / each.sample_rate for each in frames if each.sample_rate)

    def _limited(self, waveforms: Iterable[Waveform]) -> Iterator[Waveform]:
        samples = 0
        for waveform in waveforms:
            samples += len(waveform)
            if samples > self._limits.max_seconds * SAMPLE_RATE:
                longest = self._limits.max_seconds
                raise AudioError("audio.too_long", name=_called(self.name), longest=longest)
            yield waveform


@contextmanager
def open_recording(
    source: Source, limits: AudioLimits, *, name: str | None = None
) -> Iterator[Recording]:
    """Open a recording for the length of a `with` block.

    Args:
        source: what to decode; a `str` is a path, never an address.
        limits: how much it may hold.
        name: what messages call it, where the source has no name of its own.

    Raises:
        AudioError: it is no recording, has no audio, or is bigger than the limits allow.
    """
    with open_container(source, limits, name=name) as (container, plain_name, size_bytes):
        stream = _audio_stream(container, plain_name)
        claimed = _claimed_duration(container, stream)
        yield Recording(plain_name, claimed, size_bytes, container, stream, limits)


@contextmanager
def open_container(
    source: Source, limits: AudioLimits, *, name: str | None = None, video: str = ""
) -> Iterator[tuple[InputContainer, str, int]]:
    """Open a file for the length of a `with` block: its container, plain name and size in bytes.

    Args:
        source: as for `open_recording`.
        limits: as for `open_recording`; only the bytes count here.
        name: as for `open_recording`.
        video: ffmpeg's names of the decoders of video that are allowed, comma-separated.

    Raises:
        AudioError: it is no recording, or has more bytes than the limits allow.
    """
    name = _plain_name(name or _own_name(source))
    with _opened_file(source, name) as file:
        size_bytes = file.seek(0, os.SEEK_END)
        _check_size(size_bytes, limits, name)
        file.seek(0)
        with _opened_container(file, name, video) as container:
            yield container, name, size_bytes


def load_waveform(source: Source, limits: AudioLimits, *, name: str | None = None) -> Waveform:
    """Decode a short recording into one waveform, shape [T]; see `open_recording`."""
    with open_recording(source, limits, name=name) as recording:
        return np.concatenate(list(recording.blocks()))


# ── the source ────────────────────────────────────────────────────────────────────────────────


def _own_name(source: Source) -> str:
    path = source if isinstance(source, Path | str) else getattr(source, "name", None)
    return Path(path).name if isinstance(path, Path | str) else ""


def _plain_name(name: str) -> str:
    """Take away folders (of either system), control characters and excess of length."""
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(letter if letter.isprintable() else "�" for letter in last)
    shortened = printable if len(printable) <= 80 else f"{printable[:60]}…{printable[-16:]}"
    return shortened or UNNAMED


def _opened_file(source: Source, name: str) -> AbstractContextManager[BinaryIO]:
    if isinstance(source, bytes):
        return BytesIO(source)
    if not isinstance(source, Path | str):
        return nullcontext(source)
    try:
        if not Path(source).is_file():
            raise AudioError("audio.missing", name=_called(name))
        return Path(source).open("rb")
    except OSError as error:
        raise AudioError("audio.unopened", name=_called(name)) from error


def _check_size(size_bytes: int, limits: AudioLimits, name: str) -> None:
    if size_bytes == 0:
        raise AudioError("audio.empty", name=_called(name))
    if size_bytes > limits.max_bytes:
        raise AudioError(
            "audio.too_big", name=_called(name), size=size_bytes, most=limits.max_bytes
        )


# ── the container ─────────────────────────────────────────────────────────────────────────────


@cache
def _audio_decoders() -> str:
    return ",".join(name for name in sorted(av.codecs_available) if _decodes_sound(name))


def _decodes_sound(codec: str) -> bool:
    try:
        return av.Codec(codec, "r").type == "audio"
    except UnknownCodecError:
        return False  # it only encodes


def _opened_container(file: BinaryIO, name: str, video: str) -> InputContainer:
    options = {
        "format_whitelist": CONTAINERS,
        "codec_whitelist": f"{_audio_decoders()},{video}" if video else _audio_decoders(),
        "protocol_whitelist": "none",
    }
    sound = Sound(file)
    try:
        container = av.open(sound, "r", options=options, metadata_errors="ignore")
    except _DECODER_ERRORS as error:
        _require_shown(sound, name)
        raise AudioError("audio.unreadable", name=_called(name)) from error
    _require_shown(sound, name)
    sound.open()
    container.metadata.clear()  # a copy of the tags, which may be long
    return container


def _require_shown(sound: Sound, name: str) -> None:
    if sound.is_refused:
        raise AudioError("audio.header_too_big", name=_called(name))


def _audio_stream(container: InputContainer, name: str) -> AudioStream:
    stream = container.streams.best("audio")
    if isinstance(stream, AudioStream) and stream.codec_context is not None:
        return stream
    if container.streams.audio:
        raise AudioError("audio.unknown_codec", name=_called(name))
    raise AudioError("audio.no_track", name=_called(name))


def _claimed_duration(container: InputContainer, stream: AudioStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / av.time_base


# ── the sound ─────────────────────────────────────────────────────────────────────────────────


class _Kind(NamedTuple):
    """What must not change within one resampler."""

    sample_rate: int
    sample_format: str
    layout: str
    channels: int


def _kind(frame: AudioFrame) -> _Kind:
    return _Kind(frame.sample_rate, frame.format.name, frame.layout.name, frame.layout.nb_channels)


def _check_kind(sample_rate: int, channels: int, name: str) -> None:
    if not LOWEST_SAMPLE_RATE <= sample_rate <= HIGHEST_SAMPLE_RATE:
        raise AudioError(
            "audio.sample_rate",
            name=_called(name),
            rate=sample_rate,
            low=LOWEST_SAMPLE_RATE,
            high=HIGHEST_SAMPLE_RATE,
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise AudioError("audio.channels", name=_called(name), count=channels, most=MOST_CHANNELS)


def _resampled(frames: Iterable[AudioFrame], name: str) -> Iterator[Waveform]:
    """Give the mono 16 kHz waveform of each frame as soon as the resampler lets it out."""
    for kind, run in groupby(frames, key=_kind):
        _check_kind(kind.sample_rate, kind.channels, name)
        try:
            graph = _mono_graph(kind)
            for frame in run:
                frame.pts = None  # forged times must not reach the filters
                yield from _through(graph, frame)
            yield from _through(graph, None)
        except FFmpegError as error:
            raise AudioError("audio.channel_order", name=_called(name)) from error


def _mono_graph(kind: _Kind) -> Graph:
    average = "+".join(f"{1 / kind.channels:.9f}*c{channel}" for channel in range(kind.channels))
    graph = Graph()
    graph.threads = 1
    graph.link_nodes(
        graph.add(
            "abuffer",
            sample_rate=str(kind.sample_rate),
            sample_fmt=kind.sample_format,
            channel_layout=kind.layout,
            time_base=f"1/{kind.sample_rate}",
        ),
        graph.add("aformat", sample_fmts="fltp"),
        graph.add("pan", f"mono|c0={average}"),
        graph.add("apad", whole_dur=str(SHORTEST_SECONDS)),
        graph.add("aresample", str(SAMPLE_RATE)),
        graph.add("aformat", sample_fmts="flt", channel_layouts="mono"),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _through(graph: Graph, frame: AudioFrame | None) -> Iterator[Waveform]:
    graph.push(frame)
    while True:
        try:
            pulled = cast("AudioFrame", graph.pull())
        except (MoreInputNeeded, EndOfStream):
            return
        yield pulled.to_ndarray()[0]  # [T]


def _cut(waveforms: Iterable[Waveform], block_samples: int) -> Iterator[Waveform]:
    """Join pieces of any length into blocks of one length; the last is what is left, if any.

    What is no number becomes silence, and what is too loud is clipped: once a block, since the
    pieces are short and many.
    """
    block, filled = np.empty(block_samples, np.float32), 0
    for waveform in waveforms:
        rest = waveform
        while len(rest):
            taken = rest[: block_samples - filled]
            block[filled : filled + len(taken)] = taken
            filled += len(taken)
            rest = rest[len(taken) :]
            if filled == block_samples:
                yield _clipped(block)
                block, filled = np.empty(block_samples, np.float32), 0
    if filled:
        yield _clipped(block[:filled])


def _clipped(waveform: Waveform) -> Waveform:
    np.nan_to_num(waveform, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(waveform, -1.0, 1.0, out=waveform)


def _called(name: str) -> str | Notice:
    return Notice("audio.unnamed") if name == UNNAMED else name
