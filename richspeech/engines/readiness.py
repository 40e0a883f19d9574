"""Whether the model of this process is there yet: loading, there, or failed."""

import asyncio
import concurrent.futures
from collections.abc import Callable
from enum import StrEnum

from richspeech.engines.loader import Loaded
from richspeech.errors import Cancelled
from richspeech.polling import WAITING_POLL_SECONDS


class State(StrEnum):
    """How far loading is."""

    LOADING = "loading"
    OK = "ok"
    FAILED = "failed"


class Readiness:
    """A model that one thread loads while others ask for it or wait for it."""

    def __init__(self) -> None:
        self._future: concurrent.futures.Future[Loaded] = concurrent.futures.Future()
        self._future.set_running_or_notify_cancel()  # who stops waiting does not stop the loading

    def load(self, load: Callable[[], Loaded]) -> None:
        """Load in the calling thread; what goes wrong is kept for ``error`` and ``wait``."""
        try:
            self._future.set_result(load())
        except BaseException as error:  # noqa: BLE001 - kept, not dropped
            self._future.set_exception(error)

    @property
    def error(self) -> BaseException | None:
        """What went wrong; None unless something did."""
        return self._future.exception() if self._future.done() else None

    @property
    def loaded(self) -> Loaded | None:
        """The model; None unless it is there."""
        return self._future.result() if self.state is State.OK else None

    @property
    def state(self) -> State:
        """How far loading is now."""
        if not self._future.done():
            return State.LOADING
        return State.OK if self.error is None else State.FAILED

    def is_ready(self) -> bool:
        """Tell whether the model is there."""
        return self.state is State.OK

    def wait(self, cancelled: Callable[[], bool]) -> Loaded:
        """Return the model once it is there; raises what went wrong, or ``Cancelled``."""
        while not self._future.done():
            if cancelled():
                raise Cancelled
            concurrent.futures.wait([self._future], WAITING_POLL_SECONDS)
        return self._future.result()

    async def settled(self) -> None:
        """Return once the model is there or has failed; holds no thread meanwhile."""
        await asyncio.gather(asyncio.wrap_future(self._future), return_exceptions=True)
