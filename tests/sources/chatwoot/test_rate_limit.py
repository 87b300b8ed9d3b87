"""The pace: even, shared by the tenants of a host, safe between threads."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from sources.chatwoot.rate_limit import RateLimiter, limiter_of_host
from tests.sources.chatwoot.handler import Clock


def moments(limiter: RateLimiter, clock: Clock, count: int) -> list[float]:
    found = []
    for _ in range(count):
        limiter.wait()
        found.append(clock.now)
    return found


def test_requests_are_let_through_evenly() -> None:
    clock = Clock()
    sent = moments(RateLimiter(45, burst=1, clock=clock, sleep=clock.sleep), clock, 91)
    assert sent[-1] - sent[0] == pytest.approx(2.0)
    gaps = {round(later - earlier, 6) for earlier, later in itertools.pairwise(sent)}
    assert gaps == {round(1 / 45, 6)}


def test_no_second_and_no_minute_sees_more_than_its_share_and_a_small_burst() -> None:
    clock = Clock()
    limiter = RateLimiter(45, clock=clock, sleep=clock.sleep)
    sent = moments(limiter, clock, 500)
    clock.sleep(100)  # a long pause earns a small burst only
    sent += moments(limiter, clock, 3000)
    for start in sent:
        assert sum(start <= moment < start + 60 for moment in sent) <= 45 * 60 + 5
    for start in sent[::50]:
        assert sum(start <= moment < start + 1 for moment in sent) <= 50


def test_a_pause_holds_everybody_back() -> None:
    clock = Clock()
    limiter = RateLimiter(10, clock=clock, sleep=clock.sleep)
    limiter.wait()
    limiter.pause(30)
    limiter.pause(5)
    limiter.wait()
    assert clock.now == pytest.approx(1030)


def test_tenants_of_one_host_share_one_limiter_at_the_lowest_pace() -> None:
    first = limiter_of_host("https://One.example.com/chat", 45)
    assert limiter_of_host("https://one.example.com:443", 20) is first
    assert first.per_second == pytest.approx(20)
    assert limiter_of_host("https://one.example.com", 45).per_second == pytest.approx(20)
    assert limiter_of_host("https://two.example.com", 45) is not first
    assert limiter_of_host("http://one.example.com", 45) is not first


def test_threads_share_the_pace() -> None:
    limiter = RateLimiter(400, burst=1)
    started = time.monotonic()
    threads = [threading.Thread(target=lambda: [limiter.wait() for _ in range(20)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started >= 159 / 400
