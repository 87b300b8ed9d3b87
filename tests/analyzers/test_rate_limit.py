"""A gate in front of a pretend server, in pretend time: as fast as allowed, and hardly ever refused."""

from __future__ import annotations

import heapq
import random

import pytest

from analyzers.rate_limit import RateGate, retry_after, seconds_of
from sandbox.language_model.limits import Bucket, Limits


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(
    limits: Limits,
    clock: Clock,
    *,
    seconds: float,
    workers: int = 64,
    latency: float = 0.3,
    tokens: int = 100,
    scatter: float = 0.0,
):
    """Workers that ask again and again for so many seconds; when each request was answered, and how many were refused.

    A request is on its way for up to `scatter` seconds, and may be overtaken.
    """
    gate, ways = RateGate(clock), random.Random(1)
    limits.clock = clock
    answered: list[float] = []
    refused = 0
    events: list[tuple[float, int, str, object]] = [(clock.now, worker, "ask", None) for worker in range(workers)]
    end = clock.now + seconds
    while events:
        at, worker, what, ticket = heapq.heappop(events)
        if at > end:
            break
        clock.now = max(clock.now, at)
        if what == "ask":
            # what acquire() does, without sleeping in it
            wait = gate.wait(tokens)
            if wait > 0:
                heapq.heappush(events, (clock.now + wait, worker, "ask", None))
                continue
            heapq.heappush(events, (clock.now + ways.uniform(0, scatter), worker, "arrived", gate.take(tokens)))
        elif what == "arrived":
            pause = limits.take(tokens)
            headers = limits.headers()
            if pause is None:
                heapq.heappush(events, (clock.now + latency, worker, "answered", (ticket, headers)))
            else:
                told = {**headers, "retry-after-ms": str(int(pause * 1000) + 1)}
                heapq.heappush(events, (clock.now + 0.005, worker, "refused", (ticket, told)))
        else:
            ticket, headers = ticket  # type: ignore[misc]
            if what == "answered":
                gate.answered(ticket, headers)
                answered.append(clock.now)
            else:
                gate.refused(ticket, headers)
                refused += 1
            heapq.heappush(events, (clock.now, worker, "ask", None))
    return answered, refused


@pytest.mark.parametrize("window", [60.0, 6.0])
@pytest.mark.parametrize("latency", [0.05, 1.0])
def test_settles_at_the_allowed_rate_and_is_hardly_ever_refused(window: float, latency: float) -> None:
    clock = Clock()
    rate = 500 / 60
    limits = Limits(requests=Bucket(int(rate * window), window))
    answered, refused = run(limits, clock, seconds=300, latency=latency)
    late = [at for at in answered if at > clock.now - 150]
    assert len(late) / 150 == pytest.approx(rate, rel=0.1)
    assert refused < 0.02 * (len(answered) + refused)


def test_requests_that_overtake_one_another_are_not_refused_for_it() -> None:
    """A burst of threads arrives in another order than it was let go in; the first seconds are counted, too."""
    clock = Clock()
    answered, refused = run(Limits(requests=Bucket(100, 12.0)), clock, seconds=40, scatter=0.2)
    assert len(answered) == pytest.approx(100 + 40 * 500 / 60, rel=0.1)
    assert refused == 0


def test_tokens_are_a_limit_too() -> None:
    clock = Clock()
    limits = Limits(requests=Bucket(10_000), tokens=Bucket(60_000))
    answered, refused = run(limits, clock, seconds=300, tokens=1000)
    late = [at for at in answered if at > clock.now - 150]
    assert len(late) / 150 == pytest.approx(1.0, rel=0.1)
    assert refused < 0.02 * len(answered)


def test_a_server_that_only_refuses_is_felt_for() -> None:
    clock = Clock()
    limits = Limits(requests=Bucket(50, 6.0), tells=False)
    answered, refused = run(limits, clock, seconds=300)
    late = [at for at in answered if at > clock.now - 150]
    assert len(late) / 150 == pytest.approx(500 / 60, rel=0.1)
    assert refused < 0.05 * len(answered)


def test_without_limits_nobody_waits() -> None:
    clock = Clock()
    answered, refused = run(Limits(), clock, seconds=10)
    assert len(answered) == pytest.approx(64 * 10 / 0.3, rel=0.1)
    assert refused == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360), ("1.5s", 1.5), ("120ms", 0.12), ("1h2m3s", 3723), ("7", 7), ("", None), (None, None), ("x", None)],
)
def test_durations_as_the_server_writes_them(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_how_long_to_wait() -> None:
    assert retry_after({"retry-after-ms": "1500", "retry-after": "9"}) == 1.5
    assert retry_after({"retry-after": "9"}) == 9
    assert retry_after({}) is None
