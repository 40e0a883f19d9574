"""Live transcription: interim and final text while somebody talks.

    audio as it arrives → transcriber ─→ Final: the segments that the kept recording would give
                            └ the utterance that is still open → Sketcher ─→ Interim

Final text comes from the same pipeline as a file's. Interim text is the recognition of the open
utterance so far. There is one at a time, so a slow machine shows fewer of them and nothing queues.
"""

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from richspeech.audio.mono import Waveform
from richspeech.audio.vad import SpeechSpan
from richspeech.errors import Cancelled
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis, Segment
from richspeech.recognition.live_recording import LiveRecording
from richspeech.recognition.pipeline import (
    Cancel,
    Progress,
    RecognitionJob,
    RecognitionQueue,
    Transcriber,
    segment_of,
)
from richspeech.recognition.reading import BLOCK_SECONDS, Frontend, WaveformSource
from richspeech.recognition.utterance import Request, Utterance
from richspeech.stages.chain import Chain, Recipe

SHORTEST_SECONDS = 0.3
"""Of an utterance that is worth a look; before that there is hardly a syllable."""
LONGEST_SECONDS = 30.0
"""What the model was trained on; the open end of joined utterances may be longer for a moment."""


@dataclass(frozen=True)
class Began:
    """Somebody has begun to speak; an ``Interim`` may follow, and a ``Final`` will.

    An utterance that is over when it is found has no ``Began``.
    """

    start: float
    """Seconds; the ``Final`` has the same, or up to OVERLAP_SECONDS less behind a cut."""


@dataclass(frozen=True)
class Interim:
    """What the open utterance sounds like so far; the next one, or its ``Final``, replaces it."""

    segment: Segment
    latency_seconds: float
    """From the arrival of the newest sound in it until now."""


@dataclass(frozen=True)
class Final:
    """What was said in an utterance, or in a part of one."""

    segment: Segment
    latency_seconds: float
    """From the arrival of its last sound until now; the silence that ends it is in there."""


@dataclass(frozen=True)
class Finished:
    """The end of the recording."""

    progress: Progress
    """Its processing time leaves out what was spent waiting for sound."""


Event = Began | Interim | Final | Finished


@dataclass(frozen=True)
class Sketcher:
    """Recognises the beginning of utterances with the model of a pipeline."""

    queue: RecognitionQueue
    frontend: Frontend
    recipe: Recipe = field(default_factory=Recipe)
    """As the pipeline's, but that an open utterance stays whole and nobody judges it yet."""

    def with_recipe(self, recipe: Recipe) -> "Sketcher":
        """Return one that follows the recipe of a request."""
        plain = replace(recipe, divides=False, reader=None, cascade=None)
        return replace(self, recipe=plain)

    @contextmanager
    def sketch(self, options: Options) -> Iterator["Sketch"]:
        """Take a place in the queue; what still waits there at the end is dropped."""
        with self.queue.job() as job:
            yield Sketch(job, self.frontend, self.recipe.chain(options), options)


class Sketch:
    """The one beginning of an utterance that is being recognised, if any."""

    def __init__(
        self, job: RecognitionJob, frontend: Frontend, chain: Chain, options: Options
    ) -> None:
        self._job, self._frontend, self._chain, self._options = job, frontend, chain, options
        self._span: SpeechSpan | None = None
        self._future: Future[Hypothesis] | None = None

    @property
    def is_free(self) -> bool:
        """Whether another one may begin."""
        return self._future is None

    def begin(self, start: float, end: float, waveform: Waveform) -> None:
        """Have what was said from ``start`` on recognised."""
        frames = self._frontend.stream().feed(waveform)
        self._span = SpeechSpan(start, end)
        utterance = Utterance(start, end, waveform, frames.log_mel)
        self._future = self._job.submit(Request(utterance, self._options))

    def take(self, open_start: float | None) -> Segment | None:
        """Return what was recognised, once, if it is of the utterance that is open now.

        Raises what the model raised, and ``Cancelled`` when it was closed.
        """
        if self._future is None or self._span is None or not self._future.done():
            return None
        future, self._future = self._future, None
        try:
            recognised = segment_of(self._span, future.result())
        except CancelledError as error:
            raise Cancelled from error
        if self._span.start != open_start:
            return None
        (segment,), _ = self._chain.edited(self._chain.measured([recognised]))
        return segment


class LiveTranscription:
    """Turns a recording that is going on into events."""

    def __init__(
        self, transcriber: Transcriber, sketcher: Sketcher, *, interim_seconds: float
    ) -> None:
        """``interim_seconds`` lie at least between two looks at an open utterance."""
        self._transcriber, self._sketcher = transcriber, sketcher
        self._interim_seconds = interim_seconds

    def events(
        self, recording: LiveRecording, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Event]:
        """Yield what is recognised as soon as it is there; the last event is ``Finished``.

        Raises what the transcriber raises.
        """
        looked, began = time.monotonic(), None
        alone = replace(options, voices="off")  # who said it is known when all has been said
        with self._sketcher.sketch(options) as sketch:
            for progress in self._transcriber.transcribe(recording, alone, cancelled):
                for segment in progress.new:
                    yield Final(segment, recording.latency(segment.end))
                if progress.finished:
                    yield Finished(_without_waiting(progress, recording.waited_seconds))
                    return
                if progress.open_start not in (None, began):
                    began = progress.open_start
                    yield Began(began)
                if recognised := sketch.take(progress.open_start):
                    yield Interim(recognised, recording.latency(recognised.end))
                if time.monotonic() - looked >= self._interim_seconds:
                    looked = _look(sketch, progress.open_start, recording) or looked


def _look(sketch: Sketch, start: float | None, recording: LiveRecording) -> float | None:
    """Have the open utterance recognised as far as it goes; return when, if it could be."""
    end = recording.seconds_read
    if start is None or not sketch.is_free:
        return None
    if not SHORTEST_SECONDS <= end - start <= LONGEST_SECONDS:
        return None
    sketch.begin(start, end, recording.cut(start, end))
    return time.monotonic()


def _without_waiting(progress: Progress, waited_seconds: float) -> Progress:
    seconds = max(progress.transcript.processing_seconds - waited_seconds, 0.0)
    as_measured = progress.measured and replace(progress.measured, processing_seconds=seconds)
    transcript = replace(progress.transcript, processing_seconds=seconds)
    return replace(progress, transcript=transcript, measured=as_measured)


class Retold:
    """A transcriber that knows already what is said: it only reads the recording to its end."""

    def __init__(self, progress: Progress) -> None:
        """``progress`` is the last step of the transcription."""
        self._progress = progress

    def transcribe(
        self,
        recording: WaveformSource,
        options: Options,  # noqa: ARG002 - they were obeyed when it was recognised
        cancelled: Cancel = lambda: False,
    ) -> Iterator[Progress]:
        """Yield once, at the end; raises ``Cancelled`` soon after ``cancelled`` says so."""
        for _ in recording.blocks(BLOCK_SECONDS):
            if cancelled():
                raise Cancelled
        yield self._progress
