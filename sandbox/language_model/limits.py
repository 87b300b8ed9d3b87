"""Buckets that refill steadily, as OpenAI's rate limits do, and the headers that tell how they stand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """`limit` units, refilled evenly within `seconds`."""

    limit: int
    seconds: float = 60.0
    _left: float = field(init=False)
    _at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._left = float(self.limit)

    def has(self, amount: float, now: float) -> bool:
        self._left = (
            min(self._left + (now - self._at) * self.limit / self.seconds, self.limit) if self._at else self._left
        )
        self._at = now
        return self._left >= amount

    def take(self, amount: float) -> None:
        self._left -= amount

    def wait(self, amount: float) -> float:
        """Seconds until there is room for the amount."""
        return max(amount - self._left, 0.0) * self.seconds / self.limit

    def headers(self, name: str) -> dict[str, str]:
        full_in = (self.limit - self._left) * self.seconds / self.limit
        return {
            f"x-ratelimit-limit-{name}": str(self.limit),
            f"x-ratelimit-remaining-{name}": str(int(self._left)),
            f"x-ratelimit-reset-{name}": _duration(full_in),
        }


@dataclass
class Limits:
    """Requests and tokens; None is no limit. Without `tells` the server refuses and says no more than `retry-after`."""

    requests: Bucket | None = None
    tokens: Bucket | None = None
    tells: bool = True
    clock: Callable[[], float] = time.monotonic

    def take(self, tokens: int) -> float | None:
        """None where there was room for a request of so many tokens, which is then taken; else seconds to wait for it."""
        now = self.clock()
        asked = [(bucket, amount) for bucket, amount in ((self.requests, 1.0), (self.tokens, float(tokens))) if bucket]
        short = [bucket.wait(amount) for bucket, amount in asked if not bucket.has(amount, now)]
        if short:
            return max(short)
        for bucket, amount in asked:
            bucket.take(amount)
        return None

    def headers(self) -> dict[str, str]:
        if not self.tells:
            return {}
        shown: dict[str, str] = {}
        for name, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            shown |= bucket.headers(name) if bucket else {}
        return shown


def _duration(seconds: float) -> str:
    """As OpenAI writes it: 6m0s, 1.2s, 120ms."""
    if seconds >= 60:
        return f"{int(seconds // 60)}m{seconds % 60:.3f}s"
    return f"{seconds:.3f}s" if seconds >= 1 else f"{max(round(seconds * 1000), 0)}ms"
