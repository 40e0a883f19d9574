"""How long somebody has to wait whom a rate limit holds back."""

import time

from limits import RateLimitItem
from limits.strategies import RateLimiter


def seconds_to_wait(limiter: RateLimiter, limit: RateLimitItem, *key: str) -> int:
    """Return in how many whole seconds there is room again; 0 where there is some now."""
    if limiter.test(limit, *key):
        return 0
    free = limiter.get_window_stats(limit, *key).reset_time
    return max(int(free - time.time()) + 1, 1)
