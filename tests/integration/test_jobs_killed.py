"""A console that is killed amid a job, and started again: the job goes on, and ends once."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes import wait_until
from tests.integration.conftest import references
from tests.integration.test_operations import LONG, PATIENCE_SECONDS, Server, started


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RICHSPEECH_JOBS__LEASE_SECONDS", "2")
    monkeypatch.setenv("RICHSPEECH_JOBS__RECORDINGS", str(tmp_path / "recordings"))


def client_of(server: Server) -> httpx.Client:
    address = f"http://127.0.0.1:{server.port}/v1"
    return httpx.Client(base_url=address, timeout=PATIENCE_SECONDS)


def events(http: httpx.Client, job: str) -> Iterator[Any]:
    with http.stream("GET", f"/jobs/{job}/events") as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_after_kill_9_the_next_console_goes_on_and_nothing_is_there_twice(tmp_path: Path) -> None:
    with started(tmp_path, stop_seconds=4) as server, client_of(server) as http:
        answer = http.post("/jobs", files={"file": LONG.open("rb")})
        assert answer.status_code == 202, answer.text
        [job] = answer.json()["data"]
        before = next(each for each in events(http, job["id"]) if each["seconds_done"] > 10)
        assert before["state"] == "running"
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(PATIENCE_SECONDS)
    server.read_on()
    with started(tmp_path, stop_seconds=4) as server, client_of(server) as http:
        *_, over = events(http, job["id"])
        assert (over["state"], over["is_cached"], over["error"]) == ("finished", False, None)
        heard = http.get(f"/jobs/{job['id']}/result", params={"format": "verbose_json"}).json()
        expected = [line["text"] for line in references()[LONG.name]["lines"]]
        assert [segment["text"] for segment in heard["segments"]] == expected
        [kept] = http.get("/transcripts").json()["data"]
        assert kept["id"] == over["transcript"] == heard["history"]["id"]
        assert [each["id"] for each in http.get("/jobs").json()["data"]] == [job["id"]]
        wait_until(lambda: any("goes on behind" in line["event"] for line in server.log))
