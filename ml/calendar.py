"""Time grids in a tenant's own time zone, and counts on them."""

from __future__ import annotations

from typing import Literal

import pandas as pd

Grain = Literal["hour", "day"]


def local_midnight(moment: pd.Timestamp, timezone: str, *, days: int = 0) -> pd.Timestamp:
    """The beginning of the local day that holds `moment`, or of the one so many days later.

    Where a clock change skips midnight, the day begins at the first moment that exists.
    """
    day = moment.tz_convert(timezone).tz_localize(None).normalize() + pd.Timedelta(days=days)
    return day.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward")


def grid(first: pd.Timestamp, end: pd.Timestamp, *, grain: Grain, timezone: str) -> pd.DatetimeIndex:
    """The starts of all local days, or of all hours, from `first` on and before `end`.

    Days are 23 or 25 hours long where the clock changes; hours are always an hour.
    """
    if grain == "hour":
        return pd.date_range(first.floor("h"), end, freq="h", inclusive="left", tz=timezone)
    days = pd.date_range(
        first.tz_convert(timezone).tz_localize(None).normalize(), end.tz_convert(timezone).tz_localize(None), freq="D"
    )
    starts = days.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward")
    return starts[starts < end]


def counts_on_grid(
    observed: pd.DataFrame, *, first: pd.Timestamp, until: pd.Timestamp, grain: Grain, timezone: str
) -> pd.Series:
    """Events per slot of the grid, zeros included, from `first` on and before `until`.

    `observed` has a row per instant or small bucket: `starts_at` (aware) and `count`.
    """
    slots = grid(first, until, grain=grain, timezone=timezone)
    counts = pd.Series(0.0, index=slots, name="count")
    if observed.empty or slots.empty:
        return counts
    instants = pd.DatetimeIndex(observed["starts_at"]).tz_convert(timezone)
    known = (instants >= slots[0]) & (instants < until)
    positions = slots.searchsorted(instants[known], side="right") - 1
    added = observed["count"][known].groupby(positions).sum()
    values = counts.to_numpy(copy=True)
    values[added.index.to_numpy(dtype=int)] = added.to_numpy(dtype=float)
    return pd.Series(values, index=slots, name="count")
