"""Reading: an opened recording → utterances, each as soon as it is certain.

    blocks, without their noise if somebody asks → frames, raised if they are quiet
           → speech spans → utterances, and the sounds between

Where a recording has several strands this is done for each, and the utterances of all come in the
order of time.

What comes out of it block by block is a ``Stretch``: plain arrays and frozen records, which may
come from another process as well.
"""

import math
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Protocol, runtime_checkable

import numpy as np

from richspeech.audio.loudness import Raiser
from richspeech.audio.mono import Waveform, Waveforms
from richspeech.audio.sounds import SoundFinder, SoundSpan
from richspeech.audio.vad import SpanMerger, SpeechSpan
from richspeech.model.options import Denoise, Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.strand import ALONE, Strand
from richspeech.model.turn_detection import TurnDetection
from richspeech.recognition.utterance import OVERLAP_SECONDS, FrameBuffer, Frames, Utterance

MARGIN_SECONDS = 1.0
"""By which one strand waits longer for another than it seems to have to: sounds come in steps."""
BLOCK_SECONDS = 4.0
"""How much is decoded between two looks at what the model has done; results do not depend on it.

An utterance waits for the end of the block in which it ended: 2 ms. Shorter blocks cost more in
all (2 s: 1.5 times the features and scores of 4 s), longer ones hardly less.
"""
FULL_SCALE_DB = 26
"""Decibels of a frame as loud as can be."""
HISTORY_SECONDS = 65.0
"""Audio kept behind the newest block: config.yaml allows spans of 60 s, and a detector may lag.
What lies before a cut is kept beside that.

An utterance that began before can grow no more, since joined ones are at most 30 s long.
"""


Spans = Sequence[SpeechSpan | SoundSpan]


class WaveformSource(Protocol):
    """A recording that is read once, in blocks: ``audio.Recording``, or one that is in memory."""

    @property
    def duration(self) -> float | None:
        """Seconds as far as known beforehand; None when unknown."""

    @property
    def warnings(self) -> tuple[RecordingWarning, ...]:
        """What is amiss with it, as far as is known yet."""

    def blocks(self, block_seconds: float) -> Iterator[Waveforms]:
        """Yield blocks of float32 16 kHz, [T], or [S, T] if it is ``Stranded``."""


@runtime_checkable
class Stranded(Protocol):
    """A recording of which several signals may be heard, each by itself."""

    @property
    def strands(self) -> tuple[Strand, ...]:
        """One for each row of its blocks; none where they have no rows."""


def strands_of(recording: WaveformSource) -> tuple[Strand, ...]:
    """Return the strands of a recording; none where it is one."""
    return recording.strands if isinstance(recording, Stranded) else ()


@runtime_checkable
class ReadByItself(Protocol):
    """A recording that goes between a reader and what is read: one in another process, say."""

    def read_with(self, reader: "Reader", options: Options) -> "Iterator[Stretch]":
        """Read it as ``reader.read`` would."""


class FrameStream(Protocol):
    """Extracts the features of one recording as it comes."""

    def feed(self, waveform: Waveform) -> Frames:
        """Take the next samples; return the frames whose windows are complete by now."""


class Frontend(Protocol):
    """Makes frame streams."""

    def stream(self) -> FrameStream:
        """Begin a recording."""


class Denoiser(Protocol):
    """Takes noise out of one recording as it comes; what it gives is where it was."""

    def feed(self, waveform: Waveform) -> Waveform:
        """Take the next samples; return those that are certain by now."""

    def finish(self) -> Waveform:
        """Return what is left at the end of the recording: as many in all as were taken."""


class Denoising(Protocol):
    """Makes denoisers."""

    def stream(self, denoise: Denoise) -> Denoiser | None:
        """Begin a recording; None where nothing is taken out of it."""


class SpanStream(Protocol):
    """Finds speech in one recording as it comes."""

    @property
    def open_start(self) -> float | None:
        """Start of the span that has begun and not ended, in seconds."""

    @property
    def settled(self) -> float:
        """Seconds before which no span begins that was not given out yet."""

    def feed(self, frames: Frames) -> list[SpeechSpan]:
        """Take the next frames; return the spans that are certain by now."""

    def finish(self) -> list[SpeechSpan]:
        """Return what is left at the end of the recording."""


class Detector(Protocol):
    """Makes span streams."""

    def stream(self, turns: TurnDetection | None = None) -> SpanStream:
        """Begin a recording; ``turns`` say where speech begins and ends, if somebody does."""


