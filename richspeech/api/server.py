"""uvicorn with a graceful shutdown that ends in time, whatever hangs."""

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn

log = logging.getLogger(__name__)

SECONDS_TO_KEEP = 2.0
"""For what is stopped to keep what it has."""
SECONDS_TO_LEAVE = 2
"""How long open pages may finish what they receive after the work has ended."""
SECONDS_AT_ONCE = 1.0
"""For the files of the process to go, once somebody has asked for its end twice."""


class Server(uvicorn.Server):
    """Serves until it is told to end, and pages also while work ends.

    SIGTERM gives the work that has begun its time and Ctrl-C gives it none; what was heard is kept
    either way. A second signal ends the process at once.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        stop_seconds: float,
        end_work: Callable[[float, float], None],
        end_process: Callable[[], None],
    ) -> None:
        """Be gone ``stop_seconds`` after the signal.

        ``end_work`` gets the seconds in which work may end and those in which what is stopped may
        keep what it has; ``end_process`` does not return.
        """
        super().__init__(config)
        self._stop_seconds = stop_seconds
        self._end_work, self._end_process = end_work, end_process
        self._is_leaving = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """Begin to end; in the main thread, whatever that is doing."""
        if self._is_leaving:
            self.should_exit = self.force_exit = True
            _later(SECONDS_AT_ONCE, self._end_process)
            return
        self._is_leaving = True
        _later(self._stop_seconds, self._end_process)
        seconds = 0.0 if sig == signal.SIGINT else work_seconds(self._stop_seconds)
        threading.Thread(target=self._leave, args=(seconds,), daemon=True).start()

    def _leave(self, seconds: float) -> None:
        log.info("told to end; work that has begun has %g seconds", seconds)
        try:
            self._end_work(seconds, min(SECONDS_TO_KEEP, self._stop_seconds / 4))
        finally:
            self.should_exit = True


def work_seconds(stop_seconds: float) -> float:
    """Return how long work may go on, so that there is time for what comes after it."""
    return max(stop_seconds - SECONDS_TO_KEEP - SECONDS_TO_LEAVE, stop_seconds / 2)


def _later(seconds: float, action: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
