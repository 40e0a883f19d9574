"""Recording → Transcript: streaming, progress, cancelling. Orchestration only.

What is not covered: overlap between decoding and recognition; each block is decoded, searched for
speech and recognised before the next.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from postprocess import Emotion, Labels, Rule, apply_rules
from richspeech.audio import SAMPLE_RATE, Waveform
from richspeech.errors import Cancelled, ModelError
from richspeech.options import Options
from richspeech.transcript import Hypothesis, Segment, Token, Transcript
from richspeech.vad import SpanMerger, SpeechSpan

BLOCK_SECONDS = 10.0
HISTORY_SECONDS = 65.0
"""Audio kept behind the newest block: config.yaml allows spans of 60 s, and a detector may lag.

An utterance that began before can grow no more, since joined ones are at most 30 s long.
"""

Cancel = Callable[[], bool]


class WaveformSource(Protocol):
    """A recording that is read once, in blocks: ``audio.Recording``, or one that is in memory."""

    @property
    def duration(self) -> float | None:
        """Seconds as far as known beforehand; None when unknown."""

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        """Yield blocks of float32 mono 16 kHz."""


class Recogniser(Protocol):
    """Turns utterances into words and labels."""

    name: str

    def recognise(self, waveforms: Sequence[Waveform], options: Options) -> list[Hypothesis]:
        """Return one hypothesis an utterance, in order."""


class WholeRecogniser(Protocol):
    """Turns a whole recording into segments in one go."""

    name: str

    def segments(self, waveform: Waveform, options: Options) -> tuple[Segment, ...]:
        """Return the segments of a recording."""


class SpanStream(Protocol):
    """Finds speech in one recording as it comes."""

    def feed(self, waveform: Waveform) -> list[SpeechSpan]:
        """Take the next samples; return the spans that are certain by now."""

    def finish(self) -> list[SpeechSpan]:
        """Return what is left at the end of the recording."""


class Detector(Protocol):
    """Makes span streams."""

    def stream(self) -> SpanStream:
        """Begin a recording."""


@dataclass(frozen=True)
class Progress:
    """How far a transcription is."""

    transcript: Transcript
    """Everything heard so far; ``duration`` is what was listened to."""
    new: tuple[Segment, ...]
    """What has come since the step before."""
    seconds_total: float | None
    """Length of the recording as its container claims; None when unknown."""
    finished: bool

    @property
    def seconds_done(self) -> float:
        """Audio seconds done."""
        return self.transcript.duration

    @property
    def fraction(self) -> float | None:
        """0 to 1; None while the length is unknown."""
        if self.finished:
            return 1.0
        return min(self.seconds_done / self.seconds_total, 1.0) if self.seconds_total else None

    @property
    def seconds_left(self) -> float | None:
        """Processing seconds left at the speed so far; None while unknown."""
        rtfx = self.transcript.rtfx
        if self.finished or not rtfx or self.seconds_total is None:
            return 0.0 if self.finished else None
        return max(self.seconds_total - self.seconds_done, 0.0) / rtfx


class Transcriber(Protocol):
    """Whatever turns a recording into a transcript."""

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        """Yield the progress after every step; the last one is finished."""


class WaveformBuffer:
    """The last stretch of a recording, cut by time."""

    def __init__(self) -> None:
        self._samples: Waveform = np.zeros(0, np.float32)
        self._first = 0
        """Position of the first sample kept."""

    @property
    def seconds(self) -> float:
        """Length of the recording so far."""
        return (self._first + len(self._samples)) / SAMPLE_RATE

    def append(self, waveform: Waveform) -> None:
        """Take the next samples."""
        self._samples = np.concatenate([self._samples, waveform])

    def cut(self, start: float, end: float) -> Waveform:
        """Return a copy of the samples between two times in seconds.

        Raises ``ValueError`` when some are forgotten already, for their words would be lost.
        """
        first, last = (round(t * SAMPLE_RATE) - self._first for t in (start, end))
        if first < 0:
            message = f"The samples from {start:.3f} s on are forgotten."
            raise ValueError(message)
        return self._samples[first:last].copy()

    def forget(self, before: float) -> None:
        """Drop what lies before a time in seconds."""
        count = max(int(before * SAMPLE_RATE) - self._first, 0)
        self._samples = self._samples[count:].copy()
        self._first += count


class Pipeline:
    """Streaming transcription with our own recogniser; holds blocks only, whatever the length."""

    def __init__(
        self, recogniser: Recogniser, detector: Detector, *, model: str, rules: Sequence[Rule] = ()
    ) -> None:
        self._recogniser, self._detector = recogniser, detector
        self._model, self._rules = model, tuple(rules)

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        """Yield after every block; raises ``Cancelled`` soon after ``cancelled`` says so."""
        steps = self._steps(recording.blocks(BLOCK_SECONDS), options, cancelled)
        segments: tuple[Segment, ...] = ()
        elapsed, began = 0.0, time.perf_counter()
        for new, seconds, finished in steps:
            segments += new
            elapsed += time.perf_counter() - began
            transcript = Transcript(seconds, elapsed, self._recogniser.name, self._model, segments)
            yield Progress(transcript, new, recording.duration, finished)
            began = time.perf_counter()  # what the caller did meanwhile is not processing

    def _steps(
        self, blocks: Iterable[Waveform], options: Options, cancelled: Cancel
    ) -> Iterator[tuple[tuple[Segment, ...], float, bool]]:
        buffer, stream = WaveformBuffer(), self._detector.stream()
        merger = SpanMerger(options.merge_length_s if options.merge else 0.0)
        for block in blocks:
            _stop_if(cancelled)
            buffer.append(block)
            utterances = merger.feed(stream.feed(block))
            oldest = buffer.seconds - HISTORY_SECONDS
            if merger.open_start is not None and merger.open_start < oldest:
                utterances += merger.finish()
            yield self._recognise(buffer, utterances, options, cancelled), buffer.seconds, False
            buffer.forget(oldest)
        utterances = merger.feed(stream.finish()) + merger.finish()
        yield self._recognise(buffer, utterances, options, cancelled), buffer.seconds, True

    def _recognise(
        self,
        buffer: WaveformBuffer,
        utterances: Sequence[SpeechSpan],
        options: Options,
        cancelled: Cancel,
    ) -> tuple[Segment, ...]:
        _stop_if(cancelled)
        waveforms = [buffer.cut(span.start, span.end) for span in utterances]
        hypotheses = self._recogniser.recognise(waveforms, options) if waveforms else []
        if len(hypotheses) != len(utterances):
            message = (
                f"The model answered {len(hypotheses)} of {len(utterances)} utterances; try again."
            )
            raise ModelError(message)
        return tuple(
            apply_to_segment(segment_of(span, hypothesis), self._rules)
            for span, hypothesis in zip(utterances, hypotheses, strict=True)
        )


class WholePipeline:
    """Transcription with an engine that takes a recording whole, in memory of its length."""

    def __init__(
        self, recogniser: WholeRecogniser, *, model: str, rules: Sequence[Rule] = ()
    ) -> None:
        self._recogniser, self._model, self._rules = recogniser, model, tuple(rules)

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        """Yield once, at the end; raises ``Cancelled`` between decoding and recognition."""
        started = time.perf_counter()
        blocks = []
        for block in recording.blocks(BLOCK_SECONDS):
            _stop_if(cancelled)
            blocks.append(block)
        waveform = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
        _stop_if(cancelled)
        found = self._recogniser.segments(waveform, options)
        segments = tuple(apply_to_segment(segment, self._rules) for segment in found)
        duration, elapsed = len(waveform) / SAMPLE_RATE, time.perf_counter() - started
        transcript = Transcript(duration, elapsed, self._recogniser.name, self._model, segments)
        yield Progress(transcript, segments, recording.duration, finished=True)


def segment_of(span: SpeechSpan, hypothesis: Hypothesis) -> Segment:
    """Place a hypothesis in the recording."""
    return Segment(
        start=span.start,
        end=span.end,
        text=hypothesis.text,
        language=hypothesis.language,
        language_probability=hypothesis.language_probabilities.get(hypothesis.language or ""),
        emotion=hypothesis.emotion,
        emotion_probabilities=hypothesis.emotion_probabilities,
        events=hypothesis.events,
        event_probabilities=hypothesis.event_probabilities,
        tokens=tuple(_shift(token, span.start) for token in hypothesis.tokens),
        raw_text=hypothesis.raw_text,
    )


def apply_to_segment(segment: Segment, rules: Sequence[Rule]) -> Segment:
    """Mend the labels of ``segment``; probabilities stay as measured, fired rules are named."""
    labels = Labels(
        text=segment.text,
        language=segment.language,
        emotion=segment.emotion,
        emotion_probability=segment.emotion_probability,
        events=segment.events,
        event_probabilities=segment.event_probabilities,
    )
    mended, fired = apply_rules(labels, rules)
    emotion = mended.emotion if mended.emotion is not None else Emotion.UNKNOWN
    return replace(segment, emotion=emotion, events=mended.events, rules=fired)


def _shift(token: Token, seconds: float) -> Token:
    start, end = (None if t is None else t + seconds for t in (token.start, token.end))
    return replace(token, start=start, end=end)


def _stop_if(cancelled: Cancel) -> None:
    if cancelled():
        raise Cancelled
