"""The second listener for the work of all pages: loading that can be left, and a few at once."""

import concurrent.futures
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from richspeech.audio import SAMPLE_RATE, Waveform
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Status, Task
from richspeech.emotion.listener import LoadedListener
from richspeech.errors import Cancelled
from richspeech.on_demand import OnDemand

HEARINGS_AT_ONCE = 2
"""Each takes a gigabyte beside the weights of the large model; more wait for their turn."""
SECONDS_BETWEEN_LOOKS = 0.1
"""How often someone who waits is asked whether they still want to."""

Stopped = Callable[[], bool]


class ListeningTask(Task):
    """A task of the second listener."""

    seconds_done: float
    """Of the recording."""
    seconds_total: float | None
    """None when the recording does not say its length."""
    began: float | None
    """When the listening began, in seconds of the monotonic clock."""

    def begin(self) -> None:
        """Start the clock: the listener is there."""
        self.began = time.monotonic()
        self.enter(Status.RUNNING)

    def enter(self, status: Status) -> None:
        """Get further, unless it is over."""
        if not self.status.is_over:
            self.status = status
        self.touch()

    def cancel(self) -> None:
        """End it for the page at once; its thread ends with the block that it hears."""
        self.stop.set()
        self.enter(Status.CANCELLED)

    def fail(self, notice: Notice) -> None:
        """End it and remember why, unless it is over."""
        if not self.status.is_over:
            super().fail(notice)
        self.touch()

    def require_wanted(self) -> None:
        """Raise ``Cancelled`` when nobody wants it any more."""
        if self.stop.is_set():
            raise Cancelled

    def counted(self, blocks: Iterable[Waveform]) -> Iterator[Waveform]:
        """Pass the sound on and say how far it is; raises ``Cancelled``."""
        for block in blocks:
            self.require_wanted()
            yield block
            self.seconds_done += len(block) / SAMPLE_RATE
            self.touch()
        self.require_wanted()

    @property
    def fraction(self) -> float | None:
        """How much has been heard, 0 to 1; None while that is not known.

        At the end of a recording it is not: the last block is heard at once.
        """
        total = self.seconds_total
        if self.began is None or total is None or self.seconds_done >= total:
            return None
        return self.seconds_done / total

    @property
    def seconds_left(self) -> float | None:
        """At the speed so far; None while that is not known."""
        if self.began is None or not self.fraction:
            return None
        return (time.monotonic() - self.began) * (1 / self.fraction - 1)


class Listening:
    """Gives the listener to whoever hears a recording; for all threads."""

    def __init__(self, listener: OnDemand[LoadedListener]) -> None:
        self._listener = listener
        self._places = threading.Semaphore(HEARINGS_AT_ONCE)

    @property
    def is_loaded(self) -> bool:
        """Whether it is in memory now."""
        return self._listener.is_loaded

    @contextmanager
    def place(self, stopped: Stopped) -> Iterator[None]:
        """Wait for a turn, and keep it; raises ``Cancelled`` once ``stopped`` says so."""
        while not self._places.acquire(timeout=SECONDS_BETWEEN_LOOKS):
            _leave_if(stopped)
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def use(self, stopped: Stopped) -> Iterator[LoadedListener]:
        """Give the listener; raises what went wrong in loading, or ``Cancelled``.

        Whoever stops waiting does not stop the loading: the next one finds it done.
        """
        if not self._listener.is_loaded:
            loading: concurrent.futures.Future[None] = concurrent.futures.Future()
            threading.Thread(target=self._load, args=(loading,), daemon=True).start()
            while not concurrent.futures.wait([loading], SECONDS_BETWEEN_LOOKS).done:
                _leave_if(stopped)
            loading.result()
        _leave_if(stopped)
        with self._listener.use() as loaded:
            yield loaded

    def _load(self, loading: concurrent.futures.Future[None]) -> None:
        try:
            with self._listener.use():
                loading.set_result(None)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            loading.set_exception(error)


def _leave_if(stopped: Stopped) -> None:
    if stopped():
        raise Cancelled
