"""The forecasts against the best there could be: of the pretend world it is known how many talks were to be expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from funil.tenants import Tenant
from ml.demand_forecast import DemandForecast, forecast
from sandbox.world.world import World
from warehouse.closed_days import special_days

DAYS = 29  # the world's last day is not whole
GRAINS = ("day", "hour")


@dataclass(frozen=True)
class Window:
    """One forecast of a month: what was to be expected by slot, and sums of absolute errors of ours and of whoever knows the rate."""

    series: str
    expected: np.ndarray
    ours: float
    floor: float


def test_the_forecast_is_nearly_as_good_as_knowing_the_true_rate(long_tests: bool) -> None:
    """Within 15 % of the error of whoever knows the rate, but for the luck of single weeks, which nobody can.

    All errors over all of the floor's: in one month of one series the floor itself is off by chance as much as that.
    """
    windows = (
        _windows((7, 11, 13, 17, 19, 23), None, range(30, 151, 30))
        if long_tests
        else _windows((7,), ("sorriso",), (30, 90))
    )
    for grain in GRAINS:
        found = windows[grain]
        assert _pooled(found) <= 1.15, (grain, [(one.series, one.ours / one.floor) for one in found])
        if long_tests:
            low, high = _interval(found)
            ratios = np.array([one.ours / one.floor for one in found])
            own, usual = _luck_of_the_floor(found)
            against = np.array([one.ours for one in found]) / usual
            print(
                f"{grain}: {_pooled(found):.3f} ({low:.3f} to {high:.3f}) of {len(found)} windows; single ones"
                f" {np.quantile(ratios, 0.05):.2f} to {np.quantile(ratios, 0.95):.2f}, {np.mean(ratios <= 1.15):.0%} within 1.15;"
                f" by luck alone the floor is {np.quantile(own, 0.05):.2f} to {np.quantile(own, 0.95):.2f} times its mean (sd"
                f" {own.std():.3f}), ours is (sd) {against.std():.3f}"
            )
            assert high <= 1.15


def test_talks_begin_as_often_as_the_rate_says() -> None:
    world = World.generate(seed=3, scale=0.3, slugs=("boxcentral",))
    start = world.tenants["boxcentral"].simulation.start
    rates = world.rates("boxcentral", start, world.end)
    talks = world.truth("boxcentral")["arrivals"]
    for side, expected in rates.groupby("side")["rate"].sum().items():
        assert abs((talks["side"] == side).sum() - expected) <= 1
    assert rates["foreseeable"].sum() != rates["rate"].sum()
    ahead = world.rates("boxcentral", world.end, world.end + timedelta(days=60))
    before = talks["at"].max()
    world.advance(24 * 60, unannounced=False)
    came = (world.truth("boxcentral")["arrivals"]["at"] > before).sum()
    assert abs(came - ahead["rate"].sum()) <= 4 * ahead["rate"].sum() ** 0.5


def _windows(seeds: Iterable[int], slugs: tuple[str, ...] | None, ago: Iterable[int]) -> dict[str, list[Window]]:
    """By grain, of worlds, standing so many days before their end."""
    windows: dict[str, list[Window]] = {grain: [] for grain in GRAINS}
    days_ago = list(ago)
    for seed in seeds:
        world = World.generate(seed=seed) if slugs is None else World.generate(seed=seed, slugs=slugs)
        for slug in world.tenants:
            for back in days_ago:
                made, happened, foreseeable = _forecast(world, slug, back)
                for grain in GRAINS:
                    rows = made.rows[made.rows["grain"] == grain]
                    starts = pd.DatetimeIndex(rows["starts_at"])[: DAYS * (1 if grain == "day" else 24)]
                    actual, known = _on(starts, happened), _on(starts, foreseeable)
                    ours = np.abs(actual - rows["predicted"].to_numpy()[: len(starts)])
                    floor = np.abs(actual - known)
                    windows[grain].append(Window(f"{slug} of {seed}", known, float(ours.sum()), float(floor.sum())))
    return windows


def _pooled(windows: Sequence[Window]) -> float:
    return sum(one.ours for one in windows) / sum(one.floor for one in windows)


def _interval(windows: Sequence[Window]) -> tuple[float, float]:
    """Of the pooled ratio, 95 %: whole series are drawn again, since months of one have much in common."""
    of_series = [[one for one in windows if one.series == name] for name in sorted({one.series for one in windows})]
    rng = np.random.default_rng(0)
    drawn = [
        _pooled([one for at in rng.integers(len(of_series), size=len(of_series)) for one in of_series[at]])
        for _ in range(1000)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _luck_of_the_floor(windows: Sequence[Window]) -> tuple[np.ndarray, np.ndarray]:
    """How far the error of whoever knows the rate is from its own mean in 100 repetitions of each window; and that mean."""
    rng = np.random.default_rng(0)
    off, usual = [], []
    for one in windows:
        week = (np.arange(len(one.expected)) * DAYS // len(one.expected) + rng.integers(7)) // 7
        luck = np.exp(rng.normal(0, 0.12, (100, 6)))[:, week]
        errors = np.abs(rng.poisson(one.expected * luck) - one.expected).sum(axis=1)
        usual.append(errors.mean())
        off.append(errors / errors.mean())
    return np.concatenate(off), np.array(usual)


def _forecast(world: World, slug: str, back: int) -> tuple[DemandForecast, pd.Series, pd.Series]:
    """What was forecast so many days before the end; talks begun, and those foreseeable, by the instant and by the hour."""
    now = world.end - timedelta(days=back)
    settings = {key: value for key, value in world.tenants[slug].settings.items() if key not in ("chatwoot", "bot")}
    tenant = Tenant.model_validate({**settings, "bot": {"database_url": "postgresql://nowhere"}})
    talks = world.truth(slug)["arrivals"].query("side == 'chatwoot'")
    observed = pd.DataFrame({"starts_at": talks["at"], "count": 1})
    made = forecast(
        observed[observed["starts_at"] < now],
        timezone=tenant.timezone,
        now=pd.Timestamp(now),
        special_days=special_days(tenant, now.date()),
    )
    rates = world.rates(slug, now - timedelta(days=2), world.end).query("side == 'chatwoot'")
    return (
        made,
        pd.Series(1.0, index=pd.DatetimeIndex(observed["starts_at"])),
        pd.Series(rates["foreseeable"].to_numpy(), index=pd.DatetimeIndex(rates["starts_at"])),
    )


def _on(starts: pd.DatetimeIndex, counts: pd.Series) -> np.ndarray:
    """Sums by slot, each until the next one begins, and the last as long as the one before."""
    edges = starts.append(pd.DatetimeIndex([starts[-1] + (starts[-1] - starts[-2])]))
    position = edges.searchsorted(pd.DatetimeIndex(counts.index), side="right") - 1
    inside = (position >= 0) & (position < len(starts))
    return np.bincount(position[inside], weights=counts.to_numpy()[inside], minlength=len(starts))
