"""The forecasts against the best there could be: of the pretend world it is known how many talks were to be expected."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from funil.tenants import Tenant
from ml.accuracy import wape
from ml.demand_forecast import DemandForecast, forecast
from sandbox.world.world import World
from warehouse.closed_days import special_days

DAYS = 29  # the world's last day is not whole


def test_the_forecast_is_nearly_as_good_as_knowing_the_true_rate(long_tests: bool) -> None:
    """Within 15 % of the error of whoever knows the rate, but for the luck of single weeks, which nobody can."""
    ours: dict[str, list[float]] = {"day": [], "hour": []}
    floors: dict[str, list[float]] = {"day": [], "hour": []}
    for seed in (7, 11) if long_tests else (7,):
        world = World.generate(seed=seed, slugs=("boxcentral", "sorriso") if long_tests else ("sorriso",))
        for slug in world.tenants:
            for back in (30, 60, 90) if long_tests else (30, 90):
                made, happened, foreseeable = _forecast(world, slug, back)
                for grain in ours:
                    rows = made.rows[made.rows["grain"] == grain]
                    starts = pd.DatetimeIndex(rows["starts_at"])[: DAYS * (1 if grain == "day" else 24)]
                    actual, known = _on(starts, happened), _on(starts, foreseeable)
                    ours[grain].append(wape(actual, rows["predicted"].to_numpy()[: len(starts)]) or 0.0)
                    floors[grain].append(wape(actual, known) or 0.0)
    for grain in ours:
        assert np.mean(ours[grain]) <= 1.15 * np.mean(floors[grain]), (grain, ours[grain], floors[grain])


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
