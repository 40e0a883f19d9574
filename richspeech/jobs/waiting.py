"""Turns: some jobs of a kind run at once, some more wait, and whoever comes then is told so.

turn = places.ask()             a free place, or one in the line; BusyError when that is full
with turn.taken(stopped): …     waits, then holds the place; Cancelled where ``stopped`` says so
turn.look()                     has it asked
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from richspeech.errors import BusyError, Cancelled


class WaitingRoom:
    """Everybody who waits for a turn, whatever for."""

    def __init__(self, most: int = 32) -> None:
        """``most`` may wait at once, in all lines together."""
        self.most = most
        self.lock = threading.Lock()
        self.waiting = 0

    def places(self, at_once: int) -> "Places":
        """Make places of a kind, for whose line people wait here."""
        return Places(at_once, self)


class Places:
    """Places of one kind, given in the order in which they were asked for."""

    def __init__(self, at_once: int, room: WaitingRoom) -> None:
        self.at_once = self._free = at_once
        self._room = room
        self._line: deque[Turn] = deque()

    def ask(self, *, always: bool = False, waits: bool = True) -> "Turn":
        """Take a free place or one in the line; raises ``BusyError`` when nobody more may wait.

        ``always`` is for what would be lost otherwise, and is bounded elsewhere; who does not wait
        takes a free place only.
        """
        room, turn = self._room, Turn(self)
        with room.lock:
            if self._free:
                self._free -= 1
                turn.come()
            elif waits and (always or room.waiting < room.most):
                room.waiting += 1
                self._line.append(turn)
            else:
                raise BusyError("queue.full", count=room.waiting)
        return turn

    def leave(self, turn: "Turn") -> None:
        """Give the place of ``turn`` to the next in the line, or its place in the line back."""
        with self._room.lock:
            if not turn.has_come.is_set():
                self._line.remove(turn)
                self._room.waiting -= 1
            elif self._line:
                self._room.waiting -= 1
                self._line.popleft().come()
            else:
                self._free += 1


class Turn:
    """One place, held or waited for."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.has_come = threading.Event()
        self._news = threading.Event()
        """Set when the turn has come, and when perhaps nobody wants it any more."""

    def come(self) -> None:
        """Give it the place."""
        self.has_come.set()
        self._news.set()

    def look(self) -> None:
        """Have who waits ask whether it was stopped: threads that look often slow all others."""
        self._news.set()

    def leave(self) -> None:
        """Give the place back unused."""
        self._places.leave(self)

    @contextmanager
    def unless_it_fails(self) -> Iterator[None]:
        """Give the place back when what is done first goes wrong."""
        try:
            yield
        except BaseException:
            self._places.leave(self)
            raise

    @contextmanager
    def taken(self, stopped: Callable[[], bool]) -> Iterator[None]:
        """Wait for the turn and keep it; raises ``Cancelled`` where ``stopped`` says so.

        It is asked now, and after every ``look``.
        """
        try:
            while not self.has_come.is_set():
                if stopped():
                    raise Cancelled
                self._news.wait()
                self._news.clear()
            yield
        finally:
            self._places.leave(self)
