"""Four workers, each in a network namespace of its own, with what a network may do to them.

As root: ``python -m scripts.measure_workers``. Makes a bridge and four namespaces, and takes them
away. Redis listens at the bridge; PostgreSQL is reached by its socket, which knows no namespaces.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from rapidfuzz.distance.Levenshtein import distance

from richspeech.storage.jobs import QueuedJob
from tests.integration import test_workers
from tests.integration.brokers import Redis
from tests.integration.test_workers import SPOKEN, House, house, is_over, recording, spoken_in

BRIDGE, ADDRESS = "hear-br", "10.99.0.1"
SPACES = tuple(f"hear-{number}" for number in range(4))
LEASE_SECONDS = 30
"""As in the settings."""


class OverTheBridge(Redis):
    """Reached from every namespace."""

    def __init__(self, folder: Path, _host: str = "") -> None:
        super().__init__(folder, ADDRESS)


def ip(*words: str, must: bool = True) -> None:
    """Change the network."""
    subprocess.run(("ip", *words), check=must)


@contextmanager
def namespaces() -> Iterator[None]:
    """Have the namespaces, each with an address on the bridge."""
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("address", "add", f"{ADDRESS}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for number, space in enumerate(SPACES):
            ip("netns", "add", space)
            ip("link", "add", f"{space}-v", "type", "veth", "peer", "name", "eth0", "netns", space)
            ip("link", "set", f"{space}-v", "master", BRIDGE, "up")
            ip("-n", space, "address", "add", f"10.99.0.{10 + number}/24", "dev", "eth0")
            ip("-n", space, "link", "set", "eth0", "up")
        yield
    finally:
        for space in SPACES:
            ip("netns", "delete", space, must=False)
        ip("link", "delete", BRIDGE, must=False)


def worker(servers: House, space: str) -> int:
    """Start a worker in a namespace; return its process."""
    command = (sys.executable, "-m", "tests.integration.worker_pool", "all")
    with (servers.folder / "workers.log").open("a") as log:
        pool = subprocess.Popen(
            ("ip", "netns", "exec", space, *command),
            env=dict(servers.environment),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    servers.pools.append(pool)
    [pid] = json.loads(pool.stdout.readline() if pool.stdout else "")
    return int(pid)


def measure(servers: House, folder: Path) -> None:
    """Do 50 jobs while things die, and say what became of them."""
    pids = [worker(servers, space) for space in SPACES]
    apart = {Path(f"/proc/{pid}/ns/net").readlink() for pid in ("self", *pids)}
    print(f"{len(apart) - 1} namespaces besides this one")
    began = time.monotonic()
    [long] = servers.submit(recording(folder, "zh-call.wav", 0, times=20))
    files = [recording(folder, SPOKEN[number % len(SPOKEN)], number) for number in range(1, 50)]
    jobs = servers.submit(*files)
    servers.until(lambda: servers.job(long.id).seconds_done > 60)
    killed, died = servers.worker_of(long), time.monotonic()
    os.kill(killed, signal.SIGKILL)
    servers.broker.kill()
    servers.until(lambda: sum(job.state.is_over for job in servers.jobs()) > 10)
    servers.database.stop()
    servers.database.start()
    servers.until(lambda: servers.worker_of(long) != killed)
    print(f"taken up {time.monotonic() - died:.1f} s after kill -9")
    servers.broker.start()
    ip("-n", SPACES[-1], "link", "set", "eth0", "down")
    servers.until(lambda: is_over(servers))
    print(
        f"over after {time.monotonic() - began:.1f} s:", dict(Counter(map(_state, servers.jobs())))
    )
    texts = [
        (servers.text(job), file.name.partition("-")[2])
        for job, file in zip(jobs, files, strict=True)
    ]
    wrong = [name for text, name in texts if distance(text, spoken_in(name)) > 4]
    differs = distance(servers.text(long), spoken_in("zh-call.wav") * 20)
    print(f"wrong texts: {len(wrong)}; the long one differs in {differs} characters")


def _state(job: QueuedJob) -> str:
    return str(job.state)


def main() -> None:
    """Measure with the lease of the settings."""
    with (
        tempfile.TemporaryDirectory() as name,
        patch.object(test_workers, "LEASE_SECONDS", LEASE_SECONDS),
        namespaces(),
        house(OverTheBridge, Path(name)) as servers,
    ):
        measure(servers, Path(name))


if __name__ == "__main__":
    main()
