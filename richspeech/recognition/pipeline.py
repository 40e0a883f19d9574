"""Recording → Transcript: streaming, progress, cancelling. Orchestration only.

    blocks → frames → speech spans → utterances → (the scheduler's thread) hypotheses → segments

While the model works on utterances, the next blocks are decoded and searched for speech; what
does that work leaves Python's lock alone, so one thread beside the model's is enough. It runs ahead
of the model by as much as the scheduler has room for, and segments are given out in the order of
time, each as soon as all before it are there.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from postprocess import NO_SPEECH, Emotion
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.prosody import measure_prosody
from richspeech.audio.vad import SpeechSpan
from richspeech.errors import AudioError, Cancelled
from richspeech.model.document import Document
from richspeech.model.edits import Edit
from richspeech.model.options import Options
from richspeech.model.prosody import Prosody
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.strand import ALONE, Strand
from richspeech.model.transcript import PROBABLY, Hypothesis, Segment, Transcript
from richspeech.model.voiceprint import Voiceprint
from richspeech.polling import WAITING_POLL_SECONDS
from richspeech.recognition.reading import (
    BLOCK_SECONDS,
    Reader,
    Stretch,
    WaveformSource,
    strands_of,
)
from richspeech.recognition.seams import Ends, Seams
from richspeech.recognition.utterance import Request, Utterance

KNOWN_WITHIN_SECONDS = 0.001
"""By how much the times of an utterance may differ from what was kept of it, which is rounded."""

Cancel = Callable[[], bool]
Hear = Callable[[Utterance], None]
"""Takes an utterance in which somebody speaks."""
Answer = TypeVar("Answer")


class Recogniser(Protocol):
    """Turns utterances into words and labels; one thread at a time."""

    name: str

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """Return one hypothesis a request, in order."""


class RecognitionJob(Protocol):
    """One recording's place in the queue of a recogniser."""

    @property
    def has_room(self) -> bool:
        """Whether ``submit`` would return at once; always true while nothing waits."""

    def submit(self, request: Request) -> Future[Hypothesis]:
        """Queue an utterance."""


class RecognitionQueue(Protocol):
    """A recogniser that many share: ``scheduler.Scheduler``."""

    name: str

    def job(self) -> AbstractContextManager[RecognitionJob]:
        """Begin a job; what still waits when it is left is dropped."""


class WholeRecogniser(Protocol):
    """Turns a whole recording into segments in one go; one thread at a time."""

    name: str

    def segments(self, waveform: Waveform, options: Options) -> tuple[Segment, ...]:
        """Return the segments of a recording."""


class WholeQueue(Protocol):
    """A whole recogniser that many share: ``scheduler.WholeScheduler``."""

    name: str

    def submit(self, waveform: Waveform, options: Options) -> Future[tuple[Segment, ...]]:
        """Queue a recording."""


@dataclass(frozen=True)
class Progress:
    """How far a transcription is."""

    transcript: Transcript
    """Its ``duration`` is what is done: no segment begins after it, and none is missing before it.

    It moves as segments are given out, and through silence as that is processed. It may be ahead
    of a word by as much as the detector looks back, a fraction of a second.
    """
    new: tuple[Segment, ...]
    """What has come since the step before."""
    seconds_total: float | None
    """Length of the recording as its container claims; None when unknown."""
    finished: bool
    open_start: float | None = None
    """Start of the utterance that has begun and may still grow, in seconds; None without one."""
    measured: Transcript | None = None
    """Before the ``edits``; None where nothing of the kind was done."""
    edits: tuple[Edit, ...] = ()
    """What was done to it since it was measured."""
    recognised: tuple[Segment, ...] = ()
    """What has come since the step before as the engine gave it, one segment an utterance; empty of
    engines that take a recording whole."""
    revised: bool = False
    """Whether segments that came before are others now; ``new`` is all of them then."""
    voices: Mapping[str, Voiceprint] = field(default_factory=dict)
    """In the last step, what those sound like who were told apart by voice, by their letters."""

    @classmethod
    def of(cls, document: Document) -> "Progress":
        """Return the last step of what somebody has as a document."""
        transcript = document.uncorrected
        return cls(
            transcript=transcript,
            new=transcript.segments,
            seconds_total=transcript.duration,
            finished=True,
            measured=document.measured,
            edits=document.edits,
        )

    @property
    def document(self) -> Document:
        """The transcript, and what was done to it."""
        return Document.known(self.measured or self.transcript, self.edits, self.transcript)

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


