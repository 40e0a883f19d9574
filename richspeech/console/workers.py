"""The threads that do the work of all pages: when they begin, and how they end with the process.

Work gets its thread at once, or a place first, for which it may have to wait in the room that all
pages share. Where too many wait, it gets none.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from richspeech.console.sentences import Notice
from richspeech.console.sessions import Task
from richspeech.errors import BusyError, Cancelled, StoppingError
from richspeech.jobs.waiting import Places, Turn, WaitingRoom

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 0.05
"""How often it is looked at whether all work is over, once the process is to end."""


class Workers:
    """Starts the threads of tasks, and knows which are not over; for all threads."""

    def __init__(self, room: WaitingRoom | None = None) -> None:
        """``room`` is where everybody waits for a place; one of the usual size unless given."""
        self._room = room or WaitingRoom()
        self._tasks: list[Task] = []
        self._lock = threading.Lock()
        self._is_closing = self._is_interrupted = False

    def require_open(self) -> None:
        """Raise ``StoppingError`` once no new work is taken: whoever takes some asks first."""
        if self._is_closing:
            raise StoppingError

    def places(self, at_once: int) -> Places:
        """Make places of a kind of work, of which so much is done at once."""
        return self._room.places(at_once)

    def start(self, task: Task, work: Callable[[], None]) -> None:
        """Do ``work`` for ``task`` in a thread of its own."""
        self.track(task)
        # A daemon, for the process does not wait for it longer than ``close`` does.
        threading.Thread(target=work, daemon=True).start()

    def in_turn(
        self, places: Places, task: Task, work: Callable[[], None], *, always: bool = False
    ) -> None:
        """Do ``work`` once a place is free; where too many wait, ``task`` has failed at once.

        With ``always`` it waits beside them.
        """
        try:
            turn = places.ask(always=always)
        except BusyError as error:
            task.fail(Notice.of(error))
        else:
            self.take(turn, task, work)

    def take(self, turn: Turn, task: Task, work: Callable[[], None]) -> None:
        """Do ``work`` when ``turn`` has come, unless ``task`` is stopped before."""
        self.start(task, partial(_wait_and_work, turn, task, work))

    def track(self, task: Task) -> None:
        """Count a task as work until it is over, whoever does it."""
        with self._lock:
            self._tasks = [each for each in self._tasks if not each.status.is_over]
            self._tasks.append(task)

    @property
    def busy(self) -> tuple[Task, ...]:
        """The tasks that are not over."""
        with self._lock:
            return tuple(task for task in self._tasks if not task.status.is_over)

    def interrupted(self) -> bool:
        """Whether what is cancelled now is cancelled because the process ends."""
        return self._is_interrupted

    def close(self, seconds: float, more_seconds: float) -> None:
        """Take no new work and let what has begun end within ``seconds``; then stop the rest.

        What is stopped has ``more_seconds`` to keep what it has.
        """
        self._is_closing = True
        for task in self.busy:
            task.wind_up()
        if self._is_idle_within(seconds):
            return
        self._is_interrupted = True
        for task in self.busy:
            task.cancel()
        if not self._is_idle_within(more_seconds):
            log.warning("%d tasks did not stop in time; what they had is lost", len(self.busy))

    def _is_idle_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.busy:
            if time.monotonic() >= deadline:
                return False
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return True


def _wait_and_work(turn: Turn, task: Task, work: Callable[[], None]) -> None:
    try:
        with turn.taken(task.stop.is_set):
            work()
    except Cancelled:
        task.withdraw()
