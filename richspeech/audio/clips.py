"""Clips: spans of a recording as files of their own, and all of them joined as one reel.

    recording ─┬ audio ── decode from the start, count samples ── the span's samples ─┬ wav
               └ video ── seek, decode ── frames shown in the span ── even frames ────┴ mp4

Times are the transcript's, those of ``audio.clock``: counted in samples, and where the container
presents sound. The video is sought there. Everything is encoded again, since packets can only be
cut at key frames.

Audio keeps its sample rate, and mono or stereo; more channels are averaged to one. Video keeps its
size, rotation and mean frame rate. If a video's frames cannot be decoded or encoded, only the audio
is cut, and the result says so. Where several tracks were heard, their mixture is cut, in mono and
at 16 kHz, as reports have it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from richspeech.audio.container import AudioLimits
from richspeech.audio.cover import NOTHING, Cover
from richspeech.audio.media_writer import MediaWriter, Samples, SoundKind, find_encoder
from richspeech.audio.planes import rows_of
from richspeech.audio.strands import open_strands
from richspeech.audio.video import Video, open_video
from richspeech.errors import AudioError, Cancelled, OptionError
from richspeech.language.catalog import Notice
from richspeech.model.options import Options

Span = tuple[float, float]
"""Start and end in seconds."""

UNREADABLE = Notice("clips.pictures_unreadable")
UNWRITABLE = Notice("clips.pictures_unwritable")
SECOND_BEST = Notice("clips.pictures_second_best")


@dataclass(frozen=True)
class Cut:
    """The files that were written."""

    clips: tuple[Path, ...]
    """One a span, in order; empty if none were asked for."""
    reel: Path | None
    """All spans in a row; None if it was not asked for, or nothing was in it."""
    note: Notice | None
    """What is less than one would expect, and why."""


def cut(
    source: Path | bytes,
    spans: Sequence[Span],
    folder: Path,
    limits: AudioLimits,
    *,
    stem: str,
    options: Options | None = None,
    clips: bool = True,
    reel: bool = False,
    stopped: Callable[[], bool] = lambda: False,
    told: Callable[[float], None] = lambda _: None,
    cover: Cover = NOTHING,
) -> Cut:
    """Write ``STEM-01.wav`` (or ``.mp4``) and so on, and ``STEM-reel.wav``, into a folder.

    Args:
        source: the recording.
        spans: in order of time, without overlap.
        folder: where the files go; it exists.
        limits: as for `open_recording`.
        stem: how the names of the files begin.
        options: those with which it was heard; their ``tracks`` and ``raw`` count. Of several
            tracks the mixture is cut.
        clips: whether to write one file a span.
        reel: whether to write one file of all spans.
        stopped: asked again and again; the work ends soon after it says yes.
        told: called again and again with the seconds of the recording that were decoded.
        cover: what nobody is to hear of it.

    Raises:
        AudioError: the recording cannot be decoded or ends before a span, or a file cannot be
            written.
        Cancelled: ``stopped`` said yes.
        OptionError: the spans are not in order.
    """
    _require_order(spans)
    whole_tracks = replace(options or Options(), channels="mix")
    with _write_errors(stem), ExitStack() as stack:
        recording = stack.enter_context(open_strands(source, limits, whole_tracks))
        is_raw = whole_tracks.raw is not None
        opened = None if is_raw else stack.enter_context(open_video(source, limits))
        video, encoder, note = _choose(opened)

        def writer(part: str, kind: SoundKind) -> MediaWriter:
            path = folder / f"{stem}-{part}.{'mp4' if video else 'wav'}"
            return MediaWriter(path, kind, video, encoder)

        whole: MediaWriter | None = None
        paths: list[Path] = []
        found = 0
        frames = _watched(recording.frames(), stopped, told)
        for number, span in groupby(_pieces(frames, spans, cover), attrgetter("number")):
            found, (kind, pieces) = number + 1, _peek(span)
            with ExitStack() as one:
                writers = []
                if clips:
                    writers.append(one.enter_context(writer(f"{found:02}", kind)))
                    paths.append(writers[0].path)
                if reel:
                    whole = whole or stack.enter_context(writer("reel", kind))
                    writers.append(whole)
                _shoot(writers, pieces, video, recording.zero, stopped)
        _require_all(found, spans, recording.name)
    return Cut(tuple(paths), whole.path if whole else None, note)


def _require_order(spans: Sequence[Span]) -> None:
    moments = [0.0, *chain.from_iterable(spans)]
    if any(end <= start for start, end in spans) or moments != sorted(moments):
        raise OptionError("clips.spans")


def _require_all(found: int, spans: Sequence[Span], name: str) -> None:
    if found < len(spans):
        raise AudioError("clips.too_short", name=name, at=spans[found][0], number=found + 1)


@contextmanager
def _write_errors(stem: str) -> Iterator[None]:
    try:
        yield
    except (FFmpegError, OSError) as error:
        raise AudioError("clips.unwritable", name=stem, why=str(error.strerror or error)) from error


def _choose(video: Video | None) -> tuple[Video | None, str | None, Notice | None]:
    """Decide whether video is cut and by which encoder, and what to say about it."""
    if video is None:
        return None, None, None
    if video.first is None:
        return None, None, UNREADABLE
    encoder = find_encoder()
    if encoder is None:
        return None, None, UNWRITABLE
    return video, encoder, SECOND_BEST if encoder == "mpeg4" else None


def _shoot(
    writers: Sequence[MediaWriter],
    pieces: Iterable["_Piece"],
    video: Video | None,
    zero: float,
    stopped: Callable[[], bool],
) -> None:
    """Write one span to every file: first its audio, then the frames shown meanwhile."""
    start, seconds = None, 0.0
    for piece in pieces:
        start = piece.start if start is None else start
        seconds += piece.samples.shape[1] / piece.kind.sample_rate
        for writer in writers:
            writer.add_sound(piece.samples, piece.kind)
    if video and start is not None:
        for moment, frame in video.shown(zero + start, zero + start + seconds):
            _require_wanted(stopped)
            for writer in writers:
                writer.show(frame, moment)
    for writer in writers:
        writer.end_span(seconds)


def _require_wanted(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Cancelled


# Sound --------------------------------------------------------------------------------------------


def _watched(
    frames: Iterable[AudioFrame], stopped: Callable[[], bool], told: Callable[[float], None]
) -> Iterator[AudioFrame]:
    """Give the frames on; the way to the first span may be long, and nothing is cut on it."""
    seconds = 0.0
    for frame in frames:
        _require_wanted(stopped)
        told(seconds)
        yield frame
        seconds += frame.samples / frame.sample_rate


class _Piece(NamedTuple):
    """Sound of one span, as much of it as a frame holds."""

    number: int
    """Of the span, from 0."""
    samples: Samples
    kind: SoundKind
    start: float
    """Seconds from the beginning of the recording."""


def _pieces(frames: Iterable[AudioFrame], spans: Sequence[Span], cover: Cover) -> Iterator[_Piece]:
    """Count the samples of a recording and give those within the spans, covered."""
    waiting = deque(enumerate(spans))
    seconds = 0.0
    for frame in frames:
        rate, length = frame.sample_rate, frame.samples
        while waiting:
            number, span = waiting[0]
            first, last = (min(length, max(0, round((moment - seconds) * rate))) for moment in span)
            if first < last:
                start = seconds + first / rate
                samples = cover.over(_one_or_two_channels(frame)[:, first:last], rate, start)
                yield _Piece(number, samples, SoundKind(rate, len(samples)), start)
            if last == length:
                break
            waiting.popleft()
        if not waiting:
            return
        seconds += length / rate


def _peek(pieces: Iterator[_Piece]) -> tuple[SoundKind, Iterator[_Piece]]:
    """Learn what kind of sound a span begins with, and lose none of it."""
    first = next(pieces)
    return first.kind, chain([first], pieces)


def _one_or_two_channels(frame: AudioFrame) -> Samples:
    frame.pts = None  # forged times must not reach the resampler
    resampler = AudioResampler(format="s16p")
    samples = np.concatenate(
        [rows_of(each, np.int16) for each in resampler.resample(frame)], axis=1
    )
    if len(samples) > 2:
        samples = samples.mean(axis=0, keepdims=True)  # [1, T]
    return np.ascontiguousarray(samples, np.int16)