@runtime_checkable
class Resumable(Protocol):
    """A transcriber that can go on where another process has stopped."""

    def resuming(self, known: Sequence[Segment]) -> Transcriber:
        """Return one that recognises none of these again: the first utterances of a recording.

        ``known`` is what ``Progress.recognised`` gave before, from the first on.
        """


@runtime_checkable
class Attentive(Protocol):
    """A transcriber that can tell how voices sound."""

    def attending(self) -> Transcriber:
        """Return one that measures the voice of every utterance."""


@runtime_checkable
class Overheard(Protocol):
    """A transcriber that lets somebody else hear what it recognises."""

    def overheard(self, hear: Hear) -> Transcriber:
        """Return one that gives every utterance in which somebody speaks to ``hear`` as well."""


@runtime_checkable
class Reads(Protocol):
    """A transcriber that reads recordings block by block."""

    @property
    def reader(self) -> Reader | None:
        """What reads them; None where they are heard whole."""


@runtime_checkable
class Edits(Protocol):
    """A transcriber that does something to segments once they are measured."""

    def edited(self, measured: Transcript, options: Options) -> Document:
        """Return what was measured before, as it would be given out now."""


def reader_of(transcriber: Transcriber) -> Reader | None:
    """Return what a transcriber reads recordings with; None where they are heard whole."""
    return transcriber.reader if isinstance(transcriber, Reads) else None


def resumed(transcriber: Transcriber, known: Sequence[Segment]) -> Transcriber:
    """Return a transcriber that takes ``known`` as recognised; one that cannot hears all anew."""
    if not (known and isinstance(transcriber, Resumable)):
        return transcriber
    return transcriber.resuming(known)


def attending(transcriber: Transcriber) -> Transcriber:
    """Return a transcriber that measures voices; one that cannot tells of none."""
    return transcriber.attending() if isinstance(transcriber, Attentive) else transcriber


def edited(transcriber: Transcriber, measured: Transcript, options: Options) -> Document:
    """Return what was measured before, as a transcriber that hears it now would give it out."""
    if isinstance(transcriber, Edits):
        return transcriber.edited(measured, options)
    return Document(measured)


@dataclass(frozen=True)
class _Step:
    """What a transcription has come to."""

    new: tuple[Segment, ...]
    seconds: float
    """Audio seconds done."""
    finished: bool = False
    open_start: float | None = None
    warnings: tuple[RecordingWarning, ...] = ()
    recognised: tuple[Segment, ...] = ()
    """What is new as the engine gave it, before words at cuts went to one side."""
    hotwords_left_out: int = 0


