"""Gradient-boosted trees on the calendar and on what was known at the moment of forecasting.

One model answers for all days ahead: a row is a moment in the past and a slot after it, so that nothing has to be fed
back. It learns the ratio to the recent level, which lets it follow growth that trees cannot extrapolate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ml.history import ORDINARY, History

NAME = "boosted"
LEAST_DAYS = 84
_EVERY = 7
_LEVEL = 28
_LONG = 84
_YEAR = 364


@dataclass(frozen=True)
class Boosted:
    """A fitted model; it may be asked from later moments than it was fitted at."""

    model: Any
    """None if nothing came on any day it could learn from: then nothing is expected."""
    hourly: bool

    def predict(self, known: History, days_ahead: int) -> np.ndarray:
        """Expected counts (days_ahead, 1) or (days_ahead, 24) of the days after `known`."""
        values = _values(known, self.hourly)
        rows, level = _rows(values, known, known.days, days_ahead)
        if self.model is None or level <= 0:
            return np.zeros((days_ahead, values.shape[1]))
        with _one_thread():
            predicted = self.model.predict(rows) * level
        return np.asarray(predicted).reshape(days_ahead, values.shape[1])


def fit(known: History, days_ahead: int, *, hourly: bool) -> Boosted:
    """Fits on every week's moment of the past, and on the days after it that are over."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    values = _values(known, hourly)
    every = _EVERY * 2 if hourly else _EVERY
    parts, targets = [], []
    for origin in range(known.days - _EVERY, _LEVEL, -every):
        ahead = min(days_ahead, known.days - origin)
        rows, level = _rows(values, known, origin, ahead)
        if level <= 0:
            continue
        actual = values[origin : origin + ahead].ravel()
        there = ~np.isnan(actual)
        parts.append(rows[there])
        targets.append(actual[there] / level)
    if not any(target.any() for target in targets):
        return Boosted(None, hourly)
    model = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=80,
        learning_rate=0.09,
        max_leaf_nodes=12,
        min_samples_leaf=60 if hourly else 25,
        l2_regularization=1.0,
        max_bins=63,
        early_stopping=False,
        random_state=0,
    )
    with _one_thread():
        model.fit(np.concatenate(parts), np.concatenate(targets))
    return Boosted(model, hourly)


def _values(known: History, hourly: bool) -> np.ndarray:
    return known.hourly if hourly else known.daily


def _rows(values: np.ndarray, known: History, origin: int, ahead: int) -> tuple[np.ndarray, float]:
    """A row per slot of the days from `origin` on, of what is known at its midnight; and the level they are relative to."""
    slots = values.shape[1]
    recent = values[max(0, origin - _LEVEL) : origin]
    level = float(np.nanmean(recent))
    if not level > 0:
        return np.empty((ahead * slots, 0)), 0.0
    days = np.arange(origin, origin + ahead)
    dates = known.dates(origin, origin + ahead)
    kinds = known.kinds
    after = np.minimum(days + 1, len(kinds) - 1)
    same = _same_weekday(values, known.kinds, origin, 4)[days % 7] / level
    longer = _same_weekday(values, known.kinds, origin, 12)[days % 7] / level
    last_week = values[origin - 7 + (days - origin) % 7] / level
    per_day = np.stack(
        [
            (known.first.weekday() + days) % 7,
            kinds[days],
            kinds[days - 1],
            kinds[after],
            days - origin,
            dates.day,
            np.full(ahead, np.nanmean(values[origin - 7 : origin]) / level),
            np.full(ahead, level / np.nanmean(values[max(0, origin - _LONG) : origin])),
            _last_year(values, origin, days),
        ],
        axis=1,
    )
    hours = np.tile(np.arange(slots), ahead)
    rows = np.column_stack([np.repeat(per_day, slots, axis=0), hours, same.ravel(), longer.ravel(), last_week.ravel()])
    return rows, level


def _same_weekday(values: np.ndarray, kinds: np.ndarray, origin: int, weeks: int) -> np.ndarray:
    """(7, slots) by day number modulo 7: the mean of that weekday's ordinary days in the weeks before `origin`."""
    start = max(0, origin - 7 * weeks)
    days = np.arange(start, origin)
    ordinary = (kinds[start:origin] == ORDINARY)[:, None] & ~np.isnan(values[start:origin])
    total, times = np.zeros((7, values.shape[1])), np.zeros((7, values.shape[1]))
    np.add.at(total, days % 7, np.where(ordinary, values[start:origin], 0.0))
    np.add.at(times, days % 7, ordinary)
    return np.divide(total, times, out=np.full_like(total, np.nan), where=times > 0)


def _last_year(values: np.ndarray, origin: int, days: np.ndarray) -> np.ndarray:
    """How the week around each day compared, a year ago, with the four weeks before the moment a year ago."""
    then = origin - _YEAR
    if then < _LEVEL:
        return np.ones(len(days))
    base = np.nanmean(values[then - _LEVEL : then])
    if not base > 0:
        return np.ones(len(days))
    around = np.array([np.nanmean(values[day - _YEAR - 3 : min(day - _YEAR + 4, origin)]) for day in days])
    return around / base


def _one_thread() -> Any:
    """Its threads would wait for each other: series are worked side by side instead."""
    return _threads().limit(limits=1)


@cache
def _threads() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
