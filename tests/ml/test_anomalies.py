"""Bursts and silences are found, once each, and quiet times stay quiet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from ml.anomalies import Episode, episodes
from ml.rarity import deviation

WEEK = np.array([1.3, 1.18, 1.1, 1.05, 0.95, 0.62, 0.34])
SHAPE = np.array(
    [0.4, 0.2, 0.1, 0.1, 0.2, 0.6, 1.6, 3.4, 6, 7.2, 7.4, 6.6, 5, 5.6, 6.6, 6.6, 6.2, 5.4, 4.4, 3.6, 3, 2.4, 1.6, 0.8]
)
DAYS = 118


def rates(per_day: float, days: int = DAYS) -> np.ndarray:
    return np.concatenate([per_day * WEEK[day % 7] / WEEK.mean() * SHAPE / SHAPE.sum() for day in range(days)])


def lucky(rate: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same rates, of weeks that have a luck of their own."""
    return rate * np.repeat(np.exp(rng.normal(0, 0.12, len(rate) // 168 + 1)), 168)[: len(rate)]


def world(per_day: float, seed: int, *, days: int = DAYS) -> tuple[np.ndarray, np.ndarray]:
    """Counts by the hour, and what a good forecast says of them: it cannot know the luck of weeks."""
    rng = np.random.default_rng(seed)
    rate = rates(per_day, days)
    return rng.poisson(lucky(rate, rng)).astype(float), rate


def talkative(per_day: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Messages, five in a talk, one after the other in an hour or two: they come in bursts of their own making."""
    rng = np.random.default_rng(seed)
    rate = rates(per_day)
    talks = rng.poisson(lucky(rate, rng))
    begun = np.repeat(np.arange(len(rate)), talks) + rng.random(talks.sum())
    messages = rng.geometric(0.2, len(begun))
    at = np.repeat(begun, messages) + rng.exponential(1.5, messages.sum())
    hours = np.arange(13)
    within = np.diff(1 - np.exp(-hours / 1.5), prepend=0.0)
    counts = np.bincount(at[at < len(rate)].astype(int), minlength=len(rate)).astype(float)
    return counts, 5 * np.convolve(rate, (within + np.append(within[1:], 0.0)) / 2)[: len(rate)]


def stretches(rate: np.ndarray, needed: float) -> tuple[np.ndarray, np.ndarray]:
    """From any hour of forty days on, at least a day, until so many would have come: first hours, and those after the last."""
    starts = np.arange(60 * 24, 100 * 24)
    before = np.concatenate([[0.0], np.cumsum(rate)])
    return starts, np.maximum(np.searchsorted(before, before[starts] + needed), starts + 24)


def inject(seed: int, per_day: float, times: float, needed: float) -> tuple[list[Episode], int, int]:
    """What is told when in one stretch so many times as many come as would have."""
    rng = np.random.default_rng(1000 + seed)
    counts, rate = world(per_day, seed)
    starts, ends = stretches(rate, needed)
    one = rng.integers(len(starts))
    stretch = slice(starts[one], ends[one])
    counts[stretch] = rng.poisson(rate[stretch] * times)
    return episodes(counts, rate, metrics=3), stretch.start, stretch.stop


def best_possible(per_day: float, times: float, needed: float, tries: int) -> float:
    """The share of such stretches that could be found by whoever knows the true rate, the luck of each week, how many times
    as many come and for how long, and does not know only when: no test with as few false alarms finds more (Neyman-Pearson,
    by the likelihood ratio of a stretch that begins at any hour alike)."""
    rate = rates(per_day)
    starts, ends = stretches(rate, needed)

    def evidence(counts: np.ndarray, usual: np.ndarray) -> float:
        with np.errstate(divide="ignore"):
            by_hour = (
                usual - rate * times + np.where(counts > 0, counts * np.maximum(np.log(rate * times / usual), -1e6), 0)
            )
        before = np.concatenate([[0.0], np.cumsum(by_hour)])
        return float(np.logaddexp.reduce(before[ends] - before[starts]))

    quiet, strange = [], []
    for seed in range(tries):
        rng = np.random.default_rng(seed)
        usual = lucky(rate, rng)
        counts = rng.poisson(usual).astype(float)
        quiet.append(evidence(counts, usual))
        one = rng.integers(len(starts))
        stretch = slice(starts[one], ends[one])
        counts[stretch] = rng.poisson(rate[stretch] * times)
        strange.append(evidence(counts, usual))
    # one false alarm in eighty days of a tenant, of three metrics, in the forty days that are looked at
    enough = np.quantile(quiet, np.exp(-40 / 80 / 3))
    return float(np.mean(np.array(strange) > enough))


@pytest.mark.parametrize(("times", "direction"), [(0.0, "below"), (3.0, "above")], ids=["silence", "burst"])
@pytest.mark.parametrize("needed", [20.0, 30.0])
def test_what_was_injected_is_found_and_told_once(
    needed: float, times: float, direction: str, long_tests: bool
) -> None:
    """However little there is to do, and nearly as often as by a detector that knows all but the moment."""
    each = 200 if long_tests else 20
    shares, best, found, tellings = {}, {}, 0, 0
    for per_day in (3.0, 7.0, 15.0, 40.0):
        hits = []
        for seed in range(each):
            told, start, end = inject(seed, per_day, times, needed)
            hits.append(sum(one.direction == direction and one.start < end and one.end > start for one in told))
        shares[per_day] = np.mean([hit > 0 for hit in hits])
        best[per_day] = best_possible(per_day, times, needed, 200 if long_tests else 30)
        found += sum(hit > 0 for hit in hits)
        tellings += sum(hits)
    print(f"{direction}, {needed:g} expected: {shares}, at best {best}, told {tellings / found:.3f} times")
    assert found / (4 * each) >= 0.95
    assert tellings <= 1.01 * found
    if long_tests:
        assert all(share >= 0.95 and share >= best[per_day] - 0.05 for per_day, share in shares.items())


@pytest.mark.parametrize("made", [world, talkative], ids=["talks", "messages"])
def test_quiet_times_have_fewer_than_one_alarm_a_tenant_and_month(
    made: Callable[[float, int], tuple[np.ndarray, np.ndarray]], long_tests: bool
) -> None:
    alarms = months = 0.0
    for seed in range(160 if long_tests else 16):
        alarms += len(episodes(*made((3.0, 7.0, 15.0, 40.0)[seed % 4], seed), metrics=3))
        months += (DAYS - 28) / 30
    print(f"{3 * alarms / months:.2f} a tenant and month")
    assert 3 * alarms / months < 1  # three metrics


def test_who_is_not_expected_at_all_may_come_all_the_same() -> None:
    """A forecast of nobody at night is not to be believed: somebody comes each other night."""
    counts, rate = world(15.0, 9)
    hours = np.arange(len(rate)) % 24
    counts[hours < 6] = 0
    rate[hours < 6] = 0
    counts[3::48] = np.random.default_rng(9).poisson(2.0, len(counts[3::48]))
    assert not [one for one in episodes(counts, rate, metrics=3) if one.direction == "above"]


def test_nothing_and_hardly_anything_are_no_anomaly() -> None:
    counts = np.zeros(60 * 24)
    assert episodes(counts, np.zeros(60 * 24)) == []
    counts[50 * 24] = 1
    assert episodes(counts, np.zeros(60 * 24)) == []


@pytest.mark.parametrize(("mean", "dispersion"), [(0.4, 1.2), (9.0, 1.00001), (21.0, 1.8), (300.0, 6.0)])
def test_a_deviation_is_the_exact_tail_of_a_negative_binomial(mean: float, dispersion: float) -> None:
    counts = stats.nbinom(mean / (dispersion - 1), 1 / dispersion)
    for seen in (0, int(mean / 2), int(mean) + 2, int(3 * mean)):
        few, many = counts.cdf(seen), counts.sf(seen - 1)
        assert deviation(seen, mean, dispersion, "below") == pytest.approx(
            min(stats.norm.ppf(few), 0), rel=1e-3, abs=1e-6
        )
        assert deviation(seen, mean, dispersion, "above") == pytest.approx(
            max(stats.norm.isf(many), 0), rel=1e-3, abs=1e-6
        )


def test_one_episode_is_told_once_and_for_about_as_long_as_it_lasted() -> None:
    counts, rate = world(40.0, 3)
    counts[80 * 24 : 83 * 24 + 12] = 0
    told = [one for one in episodes(counts, rate, metrics=3) if one.direction == "below"]
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
    above = [one for one in told if one.direction == "above"]
    assert 69.5 <= min(one.start for one in above) / 24 < 73
    assert max(one.end for one in above) / 24 < 70 + 30
    assert len(above) <= 3


def test_days_are_looked_at_where_hours_are_not_known() -> None:
    counts, rate = world(15.0, 6)
    daily, expected = counts.reshape(-1, 24).sum(axis=1), rate.reshape(-1, 24).sum(axis=1)
    daily[100:103] = 0
    told = episodes(daily, expected, slots_per_day=1, metrics=3)
    assert [(one.start, one.end, one.direction) for one in told] == [(100, 103, "below")]


@pytest.mark.parametrize(("times", "direction"), [(0.0, "below"), (3.0, "above")], ids=["silence", "burst"])
def test_days_of_three_a_day_are_enough(times: float, direction: str, long_tests: bool) -> None:
    """As bookings come; one a day is told in at least two of three cases."""
    shares = {}
    for per_day in (1.0, 3.0):
        found = 0
        for seed in range(100 if long_tests else 20):
            counts, rate = (values.reshape(-1, 24).sum(axis=1) for values in world(per_day, seed))
            rng = np.random.default_rng(seed)
            stretch = slice(start := int(rng.integers(50, 85)), start + int(np.ceil(30 / per_day)))
            counts[stretch] = rng.poisson(rate[stretch] * times)
            told = episodes(counts, rate, slots_per_day=1, metrics=3)
            found += any(one.direction == direction and one.start < stretch.stop and one.end > start for one in told)
        shares[per_day] = found / (100 if long_tests else 20)
    print(direction, shares)
    assert shares[3.0] >= 0.95
    assert shares[1.0] >= 0.6


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