class Pipeline:
    """Streaming transcription with our own recogniser; holds blocks only, whatever the length."""

    def __init__(
        self,
        queue: RecognitionQueue,
        reader: Reader,
        *,
        model: str,
        sure_sound: float = 0.0,
        unsure_below: float | None = None,
        known: Sequence[Segment] = (),
        attends: bool = False,
        hear: Hear | None = None,
    ) -> None:
        """Recognise none of the first utterances again where they are ``known``.

        Where nobody speaks a segment needs an event that is as probable as ``sure_sound``. The
        voice of utterances is measured if it ``attends``. Utterances in which somebody speaks go to
        ``hear`` as well.
        """
        self._queue, self.reader = queue, reader
        self._model, self._sure_sound, self._known = model, sure_sound, known
        self._unsure_below, self._attends, self._hear = unsure_below, attends, hear

    def resuming(self, known: Sequence[Segment]) -> "Pipeline":
        """Return one that takes these as recognised, for as long as utterances are where they were.

        A recording is decoded and searched for speech all the same, which costs little.
        """
        return self._like(known, attends=self._attends, hear=self._hear)

    def attending(self) -> "Pipeline":
        """Return one that measures the voice of every utterance."""
        return self._like(self._known, attends=True, hear=self._hear)

    def overheard(self, hear: Hear) -> "Pipeline":
        """Return one that gives every utterance in which somebody speaks to ``hear`` as well."""
        return self._like(self._known, attends=self._attends, hear=hear)

    def _like(self, known: Sequence[Segment], *, attends: bool, hear: Hear | None) -> "Pipeline":
        return Pipeline(
            self._queue,
            self.reader,
            model=self._model,
            sure_sound=self._sure_sound,
            unsure_below=self._unsure_below,
            known=known,
            attends=attends,
            hear=hear,
        )

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        """Yield after every block and whenever something was recognised.

        Raises ``Cancelled`` soon after ``cancelled`` says so.
        """
        segments: tuple[Segment, ...] = ()
        warnings: tuple[RecordingWarning, ...] = ()
        misheard = _Misheard(self._model)
        left_out, elapsed, done, began = 0, 0.0, 0.0, time.perf_counter()
        for step in self._steps(self.reader.read(recording, options), options, cancelled):
            segments += step.new
            warnings = step.warnings or warnings
            misheard.take(step.new)
            left_out = max(left_out, step.hotwords_left_out)
            done = max(done, step.seconds)
            elapsed += time.perf_counter() - began
            transcript = Transcript(
                duration=done,
                processing_seconds=elapsed,
                engine=self._queue.name,
                model=self._model,
                segments=segments,
                warnings=(*warnings, *misheard.warnings, *_left_out(left_out, options)),
                unsure_below=self._unsure_below,
            )
            yield Progress(
                transcript,
                step.new,
                recording.duration,
                step.finished,
                step.open_start,
                recognised=step.recognised,
            )
            began = time.perf_counter()  # what the caller did meanwhile is not processing

    def _steps(
        self, stretches: Iterable[Stretch], options: Options, cancelled: Cancel
    ) -> Iterator[_Step]:
        line, known, seconds = _Line(), deque(self._known), 0.0
        failures: list[AudioError] = []
        with self._queue.job() as job:
            for stretch in _until_failure(stretches, failures):
                _stop_if(cancelled)
                seconds = stretch.seconds
                for utterance in stretch.utterances:
                    if _is_behind(utterance, known):
                        continue
                    self._tell_of(utterance)
                    if (segment := _take(known, utterance)) is not None:
                        line.append(_Heard(segment, _ends_of(utterance)))
                        continue
                    while not job.has_room:
                        yield line.next_step(utterance.start, cancelled)
                    future = job.submit(Request(utterance, options))
                    voice = self._voice(utterance)
                    line.append(_Asked.of(utterance, future, self._sure_sound, voice))
                step = line.step(stretch.settled)
                warnings = stretch.warnings
                yield replace(step, open_start=stretch.open_start, warnings=warnings)
            while line:
                yield line.next_step(seconds, cancelled)
        if failures:
            raise failures[0]
        yield _Step((), seconds, finished=True)

    def _tell_of(self, utterance: Utterance) -> None:
        if self._hear is not None and not utterance.is_sound:
            self._hear(utterance)

    def _voice(self, utterance: Utterance) -> Prosody | None:
        if not self._attends or utterance.is_sound:
            return None
        return measure_prosody(utterance.waveform)


@dataclass
class _Misheard:
    """How much of the speech so far is probably misheard."""

    model: str
    seconds: float = 0.0
    """Of speech for which that can be told."""
    expected: float = 0.0
    """Seconds that are misheard, by the sum of probabilities."""

    def take(self, segments: Sequence[Segment]) -> None:
        for each in segments:
            if each.misheard_probability is not None:
                self.seconds += each.duration
                self.expected += each.duration * each.misheard_probability

    @property
    def warnings(self) -> tuple[RecordingWarning, ...]:
        """Say so where it is more than half."""
        if not self.seconds or self.expected / self.seconds < PROBABLY:
            return ()
        share = round(100 * self.expected / self.seconds)
        return (RecordingWarning.of("unlike_known", model=self.model, share=share),)


