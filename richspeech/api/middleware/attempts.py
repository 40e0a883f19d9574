"""Rate limit of logins, by address and by name.

The library counts failures in moving windows; nested ones make whoever keeps trying wait longer
each time. A success clears earlier failures.
"""

from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from richspeech.access.rate import seconds_to_wait

FAILURES = "5 per minute; 12 per 10 minutes; 30 per hour"
MOST_LETTERS = 128
"""Of a name, which is otherwise as long as a body may be."""


class Attempts:
    """Counts failures; used by one event loop."""

    def __init__(self, failures: str = FAILURES) -> None:
        self._storage = MemoryStorage()
        self._limiter, self._limits = MovingWindowRateLimiter(self._storage), parse_many(failures)

    def seconds_to_wait(self, address: str, user: str) -> int:
        """Return how long this address, or this name, has to wait; 0 for those who may try."""
        return max(
            seconds_to_wait(self._limiter, limit, *key)
            for limit in self._limits
            for key in _keys(address, user)
        )

    def fail(self, address: str, user: str) -> None:
        """Count a failure."""
        for key in _keys(address, user):
            for limit in self._limits:
                self._limiter.hit(limit, *key)

    def succeed(self, address: str, user: str) -> None:
        """Forget the failures before."""
        for key in _keys(address, user):
            for limit in self._limits:
                self._limiter.clear(limit, *key)


def _keys(address: str, user: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("address", address), ("user", user[:MOST_LETTERS])
