"""Utterances recognised elsewhere: each once, by one at a time, as if it had happened here."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.engines import loader
from richspeech.engines.loaded import Models
from richspeech.errors import AudioError, JobLostError, ModelError
from richspeech.model.options import Options
from richspeech.model.transcript import Segment
from richspeech.operations.caller import Caller, called_by
from richspeech.queue import remote
from richspeech.queue.consumer import Consumer
from richspeech.queue.recognition import Recognition
from richspeech.queue.remote import RemoteQueue, recogniser_identity
from richspeech.recognition.scheduler import Scheduler
from richspeech.settings import load_settings
from richspeech.storage.database import Database
from richspeech.storage.jobs import JobStore, NewJob
from richspeech.storage.recordings import Recordings
from richspeech.storage.utterance_batches import BatchClaim, NewBatch, UtteranceBatches
from tests.integration.conftest import EXAMPLES

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EMBEDDED = load_settings(model={"id": "embedded", "device": "cpu"})


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(Database, "clock", staticmethod(lambda *_: clock()))
    return clock


@pytest.fixture
def jobs(empty: str) -> Iterator[JobStore]:
    with closing(Database(empty)) as database:
        yield JobStore(database, max_attempts=3)


def handed_in(jobs: JobStore, priority: int = 0) -> str:
    [job] = jobs.add([NewJob("call.wav", 10, "a", priority=priority)])
    return job.id


def batch(job: str, start_ms: int = 0, asked: str = "a", identity: str = "tiny") -> NewBatch:
    return NewBatch(job, start_ms, identity, asked, f"{start_ms:016x}", 3.0)


def claimed(batches: UtteranceBatches) -> BatchClaim:
    claim = batches.claim("gpu", "tiny")
    assert claim is not None
    return claim


def test_batches_come_by_the_order_of_jobs_and_only_to_the_engine_that_is_asked_for(
    jobs: JobStore, clock: Clock
) -> None:
    first, urgent = handed_in(jobs), handed_in(jobs, priority=1)
    for job, start_ms in ((first, 500), (first, 0), (urgent, 0)):
        jobs.utterance_batches.put(batch(job, start_ms))
    jobs.utterance_batches.put(batch(urgent, 700, identity="other"))
    numbers = [claimed(jobs.utterance_batches).number for _ in range(3)]
    assert numbers == [3, 2, 1]
    assert jobs.utterance_batches.claim("gpu", "tiny") is None


def test_who_was_taken_for_dead_changes_nothing(jobs: JobStore, clock: Clock) -> None:
    batches = jobs.utterance_batches
    number = batches.put(batch(handed_in(jobs)))
    dead = claimed(batches)
    clock.now += timedelta(seconds=29)
    assert batches.renew([dead.lease], "gpu") == {dead.lease}
    clock.now += timedelta(seconds=29)
    assert batches.claim("gpu", "tiny") is None
    clock.now += timedelta(seconds=2)
    alive = claimed(batches)
    assert batches.renew([dead.lease], "gpu") == frozenset()
    with pytest.raises(JobLostError):
        batches.finish(dead, [{"text": "twice"}])
    batches.finish(alive, [{"text": "once"}])
    assert batches.outcomes([number])[number].hypotheses == [{"text": "once"}]
    assert batches.claim("gpu", "tiny") is None


def test_what_kills_its_workers_is_an_error_in_the_end(jobs: JobStore, clock: Clock) -> None:
    number = jobs.utterance_batches.put(batch(handed_in(jobs)))
    for _ in range(3):
        claimed(jobs.utterance_batches)
        clock.now += timedelta(seconds=31)
    assert jobs.utterance_batches.claim("gpu", "tiny") is None
    error = jobs.utterance_batches.outcomes([number])[number].error
    assert error is not None
    assert error.key == "job.gave_up"


def test_a_reader_that_takes_over_finds_the_same_batch_and_replaces_another(
    jobs: JobStore, clock: Clock
) -> None:
    job = handed_in(jobs)
    number = jobs.utterance_batches.put(batch(job))
    jobs.utterance_batches.finish(claimed(jobs.utterance_batches), [])
    assert jobs.utterance_batches.find(batch(job)) == number
    assert jobs.utterance_batches.find(batch(job, asked="b")) is None
    assert jobs.utterance_batches.find(batch(job, identity="other")) is None
    other = jobs.utterance_batches.put(batch(job, asked="b"))
    assert not jobs.utterance_batches.outcomes([number])
    assert not jobs.utterance_batches.outcomes([other])[other].is_over


def test_batches_go_with_their_job(jobs: JobStore, clock: Clock) -> None:
    job = handed_in(jobs)
    number = jobs.utterance_batches.put(batch(job))
    claim = claimed(jobs.utterance_batches)
    assert jobs.utterance_batches.contents() == {"0" * 16}
    jobs.delete(job)
    assert not jobs.utterance_batches.outcomes([number])
    with pytest.raises(JobLostError):
        jobs.utterance_batches.fail(claim, AudioError("audio.empty", name="x"))
    with pytest.raises(JobLostError):
        jobs.utterance_batches.put(batch(job))


@contextmanager
def recognising(jobs: JobStore, files: Recordings, ours: loader.Loaded) -> Iterator[None]:
    """Recognise what others read, as a worker of that kind does."""
    assert isinstance(ours.model_thread, Scheduler)
    models = Models(ours.weights, ours.vad_weights, ours.punctuation_weights)
    identity = recogniser_identity(EMBEDDED, "sensevoice", models, "1")
    recognition = Recognition(jobs.utterance_batches, files, ours.model_thread, identity, 2)
    consumer = Consumer(recognition, lambda: True, lambda: None, 0.0)
    recognition.wake = consumer.work.set
    with closing(recognition), consumer.running():
        yield


def queue_over(
    jobs: JobStore,
    files: Recordings,
    wake: Callable[[], None],
    engine: str,
    models: Models,
) -> RemoteQueue:
    identity = recogniser_identity(EMBEDDED, engine, models, "1")
    return RemoteQueue(engine, jobs.utterance_batches, files, identity, wake)


def heard(loaded: loader.Loaded, job: str) -> tuple[Segment, ...]:
    staged = loader.with_stages(loaded, EMBEDDED, (), None)
    with (
        called_by(Caller(job=job)),
        open_recording(EXAMPLES / "zh-call.wav", AudioLimits(10**9, 10**5)) as recording,
    ):
        [*_, last] = staged.transcriber.transcribe(recording, Options(), lambda: False)
    return last.transcript.segments


def labelled(segments: tuple[Segment, ...]) -> list[object]:
    """Without probabilities, whose last digits depend on what is in the same batch of a model."""
    return [(s.start, s.end, s.text, s.language, s.emotion, s.events) for s in segments]


def test_a_recording_is_heard_elsewhere_as_it_is_here(
    jobs: JobStore, tmp_path: Path, ours: loader.Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "BATCH_SECONDS", 10.0)
    files, rung = Recordings(tmp_path / "files"), list[str]()
    queue_of = partial(queue_over, jobs, files, lambda: rung.append("rung"))
    reading = loader.load_reading(queue_of, EMBEDDED, "sensevoice")
    with closing(reading), recognising(jobs, files, ours):
        there = heard(reading, handed_in(jobs))
    assert rung
    assert labelled(there) == labelled(heard(ours, ""))
    assert jobs.utterance_batches.contents() == frozenset()
    assert [*(tmp_path / "files").iterdir()] == []


def test_what_cannot_be_recognised_fails_the_job_with_the_reason(
    jobs: JobStore, tmp_path: Path, ours: loader.Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Recordings(tmp_path)
    monkeypatch.setattr(remote, "write_features", lambda file, *_, **__: file.write_bytes(b"x"))
    queue_of = partial(queue_over, jobs, files, lambda: None)
    reading = loader.load_reading(queue_of, EMBEDDED, "sensevoice")
    with (
        closing(reading),
        recognising(jobs, files, ours),
        pytest.raises(ModelError, match="features"),
    ):
        heard(reading, handed_in(jobs))


def test_an_engine_that_takes_recordings_whole_cannot_be_read_for(jobs: JobStore) -> None:
    queue_of = partial(queue_over, jobs, Recordings(Path()), lambda: None)
    with pytest.raises(ModelError, match="reference"):
        loader.load_reading(queue_of, EMBEDDED, "reference")
