"""How often, and how often at once, each API key may ask; counted in this process.

The library counts in a sliding window, in constant memory for each key.
"""

from collections import Counter

from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from richspeech.access.rate import seconds_to_wait
from richspeech.storage.accounts import Key

SECONDS_TO_FINISH = 1
"""After which who asks for too much at once may try again: most answers take as long."""


class KeyLimits:
    """Counts requests; used by one event loop."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._running: Counter[str] = Counter()

    def begin(self, key: Key) -> int:
        """Count a request, which ``end`` ends; else return how many seconds it has to wait."""
        if key.concurrent is not None and self._running[key.digest] >= key.concurrent:
            return SECONDS_TO_FINISH
        limits = parse_many(key.rate) if key.rate else []
        waits = (seconds_to_wait(self._limiter, limit, key.digest) for limit in limits)
        if seconds := max(waits, default=0):
            return seconds
        for limit in limits:
            self._limiter.hit(limit, key.digest)
        self._running[key.digest] += 1
        return 0

    def end(self, key: Key) -> None:
        """Let the next one in."""
        self._running[key.digest] -= 1
        if not self._running[key.digest]:
            del self._running[key.digest]
