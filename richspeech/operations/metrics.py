"""Metrics in Prometheus' form: what happened, counted where all of it passes, and how things are.

    Requests (middleware)                      → requests, durations, bytes
    jobs and transcripts (``Observer``)        → jobs, waiting, errors, audio, segments
    runner and engines, when somebody asks     → queue, what runs, what is loaded, memory

Labels have few values: templates of routes, kinds and states of jobs, codes of errors, languages
and emotions that engines know. Nothing that a visitor sends becomes one. docs/operations.md has the
table.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

import prometheus_client as prometheus
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from richspeech.engines.transcribers import Transcribers
from richspeech.errors import StoreError
from richspeech.jobs.job import Job
from richspeech.jobs.job import Kind as JobKind
from richspeech.jobs.observer import Observer
from richspeech.jobs.runner import Runner
from richspeech.model.job_state import State
from richspeech.model.transcript import Transcript
from richspeech.operations.requests import Kind, Seen
from richspeech.storage.jobs import JobStore

CONTENT_TYPE = prometheus.CONTENT_TYPE_LATEST
PREFIX = "richspeech"
UNKNOWN = "unknown"
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Seconds: a probe takes milliseconds, a long recording minutes."""
WAIT_BUCKETS = (0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
"""Seconds: most jobs wait for nobody."""
RTF_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
"""From a GPU that hears a minute in 60 ms to a machine that cannot keep up with speech."""


class Metrics(Observer):
    """All of one process; for all threads."""

    def __init__(self) -> None:
        self.registry = own = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=own)
        route, kind = ["method", "route", "status"], ["kind"]
        self._requests = prometheus.Counter(
            "http_requests", "Requests that are over.", route, PREFIX, registry=own
        )
        self._request_seconds = prometheus.Histogram(
            "http_request_duration_seconds",
            "From the head of a request to the end of its answer.",
            ["route"],
            PREFIX,
            buckets=REQUEST_BUCKETS,
            registry=own,
        )
        self._in_flight = prometheus.Gauge(
            "http_requests_in_flight", "Requests that are being answered.", [], PREFIX, registry=own
        )
        self._websockets = prometheus.Gauge(
            "websockets_open", "WebSockets that are open.", [], PREFIX, registry=own
        )
        self._received = prometheus.Counter(
            "received_bytes", "Bodies and messages that came.", ["route"], PREFIX, registry=own
        )
        self._jobs = prometheus.Counter(
            "jobs",
            "Jobs that are over, by how they ended.",
            ["kind", "state"],
            PREFIX,
            registry=own,
        )
        self._waits = prometheus.Histogram(
            "queue_wait_seconds",
            "How long jobs waited for their turn.",
            kind,
            PREFIX,
            buckets=WAIT_BUCKETS,
            registry=own,
        )
        self._errors = prometheus.Counter(
            "errors", "Jobs that failed, by the code of the error.", ["code"], PREFIX, registry=own
        )
        self._transcripts = prometheus.Counter(
            "transcripts",
            "Transcripts: of recordings, of live speech, or found in the history.",
            ["origin"],
            PREFIX,
            registry=own,
        )
        self._audio = prometheus.Counter(
            "audio_seconds",
            "Seconds of the recordings recognised, by the language that most of it is in.",
            ["engine", "language"],
            PREFIX,
            registry=own,
        )
        self._rtf = prometheus.Histogram(
            "real_time_factor",
            "Seconds of processing for a second of a recording.",
            ["engine"],
            PREFIX,
            buckets=RTF_BUCKETS,
            registry=own,
        )
        self._segments = prometheus.Counter(
            "segments", "Segments recognised, by emotion.", ["emotion"], PREFIX, registry=own
        )

    def watch(
        self, runner: Runner, transcribers: Transcribers, durable: JobStore | None = None
    ) -> None:
        """Show from now on how these are whenever somebody asks."""
        self.registry.register(_Now(runner, transcribers, durable))

    def text(self) -> bytes:
        """Return all of it, as CONTENT_TYPE says."""
        return prometheus.generate_latest(self.registry)

    # Requests -------------------------------------------------------------------------------------

    def began(self, kind: Kind) -> None:
        """Count what is open."""
        self._open(kind).inc()

    def ended(self, seen: Seen) -> None:
        """Count what is over."""
        self._open(seen.kind).dec()
        self._requests.labels(seen.method, seen.route, str(seen.status)).inc()
        self._received.labels(seen.route).inc(seen.received_bytes)
        if seen.kind == "http":
            self._request_seconds.labels(seen.route).observe(seen.seconds)

    def _open(self, kind: Kind) -> prometheus.Gauge:
        return self._in_flight if kind == "http" else self._websockets

    # Jobs -----------------------------------------------------------------------------------------

    def refused(self, job: Job) -> None:
        """Count a job that was not taken."""
        self._count(job)

    @contextmanager
    def at_work(self, job: Job) -> Iterator[None]:
        """Count a job at its end."""
        yield
        self._count(job)

    def turn(self, job: Job, waited_seconds: float) -> None:
        """Count how long it waited."""
        self._waits.labels(job.kind.value).observe(waited_seconds)

    def _count(self, job: Job) -> None:
        self._jobs.labels(job.kind.value, job.state.value).inc()
        if job.error is not None:
            self._errors.labels(job.error.code).inc()

    # Transcripts ----------------------------------------------------------------------------------

    def heard(self, transcript: Transcript) -> None:
        """Count what was recognised, and how fast."""
        self._count_transcript(transcript, "recording")
        if transcript.duration:
            rtf = transcript.processing_seconds / transcript.duration
            self._rtf.labels(transcript.engine).observe(rtf)

    def heard_live(self, transcript: Transcript) -> None:
        """Count what was said."""
        self._count_transcript(transcript, "live")

    def found(self, transcript: Transcript) -> None:  # noqa: ARG002 - nobody has heard it now
        """Count that nothing had to be recognised."""
        self._transcripts.labels("history").inc()

    def _count_transcript(self, transcript: Transcript, origin: str) -> None:
        self._transcripts.labels(origin).inc()
        language = transcript.language or UNKNOWN
        self._audio.labels(transcript.engine, language).inc(transcript.duration)
        for segment in transcript.segments:
            self._segments.labels(segment.emotion.value).inc()


