"""Decode one track of an upload into blocks of one mono 16 kHz waveform, or of several.

    file | bytes | stream → packets → frames, each at its time → mono, 16 kHz → limit on seconds
                                                              → equal blocks

The file is not trusted: see ``audio.container``, which opens it, ``audio.clock``, which places what
is decoded, and ``audio.mono``, which mixes. Bytes and seconds are counted, never believed. Which
tracks are wanted, and how their channels are mixed, ``audio.strands`` decides.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.error import EOFError as EndOfStream

from richspeech.audio.clock import Claim, Clock, claim_of, clock_of, without_padding
from richspeech.audio.container import (
    DECODER_ERRORS,
    AudioLimits,
    Source,
    called,
    open_container,
)
from richspeech.audio.content import content_digest
from richspeech.audio.mono import (
    LOWEST_SAMPLE_RATE,
    SAMPLE_RATE,
    Waveform,
    Waveforms,
    Weights,
    cut,
    resampled,
)
from richspeech.errors import AudioError
from richspeech.model.raw_format import RawFormat
from richspeech.model.recording_warning import RecordingWarning, Value

if TYPE_CHECKING:
    from av.packet import Packet

log = logging.getLogger(__name__)

BLOCK_SECONDS = 10.0
"""Length of a block, unless the caller wants another."""

LEAST_BYTES_PER_SECOND = 10
"""No codec is thriftier on speech; a header that claims more seconds is not believed."""

MOST_THRIFT = 4
"""How many times fewer bytes a second the rest may take than what is decoded, before a header that
claims so much is not believed any more."""

CLAIM_TOLERANCE_SECONDS = 1.0
"""By which a recording may be longer than its header claims, for codecs pad."""

MOST_DIFFERENCE_SECONDS = 0.5
"""By which what is heard may differ from what the file says, or from what was sent."""

SEEKABLE = frozenset(
    ("aiff", "au", "caf", "flac", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "ogg", "w64", "wav")
)
"""Containers that find a time without reading all before it."""

DAY_SECONDS = 24 * 3_600

MOST_DAMAGE_IN_A_ROW = 10_000
"""Packets without any sound after which the rest is given up (several minutes of MP3)."""


@dataclass(eq=False)
class Recording:
    """An opened recording; `open_recording` makes it, `blocks` decodes it."""

    name: str
    """What messages call it: the file's own name without folders."""

    _claim: Claim
    _clock: Clock
    _size_bytes: int
    _container: InputContainer
    _stream: AudioStream
    _limits: AudioLimits
    _source: Source
    _weights: Weights | None = None
    """How its channels are mixed; None averages them."""
    _raw: RawFormat | None = None
    _damage: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)
    """Compressed sound that went into the decoder."""
    _warnings: dict[str, RecordingWarning] = field(default_factory=dict, init=False)
    """Code → warning."""

    @property
    def warnings(self) -> tuple[RecordingWarning, ...]:
        """What is amiss with it, as far as is known yet; complete once all blocks are given."""
        return tuple(self._warnings.values())

    @property
    def duration(self) -> float | None:
        """Seconds as the container claims, for progress only; None if it claims none or nonsense.

        What is nonsense is known better the more is decoded: a second has taken so many bytes, and
        the file has only so many more.
        """
        claimed = self._claim.seconds
        if claimed is None or self._clock.seconds > claimed + CLAIM_TOLERANCE_SECONDS:
            return None
        seconds = self._clock.sound_seconds
        measured = self._bytes / seconds / MOST_THRIFT if seconds else 0.0
        most = self._size_bytes / max(measured, LEAST_BYTES_PER_SECOND)
        return claimed if 0 < claimed <= most else None

    @property
    def zero(self) -> float:
        """Seconds of the container's own clock at which the recording begins."""
        return self._clock.zero

    def content(self) -> str | None:
        """Digest the file and what decodes it; None where it would have to be fetched.

        Raises ``OSError``.
        """
        return content_digest(self._source, *filter(None, [self._raw]))

    def blocks(self, block_seconds: float = BLOCK_SECONDS) -> Iterator[Waveforms]:
        """Decode, once, block by block; every block but the last is exactly `block_seconds` long.

        They are [T], or [S, T] where the recording was opened with weights for several waveforms.

        Raises:
            AudioError: nothing can be decoded, or there is more sound than the limits allow.
        """
        block_samples = max(1, round(block_seconds * SAMPLE_RATE))
        empty = True
        waveforms = resampled(self.frames(), self.name, self._weights)
        for block in cut(self._limited(waveforms), block_samples):
            empty = False
            yield block
        if empty:
            raise AudioError(
                "audio.damaged" if self._damage else "audio.silent", name=called(self.name)
            )
        self._warn_of_times()

    def _warn_of_times(self) -> None:
        clock, said = self._clock, self._claim.seconds
        if self._damage:
            self._warn("damaged_packets", packets=self._damage)
        if clock.missing_seconds > MOST_DIFFERENCE_SECONDS:
            self._warn("missing_sound", seconds=round(clock.missing_seconds, 2))
        if clock.disbelieved_seconds:
            self._warn("unbelieved_times", seconds=round(clock.disbelieved_seconds, 2))
        if said is None or not self._claim.is_exact:
            return
        if abs(clock.seconds - said) > MOST_DIFFERENCE_SECONDS:
            self._warn("length_differs", said=round(said, 2), heard=round(clock.seconds, 2))

    @property
    def can_seek(self) -> bool:
        """Whether its container finds a time without reading all before it."""
        return self._container.format.name in SEEKABLE

    def windows(self, starts: Iterable[float], seconds: float) -> Iterator[Waveforms]:
        """Decode a few seconds from each of these times on, all channels apart, [C, T].

        Where they are is as exact as the container can seek. Give no blocks after this.
        """
        for start in starts:
            if start and not self._sought(start):
                return
            if (window := self._window(seconds)) is None:
                return
            yield window

    def _sought(self, seconds: float) -> bool:
        """Go to a time; tell whether that was possible."""
        ticks = round(seconds / (self._stream.time_base or 1)) + (self._stream.start_time or 0)
        try:
            self._container.seek(ticks, stream=self._stream)
        except DECODER_ERRORS:
            return False
        return True

    def _window(self, seconds: float) -> Waveforms | None:
        """Decode what comes next, as far as it has the channels of its first frame."""
        frames = list(_lasting(self._decoded(), seconds))
        if not frames:
            return None
        channels = frames[0].layout.nb_channels
        alike = (frame for frame in frames if frame.layout.nb_channels == channels)
        try:
            pieces = [*resampled(alike, self.name, np.eye(channels))]
        except AudioError:
            return None
        return np.nan_to_num(np.concatenate(pieces, axis=-1)) if pieces else None

    def _warn(self, code: str, **fields: Value) -> None:
        """Say it in fewer words."""
        self.warn(RecordingWarning.of(code, **fields))

    def warn(self, *warnings: RecordingWarning) -> None:
        """Say what is amiss, in the place of what the same code has said before."""
        for warning in warnings:
            self._warnings[warning.code] = warning
            log.info("%s: %s", self.name, warning)

    def frames(self) -> Iterator[AudioFrame]:
        """Decode, once, as the codec gives it, and put it in its place.

        Counted in samples, all lies where the container's presentation clock has it; what is
        damaged is left out, and silence is in its place.
        """
        placed = self._clock.placed(self._decoded())
        end = self._claim.padding_from
        return placed if end is None else without_padding(placed, end)

    def _decoded(self) -> Iterator[AudioFrame]:
        in_a_row, begins = 0, True
        first: int | None = None
        for packet in self._packets():
            if begins and first is None and packet:
                first = packet.pts
            frames = self._decode(packet)
            if begins and frames:
                begins = False
                self._clock.begin(self._container, first, frames[0])
            self._bytes += packet.size if packet else 0
            yield from frames
            in_a_row = 0 if frames else in_a_row + 1
            if in_a_row > MOST_DAMAGE_IN_A_ROW:
                self._damage += 1
                return

    def _packets(self) -> Iterator["Packet[AudioStream] | None"]:
        """Give every packet that can be read; None at a breakage, so that the decoder ends."""
        try:
            yield from self._container.demux(self._stream)
        except DECODER_ERRORS:
            self._damage += 1
            yield None

    def _decode(self, packet: "Packet[AudioStream] | None") -> list[AudioFrame]:
        try:
            return self._stream.codec_context.decode(packet)
        except EndOfStream:
            return []
        except DECODER_ERRORS:
            self._damage += 1
            return []

    def _limited(self, waveforms: Iterable[Waveforms]) -> Iterator[Waveforms]:
        samples = 0
        for waveform in waveforms:
            samples += waveform.shape[-1]
            if samples > self._limits.max_seconds * SAMPLE_RATE:
                longest = self._limits.max_seconds
                raise AudioError("audio.too_long", name=called(self.name), longest=longest)
            yield waveform


