"""Receivers are told of jobs that are over, once, in both databases, whatever happens meanwhile."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openai
import pytest

from richspeech.errors import AudioError, JobLostError, OptionError
from richspeech.model.delivery import DeliveryState, Told
from richspeech.model.request import TranscriptionRequest
from richspeech.queue.outbox import Outbox
from richspeech.queue.queue import HandedIn, JobQueue
from richspeech.queue.receivers import Receivers
from richspeech.queue.webhooks import Webhooks
from richspeech.storage.database import Database
from richspeech.storage.deliveries import DeliveryStore
from richspeech.storage.jobs import Claim, JobStore, NewJob, Outcome, QueuedJob
from richspeech.storage.recordings import Recordings
from scripts.ports import free_port
from tests.documents import API, example_of
from tests.fakes import wait_until, wav_at
from tests.receiver import SECRET, Call, Receiver, receiving

REQUEST = TranscriptionRequest()
IN_SQLITE = pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
"""For what is the same in both databases."""
LESS_SECONDS = 50
"""Than the longest that a call may be given, and long enough for a busy machine."""
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def database(empty: str) -> Iterator[Database]:
    with closing(Database(empty)) as database:
        yield database


@pytest.fixture
def jobs(database: Database) -> JobStore:
    return JobStore(database)


def begun(jobs: JobStore, url: str, name: str = "客服.wav") -> Claim:
    """Begin a job whose end somebody wants to know."""
    jobs.add([NewJob(name, 10, name, webhook=url, batch="b" * 8)])
    claim = jobs.claim("worker")
    assert claim is not None
    return claim


def finished(jobs: JobStore, url: str, name: str = "客服.wav") -> Claim:
    claim = begun(jobs, url, name)
    jobs.finish(claim, Outcome(3.0))
    return claim


def outbox_of(jobs: JobStore, receiver: Receiver, **others: object) -> Outbox:
    settings = receiver.settings(**others)
    webhooks = Webhooks.of(settings)
    assert webhooks is not None
    return Outbox(jobs.deliveries(30.0), webhooks, settings.retry_seconds, look_seconds=0.02)


def now(jobs: JobStore, claim: Claim) -> QueuedJob:
    found = jobs.find(claim.job.id)
    assert found is not None
    return found


def state_of(jobs: JobStore, claim: Claim) -> DeliveryState | None:
    told = now(jobs, claim).told
    return None if told is None else told.state


def verify(call: Call) -> None:
    client = openai.OpenAI(api_key="none", webhook_secret=SECRET)
    client.webhooks.verify_signature(call.body, call.headers)


# Told ---------------------------------------------------------------------------------------------


def test_a_receiver_that_fails_twice_is_told_by_the_third_attempt(jobs: JobStore) -> None:
    with receiving(500, 500, 200) as receiver:
        claim = finished(jobs, receiver.url)
        assert now(jobs, claim).told == Told(DeliveryState.WAITING, 0, None)
        with outbox_of(jobs, receiver).running():
            wait_until(lambda: state_of(jobs, claim) is DeliveryState.DELIVERED)
            time.sleep(0.2)  # there is no fourth
    assert now(jobs, claim).told == Told(DeliveryState.DELIVERED, 3, "200")
    assert len(receiver.calls) == 3
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert len({call.body for call in receiver.calls}) == 1
    for call in receiver.calls:
        verify(call)


@IN_SQLITE
def test_what_is_said_is_how_the_job_ended_and_nothing_of_what_was_heard(jobs: JobStore) -> None:
    with receiving() as receiver:
        claim = begun(jobs, receiver.url)
        jobs.fail(claim, AudioError("audio.empty", name="客服.wav"))
        with outbox_of(jobs, receiver).running():
            wait_until(lambda: bool(receiver.calls))
    said = json.loads(receiver.calls[0].body)
    job = now(jobs, claim)
    assert job.ended is not None
    assert said == {
        "type": "job.failed",
        "timestamp": job.ended.isoformat(),
        "data": {
            "id": job.id,
            "batch": "b" * 8,
            "name": "客服.wav",
            "state": "failed",
            "code": "audio",
            "created": int(job.created.timestamp()),
            "ended": int(job.ended.timestamp()),
            "seconds_total": None,
            "url": f"/v1/jobs/{job.id}",
        },
    }


def test_each_way_to_end_is_told(jobs: JobStore) -> None:
    with receiving() as receiver:
        finished(jobs, receiver.url, "finished")
        jobs.stop(begun(jobs, receiver.url, "stopped"))
        unwanted = begun(jobs, receiver.url, "given back")
        jobs.cancel(unwanted.job.id)
        jobs.give_back(unwanted)
        (waiting,) = jobs.add([NewJob("waiting", 1, "w", webhook=receiver.url)])
        jobs.cancel(waiting.id)
        with outbox_of(jobs, receiver).running():
            wait_until(lambda: len(receiver.calls) == 4)
    said = [json.loads(call.body) for call in receiver.calls]
    assert sorted((each["type"], each["data"]["name"]) for each in said) == [
        ("job.cancelled", "given back"),
        ("job.cancelled", "stopped"),
        ("job.cancelled", "waiting"),
        ("job.finished", "finished"),
    ]


def test_a_job_that_nobody_asked_about_and_one_that_was_lost_are_not_told(jobs: JobStore) -> None:
    with receiving() as receiver:
        jobs.add([NewJob("quiet", 1, "q")])
        quiet = jobs.claim("worker")
        assert quiet is not None
        jobs.finish(quiet, Outcome(1.0))
        lost = begun(jobs, receiver.url)
        jobs.give_back(lost)
        with pytest.raises(JobLostError):
            jobs.finish(lost, Outcome(1.0))
    assert (now(jobs, quiet).told, now(jobs, lost).told) == (None, None)
    assert jobs.deliveries(30).claim() is None


@IN_SQLITE
def test_the_example_of_the_documents_verifies_a_call(jobs: JobStore) -> None:
    found = {example_of(document, "Webhooks", "python") for document in API}
    assert len(found) == 1, "both documents have the same example"
    port = free_port()
    environment = {**os.environ, "RICHSPEECH_WEBHOOKS__SECRET": SECRET}
    code = found.pop().replace("9000", str(port))
    receiver = Receiver(origin=f"http://127.0.0.1:{port}")
    claim = finished(jobs, receiver.url)
    with outbox_of(jobs, receiver, retry_seconds=[9.0] * 20).running():  # until it listens
        printed = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=300,
        ).stdout
        wait_until(lambda: state_of(jobs, claim) is DeliveryState.DELIVERED)
    assert printed == f"job.finished 客服.wav /v1/jobs/{claim.job.id}\n"


@IN_SQLITE
def test_a_receiver_that_is_not_allowed_is_refused_before_anything_is_kept(
    jobs: JobStore, tmp_path: Path
) -> None:
    queue = JobQueue(jobs, Recordings(tmp_path / "recordings"))
    path = wav_at(tmp_path / "a.wav", [0])
    with pytest.raises(OptionError, match=r"Webhooks to https://evil\.example are not"):
        queue.submit([HandedIn(path, "a.wav")], REQUEST, webhook="https://evil.example/")
    assert jobs.list() == ()


@IN_SQLITE
def test_an_address_is_kept_as_it_was_read(jobs: JobStore, tmp_path: Path) -> None:
    receivers = Receivers(Receiver(origin="https://hooks.example.org").settings())
    queue = JobQueue(jobs, Recordings(tmp_path / "recordings"), receivers=receivers)
    path = wav_at(tmp_path / "a.wav", [0])
    asked = "HTTPS://Hooks.Example.org:443/é#top"
    (job,) = queue.submit([HandedIn(path, "a.wav")], REQUEST, webhook=asked)
    assert job.webhook == "https://hooks.example.org/%C3%A9"


# Not told -----------------------------------------------------------------------------------------


@IN_SQLITE
def test_what_nobody_takes_is_given_up_and_both_log_and_job_say_so(
    jobs: JobStore, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving(500) as receiver:
        claim = finished(jobs, f"{receiver.origin}/token?secret=1")
        with outbox_of(jobs, receiver, retry_seconds=[0.02, 0.02]).running():
            wait_until(lambda: state_of(jobs, claim) is DeliveryState.GIVEN_UP)
    assert now(jobs, claim).told == Told(DeliveryState.GIVEN_UP, 3, "500")
    assert len(receiver.calls) == 3
    words = f"{receiver.origin} was not told that the job {claim.job.id} is over"
    assert f"{words}: given up after attempt 3 (500)" in caplog.text
    assert [word for word in ("token", "secret", SECRET) if word in caplog.text] == []


@IN_SQLITE
@pytest.mark.parametrize(("status", "attempts"), [(410, 1), (307, 2)])
def test_neither_a_receiver_that_is_gone_nor_a_redirect_is_followed(
    jobs: JobStore, status: int, attempts: int
) -> None:
    with receiving() as other, receiving(status, location=other.url) as receiver:
        claim = finished(jobs, receiver.url)
        origins = [receiver.origin, other.origin]
        with outbox_of(jobs, receiver, origins=origins, retry_seconds=[0.02]).running():
            wait_until(lambda: state_of(jobs, claim) is DeliveryState.GIVEN_UP)
    assert now(jobs, claim).told == Told(DeliveryState.GIVEN_UP, attempts, str(status))
    assert other.calls == []


@IN_SQLITE
def test_a_receiver_that_never_answers_costs_neither_jobs_nor_other_receivers_anything(
    jobs: JobStore,
) -> None:
    with receiving(silent=threading.Event()) as silent, receiving() as receiver:
        origins = [silent.origin, receiver.origin]
        outbox = outbox_of(jobs, receiver, origins=origins, timeout_seconds=60)
        with outbox.running():
            stuck = [finished(jobs, silent.url, f"stuck {number}") for number in range(10)]
            wait_until(lambda: bool(silent.calls))
            claim = finished(jobs, receiver.url)
            wait_until(lambda: state_of(jobs, claim) is DeliveryState.DELIVERED, LESS_SECONDS)
            left = time.monotonic()
        assert time.monotonic() - left < LESS_SECONDS
        assert len(silent.calls) == 1
    time.sleep(0.2)  # it answers now, and nobody listens
    assert now(jobs, stuck[0]).told == Told(DeliveryState.WAITING, 1, None)
    assert {now(jobs, each).state for each in stuck} == {now(jobs, claim).state}


# Whatever happens meanwhile -----------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time of the database, whichever that is; the last of these."""
    times = [NOON]
    monkeypatch.setattr(Database, "clock", staticmethod(lambda *_: times[-1]))
    return times


