"""Outbox: one thread that looks for what receivers are to be told, and has it sent.

Each attempt has a thread of its own, so a receiver that never answers keeps nobody else waiting,
and no job. What is not sent when the process ends is sent by the next one.
"""

import logging
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from richspeech.errors import RichSpeechError
from richspeech.model.delivery import DeliveryState
from richspeech.model.web_address import origin_of
from richspeech.queue.webhooks import Answer, Delivery, Webhooks
from richspeech.storage.deliveries import DeliveryStore, Due

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Between two looks for jobs that have ended, here or elsewhere."""

AT_ONCE = 8
"""Receivers that are called at once; each by one call at a time."""

SPREAD = 0.1
"""Share of a pause that chance adds, so that not all come back at one moment."""

SECONDS_TO_LEAVE = 1.0
"""For answers that come while the process ends."""

GRACE_SECONDS = 60.0
"""How much longer a lease is than a call: looking up a name may take as long."""


@dataclass(eq=False)
class Outbox:
    """Sends deliveries for as long as a ``with`` block lasts."""

    store: DeliveryStore
    webhooks: Webhooks
    retry_seconds: Sequence[float]
    """Pauses between attempts; with the last of them used up it is given up."""
    look_seconds: float = LOOK_SECONDS
    _work: threading.Event = field(default_factory=threading.Event)
    _calls: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))
    _is_over: bool = False
    _is_left: bool = False
    """Whether the database may be closed by now."""
    _said: str = ""
    """What the log has said last of the database, and does not say again."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send meanwhile."""
        thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._is_over = True
            self._work.set()
            thread.join()
            for _ in range(AT_ONCE):
                self._calls.acquire(timeout=SECONDS_TO_LEAVE / AT_ONCE)
            self._is_left = True

    def _run(self) -> None:
        while not self._is_over:
            try:
                while not self._is_over and self._begin():
                    pass
                self._said = ""
            except RichSpeechError as error:  # the database will be back, and what it has too
                if str(error) != self._said:
                    log.warning("webhooks wait: %s", error)
                self._said = str(error)
            self._work.wait(self.look_seconds)
            self._work.clear()

    def _begin(self) -> bool:
        """Begin the next attempt, if somebody may be called and is to be; tell whether."""
        if not self._calls.acquire(blocking=False):
            return False
        try:
            due = self.store.claim()
        except RichSpeechError:
            self._calls.release()
            raise
        if due is None:
            self._calls.release()
            return False
        threading.Thread(target=self._send, args=(due,), name="webhook", daemon=True).start()
        return True

    def _send(self, due: Due) -> None:
        try:
            answer = self.webhooks.send(Delivery(due.id, due.url, due.body))
            if not self._is_left:
                self._settle(due, answer)
        except RichSpeechError as error:
            log.warning("what came of %s is not kept, it is sent again: %s", due.id, error)
        finally:
            self._calls.release()
            self._work.set()

    def _settle(self, due: Due, answer: Answer) -> None:
        receiver = origin_of(due.url)  # the rest may hold what others must not know
        if answer.is_accepted:
            self.store.settle(due, str(answer), DeliveryState.DELIVERED)
        elif answer.is_final or due.attempts > len(self.retry_seconds):
            self.store.settle(due, str(answer), DeliveryState.GIVEN_UP)
            log.warning(
                "%s was not told that the job %s is over: given up after attempt %d (%s)",
                *(receiver, due.job, due.attempts, answer),
            )
        else:
            pause = self.retry_seconds[due.attempts - 1] * (1 + SPREAD * random.random())  # noqa: S311
            pause = max(pause, answer.later_seconds)
            self.store.settle(due, str(answer), DeliveryState.WAITING, pause)
            log.info(
                "%s was not told that the job %s is over (%s): once more in %.0f s",
                *(receiver, due.job, answer, pause),
            )
