"""The clock of a recording: frames as a codec gives them → frames whose samples lie in their place.

    frames, some with presentation times → silence, parts and frames, one behind the other

Counting the samples of what comes out gives the seconds of the container's presentation clock, on
which browsers play and editors cut. A stream that begins after the picture is preceded by silence,
lost packets leave a hole of silence, and what lies before the beginning (priming) is cut.

Times come from the file and are not trusted. A frame that is off the line of those before it waits
until others agree with it, so neither one wrong time nor jitter moves anything. Sound is never left
out because of its time, but for priming and a doubling shorter than MOST_OVERLAP_SECONDS.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from av import time_base
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.stream import Disposition

from richspeech.audio.planes import planes

TOLERANCE_SECONDS = 0.02
"""By which a frame may be off and is still taken to follow on the one before it: Matroska and FLV
round to a millisecond, and a recorder's own clock jitters."""

JUMP_SECONDS = 0.1
"""From here on, a few frames say that there is a hole, as ffmpeg's ``min_hard_comp`` has it; what
is smaller may be jitter and has to last for STEADY_SECONDS (GStreamer's ``discont-wait``)."""

AGREEING_FRAMES = 3
STEADY_SECONDS = 1.0

MOST_OVERLAP_SECONDS = 0.1
"""Of sound that is cut because the container has another in its place."""

MOST_PRIMING_SECONDS = 0.25
"""Of sound that is cut because it lies before the beginning; AAC of 16 kHz has half of that."""

RESTART_SECONDS = 10.0
"""By how much time goes back where a clock begins anew (ffmpeg's ``dts_delta_threshold``)."""

SILENT_SECONDS = 1.0
"""Length of a frame of silence, at most."""

FROM_ZERO = frozenset({"matroska", "mov", "ogg"})
"""Containers whose clock itself begins with the recording; in others it begins anywhere (MPEG-TS),
or with what is no sound yet (MP3), and the recording begins with its first stream."""

ESTIMATED = frozenset({"aac", "ac3", "amr", "eac3"})
"""Containers that do not say how long they are; ffmpeg guesses from their bytes."""

ENDS = frozenset({"asf", "ogg"})
"""Containers whose length is the time of the end, where a stream begins late, too."""

BREAKING = frozenset({"mpeg", "mpegts", "ogg"})
"""Containers that go on with another clock where something else was put behind (ffmpeg's
``AVFMT_TS_DISCONT``): a long jump is no hole there."""

DITHER = 2.0**-15
"""Root mean square of silence, as Kaldi's ``dither`` of 1: from nothing at all to the noise of a
quiet room is a step of 20 in the logarithm, which detectors take for the beginning of speech."""

DITHERED: dict[str, tuple[np.dtype[Any], float]] = {
    "s16": (np.dtype(np.int16), 2.0**15),
    "s32": (np.dtype(np.int32), 2.0**31),
    "flt": (np.dtype(np.float32), 1.0),
    "dbl": (np.dtype(np.float64), 1.0),
}
"""Formats that are fine enough for it: type of a sample, and full scale."""


@dataclass(frozen=True)
class Claim:
    """What a container says of the end of the sound."""

    seconds: float | None
    """From the beginning of the recording; None when it says nothing."""
    is_exact: bool
    """Whether it says so of the sound alone, and does not estimate it."""
    padding_from: float | None
    """Where the padding of the last frame begins, if there is one."""


