"""Links that let one phone in, once and soon, to be the microphone of one live session.

What stands in a link is random and never kept: its digest leads to who waits for the phone. It is
worth nothing once it was followed, taken back, or is old. All of it lives in this process, for one
event loop.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from richspeech.access.keys import RANDOM_BYTES, digest_of
from richspeech.access.rate import seconds_to_wait
from richspeech.errors import AccessError, BusyError

MADE = "20 per 10 minutes"
"""Links by one visitor; more is nobody who points a phone at a code."""
FAILED = "10 per minute; 60 per hour"
"""Links that lead nowhere, from one address: a guess is hopeless anyway, and costs something."""
MOST = 1_000
"""Links at once."""

Place = TypeVar("Place")


@dataclass(frozen=True)
class _Link(Generic[Place]):
    place: Place
    ends: float
    """By the clock, in seconds."""


class PhoneLinks(Generic[Place]):
    """Makes links that lead to a place, follows each once, and takes them back."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``seconds``: how long a link may be followed."""
        self.seconds, self._clock = seconds, clock
        self._links: dict[str, _Link[Place]] = {}
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def make(self, visitor: str, place: Place) -> str:
        """Return what stands in a new link, for the only time; raises ``BusyError``."""
        self._require_patience(MADE, "made", visitor)
        now = self._clock()
        self._links = {key: each for key, each in self._links.items() if each.ends > now}
        if len(self._links) >= MOST:
            raise BusyError("phone.full", most=MOST)
        self._count(MADE, "made", visitor)
        token = secrets.token_urlsafe(RANDOM_BYTES)
        self._links[digest_of(token)] = _Link(place, now + self.seconds)
        return token

    def follow(self, token: str, address: str) -> Place:
        """Return the place of a link, which leads nowhere from now on.

        Raises ``AccessError`` for one that is old, used, taken back or nobody's, all alike, and
        ``BusyError`` for an ``address`` that has tried too many of those.
        """
        self._require_patience(FAILED, "failed", address)
        link = self._links.pop(digest_of(token), None)
        if link is None or link.ends <= self._clock():
            self._count(FAILED, "failed", address)
            raise AccessError("phone.link")
        return link.place

    def take_back(self, token: str) -> None:
        """Have a link lead nowhere."""
        self._links.pop(digest_of(token), None)

    def _require_patience(self, limits: str, *key: str) -> None:
        waits = (seconds_to_wait(self._limiter, limit, *key) for limit in parse_many(limits))
        if seconds := max(waits):
            raise BusyError("phone.too_often", seconds=seconds)

    def _count(self, limits: str, *key: str) -> None:
        for limit in parse_many(limits):
            self._limiter.hit(limit, *key)
