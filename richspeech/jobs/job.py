"""Job: one piece of work that a thread does while others look on.

A subclass says what its kind of work is about: what was asked for, how far it is, what came of it.
The job's own thread changes it; whoever wants it no more cancels it; everybody may look.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from richspeech.errors import Cancelled, RichSpeechError
from richspeech.model.job_state import State, require_next
from richspeech.operations.caller import Caller, caller
from richspeech.polling import Rhythm


class Kind(StrEnum):
    """What a job does."""

    TRANSCRIBE = "transcribe"
    EMOTION = "emotion"
    SECOND_OPINION = "second_opinion"
    BATCH = "batch"
    COMPARE = "compare"
    EXPORT = "export"
    LIVE = "live"
    QUEUED = "queued"
    """A recording of the durable queue."""


@dataclass(eq=False, kw_only=True)
class Job:
    """One piece of work; ``progress`` and ``result`` are those of its kind."""

    kind: ClassVar[Kind]

    state: State = State.WAITING
    error: RichSpeechError | None = None
    """Why it failed."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set once nobody wants it any more, or the process ends."""
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    changes: int = 0
    """Counts what happened, for whoever looks on."""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    caller: Caller = field(default_factory=caller)
    """Who asked for it, as was known when it was made."""
    listeners: list[Callable[[], None]] = field(default_factory=list, repr=False)
    """Called at every change, in the thread that makes it; they may not wait."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    """Held while the state changes."""

    @property
    def name(self) -> str:
        """Name of the recording."""
        return ""

    @property
    def held_files(self) -> tuple[Path, ...]:
        """What it reads and writes: files, and folders with all below; by default none."""
        return ()

    @property
    def parts(self) -> tuple["Job", ...]:
        """Other jobs about what this one has made, begun later; by default none."""
        return ()

    @property
    def seconds(self) -> tuple[float, float | None]:
        """Seconds of the recording that are done, and those in all; None while unknown."""
        return 0.0, None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state.is_over

    def touch(self) -> None:
        """Say that something has changed."""
        self.changes += 1
        for tell in (*self.listeners,):
            tell()

    def enter(self, state: State) -> None:
        """Get further; who was asked to stop is stopping instead, and what is over stays so."""
        with self.lock:
            if self.is_over:
                return
            stops = self.stop.is_set() and not state.is_over
            after = State.STOPPING if stops else state
            require_next(self.state, after, self.name or self.kind)
            self.state = after
            self.touch()

    def cancel(self) -> None:
        """Ask the job to stop; it says so itself once it has."""
        self.stop.set()
        self.enter(State.STOPPING)

    def wind_up(self) -> None:
        """Begin nothing more, since the process is about to end; what has begun goes on."""

    def conclude(self) -> None:
        """Do what is left once it is over, in its thread; who closes the runner waits for it."""

    def withdraw(self) -> None:
        """End a job that was stopped, perhaps before its turn had come."""
        self.enter(State.CANCELLED)

    def fail(self, error: RichSpeechError) -> None:
        """End the job and remember why."""
        with self.lock:
            if not self.is_over:
                self.error = error
                self.enter(State.FAILED)

    def require_wanted(self) -> None:
        """Raise ``Cancelled`` when nobody wants it any more."""
        if self.stop.is_set():
            raise Cancelled

    @contextmanager
    def told(self, of: Callable[[], bool] = lambda: True) -> Iterator[asyncio.Event]:
        """Give an event of the running loop that is set at every change, or those ``of`` a kind.

        A loop that has not heard of the change before is not woken up again.
        """
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            if changed.is_set() or not of():
                return
            with suppress(RuntimeError):  # the loop has ended, and nobody listens any more
                loop.call_soon_threadsafe(changed.set)

        self.listeners.append(tell)
        try:
            yield changed
        finally:
            self.listeners.remove(tell)

    async def watch(self, rhythm: Rhythm | None = None) -> AsyncIterator[None]:
        """Yield now, when something has changed, as often as a page can show it, and at the end.

        ``rhythm`` is that of the page.
        """
        rhythm = rhythm or Rhythm()
        with self.told() as changed, self.told(lambda: self.is_over) as ended:
            while True:
                changed.clear()
                is_over = self.is_over
                yield
                if is_over:
                    return
                looked = time.monotonic()
                await changed.wait()
                await rhythm.rest(looked, ended, until=lambda: self.is_over)

    async def states(self, since: State | None = None) -> AsyncIterator[State]:
        """Yield the state now, and every one that is entered meanwhile, until it is over.

        Whoever has seen one yields nothing before it is another, ``since`` then.
        """
        seen = since
        with self.told(lambda: self.state is not seen) as changed:
            while seen is None or not seen.is_over:
                changed.clear()
                if self.state is not seen:
                    seen = self.state
                    yield seen
                else:
                    await changed.wait()

    async def attend(self, look: Callable[[], Awaitable[None]] | None = None) -> None:
        """Return at the end; ``look`` is called now, after every change, and then.

        For whoever alone wants it: when they go before that, it is cancelled. Raises why it failed,
        and ``Cancelled`` when somebody has stopped it.
        """
        try:
            async for _ in self.watch():
                if look is not None:
                    await look()
        finally:
            self.cancel()
        self.require_finished()

    def require_finished(self) -> None:
        """Raise why a job that is over has not finished: its error, or ``Cancelled``."""
        if self.error is not None:
            raise self.error
        if self.state is not State.FINISHED:
            raise Cancelled
