"""A series as a table of local days: what happened on each, hour by hour of the clock, and what kind of day it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from ml.calendar import counts_on_grid, local_midnight

DayKind = Literal["optional", "public", "closed"]
ORDINARY, OPTIONAL, PUBLIC, CLOSED = range(4)
KIND_CODES: Mapping[DayKind, int] = {"optional": OPTIONAL, "public": PUBLIC, "closed": CLOSED}

# A day this many usual deviations from its neighbours is wild: it is scored, but nothing is learnt from it.
WILD = 5.0
# More wild days than this in a row are how things are now.
LONGEST_WILD = 2
_WEEKS_BESIDE = 4
HOURS = 24


@dataclass(frozen=True)
class History:
    """Days `first`, `first` + 1 day, ... of the tenant's calendar.

    `daily` (days, 1) and `hourly` (days, 24) are counts; an hour the clock skips is NaN, one it repeats the mean of both.
    `kinds` has a code for each of these days and for those to come.
    """

    first: date
    daily: np.ndarray
    hourly: np.ndarray
    kinds: np.ndarray

    @property
    def days(self) -> int:
        return len(self.daily)

    def dates(self, start: int, end: int) -> pd.DatetimeIndex:
        """The naive midnights of days `start` to before `end`."""
        return pd.date_range(pd.Timestamp(self.first) + pd.Timedelta(days=start), periods=end - start)

    def until(self, day: int) -> History:
        """What was known at the midnight before that day, wild days tamed."""
        daily, hourly = _tame(self.daily[:day], self.hourly[:day], self.kinds[:day])
        return replace(self, daily=daily, hourly=hourly)


def history_of(
    observed: pd.DataFrame,
    *,
    timezone: str,
    now: pd.Timestamp,
    special_days: Mapping[date, DayKind],
    days_ahead: int,
) -> History | None:
    """The whole local days from the first event on and before the one that holds `now`; None where there is none.

    `observed` has `starts_at` (aware) and `count`; a slot without a row had none. A day that is not over would look like
    a slump, and the first day is whole only from the next midnight on.
    """
    today = local_midnight(now, timezone)
    past = observed[observed["starts_at"] < today]
    if past.empty:
        return None
    first = local_midnight(past["starts_at"].min(), timezone, days=1)
    if first >= today:
        return None
    daily = counts_on_grid(past, first=first, until=today, grain="day", timezone=timezone)
    by_hour = counts_on_grid(past, first=first, until=today, grain="hour", timezone=timezone)
    start = pd.Timestamp(first.date())
    hourly = _by_clock(by_hour, start, len(daily))
    dates = pd.date_range(start, periods=len(daily) + days_ahead)
    kinds = np.array([KIND_CODES[special_days[day]] if day in special_days else ORDINARY for day in dates.date])
    return History(start.date(), daily.to_numpy()[:, None], hourly, kinds)


def clock_position(slots: pd.DatetimeIndex, first: date) -> tuple[np.ndarray, np.ndarray]:
    """The number of each slot's local day, counted from `first`, and its hour of the clock."""
    local = slots.tz_localize(None)
    return ((local.normalize() - pd.Timestamp(first)) // pd.Timedelta(days=1)).to_numpy(), slots.hour.to_numpy()


def _by_clock(by_hour: pd.Series, start: pd.Timestamp, days: int) -> np.ndarray:
    day, hour = clock_position(pd.DatetimeIndex(by_hour.index), start.date())
    cell = day * HOURS + hour
    total = np.bincount(cell, weights=by_hour.to_numpy(), minlength=days * HOURS)
    times = np.bincount(cell, minlength=days * HOURS)
    mean = np.divide(total, times, out=np.full(days * HOURS, np.nan), where=times > 0)
    return mean.reshape(days, HOURS)


def _tame(daily: np.ndarray, hourly: np.ndarray, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Brings single wild days back to the edge of the usual: a day is compared with that weekday in the weeks beside it."""
    counts = daily[:, 0]
    usual = _usual(counts)
    spread = np.sqrt(usual + 1.0)
    off = (counts - usual) / spread
    scale = 1.4826 * float(np.median(np.abs(off - np.median(off)))) if len(off) else 0.0
    limit = WILD * max(scale, 1.0)
    wild = (np.abs(off) > limit) & (kinds == ORDINARY)
    wild &= ~_long_runs(wild)
    if not wild.any():
        return daily, hourly
    edge = np.maximum(usual + np.sign(off) * limit * spread, 0.0)
    tamed, by_hour = daily.copy(), hourly.copy()
    tamed[wild, 0] = edge[wild]
    for day in np.flatnonzero(wild):
        total = np.nansum(hourly[day])
        if total > 0:
            by_hour[day] = hourly[day] * (edge[day] / total)
        else:
            others = hourly[day % 7 :: 7]
            with np.errstate(invalid="ignore"):
                shape = np.nanmean(others, axis=0)
            by_hour[day] = shape * (edge[day] / max(float(np.nansum(shape)), 1e-9))
    return tamed, by_hour


def _usual(counts: np.ndarray) -> np.ndarray:
    """The median of the same weekday up to four weeks before and after each day, itself included."""
    days = len(counts)
    padded = np.full(days + 14 * _WEEKS_BESIDE, np.nan)
    padded[7 * _WEEKS_BESIDE : 7 * _WEEKS_BESIDE + days] = counts
    beside = np.stack([padded[7 * week : 7 * week + days] for week in range(2 * _WEEKS_BESIDE + 1)])
    return np.asarray(np.nanmedian(beside, axis=0))


def _long_runs(flags: np.ndarray) -> np.ndarray:
    """Where more than `LONGEST_WILD` stand in a row."""
    long = np.zeros_like(flags)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        long[start:end] = end - start > LONGEST_WILD
    return long
