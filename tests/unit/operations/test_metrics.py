"""Metrics say what happened, in a form that Prometheus reads, and have few labels."""

import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from postprocess import Emotion
from richspeech.audio.container import AudioLimits
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import AudioError, Cancelled
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription, Transcriptions
from richspeech.jobs.waiting import WaitingRoom
from richspeech.model.job_state import State
from richspeech.operations.metrics import Metrics
from richspeech.operations.requests import Seen
from richspeech.settings import Settings
from richspeech.storage.history import History
from richspeech.storage.transcripts import Store
from tests.fakes import HAPPY, FakeTranscriber, loaded_with, ready, wait_until, wav_at

LIMITS = AudioLimits(10**8, 600.0)


class Exported(Job):
    kind = Kind.EXPORT


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """The only sample of a name with these labels; 0 without one."""
    families = text_string_to_metric_families(metrics.text().decode())
    samples = [
        each.value
        for family in families
        for each in family.samples
        if each.name == name and labels.items() <= each.labels.items()
    ]
    assert len(samples) <= 1, f"{name} with {labels} is ambiguous"
    return samples[0] if samples else 0.0


def test_a_transcript_counts_its_seconds_and_its_segments_by_emotion(
    metrics: Metrics, tmp_path: Path
) -> None:
    transcribers = Transcribers(ready(loaded_with(FakeTranscriber(HAPPY, HAPPY))), Settings())
    work = Transcriptions(Runner(observer=metrics), transcribers, LIMITS)
    job = Transcription(wav_at(tmp_path / "a.wav", np.zeros(32_000)))
    work.submit(job)
    wait_until(lambda: value(metrics, "richspeech_jobs_total") == 1)
    assert job.state is State.FINISHED
    assert value(metrics, "richspeech_jobs_total", kind="transcribe", state="finished") == 1
    assert value(metrics, "richspeech_audio_seconds_total", engine="ear", language="zh") == 2
    assert value(metrics, "richspeech_segments_total", emotion=Emotion.HAPPY) == 2
    assert value(metrics, "richspeech_transcripts_total", origin="recording") == 1
    assert value(metrics, "richspeech_real_time_factor_count", engine="ear") == 1
    assert value(metrics, "richspeech_real_time_factor_sum") == pytest.approx(0.05, abs=0.01)
    assert value(metrics, "richspeech_queue_wait_seconds_count", kind="transcribe") == 1


def test_what_the_history_had_is_no_audio_that_was_recognised(
    metrics: Metrics, tmp_path: Path
) -> None:
    path, weights = wav_at(tmp_path / "a.wav", np.zeros(32_000)), tmp_path / "weights"
    weights.mkdir()
    transcribers = Transcribers(ready(loaded_with(FakeTranscriber(), folder=weights)), Settings())
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite")) as store:
        history = History(store, Settings(), "1")
        work = Transcriptions(Runner(observer=metrics), transcribers, LIMITS, history)
        for _ in range(2):
            work.run(Transcription(path), path)
    assert value(metrics, "richspeech_transcripts_total", origin="recording") == 1
    assert value(metrics, "richspeech_transcripts_total", origin="history") == 1
    assert value(metrics, "richspeech_audio_seconds_total") == 2


def raising(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (AudioError("audio.empty", name="a"), "failed", "audio"),
        (Cancelled(), "cancelled", None),
        (ZeroDivisionError(), "failed", "unexpected"),
    ],
)
def test_a_job_counts_by_how_it_ended(
    metrics: Metrics, error: BaseException, state: str, code: str | None
) -> None:
    Runner(observer=metrics).run(Exported(), lambda: raising(error))
    assert value(metrics, "richspeech_jobs_total", kind="export", state=state) == 1
    assert value(metrics, "richspeech_errors_total") == (code is not None)
    assert value(metrics, "richspeech_errors_total", code=code or "") == (code is not None)


@pytest.fixture
def busy(metrics: Metrics) -> Iterator[Runner]:
    """A runner with room for one job that waits, whose export places are taken until the end."""
    go_on, runner = threading.Event(), Runner(WaitingRoom(1), observer=metrics)
    metrics.watch(runner, Transcribers(ready(loaded_with(FakeTranscriber())), Settings()))

    def work(job: Job) -> None:
        job.enter(State.RUNNING)
        go_on.wait()

    for job in (Exported(), Exported(), Exported()):
        runner.submit(job, partial(work, job))
    wait_until(lambda: [each.state for each in runner.busy].count(State.RUNNING) == 2)
    yield runner
    go_on.set()
    wait_until(lambda: not runner.busy)


def test_who_waits_and_who_is_refused_is_to_be_seen(metrics: Metrics, busy: Runner) -> None:
    refused = Exported()
    busy.submit(refused, lambda: None)
    assert refused.state is State.FAILED
    assert value(metrics, "richspeech_queue_depth", kind="export") == 1
    assert value(metrics, "richspeech_jobs_running", kind="export") == 2
    assert value(metrics, "richspeech_queue_depth", kind="batch") == 0
    assert value(metrics, "richspeech_errors_total", code="busy") == 1


def test_engines_and_memory_are_to_be_seen(metrics: Metrics, busy: Runner) -> None:
    assert value(metrics, "richspeech_model_loaded", engine="sensevoice") == 1
    assert value(metrics, "richspeech_model_loaded", engine="paraformer") == 0
    assert value(metrics, "process_resident_memory_bytes") > 10**7


def test_requests_count_by_route_and_status(metrics: Metrics) -> None:
    metrics.began("http")
    assert value(metrics, "richspeech_http_requests_in_flight") == 1
    metrics.ended(Seen("http", "POST", "/v1/{thing}", 200, 0.25, 1_000))
    assert value(metrics, "richspeech_http_requests_in_flight") == 0
    labels = {"method": "POST", "route": "/v1/{thing}", "status": "200"}
    assert value(metrics, "richspeech_http_requests_total", **labels) == 1
    assert value(metrics, "richspeech_http_request_duration_seconds_sum") == 0.25
    assert value(metrics, "richspeech_received_bytes_total", route="/v1/{thing}") == 1_000


def test_a_websocket_has_no_duration_but_is_open_or_not(metrics: Metrics) -> None:
    metrics.began("websocket")
    assert value(metrics, "richspeech_websockets_open") == 1
    metrics.ended(Seen("websocket", "GET", "/live", 101, 60.0, 5))
    assert value(metrics, "richspeech_websockets_open") == 0
    assert value(metrics, "richspeech_http_request_duration_seconds_count") == 0


def test_two_of_them_know_nothing_of_each_other(metrics: Metrics) -> None:
    metrics.began("http")
    assert value(Metrics(), "richspeech_http_requests_in_flight") == 0