def _left_out(count: int, options: Options) -> tuple[RecordingWarning, ...]:
    """Say how many hotwords the model could not be told of."""
    if not count:
        return ()
    total = len(options.hotwords)
    return (RecordingWarning.of("hotwords_left_out", count=count, total=total),)


def _is_behind(utterance: Utterance, known: deque[Segment]) -> bool:
    """Tell whether this is a sound that was heard before, and was nothing to speak of."""
    begins = utterance.start + KNOWN_WITHIN_SECONDS
    return utterance.is_sound and bool(known) and known[0].start > begins


def _until_failure(stretches: Iterable[Stretch], failures: list[AudioError]) -> Iterator[Stretch]:
    """Give what can be read: what was found until then is heard before anybody is told why."""
    try:
        yield from stretches
    except AudioError as error:
        failures.append(error)


def _take(known: deque[Segment], utterance: Utterance) -> Segment | None:
    """Return what is known of an utterance; nothing is from the first on that lies elsewhere."""
    if not known:
        return None
    segment = known.popleft()
    moved = max(abs(segment.start - utterance.start), abs(segment.end - utterance.end))
    if moved <= KNOWN_WITHIN_SECONDS and segment.strand == utterance.strand:
        return segment
    known.clear()
    return None


def _ends_of(utterance: Utterance) -> Ends:
    return Ends(utterance.continues, utterance.is_cut)


@dataclass(frozen=True)
class _Heard:
    """An utterance that waits for nothing."""

    segment: Segment
    ends: Ends

    @property
    def start(self) -> float:
        return self.segment.start

    @property
    def is_done(self) -> bool:
        return True

    @property
    def has_failed(self) -> bool:
        return False

    @property
    def hotwords_left_out(self) -> int:
        return 0

    def wait(self, cancelled: Cancel) -> None:
        """Return at once."""

    def result(self) -> Segment:
        return self.segment


@dataclass(frozen=True)
class _Asked:
    """An utterance that the model has."""

    start: float
    end: float
    is_sound: bool
    strand: Strand
    ends: Ends
    future: Future[Hypothesis]
    sure_sound: float
    voice: Prosody | None

    @classmethod
    def of(
        cls,
        utterance: Utterance,
        future: Future[Hypothesis],
        sure_sound: float,
        voice: Prosody | None,
    ) -> "_Asked":
        """Keep the place of an utterance, without its sound."""
        place = (utterance.start, utterance.end, utterance.is_sound, utterance.strand)
        return cls(*place, _ends_of(utterance), future, sure_sound, voice)

    @property
    def is_done(self) -> bool:
        return self.future.done()

    @property
    def has_failed(self) -> bool:
        return _failed(self.future)

    @property
    def hotwords_left_out(self) -> int:
        return _answer(self.future).hotwords_left_out

    def wait(self, cancelled: Cancel) -> None:
        _wait(self.future, cancelled)

    def result(self) -> Segment | None:
        """Return its segment, if it has one; raises what the model raised."""
        hypothesis, span = _answer(self.future), SpeechSpan(self.start, self.end)
        if self.is_sound:
            return sound_of(span, hypothesis, self.sure_sound, self.strand)
        return replace(segment_of(span, hypothesis, self.strand), prosody=self.voice)


class _Line:
    """Utterances in the order of time, whose segments are not given out yet."""

    def __init__(self) -> None:
        self._line: deque[_Asked | _Heard] = deque()
        self._seams = Seams()

    def __len__(self) -> int:
        return len(self._line)

    def append(self, utterance: _Asked | _Heard) -> None:
        self._line.append(utterance)

    def next_step(self, settled: float, cancelled: Cancel) -> _Step:
        """Wait for the first in line; give out what is done then."""
        self._line[0].wait(cancelled)
        return self.step(settled)

    def step(self, settled: float) -> _Step:
        """Give out what is done; everything before ``settled`` has come into the line.

        Raises what the model raised once all before it is given out.
        """
        new: list[Segment] = []
        recognised: list[Segment] = []
        left_out = 0
        while self._line and self._line[0].is_done:
            if new and self._line[0].has_failed:
                break
            first = self._line.popleft()
            left_out = max(left_out, first.hotwords_left_out)
            if (segment := first.result()) is not None:
                recognised.append(segment)
                new.append(self._seams.joined(segment, first.ends))
        seconds = self._line[0].start if self._line else settled
        return _Step(tuple(new), seconds, recognised=tuple(recognised), hotwords_left_out=left_out)