class _Now(Collector):
    """How things are at the moment in which somebody asks."""

    def __init__(
        self, runner: Runner, transcribers: Transcribers, durable: JobStore | None
    ) -> None:
        self._runner, self._transcribers, self._durable = runner, transcribers, durable

    def collect(self) -> Iterable[Metric]:
        """Look at the jobs and the engines."""
        busy = Counter((job.kind, job.state) for job in self._runner.busy)
        yield _gauge(
            "queue_depth",
            "Jobs that wait for their turn.",
            "kind",
            {kind.value: busy[kind, State.WAITING] for kind in JobKind},
        )
        running = Counter[str]()
        for (kind, state), count in busy.items():
            running[kind.value] += 0 if state is State.WAITING else count
        yield _gauge(
            "jobs_running",
            "Jobs whose turn has come.",
            "kind",
            {kind.value: running[kind.value] for kind in JobKind},
        )
        if self._durable is not None:
            with suppress(StoreError):  # a number that nobody knows is left out
                yield _gauge(
                    "durable_jobs",
                    "Jobs in the database, of all processes, by how far they are.",
                    "state",
                    {state.value: count for state, count in self._durable.counts().items()},
                )
        loaded = self._transcribers.loaded
        yield _gauge(
            "model_loaded",
            "Whether an engine is in memory.",
            "engine",
            {engine: int(engine in loaded) for engine in self._transcribers.engines},
        )
        memory = self._transcribers.memory_bytes
        yield _gauge(
            "model_memory_bytes",
            "By how much the process grew when an engine was loaded.",
            "engine",
            {engine: size for engine, size in memory.items() if size is not None},
        )
        yield _gauge(
            "gpu_memory_bytes",
            "Memory of a GPU that this process has taken.",
            "device",
            self._transcribers.gpu_memory_bytes,
        )


def _gauge(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    gauge = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=[label])
    for value, count in values.items():
        gauge.add_metric([value], count)
    return gauge
