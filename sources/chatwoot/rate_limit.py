"""How fast a Chatwoot host may be asked: one even pace per host, shared by every tenant of it in this process.

Chatwoot counts requests per address and minute (3,000 by default) and throttles the excess without saying for how long,
so an even pace below it is both fastest and safest. Hosts on other ports are other hosts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

Sleep = Callable[[float], object]


class RateLimiter:
    """A token bucket that lets requests through evenly, with a small burst after a pause."""

    def __init__(
        self,
        per_second: float,
        *,
        burst: int = 5,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep | None = None,
    ) -> None:
        self._interval = 1.0 / per_second
        self._burst = burst
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        # when the bucket would be full again; asked for more than `burst` intervals ahead, a request waits
        self._full_at = clock()
        self._paused_until = self._full_at

    @property
    def per_second(self) -> float:
        return 1.0 / self._interval

    def slow_down_to(self, per_second: float) -> None:
        """Takes a lower pace; a higher one is ignored, because another tenant of the host asked for the lower."""
        with self._lock:
            self._interval = max(self._interval, 1.0 / per_second)

    def pause(self, seconds: float) -> None:
        """Nobody asks for that long: the host has just said that it is too much."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def wait(self, sleep: Sleep = time.sleep) -> None:
        """Returns when the caller may send one request; `sleep` is how it waits, unless the limiter has its own way."""
        with self._lock:
            now = self._clock()
            start = max(now, self._paused_until, self._full_at - (self._burst - 1) * self._interval)
            self._full_at = max(self._full_at, start) + self._interval
        if start > now:
            (self._sleep or sleep)(start - now)


_limiters: dict[str, RateLimiter] = {}
_registry_lock = threading.Lock()


def limiter_of_host(base_url: str, per_second: float) -> RateLimiter:
    """The host's one limiter in this process; the lowest pace any of its tenants asks for holds for all."""
    parts = urlsplit(base_url)
    host = f"{(parts.hostname or '').lower()}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    with _registry_lock:
        limiter = _limiters.get(host)
        if limiter is None:
            limiter = _limiters[host] = RateLimiter(per_second)
        else:
            limiter.slow_down_to(per_second)
    return limiter
