"""Frames as a codec gives them → mono 16 kHz waveforms, in equal blocks.

Channels are averaged with equal weights, unless the caller has others: ``audio.channels`` finds
them. ffmpeg's own mix to mono drops the bass channel, clips loud stereo recordings and refuses
channels without a layout. The average never clips, and a voice on one channel only is kept: 6 dB
lower in stereo, 18 dB lower in eight channels. Two channels that are the exact negative of each
other cancel.

Samples that are not numbers become silence, with the millisecond around them; samples beyond full
scale are clipped.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple, TypeAlias, cast

import numpy as np
from av.audio.frame import AudioFrame
from av.error import BlockingIOError as MoreInputNeeded
from av.error import EOFError as EndOfStream
from av.error import FFmpegError
from av.filter import Graph
from numpy.typing import NDArray

from richspeech.audio.container import called
from richspeech.audio.planes import rows_of
from richspeech.errors import AudioError

Waveform: TypeAlias = NDArray[np.float32]
"""Shape [T], in [-1, 1], mono, SAMPLE_RATE."""

Waveforms: TypeAlias = NDArray[np.float32]
"""Shape [T], or [S, T] for several that are heard apart: time is the last axis."""

Weights: TypeAlias = NDArray[np.float64]
"""[S, C]: what each of S waveforms takes of each of C channels."""

SAMPLE_RATE = 16_000
"""Hz of every waveform in this package."""

LOWEST_SAMPLE_RATE, HIGHEST_SAMPLE_RATE = 4_000, 384_000
"""Hz. Below, one second would grow to hours; above, the filter that resamples would."""

MOST_CHANNELS = 64
"""What ffmpeg's `pan` filter can mix."""

SHORTEST_SECONDS = 0.01
"""ffmpeg's resampler gives nothing for less than its filter's length; silence makes up for it."""

MIXED_SAMPLES = 16_384
"""Of each channel that are mixed and resampled at once. Codecs give 20 ms at a time, and of those
each costs as much again in calls; what comes out is the same, bit by bit."""

NO_LAYOUT = (9, 11, 13, 15)
"""Numbers of channels that ffmpeg has no layout for, so that it does not resample them."""


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
            name=called(name),
            rate=sample_rate,
            low=LOWEST_SAMPLE_RATE,
            high=HIGHEST_SAMPLE_RATE,
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise AudioError("audio.channels", name=called(name), count=channels, most=MOST_CHANNELS)


def resampled(
    frames: Iterable[AudioFrame], name: str, weights: Weights | None = None
) -> Iterator[Waveforms]:
    """Give the 16 kHz sound of the frames, MIXED_SAMPLES at a time.

    Without ``weights`` it is the average of all channels, [T], else [S, T]. Frames with another
    number of channels than the weights are averaged into the first waveform.
    """
    rows = None if weights is None else len(weights)
    for kind, run in groupby(frames, key=_kind):
        _check_kind(kind.sample_rate, kind.channels, name)
        try:
            graph = _graph(kind, _fitting(weights, kind.channels))
            waiting = 0
            for frame in run:
                frame.pts = None  # forged times must not reach the filters
                graph.push(frame)
                waiting += frame.samples
                if waiting >= MIXED_SAMPLES:
                    waiting = 0
                    yield from _pulled(graph, rows)
            graph.push(None)
            yield from _pulled(graph, rows)
        except FFmpegError as error:
            raise AudioError("audio.channel_order", name=called(name)) from error


def mixture(waveforms: Waveforms) -> Waveform:
    """Return what is heard apart as one, as loud as the average."""
    return waveforms if waveforms.ndim == 1 else waveforms.mean(axis=0)


def framed(waveform: Waveform) -> AudioFrame:
    """Return a waveform as a frame, whose place in time is for others to tell."""
    frame = AudioFrame.from_ndarray(waveform[np.newaxis, :], format="fltp", layout="mono")
    frame.sample_rate, frame.time_base = SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
    return frame


def averaging(channels: int, waveforms: int = 1) -> Weights:
    """Return what averages all channels into the first of some waveforms."""
    weights = np.zeros((waveforms, channels))
    weights[0] = 1 / channels
    return weights


def _fitting(weights: Weights | None, channels: int) -> Weights:
    if weights is None:
        return averaging(channels)
    return weights if weights.shape[1] == channels else averaging(channels, len(weights))


def _graph(kind: _Kind, weights: Weights) -> Graph:
    if len(weights) in NO_LAYOUT:
        weights = np.vstack([weights, np.zeros_like(weights[:1])])
    layout = "mono" if len(weights) == 1 else f"{len(weights)}c"
    mixes = "|".join(
        f"c{number}=" + "+".join(f"{weight:.9f}*c{channel}" for channel, weight in enumerate(row))
        for number, row in enumerate(weights)
    )
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
        graph.add("asetnsamples", n=str(MIXED_SAMPLES), p="0"),
        graph.add("aformat", sample_fmts="fltp"),
        graph.add("pan", f"{layout}|{mixes}"),
        graph.add("apad", whole_dur=str(SHORTEST_SECONDS)),
        graph.add("aresample", str(SAMPLE_RATE)),
        graph.add("aformat", sample_fmts="fltp"),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _pulled(graph: Graph, rows: int | None) -> Iterator[Waveforms]:
    while True:
        try:
            pulled = cast("AudioFrame", graph.pull())
        except (MoreInputNeeded, EndOfStream):
            return
        sound = rows_of(pulled, np.float32)  # [S, T]
        yield sound[0] if rows is None else sound[:rows]


def cut(waveforms: Iterable[Waveforms], block_samples: int) -> Iterator[Waveforms]:
    """Join pieces of any length into blocks of one length; the last is what is left, if any.

    What is no number becomes silence, and what is too loud is clipped: once a block, since the
    pieces are short and many.
    """
    block, filled = np.empty(0, np.float32), 0
    for waveform in waveforms:
        rest = waveform
        while rest.shape[-1]:
            if not filled:
                block = np.empty((*rest.shape[:-1], block_samples), np.float32)
            taken = rest[..., : block_samples - filled]
            length = taken.shape[-1]
            block[..., filled : filled + length] = taken
            filled += length
            rest = rest[..., length:]
            if filled == block_samples:
                yield _clipped(block)
                filled = 0
    if filled:
        yield _clipped(block[..., :filled])


def _clipped(waveform: Waveforms) -> Waveforms:
    if waveform.min() >= -1.0 and waveform.max() <= 1.0:  # false of what is no number, too
        return waveform
    np.nan_to_num(waveform, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(waveform, -1.0, 1.0, out=waveform)
