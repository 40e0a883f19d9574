"""Write one media file, audio or audio with video, span after span.

Audio sets the time. Video is on an even grid of frames, each of which holds whatever was on the
screen at its time. The grid runs on from span to span, so video and audio stay together
however many spans there are.
"""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Self, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError
from av.container.output import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from richspeech.audio.video import Video

Samples = NDArray[np.int16]
"""Shape [C, T]: one or two channels."""

ENCODERS = ("libx264", "libopenh264", "mpeg4")
"""The first that this ffmpeg has is taken; mpeg4 is hardly ever missing, and looks worse."""

ENCODER_OPTIONS: Mapping[str, dict[str, str]] = MappingProxyType(
    {"libx264": {"preset": "veryfast", "crf": "20"}, "mpeg4": {"qscale": "3"}}
)
"""Hardly told from the source on a screen, and quick."""

AAC_SAMPLE_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Hz; any other rate becomes the last one in a video."""

LAYOUTS = ("mono", "stereo")


class SoundKind(NamedTuple):
    """What may change within a recording."""

    sample_rate: int
    """Hz."""
    channels: int
    """One or two."""


def find_encoder() -> str | None:
    """Name the video encoder to use; None if nothing does."""
    return next((name for name in ENCODERS if _exists(name)), None)


def _exists(encoder: str) -> bool:
    try:
        av.Codec(encoder, "w")
    except UnknownCodecError:
        return False
    return True


class MediaWriter:
    """A WAV file or, with video and an encoder, an MP4 file; a failure leaves no file behind."""

    def __init__(
        self, path: Path, kind: SoundKind, video: Video | None, encoder: str | None
    ) -> None:
        self.path = path
        has_video = video is not None and encoder is not None
        options = {"movflags": "+faststart"} if has_video else {}
        form = "mp4" if has_video else "wav"
        self._output = av.open(str(path), "w", format=form, options=options)
        self._video = _VideoTrack(self._output, video, encoder) if video and encoder else None
        self._audio = _AudioTrack(self._output, kind, "aac" if has_video else "pcm_s16le")
        self._start = 0.0
        """Seconds at which the span begins in this file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._audio.end()
                if self._video:
                    self._video.end()
        finally:
            self._output.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)

    def add_sound(self, samples: Samples, kind: SoundKind) -> None:
        """Append sound to the span."""
        self._audio.add(samples, kind)

    def show(self, frame: VideoFrame, seconds: float) -> None:
        """Change the picture at a time of the span."""
        if self._video:
            self._video.change(frame, self._start + seconds)

    def end_span(self, seconds: float) -> None:
        """Say how long the span was; the next one begins."""
        self._start += seconds
        if self._video:
            self._video.hold_until(self._start)


class _AudioTrack:
    """The track of sound."""

    def __init__(self, output: OutputContainer, kind: SoundKind, codec: str) -> None:
        fits = codec != "aac" or kind.sample_rate in AAC_SAMPLE_RATES
        rate = kind.sample_rate if fits else AAC_SAMPLE_RATES[-1]
        self._output = output
        layout = LAYOUTS[kind.channels - 1]
        self._stream = cast("AudioStream", output.add_stream(codec, rate=rate, layout=layout))
        self._kind = kind
        self._resampler = self._new_resampler()
        self._samples = 0

    def add(self, samples: Samples, kind: SoundKind) -> None:
        if kind != self._kind:
            self._encode(self._resampler.resample(None))
            self._kind, self._resampler = kind, self._new_resampler()
        layout = LAYOUTS[kind.channels - 1]
        frame = AudioFrame.from_ndarray(samples, format="s16p", layout=layout)
        frame.sample_rate = kind.sample_rate
        self._encode(self._resampler.resample(frame))

    def end(self) -> None:
        self._encode(self._resampler.resample(None))
        self._output.mux(self._stream.encode(None))

    def _new_resampler(self) -> AudioResampler:
        stream = self._stream
        return AudioResampler(
            stream.format, stream.layout, stream.rate, frame_size=stream.frame_size or None
        )

    def _encode(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            frame.pts, frame.time_base = self._samples, Fraction(1, self._stream.rate)
            self._samples += frame.samples
            self._output.mux(self._stream.encode(frame))


class _VideoTrack:
    """The video track."""

    def __init__(self, output: OutputContainer, video: Video, encoder: str) -> None:
        self._output = output
        self._rate = video.frame_rate
        options = dict(ENCODER_OPTIONS.get(encoder, {}))
        self._stream = cast(
            "VideoStream", output.add_stream(encoder, rate=self._rate, options=options)
        )
        self._stream.width, self._stream.height = video.size
        self._stream.pix_fmt = "yuv420p"
        if video.pixel_shape:
            self._stream.codec_context.sample_aspect_ratio = video.pixel_shape
        self._stream.set_display_rotation(video.rotation)
        self._current: VideoFrame | None = None
        self._frames = 0

    def change(self, frame: VideoFrame, seconds: float) -> None:
        self.hold_until(seconds)
        width, height = self._stream.width, self._stream.height
        self._current = frame.reformat(width, height, "yuv420p")
        self._current.pict_type = PictureType.NONE

    def hold_until(self, seconds: float) -> None:
        """Write the picture into every frame of the grid before a time."""
        while self._current and self._frames < round(seconds * self._rate):
            self._current.pts, self._current.time_base = self._frames, 1 / self._rate
            self._output.mux(self._stream.encode(self._current))
            self._frames += 1

    def end(self) -> None:
        self._output.mux(self._stream.encode(None))
