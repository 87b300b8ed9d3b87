"""As fast as the server allows, and no faster: learned from its rate-limit headers, and from its refusals.

The server counts requests and tokens in buckets that refill steadily, and says in each answer how much was left. From that a
`RateGate` keeps its own picture of the buckets, and lets a request go only when there is room for it. A server that says
nothing and only refuses is met with a pace of our own: a refusal slows it down, quiet lets it grow.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_MARGIN = 0.02  # of a bucket that stays untouched: requests overtake one another on their way
_WIDEST_MARGIN = 0.2
_OVERTAKING = 0.25  # seconds by which a request may have been overtaken on its way
_FIRST_DROP, _SLOWER, _SLOWEST = 0.05, 0.85, 0.2  # the last one in requests a second
_SEARCHING, _SETTLED = 1.4, 1.01  # growth per second without a refusal
_RECENT_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """What a request needs to report back: when it went, and about how many tokens it takes."""

    sent_at: float
    tokens: float


class RateGate:
    """Shared by everybody who uses one account's allowance of one model; thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._requests, self._tokens = _Bucket("requests"), _Bucket("tokens")
        self._pace = _Pace()
        self._paused_until = 0.0
        self._under_way: set[Ticket] = set()
        self._newest = 0.0  # when the request went from whose answer the buckets are known
        self.refusals = 0

    def acquire(self, tokens: int, stop: threading.Event | None = None) -> Ticket:
        """Waits until a request of about so many tokens may go, or until `stop`."""
        with self._turn, self._changed:  # one at a time looks at the clock, the others stand behind it
            while not (stop is not None and stop.is_set()) and (wait := self.wait(tokens)) > 0:
                self._changed.wait(min(wait, 0.25))
            return self.take(tokens)

    def wait(self, tokens: int) -> float:
        """Seconds until a request of about so many tokens may go, as far as is known now; 0 or less: it may."""
        now = self._clock()
        return max(
            self._paused_until - now,
            self._requests.wait(1, now),
            self._tokens.wait(tokens, now),
            self._pace.wait(now),
        )

    def take(self, tokens: int) -> Ticket:
        """Counts a request as gone."""
        now = self._clock()
        self._pace.sent(now)
        self._requests.take(1)
        self._tokens.take(tokens)
        ticket = Ticket(now, tokens)
        self._under_way.add(ticket)
        return ticket

    def answered(self, ticket: Ticket, headers: Mapping[str, str]) -> None:
        """Takes in what the server says of its buckets."""
        with self._changed:
            if self._learn(ticket, headers, self._clock()):
                self._pace.forget()
            self._changed.notify_all()

    def refused(self, ticket: Ticket, headers: Mapping[str, str]) -> None:
        """The server had no room: nobody goes before it says so."""
        with self._changed:
            now = self._clock()
            self.refusals += 1
            known = self._learn(ticket, headers, now)
            for bucket in (self._requests, self._tokens):
                bucket.be_careful()
            if not known:
                self._pace.refused(ticket.sent_at, now)
            self._paused_until = max(self._paused_until, now + (retry_after(headers) or _RETRY_SECONDS))
            self._changed.notify_all()

    def lost(self, ticket: Ticket) -> None:
        """Nothing came back."""
        with self._changed:
            self._under_way.discard(ticket)

    def _learn(self, ticket: Ticket, headers: Mapping[str, str], now: float) -> bool:
        """Whether the server says what its buckets hold. What it said to an older request than the last is old news."""
        self._under_way.discard(ticket)
        if not _Bucket.tells(headers, "requests"):
            return False
        if ticket.sent_at >= self._newest:
            self._newest = ticket.sent_at
            # what went with it or after it was not counted yet when it came
            uncounted = [other for other in self._under_way if other.sent_at > ticket.sent_at - _OVERTAKING]
            self._requests.learn(headers, len(uncounted), ticket.sent_at, now)
            self._tokens.learn(headers, sum(other.tokens for other in uncounted), ticket.sent_at, now)
        return True