@dataclass(frozen=True)
class Stretch:
    """The next block of a recording, and what is certain by its end."""

    block: Waveforms
    """float32 16 kHz, [T] or [S, T], with its noise; empty at the end, and where no sound has come
    yet."""
    utterances: tuple[Utterance, ...]
    """Those that can grow no more since this block, in the order of time."""
    seconds: float
    """Length of the recording so far, this block included, but for what a denoiser holds."""
    open_start: float | None = None
    """Start of the utterance that has begun and may still grow, in seconds."""
    open_sound: float | None = None
    """The same of a sound that nobody speaks in."""
    warnings: tuple[RecordingWarning, ...] = ()
    """What is amiss with the recording, as far as is known by now."""
    strands: tuple[Strand, ...] = ()
    """One for each row of the block; none where it has no rows."""

    @property
    def settled(self) -> float:
        """Seconds before which no further utterance begins, as far as can be told yet."""
        start = _first(self.open_start, self.open_sound)
        return self.seconds if start is None else start


@dataclass(frozen=True)
class Reader:
    """Reads recordings; what it holds is read-only, so any number of threads may use it at once."""

    frontend: Frontend
    detector: Detector
    block_seconds: float = BLOCK_SECONDS
    """How much is read at a time; this changes how soon text comes, and no text."""
    hears_sounds: bool = False
    """Whether what sounds between utterances is given out, too. Who says where utterances begin and
    end gets those alone."""
    raises_quiet: bool = False
    """Whether very quiet recordings are raised before anything is looked for."""
    overlaps: bool = False
    """Whether an utterance behind a cut begins before it, for engines that time all tokens."""
    denoisers: Denoising | None = None
    """Take noise out where options ask for it; none does so where there are none."""

    def read(self, recording: WaveformSource, options: Options) -> Iterator[Stretch]:
        """Yield a stretch for every block, and one for the end; raises what the recording does.

        One that is read elsewhere is asked to be.
        """
        if isinstance(recording, ReadByItself):
            return recording.read_with(self, options)
        return self.read_here(recording, options)

    @cached_property
    def pickled(self) -> bytes:
        """All of it, for another process."""
        return pickle.dumps(replace(self))

    @cached_property
    def digest(self) -> str:
        """What tells it from other readers."""
        return blake2b(self.pickled, digest_size=16).hexdigest()

    def read_here(self, recording: WaveformSource, options: Options) -> Iterator[Stretch]:
        """Do what ``read`` does in this process, with the blocks of the recording."""
        strands = strands_of(recording)
        streams = [self._stream(options) for _ in strands or (ALONE,)]
        stream = StrandStreams(streams, strands) if strands else streams[0]
        for block in recording.blocks(self.block_seconds):
            yield _warned(stream.feed(block), recording)
        yield _warned(stream.finish(), recording)

    def _stream(self, options: Options) -> "UtteranceStream":
        detected = self.detector.stream(options.turn_detection)
        sounds = SoundFinder() if self.hears_sounds and options.turn_detection is None else None
        raiser = Raiser() if self.raises_quiet else None
        denoiser = self.denoisers.stream(options.denoise) if self.denoisers else None
        stream = UtteranceStream(
            self.frontend.stream(), detected, options, sounds, raiser, denoiser
        )
        stream.overlaps = self.overlaps
        return stream


