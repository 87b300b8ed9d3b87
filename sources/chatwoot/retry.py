"""Asking again: what is transient is tried up to five times, further and further apart, and then it is an error.

After a 429 the wait grows until it passes the minute's end by the server's clock, because Chatwoot counts requests in
whole minutes and does not say when to come back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from sources.chatwoot.errors import Throttled, Unavailable

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """`base` seconds double with each failure up to `ceiling`; jitter takes off up to half of it."""

    attempts: int = 5
    base: float = 0.5
    ceiling: float = 20.0
    throttle_base: float = 3.0
    window: float = 60.0
    sleep: Callable[[float], object] | None = None
    jitter: Callable[[], float] = random.random

    def seconds_before(self, failed_attempts: int, error: Unavailable) -> float:
        """How long to wait before the next attempt."""
        if isinstance(error, Throttled):
            return self._throttled(failed_attempts, error)
        step = min(self.ceiling, self.base * 2 ** (failed_attempts - 1))
        return step * (1.0 - 0.5 * self.jitter())

    def _throttled(self, failed_attempts: int, error: Throttled) -> float:
        spread = self.jitter()
        if error.retry_after is not None:
            return min(error.retry_after, 2 * self.window) + spread
        window_ends = self.window - (error.seconds_into_minute or 0) % self.window
        if failed_attempts >= self.attempts - 1:
            return window_ends + spread  # the last try is in a new minute for certain
        return min(window_ends, self.throttle_base * 2 ** (failed_attempts - 1)) + spread

    def run(
        self,
        ask: Callable[[], T],
        *,
        waiting: Callable[[Unavailable, float], None] | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> T:
        """`ask()`, asked again while it raises Unavailable; `waiting` hears of every wait before it begins.

        `sleep` is how to wait, unless the policy has its own way.
        """

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            assert isinstance(error, Unavailable)
            seconds = self.seconds_before(state.attempt_number, error)
            if waiting is not None:
                waiting(error, seconds)
            return seconds

        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=wait,
            retry=retry_if_exception_type(Unavailable),
            sleep=lambda seconds: _slept((self.sleep or sleep)(seconds)),
            reraise=True,
        )
        return retrying(ask)


def _slept(result: object) -> None:
    """tenacity wants nothing back; an event's `wait`, which may be the sleep, says whether it was set."""
