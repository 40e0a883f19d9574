"""The second listener for the work of all pages: loading that can be left, and a few at once."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from richspeech.audio.decode import SAMPLE_RATE, Waveform
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Status, Task
from richspeech.console.workers import Workers
from richspeech.engines.emotion2vec.load import LoadedListener
from richspeech.engines.on_demand import OnDemand, entered
from richspeech.errors import Cancelled, RichSpeechError

log = logging.getLogger(__name__)

HEARINGS_AT_ONCE = 2
"""Each takes a gigabyte beside the weights of the large model; more wait for their turn."""

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

    def __init__(self, listener: OnDemand[LoadedListener], workers: Workers | None = None) -> None:
        """``workers`` do the work, own ones unless given."""
        self._listener, self._workers = listener, workers or Workers()
        self._places = self._workers.places(HEARINGS_AT_ONCE)

    @property
    def is_loaded(self) -> bool:
        """Whether it is in memory now."""
        return self._listener.is_loaded

    def start(self, task: ListeningTask, work: Callable[[], None]) -> None:
        """Have ``work`` done in a thread of its own when its turn comes."""
        self._workers.in_turn(self._places, task, work)

    def do(self, task: ListeningTask, work: Callable[[], None], name: str) -> None:
        """Do ``work``, and end ``task`` as it ended, whatever that is."""
        try:
            task.require_wanted()
            work()
            task.enter(Status.FINISHED)
        except Cancelled:
            task.cancel()
        except RichSpeechError as error:
            task.fail(Notice.of(error))
        except Exception:  # the person at the page gets a sentence, the log gets the rest
            log.exception("the second listener failed on %s", name)
            task.fail(Notice("unexpected"))

    @contextmanager
    def use(self, stopped: Stopped) -> Iterator[LoadedListener]:
        """Give the listener; raises what went wrong in loading, or ``Cancelled``."""
        with entered(self._listener.use(), stopped) as loaded:
            _leave_if(stopped)
            yield loaded


def _leave_if(stopped: Stopped) -> None:
    if stopped():
        raise Cancelled
