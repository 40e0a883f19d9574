"""Traces in OpenTelemetry's form, for whoever has a collector; off unless the settings name one.

    POST /v1/audio/transcriptions     FastAPI's own span, with the template of the route
     └ job transcribe                 from the wait for a place to the end
        ├ decode                      from the first block of the recording to the last
        └ recognise                   what the engine does with it

Spans hold kinds, states, codes and seconds: no names, and nothing that people say. The provider is
an own one, so that nothing that the environment configures is sent anywhere.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import StatusCode, Tracer, get_current_span

from richspeech.audio.mono import SAMPLE_RATE, Waveforms
from richspeech.jobs.job import Job
from richspeech.jobs.observer import Observer
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.strand import Strand
from richspeech.model.transcript import Transcript
from richspeech.recognition.reading import Reader, Stretch, WaveformSource, strands_of
from richspeech.version import version

Read = TypeVar("Read")

NAME = "richspeech"
TRACED = ("/v1/", "/api/")
"""Where programs ask; the page asks hundreds of times a minute."""


@contextmanager
def tracing_to(endpoint: str) -> Iterator["Tracing"]:
    """Trace into a collector that takes OTLP over HTTP, as at http://127.0.0.1:4318/v1/traces."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    tracing = Tracing(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    try:
        yield tracing
    finally:
        tracing.close()


class Tracing(Observer):
    """Makes the spans of one process; for all threads."""

    def __init__(self, processor: SpanProcessor) -> None:
        """``processor`` gets every span that has ended."""
        about = {"service.name": NAME, "service.version": version()}
        self._provider = TracerProvider(resource=Resource.create(about))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(NAME)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    @property
    def of_requests(self) -> dict[str, Any]:
        """What FastAPI is told, which makes the spans of requests itself."""
        return {
            "tracer_provider": self._provider,
            "tracing": True,
            "operation_spans": False,
            "exclude": lambda scope: not scope["path"].startswith(TRACED),
        }

    @contextmanager
    def at_work(self, job: Job) -> Iterator[None]:
        """Make the span of a job."""
        named = {"job.id": job.id, "job.kind": job.kind.value}
        if job.caller.request is not None:
            named["request.id"] = job.caller.request
        with self._tracer.start_as_current_span(f"job {job.kind}", attributes=named) as span:
            yield
            span.set_attribute("job.state", job.state.value)
            if job.error is not None:
                span.set_attribute("error.type", job.error.code)
                span.set_status(StatusCode.ERROR)

    def turn(self, job: Job, waited_seconds: float) -> None:  # noqa: ARG002 - its span is current
        """Say how long it waited."""
        get_current_span().set_attribute("job.waited_seconds", waited_seconds)

    def decoding(self, recording: WaveformSource) -> WaveformSource:
        """Return the same recording, with a span for as long as it is read."""
        return _Decoded(recording, self._tracer)

    @contextmanager
    def recognising(self) -> Iterator[None]:
        """Make the span of what an engine does."""
        span = self._tracer.start_span("recognise")  # no current one: a generator may end elsewhere
        try:
            yield
        finally:
            span.end()

    def heard(self, transcript: Transcript) -> None:
        """Say what came of the job."""
        of_job = get_current_span()
        of_job.set_attribute("engine", transcript.engine)
        of_job.set_attribute("audio.seconds", transcript.duration)
        of_job.set_attribute("segments", len(transcript.segments))


@dataclass(frozen=True)
class _Decoded:
    """A recording whose blocks are timed."""

    recording: WaveformSource
    tracer: Tracer

    @property
    def duration(self) -> float | None:
        return self.recording.duration

    @property
    def warnings(self) -> tuple[RecordingWarning, ...]:
        return self.recording.warnings

    @property
    def name(self) -> str | None:
        return getattr(self.recording, "name", None)

    @property
    def strands(self) -> tuple[Strand, ...]:
        return strands_of(self.recording)

    def blocks(self, block_seconds: float) -> Iterator[Waveforms]:
        return self._timed(self.recording.blocks(block_seconds), lambda each: each.shape[-1])

    def read_with(self, reader: Reader, options: Options) -> Iterator[Stretch]:
        return self._timed(reader.read(self.recording, options), lambda each: each.block.shape[-1])

    def _timed(self, read: Iterator[Read], count: Callable[[Read], int]) -> Iterator[Read]:
        samples, busy_seconds = 0, 0.0
        span = self.tracer.start_span("decode")
        try:
            began = perf_counter()
            for each in read:
                busy_seconds += perf_counter() - began
                samples += count(each)
                yield each
                began = perf_counter()
        finally:
            span.set_attribute("audio.seconds", samples / SAMPLE_RATE)
            span.set_attribute("busy_seconds", busy_seconds)
            span.end()