def test_attempts_go_on_after_a_restart(empty: str, clock: list[datetime]) -> None:
    with receiving(500, 502, 200) as receiver:
        with closing(Database(empty)) as database:
            jobs = JobStore(database)
            claim = finished(jobs, receiver.url)
            with outbox_of(jobs, receiver).running():
                wait_until(lambda: now(jobs, claim).told == Told(DeliveryState.WAITING, 1, "500"))
        with closing(Database(empty)) as database:
            jobs = JobStore(database)
            assert now(jobs, claim).told == Told(DeliveryState.WAITING, 1, "500")
            with outbox_of(jobs, receiver).running():
                clock.append(NOON + timedelta(seconds=60))
                wait_until(lambda: now(jobs, claim).told == Told(DeliveryState.WAITING, 2, "502"))
                clock.append(NOON + timedelta(seconds=120))
                wait_until(lambda: state_of(jobs, claim) is DeliveryState.DELIVERED)
            assert now(jobs, claim).told == Told(DeliveryState.DELIVERED, 3, "200")
    assert len(receiver.calls) == 3


def test_two_processes_tell_everybody_once(empty: str) -> None:
    with ExitStack() as stack:
        receivers = [stack.enter_context(receiving()) for _ in range(4)]
        origins = [each.origin for each in receivers]
        databases = [stack.enter_context(closing(Database(empty))) for _ in range(2)]
        stores = [JobStore(each) for each in databases]
        claims = [
            finished(stores[0], receivers[number % 4].url, str(number)) for number in range(12)
        ]
        with ExitStack() as running:
            for store in stores:
                outbox = outbox_of(store, receivers[0], origins=origins)
                running.enter_context(outbox.running())
            for claim in claims:
                wait_until(lambda: state_of(stores[0], claim) is DeliveryState.DELIVERED)  # noqa: B023
        calls = [call for receiver in receivers for call in receiver.calls]
        assert len(calls) == len({call.headers["webhook-id"] for call in calls}) == 12