class _Bucket:
    """One of the server's buckets as far as it is known; `remaining` has what is under way taken off already."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._limit: float | None = None
        self._remaining, self._rate, self._at = 0.0, 0.0, 0.0
        self._margin = _MARGIN
        self._rates: deque[float] = deque(maxlen=50)

    def take(self, amount: float) -> None:
        self._remaining -= amount

    def wait(self, amount: float, now: float) -> float:
        """Seconds until there is room for the amount."""
        if self._limit is None:
            return 0.0
        self._refill(now)
        # what is larger than the whole bucket goes when the bucket is full
        missing = min(amount + self._limit * self._margin, self._limit) - self._remaining
        return missing / self._rate if missing > 1e-9 else 0.0

    @staticmethod
    def tells(headers: Mapping[str, str], name: str) -> bool:
        limit, left = (_number(headers.get(f"x-ratelimit-{what}-{name}")) for what in ("limit", "remaining"))
        return limit is not None and left is not None and limit > 0

    def learn(self, headers: Mapping[str, str], uncounted: float, sent_at: float, now: float) -> None:
        """Takes in an answer's headers, and what is under way that they may not have counted."""
        if not self.tells(headers, self._name):
            return
        limit = float(headers[f"x-ratelimit-limit-{self._name}"])
        left = float(headers[f"x-ratelimit-remaining-{self._name}"])
        full_in = seconds_of(headers.get(f"x-ratelimit-reset-{self._name}"))
        if full_in and limit - left >= min(5, limit / 20):
            self._rates.append((limit - left) / full_in)
        # a bucket refills evenly, so that all of these agree; a window that ends at once shows less than its rate
        self._rate = max(limit / 60, min(self._rates, default=0.0))
        self._limit = limit
        self._at = now
        self._remaining = min(left + self._rate * (now - sent_at), limit) - uncounted

    def be_careful(self) -> None:
        self._margin = min(self._margin * 1.5, _WIDEST_MARGIN)

    def _refill(self, now: float) -> None:
        assert self._limit is not None
        self._remaining = min(self._remaining + (now - self._at) * self._rate, self._limit)
        self._at = now


class _Pace:
    """A rate of our own, for servers that refuse and say no more; none until they do.

    The first refusal throws it far down, from where it doubles and doubles; the next one shows where the limit is, and from
    then on it stays a little below, and feels its way up slowly.
    """

    def __init__(self) -> None:
        self._rate: float | None = None
        self._growth = _SEARCHING
        self._since = self._next = 0.0
        self._sent: deque[float] = deque(maxlen=1000)

    def wait(self, now: float) -> float:
        return 0.0 if self._rate is None else self._next - now

    def sent(self, now: float) -> None:
        self._sent.append(now)
        if self._rate is not None:
            step = 1 / self._grown(now)
            self._next = max(self._next, now - step) + step

    def refused(self, sent_at: float, now: float) -> None:
        if self._rate is None:
            recent = sum(1 for moment in self._sent if moment > now - _RECENT_SECONDS)
            self._rate = max(recent / _RECENT_SECONDS * _FIRST_DROP, _SLOWEST)
        elif sent_at < self._since:
            return  # it went before we slowed down
        else:
            self._rate = max(self._grown(now) * _SLOWER, _SLOWEST)
            self._growth = _SETTLED
        self._since, self._next = now, now

    def forget(self) -> None:
        self._rate = None

    def _grown(self, now: float) -> float:
        """The rate after the time without refusals."""
        assert self._rate is not None
        return self._rate * self._growth ** max(now - self._since, 0.0)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, as `retry-after-ms` or `retry-after` has them."""
    milliseconds = _number(headers.get("retry-after-ms"))
    return milliseconds / 1000 if milliseconds is not None else _number(headers.get("retry-after"))


def seconds_of(duration: str | None) -> float | None:
    """`6m0s`, `120ms` and `1.5s` in seconds."""
    parts = _DURATION.findall(duration or "")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else _number(duration)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


_gates: dict[tuple[str, str, str], RateGate] = {}
_gates_lock = threading.Lock()


def gate_of(base_url: str, api_key: str, model: str) -> RateGate:
    """The gate of this account and model: one per process, however many tenants share the account."""
    with _gates_lock:
        return _gates.setdefault((base_url, api_key, model), RateGate())