class UtteranceStream:
    """Blocks of one recording → its utterances, each as soon as it is certain.

    Holds the last HISTORY_SECONDS, and nothing else of the recording.
    """

    def __init__(
        self,
        frames: FrameStream,
        spans: SpanStream,
        options: Options,
        sounds: SoundFinder | None = None,
        raiser: Raiser | None = None,
        denoiser: Denoiser | None = None,
    ) -> None:
        self._frames, self._spans, self._sounds = frames, spans, sounds
        self._raiser, self._denoiser = raiser, denoiser
        self.overlaps = False
        """Whether an utterance behind a cut begins before it."""
        self._cut: SpeechSpan | None = None
        """The span that was given out last, where a limit ended it."""
        self._buffer = FrameBuffer()
        self._merger = SpanMerger(options.merge_length_s if options.merge else 0.0)

    @property
    def seconds(self) -> float:
        """Length of the recording so far."""
        return self._buffer.seconds

    @property
    def open_start(self) -> float | None:
        """Start of the utterance that has begun and may still grow, in seconds."""
        return _first(self._merger.open_start, self._spans.open_start)

    @property
    def settled(self) -> float:
        """Seconds before which nothing begins that was not given out yet."""
        sound = self._sounds.open_start if self._sounds else None
        start = _first(self._spans.settled, self._merger.open_start, sound) or 0.0
        return start - OVERLAP_SECONDS if self._cut else start

    def feed(self, block: Waveform) -> Stretch:
        """Take the next block."""
        self._buffer.forget(self.seconds - HISTORY_SECONDS - OVERLAP_SECONDS)
        clean = block if self._denoiser is None else self._denoiser.feed(block)
        return self._stretch(block, self._closed_by(clean) if len(clean) else [])

    def finish(self) -> Stretch:
        """Return what is left at the end of the recording."""
        nothing = np.zeros(0, np.float32)
        clean = nothing if self._denoiser is None else self._denoiser.finish()
        closed = [*self._closed_by(clean)] if len(clean) else []
        held = self._raiser.finish() if self._raiser else None
        if held is not None:
            closed += self._closed_in(nothing, Frames(held[1], held[0]))
        last = self._merger.feed(self._spans.finish()) + self._merger.finish()
        sounds = [] if self._sounds is None else self._sounds.finish(last)
        return self._stretch(nothing, (*closed, *_in_order(last, sounds)))

    def _stretch(self, block: Waveform, closed: Spans) -> Stretch:
        utterances = tuple(map(self._utterance, closed))
        sound = self._sounds.open_start if self._sounds else None
        held = self._raiser.held_start if self._raiser else None
        return Stretch(
            block,
            utterances,
            self.seconds,
            self.open_start,
            _first(sound, held),
            warnings=self._warnings,
        )

    def _utterance(self, span: SpeechSpan | SoundSpan) -> Utterance:
        if isinstance(span, SoundSpan):
            return self._buffer.cut(span.start, span.end, is_sound=True)
        before, self._cut = self._cut, span if span.is_cut and self.overlaps else None
        start = span.start
        if before is not None:
            start = max(round(start - OVERLAP_SECONDS, 2), before.start)
        utterance = self._buffer.cut(start, span.end)
        return replace(utterance, continues=before is not None, is_cut=self._cut is not None)

    @property
    def _warnings(self) -> tuple[RecordingWarning, ...]:
        if self._raiser is None or self._raiser.level_db is None:
            return ()
        below = round(FULL_SCALE_DB - self._raiser.level_db)
        return (RecordingWarning.of("very_quiet", decibels=below),)

    def _closed_by(self, block: Waveform) -> Spans:
        frames = self._frames.feed(block)
        if self._raiser is not None:
            decibel, log_mel = self._raiser.feed(frames.decibel, frames.log_mel)
            frames = Frames(log_mel, decibel)
        return self._closed_in(block, frames)

    def _closed_in(self, block: Waveform, frames: Frames) -> Spans:
        self._buffer.append(block, frames.log_mel)
        closed = self._merger.feed(self._spans.feed(frames))
        closed += self._merger.settle(self._spans.settled)
        start = self._merger.open_start
        if start is not None and start < self.seconds - HISTORY_SECONDS:
            closed += self._merger.finish()
        if self._sounds is None:
            return closed
        self._sounds.feed(frames.decibel, frames.log_mel)
        start = self.open_start
        settled = self._spans.settled if start is None else start
        return _in_order(closed, self._sounds.find(closed, settled, speaking=start is not None))


def _first(*starts: float | None) -> float | None:
    return min((start for start in starts if start is not None), default=None)


def _warned(stretch: Stretch, recording: WaveformSource) -> Stretch:
    return replace(stretch, warnings=(*recording.warnings, *stretch.warnings))


def _in_order(utterances: Spans, sounds: Spans) -> Spans:
    return sorted((*utterances, *sounds), key=lambda span: span.start)


class StrandStreams:
    """Blocks of several strands → their utterances, in the order of time.

    An utterance waits until no other strand can give an earlier one. Nobody waits longer than an
    utterance may last, so few are held.
    """

    def __init__(self, streams: Sequence[UtteranceStream], strands: tuple[Strand, ...]) -> None:
        self._streams, self._strands = streams, strands
        self._waiting: list[Utterance] = []

    def feed(self, block: Waveforms) -> Stretch:
        """Take the next block, [S, T]."""
        read = [each.feed(row) for each, row in zip(self._streams, block, strict=True)]
        settled = min(each.settled for each in self._streams) - MARGIN_SECONDS
        return self._joined(block, read, settled)

    def finish(self) -> Stretch:
        """Return what is left at the end of the recording."""
        read = [each.finish() for each in self._streams]
        return self._joined(np.zeros((len(read), 0), np.float32), read, math.inf)

    def _joined(self, block: Waveforms, read: Sequence[Stretch], settled: float) -> Stretch:
        for strand, stretch in zip(self._strands, read, strict=True):
            self._waiting += (replace(each, strand=strand) for each in stretch.utterances)
        self._waiting.sort(key=lambda each: (each.start, self._strands.index(each.strand)))
        count = sum(each.start < settled for each in self._waiting)
        given, self._waiting = self._waiting[:count], self._waiting[count:]
        starts = [each.start for each in self._waiting]
        return Stretch(
            block,
            tuple(given),
            read[0].seconds,
            _first(*starts, *(each.open_start for each in read)),
            _first(*(each.open_sound for each in read)),
            tuple({warning.code: warning for each in read for warning in each.warnings}.values()),
            self._strands,
        )
