"""Jobs on several processes, over real brokers and a real database that are killed meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
import wave
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec
import psycopg
import pytest
from moto.server import ThreadedMotoServer
from rapidfuzz.distance.Levenshtein import distance

from richspeech.errors import StoreError
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.places import CONFIG
from richspeech.places import HOME as ROOT
from richspeech.queue.queue import HandedIn
from richspeech.service import Service, open_service
from richspeech.settings import load_settings
from richspeech.storage.jobs import QueuedJob
from richspeech.storage.query import parse_query
from tests.held import GATE
from tests.integration import database
from tests.integration.brokers import Broker, RabbitMQ, Redis, installed, running
from tests.integration.conftest import references
from tests.integration.worker_pool import VISIBILITY_SECONDS

LEASE_SECONDS = 4
"""As short as heartbeats every 2 s allow; 30 in the settings."""
SPOKEN = ("zh-laughter.wav", "en-cough.wav", "yue-surprised.wav", "ja-sad.wav", "zh-live-show.wav")
FEWEST_CHARACTERS = 5
"""Of an utterance: what lost one or had one twice would differ by more. The model hears a sentence
otherwise once in a hundred times, depending on what lies where in a block."""
LONGEST_SECONDS = 300
"""Before a test gives up."""
JOBS, TIMES = 24, 2
"""How many jobs beside the long one, and how long that is, in times of 87 s."""


def recording(folder: Path, example: str, number: int, times: int = 1) -> HandedIn:
    """Make a recording that nobody has heard yet: ``number`` blocks of silence come after it."""
    path = folder / f"{number}-{example}"
    with (
        wave.open(str(ROOT / "examples" / example)) as read,
        wave.open(str(path), "wb") as written,
    ):
        written.setparams(read.getparams())
        frames = read.readframes(read.getnframes())
        for _ in range(times):
            written.writeframes(frames)
        written.writeframes(bytes(640 * (number + 1)))
    return HandedIn(path, path.name)


def spoken_in(example: str) -> str:
    return "".join(line["text"] for line in references()[example]["lines"])


@dataclass(eq=False)
class House:
    """Everything but the workers: database, broker, and what hands jobs in."""

    database: database.DatabaseServer
    broker: Broker
    service: Service
    folder: Path
    environment: Mapping[str, str]
    pools: list[subprocess.Popen[str]] = field(default_factory=list)

    def workers(self, *kinds: str) -> list[int]:
        """Start workers; return their processes."""
        command = (sys.executable, "-m", "tests.integration.worker_pool", *kinds)
        with (self.folder / "workers.log").open("a") as log:
            pool = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(self.environment),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.pools.append(pool)
        assert pool.stdout is not None
        pids: list[int] = json.loads(pool.stdout.readline())
        return pids

    def end(self) -> None:
        for pool in self.pools:
            os.killpg(pool.pid, signal.SIGKILL)
            pool.communicate()

    def read_on(self) -> None:
        """Let workers read what they hold back of a long recording, which takes a while by now."""
        time.sleep(VISIBILITY_SECONDS)
        (self.folder / "go").touch()

    def submit(self, *recordings: HandedIn) -> list[QueuedJob]:
        assert self.service.queue is not None
        return [*self.service.queue.submit(recordings, TranscriptionRequest())]

    def jobs(self) -> list[QueuedJob]:
        """All jobs, once the database answers."""
        assert self.service.queue is not None
        while True:
            try:
                return [*self.service.queue.list()]
            except StoreError:
                time.sleep(0.2)

    def job(self, identifier: str) -> QueuedJob:
        return next(job for job in self.jobs() if job.id == identifier)

    def until(self, is_so: Callable[[], bool], seconds: float = LONGEST_SECONDS) -> None:
        """Wait until something is so."""
        over = time.monotonic() + seconds
        while not is_so():
            log = (self.folder / "workers.log").read_text(encoding="utf-8")[-8_000:]
            assert time.monotonic() < over, (Counter(job.state for job in self.jobs()), log)
            time.sleep(0.3)  # looking at fifty jobs takes 15 ms

    def text(self, job: QueuedJob) -> str:
        assert self.service.queue is not None
        transcript = self.service.queue.result(job.id).transcript
        return "".join(segment.text for segment in transcript.segments)

    def worker_of(self, job: QueuedJob) -> int:
        """Return the process that has begun a job last."""
        asked = "SELECT worker FROM richspeech_jobs WHERE id = %s"
        with psycopg.connect(self.database.url.replace("+psycopg", "")) as connection:
            [name] = connection.execute(asked, [job.id]).fetchone() or [""]
        return int(name.split("-")[-2])


@contextmanager
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a server that speaks as S3 does; gives the URL of a bucket in it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"ACCESS_KEY_ID": "tester", "SECRET_ACCESS_KEY": "tester"}
    for name, value in {**keys, "ENDPOINT_URL": f"http://{host}:{port}"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    fsspec.filesystem("s3", skip_instance_cache=True).mkdir("of-workers")
    try:
        yield "s3://of-workers/jobs"
    finally:
        server.stop()


@contextmanager
def house(kind: type[Broker], folder: Path, bucket: str | None = None) -> Iterator[House]:
    """Run servers, and a service that hands jobs in, with an empty history."""
    programs = database.postgresql()
    if programs is None or not installed(kind):
        assert not os.environ.get("CI"), "CI installs postgresql, redis-server and rabbitmq-server"
        pytest.skip("PostgreSQL or the broker is not installed")
    with ExitStack() as stack:
        sql = stack.enter_context(database.running(programs))
        broker = stack.enter_context(running(kind, folder))
        jobs: dict[str, Any] = {
            "queue": "celery",
            "broker": broker.url,
            "lease_seconds": LEASE_SECONDS,
            "workers": 2,
            "recordings": str(folder / "recordings"),
            "bucket": bucket,
        }
        groups: dict[str, dict[str, Any]] = {
            "jobs": jobs,
            "history": {"url": sql.url},
            "model": {"id": "embedded", "device": "cpu", "threads": 1},
            "server": {"stop_seconds": 1},
        }
        environment = {
            f"RICHSPEECH_{group}__{key}".upper(): str(value)
            for group, keys in groups.items()
            for key, value in keys.items()
            if value is not None
        }
        settings = load_settings(CONFIG, **groups)
        service = stack.enter_context(open_service(settings, keeps=True, queues=True))
        stack.enter_context(service.at_work())
        made = House(
            sql, broker, service, folder, {**os.environ, **environment, GATE: str(folder / "go")}
        )
        stack.callback(made.end)
        yield made


def seconds_of(job: QueuedJob) -> float:
    """Return how long the worker took that has ended it."""
    assert job.started is not None
    assert job.ended is not None
    return (job.ended - job.started).total_seconds()


def is_over(house: House) -> bool:
    return all(job.state.is_over for job in house.jobs())


@pytest.mark.parametrize("kind", [Redis, RabbitMQ])
def test_every_job_ends_once_whatever_dies(kind: type[Broker], tmp_path: Path) -> None:
    with house(kind, tmp_path) as servers:
        assert len(servers.workers(*["all"] * 4)) == 4
        [long] = servers.submit(recording(tmp_path, "zh-call.wav", 0, TIMES))
        files = [recording(tmp_path, SPOKEN[n % len(SPOKEN)], n) for n in range(1, JOBS + 1)]
        jobs = servers.submit(*files)

        servers.until(lambda: servers.job(long.id).seconds_done > 60)
        killed = servers.worker_of(long)
        os.kill(killed, signal.SIGKILL)
        done = servers.job(long.id).seconds_done
        servers.broker.kill()
        servers.until(lambda: sum(job.state.is_over for job in servers.jobs()) > 10)
        servers.database.stop()
        servers.database.start()
        servers.until(lambda: servers.worker_of(long) != killed)
        servers.broker.start()
        servers.read_on()
        servers.until(lambda: is_over(servers))

        assert Counter(job.state for job in servers.jobs()) == {State.FINISHED: 1 + JOBS}
        assert servers.job(long.id).seconds_done > done > 60
        assert distance(servers.text(long), spoken_in("zh-call.wav") * TIMES) < FEWEST_CHARACTERS
        for job, file in zip(jobs, files, strict=True):
            expected = spoken_in(file.name.partition("-")[2])
            assert distance(servers.text(job), expected) < FEWEST_CHARACTERS
        assert seconds_of(servers.job(long.id)) > VISIBILITY_SECONDS
        history = servers.service.history
        assert history is not None
        assert history.store.count(parse_query("")) == 1 + JOBS


def test_a_reader_and_a_recogniser_are_taken_over_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket(monkeypatch) as url, house(Redis, tmp_path, url) as servers:
        pids = servers.workers("reading", "reading", "recognition", "recognition")
        [long] = servers.submit(recording(tmp_path, "zh-call.wav", 0, TIMES))
        files = [recording(tmp_path, SPOKEN[n], n + 1) for n in range(len(SPOKEN))]
        jobs = servers.submit(*files)

        servers.until(lambda: servers.job(long.id).seconds_done > 60)
        reader = servers.worker_of(long)
        assert reader in pids[:2]
        for pid in (reader, pids[2]):
            os.kill(pid, signal.SIGKILL)
        servers.until(lambda: servers.worker_of(long) != reader)
        servers.read_on()
        servers.until(lambda: is_over(servers))

        assert {job.state for job in servers.jobs()} == {State.FINISHED}
        assert servers.worker_of(long) in {*pids[:2]} - {reader}
        assert seconds_of(servers.job(long.id)) > VISIBILITY_SECONDS
        history = servers.service.history
        assert history is not None
        assert history.store.count(parse_query("")) == 1 + len(files)
        assert distance(servers.text(long), spoken_in("zh-call.wav") * TIMES) < FEWEST_CHARACTERS
        for job, file in zip(jobs, files, strict=True):
            expected = spoken_in(file.name.partition("-")[2])
            assert distance(servers.text(job), expected) < FEWEST_CHARACTERS
        assert servers.service.queue is not None
        assert servers.service.queue.store.utterance_batches.contents() == frozenset()
