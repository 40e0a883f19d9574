"""How often somebody looks who cannot be told: one time for whoever waits, one for the page."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

WAITING_POLL_SECONDS = 0.05
"""Between two looks of a wait that may be cancelled: short enough that a press of a button takes
effect at once, long enough that a waiting thread wakes up only twenty times a second."""
PAGE_POLL_SECONDS = 0.4
"""Between two looks of a page at its job: text that changes more often cannot be read, and every
change is sent and drawn."""
HIDDEN_POLL_SECONDS = 10.0
"""The same of a page that nobody sees, since its tab is behind another."""


@dataclass(eq=False)
class Rhythm:
    """How often a page looks, which may change while it rests."""

    seconds: float = PAGE_POLL_SECONDS
    """Between two looks."""
    listeners: list[Callable[[], None]] = field(default_factory=list, repr=False)
    """Called when that changes."""

    def change(self, seconds: float) -> None:
        """Have whoever rests do so for ``seconds`` from the look before on."""
        self.seconds = seconds
        for tell in (*self.listeners,):
            tell()

    async def rest(
        self, since: float, woken: asyncio.Event, *, until: Callable[[], bool] = lambda: False
    ) -> None:
        """Return when it is time for another look after that at ``since``, in monotonic seconds.

        Sooner where it holds what is waited for, ``until``: then ``woken`` is set.
        """
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        self.listeners.append(wake)
        try:
            woken.clear()
            while not until() and (left := since + self.seconds - time.monotonic()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await woken.wait()
                woken.clear()
        finally:
            self.listeners.remove(wake)