def test_what_a_killed_process_has_begun_is_begun_again_once_its_lease_is_over(
    database: Database, clock: list[datetime]
) -> None:
    finished(JobStore(database), "https://hooks.example.org/heard")
    deliveries = DeliveryStore(database, lease_seconds=30)
    dead = deliveries.claim()
    assert dead is not None
    assert (dead.attempts, deliveries.claim()) == (1, None)
    clock.append(NOON + timedelta(seconds=31))
    alive = deliveries.claim()
    assert alive is not None
    assert (alive.id, alive.attempts) == (dead.id, 2)
    deliveries.settle(dead, "200", DeliveryState.DELIVERED)  # it was not dead, but is too late
    deliveries.settle(alive, "500", DeliveryState.WAITING, 60)
    assert deliveries.claim() is None
    clock.append(NOON + timedelta(seconds=92))
    assert deliveries.claim() is not None


def test_a_lease_of_a_clock_that_has_jumped_is_over(
    database: Database, clock: list[datetime]
) -> None:
    finished(JobStore(database), "https://hooks.example.org/heard")
    deliveries = DeliveryStore(database, lease_seconds=30)
    clock.append(NOON + timedelta(days=4_000))
    assert deliveries.claim() is not None
    clock.append(NOON)
    assert deliveries.claim() is not None


