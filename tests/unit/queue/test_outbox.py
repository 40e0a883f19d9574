"""The outbox waits for a database that is away, and never keeps a place that nobody uses."""

import logging
from dataclasses import dataclass, field
from typing import cast

import pytest

from richspeech.errors import StoreError
from richspeech.model.delivery import DeliveryState
from richspeech.queue.outbox import AT_ONCE, Outbox
from richspeech.queue.webhooks import Answer, Delivery, Webhooks
from richspeech.storage.deliveries import DeliveryStore, Due
from tests.fakes import wait_until

DUE = [Due(f"msg_{n}", "https://h.org/x", "{}", "job", 1, f"lease {n}") for n in range(AT_ONCE + 1)]


@dataclass
class FakeStore:
    """Is away for as many looks as a test says, then has what is due."""

    away: int = 0
    due: list[Due] = field(default_factory=list)
    settled: list[tuple[str, DeliveryState, float]] = field(default_factory=list)

    def claim(self) -> Due | None:
        if self.away:
            self.away -= 1
            raise StoreError("history.unusable", why="it is away")
        return self.due.pop(0) if self.due else None

    def settle(self, due: Due, answer: str, state: DeliveryState, pause_seconds: float = 0) -> None:
        if due.id == "msg_0":
            raise StoreError("history.unusable", why="it is away")
        self.settled.append((answer, state, pause_seconds))


@dataclass
class FakeWebhooks:
    answer: Answer

    def send(self, _delivery: Delivery) -> Answer:
        return self.answer


def outbox(store: FakeStore, answer: Answer, *retry_seconds: float) -> Outbox:
    webhooks = cast("Webhooks", FakeWebhooks(answer))
    return Outbox(cast("DeliveryStore", store), webhooks, retry_seconds, look_seconds=0.001)


def test_a_database_that_is_away_is_said_once_and_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    store = FakeStore(away=AT_ONCE + 5, due=[*DUE])
    with outbox(store, Answer(200)).running():
        wait_until(lambda: len(store.settled) == AT_ONCE)
    assert caplog.text.count("webhooks wait") == 1
    assert caplog.text.count("what came of msg_0 is not kept, it is sent again") == 1


@pytest.mark.parametrize(("asked_seconds", "at_least", "at_most"), [(0, 100, 110), (900, 900, 900)])
def test_the_next_attempt_is_after_the_pause_and_not_before_the_receiver_wants_it(
    asked_seconds: int, at_least: float, at_most: float
) -> None:
    store = FakeStore(due=DUE[1:2])
    with outbox(store, Answer(503, later_seconds=asked_seconds), 100.0).running():
        wait_until(lambda: bool(store.settled))
    [(answer, state, pause)] = store.settled
    assert (answer, state) == ("503", DeliveryState.WAITING)
    assert at_least <= pause <= at_most
