"""Traces lead from the request to its job and what that does, and hold nothing that people say."""

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from richspeech.api.app import create_app
from richspeech.app import traced
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import SettingsError
from richspeech.jobs.observer import Observers
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription, Transcriptions
from richspeech.operations.metrics import Metrics
from richspeech.operations.parts import Parts
from richspeech.operations.tracing import Tracing
from richspeech.settings import OperationsSettings, Settings
from tests.fakes import FakeTranscriber, loaded_with, ready, wait_until, wav_at
from tests.unit.operations.test_metrics import LIMITS, value


def spans_of(path: Path, metrics: Metrics) -> dict[str, ReadableSpan]:
    """The spans of one request for the transcript of a recording, by their names."""
    exporter = InMemorySpanExporter()
    tracing = Tracing(SimpleSpanProcessor(exporter))
    runner, loaded = Runner(observer=Observers(metrics, tracing)), loaded_with(FakeTranscriber())
    transcribers = Transcribers(ready(loaded), Settings())
    work = Transcriptions(runner, transcribers, LIMITS)
    app = create_app(Parts(ready(loaded), runner), "1", tracing.of_requests)

    @app.post("/v1/transcripts/{name}")
    async def transcribe(name: str) -> str:
        job = Transcription(path)
        work.submit(job)
        while not job.is_over:
            await asyncio.sleep(0.01)
        return job.transcript.text if job.transcript else str(job.error)

    client = TestClient(app)
    client.get("/livez")
    client.post("/v1/transcripts/mine")
    wait_until(lambda: not runner.busy)
    spans = exporter.get_finished_spans()
    assert len({span.name for span in spans}) == len(spans)
    return {span.name: span for span in spans}


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def test_a_trace_leads_from_the_request_to_what_its_job_does(tmp_path: Path) -> None:
    metrics = Metrics()
    spans = spans_of(wav_at(tmp_path / "a.wav", np.zeros(32_000)), metrics)
    request, job = spans["POST /v1/transcripts/{name}"], spans["job transcribe"]
    decode, recognise = spans["decode"], spans["recognise"]
    assert len(spans) == 4, "probes are not traced"
    assert request.context is not None
    assert job.context is not None
    assert parent_of(job) == request.context.span_id
    assert parent_of(decode) == parent_of(recognise) == job.context.span_id
    assert job.attributes is not None
    assert job.attributes["job.state"] == "finished"
    assert job.attributes["audio.seconds"] == 2
    assert job.attributes["job.waited_seconds"] == pytest.approx(0, abs=10)
    assert decode.attributes is not None
    assert decode.attributes["audio.seconds"] == 2
    assert value(metrics, "richspeech_audio_seconds_total") == 2, "others look on as well"


def test_no_span_holds_what_is_said_or_the_name_of_a_file(tmp_path: Path) -> None:
    spans = spans_of(wav_at(tmp_path / "secret.wav", np.zeros(32_000)), Metrics())
    ours = [span for name, span in spans.items() if "/" not in name]
    assert not any(word in span.to_json() for span in ours for word in ("你好", "secret"))


def test_a_job_that_fails_has_the_code_of_its_error(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound" * 100)
    job = spans_of(tmp_path / "a.wav", Metrics())["job transcribe"]
    assert job.attributes is not None
    assert job.attributes["error.type"] == "audio"
    assert not job.status.is_ok


def test_nothing_is_traced_unless_the_settings_say_where_to() -> None:
    with traced(Settings()) as tracing:
        assert tracing is None


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = OperationsSettings(otlp_endpoint="http://127.0.0.1:4318/v1/traces")
    monkeypatch.delitem(sys.modules, "richspeech.operations.tracing")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with (
        pytest.raises(SettingsError, match=r"pip install .*telemetry"),
        traced(Settings(operations=endpoint)),
    ):
        pass


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4318", "ftp://x", "http://"])
def test_what_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="an endpoint is an address"):
        OperationsSettings(otlp_endpoint=endpoint)
