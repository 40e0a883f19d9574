"""Whether this process can take work, part by part, and what is wrong if not.

    model    loaded
    queue    has room, and the process is not about to end; a full one keeps nobody away
    store    the history answers, if there is one

Who asks waits for at most a second, in the event loop: the store is asked in a thread of its own,
one question at a time, and an answer holds for some seconds.
"""

import asyncio
import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from richspeech.engines.readiness import Readiness, State
from richspeech.errors import BusyError, RichSpeechError, StoppingError, StoreError
from richspeech.jobs.runner import Runner
from richspeech.language.catalog import FALLBACK_LOCALE, Notice

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0
"""Kubernetes gives a probe one second unless told otherwise."""
HOLDS_SECONDS = 5.0
"""Several probes a second cost the database no more than one."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a part."""

    message: str
    """One sentence."""
    is_passing: bool = False
    """Whether requests should come all the same: who is here goes on, who is too many is told."""


class Parts:
    """The parts of one process; for one event loop."""

    def __init__(
        self, readiness: Readiness, runner: Runner, ask_store: Callable[[], None] | None = None
    ) -> None:
        """``ask_store`` raises ``StoreError`` when the history cannot be used; None without one."""
        self.readiness = readiness
        self._runner, self._store = runner, _Asked(ask_store) if ask_store else None

    async def faults(self) -> dict[str, Fault | None]:
        """Return what is wrong with each part; None where nothing is."""
        found = {"model": self._model(), "queue": self._queue(), "store": None}
        if self._store is not None:
            found["store"] = await self._store.fault()
        return found

    def _model(self) -> Fault | None:
        match self.readiness.state:
            case State.OK:
                return None
            case State.LOADING:
                return _say("ready.loading")
            case State.FAILED:
                return Fault(str(self.readiness.error))

    def _queue(self) -> Fault | None:
        try:
            self._runner.require_open()
            self._runner.require_room()
        except StoppingError as error:
            return Fault(str(error))
        except BusyError as error:
            return Fault(str(error), is_passing=True)
        return None


class _Asked:
    """The store, which may hang."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._answer: concurrent.futures.Future[RichSpeechError | None] | None = None
        self._answered = 0.0

    async def fault(self) -> Fault | None:
        answer = self._answer
        is_old = time.monotonic() - self._answered > HOLDS_SECONDS
        if answer is None or (answer.done() and is_old):
            answer = self._answer = concurrent.futures.Future()
            # A daemon, for the process ends whether or not the database answers.
            threading.Thread(target=self._find_out, args=[answer], daemon=True).start()
        await asyncio.wait([asyncio.wrap_future(answer)], timeout=PATIENCE_SECONDS)
        if not answer.done():
            return _say("ready.store_silent")
        # What the database says of itself is for the log, not for everybody.
        return _say("ready.store") if answer.result() else None

    def _find_out(self, answer: "concurrent.futures.Future[RichSpeechError | None]") -> None:
        error = None
        try:
            self._ask()
        except StoreError as raised:
            error = raised
            log.warning("the history cannot be used: %s", error)
        self._answered = time.monotonic()
        answer.set_result(error)


def _say(key: str) -> Fault:
    return Fault(Notice(key).sentence(FALLBACK_LOCALE))