def test_one_receiver_is_called_by_one_call_at_a_time(jobs: JobStore) -> None:
    for number in range(3):
        finished(jobs, f"https://hooks.example.org/{number}", str(number))
    finished(jobs, "https://other.example.org/heard", "other")
    deliveries = jobs.deliveries(30)
    first, other = deliveries.claim(), deliveries.claim()
    assert first is not None
    assert other is not None
    assert (first.url[-1], other.url) == ("0", "https://other.example.org/heard")
    assert deliveries.claim() is None
    deliveries.settle(first, "200", DeliveryState.DELIVERED)
    second = deliveries.claim()
    assert second is not None
    assert second.url[-1] == "1"


def test_a_job_that_is_tried_again_is_told_of_its_last_end_alone(jobs: JobStore) -> None:
    with receiving() as receiver:
        failed = begun(jobs, receiver.url)
        jobs.fail(failed, AudioError("audio.empty", name="a"))
        jobs.retry(failed.job.id)
        again = jobs.claim("worker")
        assert again is not None
        jobs.finish(again, Outcome(1.0))
        with outbox_of(jobs, receiver).running():
            wait_until(lambda: state_of(jobs, again) is DeliveryState.DELIVERED)
    assert [json.loads(call.body)["type"] for call in receiver.calls] == ["job.finished"]


def test_what_is_to_be_told_goes_with_its_job(jobs: JobStore) -> None:
    claim = finished(jobs, "https://hooks.example.org/heard")
    jobs.delete(claim.job.id)
    assert jobs.deliveries(30).claim() is None
