"""GET /readyz names the part that is not ready, and answers in time whatever hangs."""

import threading
import time
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from richspeech.api.app import create_app
from richspeech.engines.readiness import Readiness
from richspeech.errors import StoreError
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.runner import Runner
from richspeech.jobs.waiting import WaitingRoom
from richspeech.operations import parts as module
from richspeech.operations.parts import Parts
from tests.fakes import FakeTranscriber, loaded_with, ready, wait_until


class Exported(Job):
    kind = Kind.EXPORT


@pytest.fixture
def loaded() -> Readiness:
    return ready(loaded_with(FakeTranscriber()))


@pytest.fixture(autouse=True)
def busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the thread that asks the store have its turn when it may."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr(module, "HOLDS_SECONDS", 3600.0)


def asked(parts: Parts) -> tuple[int, dict[str, str | None], str | None]:
    """Status, what is wrong by part, and what is wrong first."""
    answer = TestClient(create_app(parts, "1")).get("/readyz")
    body = answer.json()
    assert all(each["ready"] == (each["message"] is None) for each in body["parts"].values())
    assert (answer.status_code == 200) == (body["status"] in ("ok", "full"))
    faults = {name: each["message"] for name, each in body["parts"].items()}
    return answer.status_code, faults, body["message"]


def test_all_is_well(loaded: Readiness) -> None:
    answer = asked(Parts(loaded, Runner(), lambda: None))
    assert answer == (200, {"model": None, "queue": None, "store": None}, None)


def test_a_model_that_is_being_loaded(loaded: Readiness) -> None:
    status, faults, first = asked(Parts(Readiness(), Runner()))
    assert status == 503
    assert first == faults["model"] == "The model is being loaded: ask again in some seconds."


@pytest.fixture
def full() -> Iterator[Runner]:
    """Too many jobs wait."""
    go_on, runner = threading.Event(), Runner(WaitingRoom(1))

    def work() -> None:
        go_on.wait()

    for _ in range(3):
        runner.submit(Exported(), work)
    yield runner
    go_on.set()


def test_a_queue_that_is_full_is_told_and_keeps_nobody_away(
    loaded: Readiness, full: Runner
) -> None:
    status, faults, first = asked(Parts(loaded, full))
    assert status == 200
    assert faults["model"] is None
    assert first == faults["queue"]
    assert "1" in str(first)


def test_what_is_worse_than_a_full_queue_is_told_first(loaded: Readiness, full: Runner) -> None:
    def gone() -> None:
        raise StoreError("history.gone", number=1)

    status, faults, first = asked(Parts(loaded, full, gone))
    assert status == 503
    assert first == faults["store"]
    assert faults["queue"] is not None
    full.wind_up()
    assert asked(Parts(loaded, full))[0] == 503


def test_a_process_that_is_about_to_end(loaded: Readiness) -> None:
    runner = Runner()
    runner.close(0.0, 0.0)
    status, faults, _ = asked(Parts(loaded, runner))
    assert (status, faults["store"]) == (503, None)
    assert "about to stop" in str(faults["queue"])


def test_a_history_that_is_gone_says_no_more_than_that(loaded: Readiness) -> None:
    def gone() -> None:
        raise StoreError("history.gone", number=1)

    status, faults, first = asked(Parts(loaded, Runner(), gone))
    assert status == 503
    assert first == faults["store"] == "The history cannot be used: the log says why."


def test_a_history_that_hangs_holds_nobody_up(
    loaded: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    go_on, times = threading.Event(), []

    def hang() -> None:
        times.append(time.monotonic())
        go_on.wait()

    parts = Parts(loaded, Runner(), hang)
    for _ in range(3):
        status, faults, _ = asked(parts)
        assert status == 503
        assert "within a second" in str(faults["store"])
    wait_until(lambda: bool(times))
    go_on.set()
    assert len(times) == 1, "it is asked no second time while it has not answered"


def test_the_store_is_not_asked_by_every_probe(loaded: Readiness) -> None:
    times: list[float] = []
    parts = Parts(loaded, Runner(), lambda: times.append(time.monotonic()))
    for _ in range(5):
        assert asked(parts)[0] == 200
    assert len(times) == 1


@pytest.mark.parametrize("path", ["/livez", "/health"])
def test_who_lives_need_not_be_ready(path: str) -> None:
    def gone() -> None:
        raise StoreError("history.gone", number=1)

    client = TestClient(create_app(Parts(Readiness(), Runner(), gone), "1"))
    assert client.get(path).status_code == client.head(path).status_code == 200
