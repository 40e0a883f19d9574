"""What is loaded when it is first used, and let go once nobody has used it for a while."""

import concurrent.futures
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Generic, TypeVar

from richspeech.errors import Cancelled
from richspeech.memory import give_back
from richspeech.polling import WAITING_POLL_SECONDS

Thing = TypeVar("Thing")


class Lazy(Generic[Thing]):
    """One thing for all threads; it stays as long as somebody uses it."""

    def __init__(
        self,
        load: Callable[[], Thing],
        idle_seconds: float | None,
        close: Callable[[Thing], None] | None = None,
    ) -> None:
        """``idle_seconds`` None keeps what was loaded; ``close`` ends what is let go."""
        self._load, self._idle_seconds, self._close = load, idle_seconds, close
        self._lock = threading.Lock()
        self._thing: Thing | None = None
        self._users = 0
        self._timer: threading.Timer | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether it is in memory now."""
        return self._thing is not None

    @property
    def loaded(self) -> Thing | None:
        """The thing, if it is in memory now; looking does not keep it there."""
        return self._thing

    @contextmanager
    def use(self) -> Iterator[Thing]:
        """Give the thing; who comes while it is being loaded waits for it."""
        with self._lock:
            self._stop_timer()
            if self._thing is None:
                self._thing = self._load()
            self._users += 1
            thing = self._thing
        try:
            yield thing
        finally:
            del thing
            with self._lock:
                self._users -= 1
                if not self._users and self._idle_seconds is not None:
                    self._start_timer(self._idle_seconds)

    def _start_timer(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._let_go)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def let_go(self) -> bool:
        """Let it go unless somebody uses or loads it; say whether it is gone. Waits for nobody."""
        return self._release(lambda: not self._users, waits=False)

    def close(self) -> None:
        """Let it go now, whoever uses it; it would be loaded anew."""
        self._release(lambda: True)

    def _let_go(self) -> None:
        # A timer that was stopped too late finds itself replaced or taken away.
        self._release(lambda: self._timer is threading.current_thread())

    def _release(self, may: Callable[[], bool], *, waits: bool = True) -> bool:
        if not self._lock.acquire(blocking=waits):  # which is held while it is being loaded
            return False
        try:
            if not may():
                return False
            self._stop_timer()
            thing, self._thing = self._thing, None
        finally:
            self._lock.release()
        if thing is not None:
            if self._close is not None:
                self._close(thing)
            del thing
            give_back()
        return True


@contextmanager
def entered(
    manager: AbstractContextManager[Thing], cancelled: Callable[[], bool]
) -> Iterator[Thing]:
    """Enter ``manager``, which may take long, in a thread of its own; raises ``Cancelled``.

    Who stops waiting does not stop the loading: the next one finds it done.
    """
    stack = ExitStack()
    entering: concurrent.futures.Future[Thing] = concurrent.futures.Future()

    def enter() -> None:
        try:
            entering.set_result(stack.enter_context(manager))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            entering.set_exception(error)

    threading.Thread(target=enter, daemon=True).start()
    while not concurrent.futures.wait([entering], WAITING_POLL_SECONDS).done:
        if cancelled():
            entering.add_done_callback(lambda _: stack.close())
            raise Cancelled
    with stack:
        yield entering.result()