class WholePipeline:
    """Transcription with an engine that takes a recording whole, in memory of its length."""

    def __init__(self, queue: WholeQueue, *, model: str) -> None:
        self._queue, self._model = queue, model

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        """Yield once, at the end; raises ``Cancelled`` soon after ``cancelled`` says so."""
        started = time.perf_counter()
        blocks = []
        for block in recording.blocks(BLOCK_SECONDS):
            _stop_if(cancelled)
            blocks.append(block)
        waveforms = np.concatenate(blocks, axis=-1) if blocks else np.zeros(0, np.float32)
        _stop_if(cancelled)
        segments: list[Segment] = []
        strands = strands_of(recording) or (ALONE,)
        for strand, waveform in zip(strands, np.atleast_2d(waveforms), strict=True):
            future = self._queue.submit(waveform, options)
            _wait(future, cancelled)
            segments += (_in_strand(each, strand) for each in _answer(future))
        segments.sort(key=lambda each: each.start)
        duration, elapsed = waveforms.shape[-1] / SAMPLE_RATE, time.perf_counter() - started
        transcript = Transcript(
            duration, elapsed, self._queue.name, self._model, tuple(segments), recording.warnings
        )
        yield Progress(transcript, transcript.segments, recording.duration, finished=True)


def _in_strand(segment: Segment, strand: Strand) -> Segment:
    track, channel, speaker = strand.track, strand.channel, strand.speaker
    return replace(segment, track=track, channel=channel, speaker=speaker)


def segment_of(span: SpeechSpan, hypothesis: Hypothesis, strand: Strand = ALONE) -> Segment:
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
        tokens=tuple(token.moved(span.start) for token in hypothesis.tokens),
        raw_text=hypothesis.raw_text,
        no_speech_probability=hypothesis.language_probabilities.get(NO_SPEECH),
        misheard_probability=hypothesis.misheard_probability,
        track=strand.track,
        channel=strand.channel,
        speaker=strand.speaker,
    )


def sound_of(
    span: SpeechSpan, hypothesis: Hypothesis, sure: float, strand: Strand = ALONE
) -> Segment | None:
    """Place what sounds where nobody speaks; None without an event as probable as ``sure``."""
    probabilities = hypothesis.event_probabilities
    events = tuple(each for each in hypothesis.events if probabilities.get(each, 0.0) >= sure)
    if not events:
        return None
    no_speech = hypothesis.language_probabilities.get(NO_SPEECH)
    return Segment(
        start=span.start,
        end=span.end,
        text="",
        language=NO_SPEECH,
        language_probability=no_speech,
        emotion=Emotion.UNKNOWN,
        emotion_probabilities={},
        events=events,
        event_probabilities=probabilities,
        tokens=(),
        raw_text="".join(event.tag for event in events),
        no_speech_probability=no_speech,
        track=strand.track,
        channel=strand.channel,
        speaker=strand.speaker,
    )


def _wait(future: Future[Answer], cancelled: Cancel) -> None:
    """Wait until ``future`` is done; who cancels waits no longer, and it is dropped if it can."""
    while not future.done():
        if cancelled():
            future.cancel()
            raise Cancelled
        wait([future], WAITING_POLL_SECONDS)


def _failed(done: Future[Answer]) -> bool:
    return done.cancelled() or done.exception() is not None


def _answer(future: Future[Answer]) -> Answer:
    """Return the result of what is done; what was dropped ends as ``Cancelled``."""
    try:
        return future.result()
    except CancelledError as error:
        raise Cancelled from error


def _stop_if(cancelled: Cancel) -> None:
    if cancelled():
        raise Cancelled