def _lasting(frames: Iterator[AudioFrame], seconds: float) -> Iterator[AudioFrame]:
    """Give frames until they last so long."""
    given = 0.0
    for frame in frames:
        yield frame
        given += frame.samples / max(frame.sample_rate, LOWEST_SAMPLE_RATE)
        if given >= seconds:
            return


@contextmanager
def open_recording(
    source: Source,
    limits: AudioLimits,
    *,
    name: str | None = None,
    track: int | None = None,
    weights: Weights | None = None,
    raw: RawFormat | None = None,
) -> Iterator[Recording]:
    """Open a recording for the length of a `with` block.

    Args:
        source: what to decode; a `str` is a path, never an address.
        limits: how much it may hold.
        name: what messages call it, where the source has no name of its own.
        track: which of the audio tracks, from 0; None: the one that ffmpeg calls the best.
        weights: how its channels are mixed; None averages them.
        raw: what it is, where it has no header to say so; then nothing in it is taken for one.

    Raises:
        AudioError: it is no recording, has no audio, or is bigger than the limits allow.
    """
    with open_container(source, limits, name=name, raw=raw) as opened:
        container = opened.container
        stream = _audio_stream(container, opened.name, track)
        believed = min(limits.max_seconds, opened.size_bytes / LEAST_BYTES_PER_SECOND)
        clock = clock_of(container, stream, believed)
        recording = Recording(
            opened.name,
            claim_of(container, stream, clock.zero),
            clock,
            opened.size_bytes,
            container,
            stream,
            limits,
            source,
            weights,
            raw,
        )
        recording.warn(*opened.warnings)
        yield recording


def seconds_since_midnight(source: Source, limits: AudioLimits) -> float:
    """Return when a recording begins, as a Broadcast Wave says; 0 where it says nothing.

    Raises ``AudioError`` as ``open_recording``.
    """
    with open_container(source, limits) as opened:
        stream = _audio_stream(opened.container, opened.name, None)
        seconds = opened.time_reference / max(stream.rate or 0, LOWEST_SAMPLE_RATE)
    return seconds if seconds < DAY_SECONDS else 0.0


def load_waveform(source: Source, limits: AudioLimits, *, name: str | None = None) -> Waveform:
    """Decode a short recording into one waveform, shape [T]; see `open_recording`."""
    with open_recording(source, limits, name=name) as recording:
        return np.concatenate(list(recording.blocks()))


def _audio_stream(container: InputContainer, name: str, track: int | None) -> AudioStream:
    audio = container.streams.audio
    stream = container.streams.best("audio") if track is None else audio[track]
    if isinstance(stream, AudioStream) and stream.codec_context is not None:
        return stream
    if audio:
        raise AudioError("audio.unknown_codec", name=called(name))
    raise AudioError("audio.no_track", name=called(name))
