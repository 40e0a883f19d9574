"""A thread says whether the event loop has its turns, however late the loop itself would."""

import asyncio
import socket
from collections.abc import Iterator

import httpx
import pytest

from richspeech.operations.pulse import STALLED_SECONDS, Pulse

LONG_SECONDS = 60.0
"""That the thread has a turn within; it waits a second for whoever asks nothing."""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pulse(clock: Clock) -> Pulse:
    return Pulse(clock)


@pytest.fixture
def address(pulse: Pulse) -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    with listener, pulse.told(listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_loop_that_had_its_turn_lately_lives(pulse: Pulse, clock: Clock, address: str) -> None:
    clock.now += STALLED_SECONDS - 1
    answer = httpx.get(f"{address}/livez", timeout=LONG_SECONDS)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    clock.now += 1
    answer = httpx.get(f"{address}/livez", timeout=LONG_SECONDS)
    assert (answer.status_code, answer.json()) == (503, {"status": "stalled"})
    asyncio.run(pulse.beat())
    assert httpx.head(f"{address}/livez", timeout=LONG_SECONDS).status_code == 200


def test_nothing_else_is_there(address: str) -> None:
    for path in ("/", "/readyz", "/livez/"):
        assert httpx.get(f"{address}{path}", timeout=LONG_SECONDS).status_code == 404
    assert httpx.post(f"{address}/livez", timeout=LONG_SECONDS).status_code == 501


def test_who_connects_and_asks_nothing_keeps_others_for_a_moment(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))):
        answer = httpx.get(f"{address}/livez", timeout=LONG_SECONDS)
    assert answer.status_code == 200
