"""The video of a recording: frames, sought and decoded where a clip needs them.

The file is no more trusted than in audio.py: few decoders are allowed, and no giant picture.
A picture is on the screen until the next one comes, so the first of a span began before it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

from av.container.input import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from richspeech.audio.clock import zero_of
from richspeech.audio.container import AudioLimits, Opened, open_container, timecode_in

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext

DECODERS = (
    "h264,hevc,libdav1d,av1,vp8,vp9,mpeg4,mpeg2video,mpeg1video,h263,wmv2,wmv3,vc1,mjpeg,theora"
)
"""ffmpeg's names of what cameras, phones, meetings and web pages record."""

MOST_PIXELS = 7_680 * 4_320
"""Larger frames (8K) are refused before memory is taken for them."""

USUAL_FRAME_RATE = Fraction(25)
"""Frames a second where the source claims none, or nonsense."""

HIGHEST_FRAME_RATE = 120

_DECODER_ERRORS = (FFmpegError, OSError, ValueError, RuntimeError, MemoryError)


class Video:
    """The picture track of an open video."""

    def __init__(self, opened: Opened, stream: VideoStream) -> None:
        container = self._container = opened.container
        self._stream = stream
        self.timecode = timecode_in(stream.metadata) or opened.timecode
        """Of its first frame, as the file says it; None where it says none."""
        self.offset = zero_of(container) - float((stream.start_time or 0) * (stream.time_base or 0))
        """Seconds of the picture at which the recording begins."""
        self.frame_rate = _frame_rate(stream)
        """Frames a second, the mean of the source."""
        self.first = self._first()
        """None if nothing can be decoded."""

    def _first(self) -> VideoFrame | None:
        context = cast("VideoCodecContext | None", self._stream.codec_context)
        if context is None:  # a codec that this ffmpeg does not know
            return None
        context.thread_type = "AUTO"
        context.options = {"codec_whitelist": DECODERS, "max_pixels": str(MOST_PIXELS)}
        return next(self._decoded(), None)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, even as encoders want them."""
        context = self._stream.codec_context
        return max(2, context.width // 2 * 2), max(2, context.height // 2 * 2)

    @property
    def rotation(self) -> int:
        """Degrees by which a player turns the video, counter-clockwise."""
        return self.first.rotation if self.first else 0

    @property
    def pixel_shape(self) -> Fraction | None:
        """Width to height of one pixel; None if nobody says."""
        return self._stream.codec_context.sample_aspect_ratio

    def shown(self, start: float, end: float) -> Iterator[tuple[float, VideoFrame]]:
        """Give what is on the screen in a span of the container's seconds, once.

        Each frame comes with the seconds from ``start`` at which it appears, the first with 0.
        """
        current, begun = None, False
        for frame in self._from(start):
            if frame.time <= start:
                current = frame
                continue
            if current or not begun:
                yield 0.0, current or frame
                current, begun = None, True
            if frame.time >= end:
                return
            yield frame.time - start, frame
        if current:
            yield 0.0, current

    def _from(self, start: float) -> Iterator[VideoFrame]:
        """Decode from a frame before ``start``, from the first one where seeking missed it."""
        frames = self._sought(start)
        first = next(frames, None)
        if first is None or first.time > start:
            return self._sought(0.0)
        return chain([first], frames)

    def _sought(self, seconds: float) -> Iterator[VideoFrame]:
        ticks = round(seconds / (self._stream.time_base or 1))
        with suppress(*_DECODER_ERRORS):  # a broken index; decoding goes on from where it was
            self._container.seek(ticks, stream=self._stream)
        return self._decoded()

    def _decoded(self) -> Iterator[VideoFrame]:
        """Decode what can be decoded, frames without a time left out."""
        for packet in self._packets():
            try:
                frames = self._stream.decode(packet)
            except _DECODER_ERRORS:
                continue
            yield from (frame for frame in frames if frame.time is not None)

    def _packets(self) -> Iterator["Packet[VideoStream]"]:
        with suppress(*_DECODER_ERRORS):  # a broken file ends where it breaks
            yield from self._container.demux(self._stream)


@contextmanager
def open_video(source: Path | bytes, limits: AudioLimits) -> Iterator[Video | None]:
    """Open the video of a recording for a `with` block; None if it has none.

    Raises:
        AudioError: as `open_recording`.
    """
    with open_container(source, limits, video=DECODERS) as opened:
        stream = _picture_stream(opened.container)
        yield Video(opened, stream) if stream else None


def _picture_stream(container: InputContainer) -> VideoStream | None:
    """Find what moves; the cover of a song does not."""
    moving = (
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    )
    return next(moving, None)


def _frame_rate(stream: VideoStream) -> Fraction:
    rate = (stream.average_rate or USUAL_FRAME_RATE).limit_denominator(1_001)
    return rate if 1 <= rate <= HIGHEST_FRAME_RATE else USUAL_FRAME_RATE