@dataclass
class Clock:
    """Puts the frames of one stream in their place."""

    tick: float
    """Seconds of one unit of the stream's times."""
    zero: float
    """Seconds of the container's clock at which the recording begins."""
    longest_hole: float
    """Seconds that are filled at once, at most."""
    most_seconds: float
    """Length up to which holes are filled."""
    seconds: float = field(default=0.0, init=False)
    """Of what was given out."""
    sound_seconds: float = field(default=0.0, init=False)
    """Without the silence that was put between."""
    missing_seconds: float = field(default=0.0, init=False)
    """Of the holes that were filled, but for what comes before the first frame."""
    disbelieved_seconds: float = field(default=0.0, init=False)
    """By how much times jumped that nobody followed."""
    _moved: float = field(default=0.0, init=False)
    """Seconds by which all times are moved since one was not followed."""
    _owed: float = field(default=0.0, init=False)
    """Seconds by which sound lies too late since there was too much of it; holes make up for it."""
    _off: list[AudioFrame] = field(default_factory=list, init=False)
    """Frames that wait for others to agree with them."""
    _off_start: float = field(default=0.0, init=False)
    _off_seconds: float = field(default=0.0, init=False)

    def begin(self, container: InputContainer, packet: int | None, frame: AudioFrame) -> None:
        """Move the zero behind priming that the decoder has cut, and no time tells of.

        So it is where MP4 has a tag of its length (``iTunSMPB``) in the place of an edit list.

        Args:
            container: what is decoded.
            packet: time of its first packet, in ticks.
            frame: the first one that came of it.
        """
        if packet != 0 or _kind(container) != "mov" or _has_picture(container):
            return
        cut = (frame.pts or 0) * self.tick
        if 0 < cut <= MOST_PRIMING_SECONDS:
            self.zero += cut

    def placed(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        """Give the frames, and silence between them; times are taken from them."""
        for frame in frames:
            following, pts = self.seconds + self._off_seconds, frame.pts
            start = following if pts is None else pts * self.tick - self.zero + self._moved
            frame.pts = None  # nobody behind the clock may believe them
            if abs(start - following) <= TOLERANCE_SECONDS:
                if self._off:
                    yield from self._waiting()  # their times were wrong
                yield self._next(frame)
            elif self._agrees(start):
                self._wait(frame)
                if self._is_sure():
                    yield from self._moved_to(self._off_start)
            else:
                yield from self._waiting()
                self._off_start = start
                self._wait(frame)
        if self._off and (self.sound_seconds or self._off_start > 0):
            yield from self._moved_to(self._off_start)
        yield from self._waiting()

    def _agrees(self, start: float) -> bool:
        following = self._off_start + self._off_seconds
        return bool(self._off) and abs(start - following) <= TOLERANCE_SECONDS

    def _is_sure(self) -> bool:
        is_jump = abs(self._off_start - self.seconds) >= JUMP_SECONDS or not self.sound_seconds
        return len(self._off) >= AGREEING_FRAMES and (
            is_jump or self._off_seconds >= STEADY_SECONDS
        )

    def _wait(self, frame: AudioFrame) -> None:
        self._off.append(frame)
        self._off_seconds += _seconds(frame)

    def _waiting(self) -> Iterator[AudioFrame]:
        """Give what waits, right behind what was given before."""
        frames, self._off, self._off_seconds = self._off, [], 0.0
        for frame in frames:
            yield self._next(frame)

    def _next(self, frame: AudioFrame) -> AudioFrame:
        rate = frame.sample_rate
        if rate:
            seconds = frame.samples / rate
            self.seconds += seconds
            self.sound_seconds += seconds
        return frame

    def _moved_to(self, start: float) -> Iterator[AudioFrame]:
        """Give what waits in its place."""
        ahead = start - self.seconds
        if ahead > 0:
            yield from self._hole(ahead)
        elif -ahead <= (MOST_OVERLAP_SECONDS if self.sound_seconds else MOST_PRIMING_SECONDS):
            self._cut(-ahead)
        else:
            self._moved -= ahead
            self._owed = -ahead if -ahead < RESTART_SECONDS and self.sound_seconds else 0.0
        yield from self._waiting()

    def _hole(self, seconds: float) -> Iterator[AudioFrame]:
        owed = min(seconds, self._owed)
        self._owed, self._moved = self._owed - owed, self._moved - owed
        seconds -= owed
        is_long = self.sound_seconds and seconds > self.longest_hole
        if is_long or self.seconds + seconds > self.most_seconds:
            self._moved -= seconds
            self.disbelieved_seconds += seconds
            return
        self.missing_seconds += seconds if self.sound_seconds else 0.0
        for frame in silence(seconds, self._off[0]):
            self.seconds += _seconds(frame)
            yield frame

    def _cut(self, seconds: float) -> None:
        """Take away the beginning of what waits."""
        while self._off and seconds > 0:
            frame = self._off.pop(0)
            first = round(seconds * frame.sample_rate)
            seconds -= _seconds(frame)
            if first < frame.samples:
                self._off.insert(0, part(frame, first, frame.samples))


def clock_of(container: InputContainer, stream: AudioStream, most_seconds: float) -> Clock:
    """Make the clock of a stream; ``most_seconds`` is the length that can be believed."""
    is_breaking = _kind(container) in BREAKING
    return Clock(
        tick=float(stream.time_base or 0),
        zero=zero_of(container),
        longest_hole=RESTART_SECONDS if is_breaking else most_seconds,
        most_seconds=most_seconds,
    )


def zero_of(container: InputContainer) -> float:
    """Return the seconds of a container's clock at which the recording begins."""
    if _kind(container) in FROM_ZERO or container.start_time is None:
        return 0.0
    return float(container.start_time / time_base)


def claim_of(container: InputContainer, stream: AudioStream, zero: float) -> Claim:
    """Read what a container says of the end of a stream; ``zero`` is that of its clock."""
    kind, tick = _kind(container), stream.time_base
    if tick is not None and stream.duration is not None:
        begins = 0 if kind in ENDS else stream.start_time or 0
        seconds = float((begins + stream.duration) * tick) - zero
        is_vague = kind in ESTIMATED or (kind == "mp3" and not stream.start_time)
        return Claim(seconds, not is_vague, seconds if kind == "mov" else None)
    if container.duration is None:
        return Claim(None, is_exact=False, padding_from=None)
    is_alone = len(container.streams) == 1
    return Claim(container.duration / time_base, is_exact=is_alone, padding_from=None)


def _has_picture(container: InputContainer) -> bool:
    """Whether something moves; the cover of a song does not."""
    return any(not each.disposition & Disposition.attached_pic for each in container.streams.video)


def _kind(container: InputContainer) -> str:
    return container.format.name.partition(",")[0]


def without_padding(frames: Iterable[AudioFrame], end: float) -> Iterator[AudioFrame]:
    """Give frames, the last without what lies behind the end, in seconds of all."""
    last, start = None, 0.0
    for frame in frames:
        if last is not None:
            yield last
            start += _seconds(last)
        last = frame
    if last is not None:
        kept = round((end - start) * last.sample_rate)
        yield part(last, 0, kept) if 0 < kept < last.samples else last


def _seconds(frame: AudioFrame) -> float:
    return frame.samples / frame.sample_rate if frame.sample_rate else 0.0


# Frames -------------------------------------------------------------------------------------------


def silence(seconds: float, like: AudioFrame) -> Iterator[AudioFrame]:
    """Give frames of dither, of the rate, format and channels of another one."""
    rate = like.sample_rate
    rest, most = round(seconds * rate), max(1, round(SILENT_SECONDS * rate))
    dither = _dither(min(rest, most), like)
    while rest > 0:
        frame = _empty(like, min(rest, most))
        for plane in planes(frame):
            plane.update(dither[: plane.buffer_size])
        yield frame
        rest -= frame.samples


def _dither(samples: int, like: AudioFrame) -> bytes:
    """Return one plane of dither, the same in all channels; always the same noise."""
    form, channels = like.format.name.removesuffix("p"), like.layout.nb_channels
    kind, scale = DITHERED.get(form, (np.dtype(np.uint8), 0.0))
    noise = np.random.default_rng(0).standard_normal(samples) * DITHER * scale
    if not like.format.is_planar:
        noise = noise.repeat(channels)
    if scale:
        return (np.rint(noise) if kind.kind == "i" else noise).astype(kind).tobytes()
    return (b"\x80" if form == "u8" else b"\0") * (len(noise) * like.format.bytes)


def part(frame: AudioFrame, first: int, end: int) -> AudioFrame:
    """Return the samples ``first`` to ``end`` of a frame."""
    cut = _empty(frame, end - first)
    size = frame.format.bytes * (1 if frame.format.is_planar else frame.layout.nb_channels)
    for plane, source in zip(planes(cut), planes(frame), strict=True):
        plane.update(bytes(memoryview(source)[first * size : end * size]))
    return cut


def _empty(like: AudioFrame, samples: int) -> AudioFrame:
    frame = AudioFrame(format=like.format.name, layout=like.layout, samples=samples)
    frame.sample_rate = like.sample_rate
    return frame
