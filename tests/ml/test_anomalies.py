"""Bursts and silences are found, once each, and quiet times stay quiet."""

from __future__ import annotations

import numpy as np
import pytest

from ml.anomalies import Episode, episodes

WEEK = np.array([1.3, 1.18, 1.1, 1.05, 0.95, 0.62, 0.34])
SHAPE = np.array(
    [0.4, 0.2, 0.1, 0.1, 0.2, 0.6, 1.6, 3.4, 6, 7.2, 7.4, 6.6, 5, 5.6, 6.6, 6.6, 6.2, 5.4, 4.4, 3.6, 3, 2.4, 1.6, 0.8]
)
DAYS = 118


def world(per_day: float, seed: int, *, days: int = DAYS) -> tuple[np.ndarray, np.ndarray]:
    """Counts by the hour, and what a good forecast says of them: weeks have a luck that it cannot know."""
    rng = np.random.default_rng(seed)
    rate = np.concatenate([per_day * WEEK[day % 7] / WEEK.mean() * SHAPE / SHAPE.sum() for day in range(days)])
    luck = np.repeat(np.exp(rng.normal(0, 0.12, days // 7 + 1)), 7 * 24)[: len(rate)]
    return rng.poisson(rate * luck).astype(float), rate


def inject(seed: int, per_day: float, times: float) -> tuple[list[Episode], int, int]:
    """A stretch of at least a day, in which 30 would be expected, with so many times as many."""
    rng = np.random.default_rng(1000 + seed)
    counts, rate = world(per_day, seed)
    start, hours = int(rng.integers(60 * 24, 100 * 24)), 24
    while rate[start : start + hours].sum() < 30:
        hours += 1
    stretch = slice(start, start + hours)
    counts[stretch] = rng.poisson(rate[stretch] * times)
    return episodes(counts, rate, metrics=3), start, start + hours


@pytest.mark.parametrize(("times", "direction"), [(0.0, "below"), (3.0, "above")], ids=["silence", "burst"])
def test_what_was_injected_is_found(times: float, direction: str, long_tests: bool) -> None:
    found = tried = 0
    for seed in range(100 if long_tests else 20):
        told, start, end = inject(seed, (15.0, 40.0)[seed % 2], times)
        found += any(one.direction == direction and one.start < end and one.end > start for one in told)
        tried += 1
    assert found / tried >= 0.95


def test_quiet_times_have_fewer_than_one_alarm_a_tenant_and_month(long_tests: bool) -> None:
    alarms = months = 0.0
    for seed in range(90 if long_tests else 12):
        alarms += len(episodes(*world((7.0, 15.0, 40.0)[seed % 3], seed), metrics=3))
        months += (DAYS - 28) / 30
    assert 3 * alarms / months < 1  # three metrics


def test_one_episode_is_told_once_and_for_about_as_long_as_it_lasted() -> None:
    counts, rate = world(40.0, 3)
    counts[80 * 24 : 83 * 24 + 12] = 0
    told = episodes(counts, rate, metrics=3)
    assert len(told) == 1
    assert abs(told[0].start - 80 * 24) <= 12
    assert abs(told[0].end - (83 * 24 + 12)) <= 24
    assert told[0].severity in ("high", "critical")
    assert told[0].observed <= 0.1 * told[0].expected


def test_a_holiday_that_was_forecast_is_no_anomaly() -> None:
    counts, rate = world(40.0, 4)
    holiday = slice(91 * 24, 92 * 24)
    counts[holiday] = np.random.default_rng(0).poisson(0.2 * rate[holiday])
    expected = rate.copy()
    expected[holiday] *= 0.2
    assert any(one.start < holiday.stop and one.end > holiday.start for one in episodes(counts, rate))
    assert not any(one.start < holiday.stop and one.end > holiday.start for one in episodes(counts, expected))


def test_a_business_that_grows_is_told_and_then_is_how_things_are() -> None:
    counts, rate = world(40.0, 5, days=160)
    rng = np.random.default_rng(0)
    counts[70 * 24 :] = rng.poisson(1.8 * rate[70 * 24 :])
    told = episodes(counts, rate, metrics=3)
    above = [one.start / 24 for one in told if one.direction == "above"]
    assert 70 <= min(above) < 73
    assert max(above) < 70 + 21
    assert len(above) <= 3


def test_days_are_looked_at_where_hours_are_not_known() -> None:
    counts, rate = world(15.0, 6)
    daily, expected = counts.reshape(-1, 24).sum(axis=1), rate.reshape(-1, 24).sum(axis=1)
    daily[100:103] = 0
    told = episodes(daily, expected, slots_per_day=1, metrics=3)
    assert [(one.start, one.end, one.direction) for one in told] == [(100, 103, "below")]


def test_a_higher_threshold_tells_less() -> None:
    counts, rate = world(40.0, 7)
    counts[80 * 24 : 81 * 24] *= 2
    numbers = [len(episodes(counts, rate, threshold=threshold)) for threshold in (1.0, 2.5, 9.0)]
    assert numbers[0] >= numbers[1] >= numbers[2] == 0
    assert numbers[0] > 0


def test_four_weeks_are_needed() -> None:
    counts, rate = world(40.0, 8, days=28)
    counts[-24:] = 0
    assert episodes(counts, rate) == []
