"""The simple answer: a slot of the coming weeks is like the same slot (weekday, or weekday and hour) of the last four.

It needs no fitting, is hard to beat on short history, and is what every other model must beat. The interval is empirical:
what the same method, standing at earlier weeks, would have got wrong.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.calendar import Grain, counts_on_grid, grid, local_midnight

MODEL = "seasonal_naive"
WEEKS_AVERAGED = 4
WEEKS_AHEAD = 5  # 30 days reach into a fifth week
BACKTEST_ORIGINS = 8
LEAST_DAYS = 14

COLUMNS = ("starts_at", "predicted", "lower_80", "upper_80", "model", "trained_until", "backtest_mase")


def forecast(
    observed: pd.DataFrame, *, grain: Grain, timezone: str, now: pd.Timestamp, horizon_days: int = 30
) -> pd.DataFrame:
    """Predicted counts of the coming `horizon_days`, from the local day that holds `now` on.

    `observed` has `starts_at` (aware) and `count`; a slot without a row had none. History is everything before that
    local day: a day that is not over would look like a slump. Empty when there is less than two weeks of it. Columns:
    `starts_at`, `predicted`, `lower_80`, `upper_80`, `model`, `trained_until`, `backtest_mase` (null where it cannot be
    told).
    """
    today = local_midnight(now, timezone)
    history = _history(observed, grain, timezone, today)
    if history is None:
        return pd.DataFrame(columns=pd.Index(COLUMNS))
    slots = grid(today, local_midnight(now, timezone, days=horizon_days), grain=grain, timezone=timezone)
    predicted = _predict(history, slots, grain, timezone)
    errors, mase = _backtest(history, grain, timezone, today)
    lower, upper = _interval(errors, slots)
    return pd.DataFrame(
        {
            "starts_at": slots.tz_convert("UTC"),
            "predicted": predicted,
            "lower_80": np.clip(predicted + np.minimum(lower, 0.0), 0.0, None),
            "upper_80": predicted + np.maximum(upper, 0.0),
            "model": MODEL,
            "trained_until": today.tz_convert("UTC"),
            "backtest_mase": mase,
        }
    )


def _history(observed: pd.DataFrame, grain: Grain, timezone: str, today: pd.Timestamp) -> pd.Series | None:
    past = observed[observed["starts_at"] < today]
    if past.empty:
        return None
    # the first day is whole only from the next midnight on
    first = local_midnight(past["starts_at"].min(), timezone, days=1)
    if local_midnight(first, timezone, days=LEAST_DAYS) > today:
        return None
    return counts_on_grid(past, first=first, until=today, grain=grain, timezone=timezone)


def _slot_keys(slots: pd.DatetimeIndex, grain: Grain) -> np.ndarray:
    """The weekday, or weekday and hour of the local clock, as one number."""
    # a day begins at midnight, or an hour later where the clock skips it
    hours = slots.hour.to_numpy() if grain == "hour" else 0
    keys: np.ndarray = slots.day_of_week.to_numpy() * 24 + hours
    return keys


def _predict(history: pd.Series, slots: pd.DatetimeIndex, grain: Grain, timezone: str) -> np.ndarray:
    """The mean of the same slots of the last four weeks of `history` (of as many as there are)."""
    index = pd.DatetimeIndex(history.index)
    start = local_midnight(index[-1], timezone, days=1 - 7 * WEEKS_AVERAGED)
    recent = history[index >= start]
    keys = _slot_keys(pd.DatetimeIndex(recent.index), grain)
    totals = np.bincount(keys, weights=recent.to_numpy(), minlength=7 * 24)
    times = np.bincount(keys, minlength=7 * 24)
    overall = float(recent.mean())
    means = np.divide(totals, times, out=np.full(7 * 24, overall), where=times > 0)
    predicted: np.ndarray = means[_slot_keys(slots, grain)]
    return predicted


def _backtest(history: pd.Series, grain: Grain, timezone: str, today: pd.Timestamp) -> tuple[pd.Series, float | None]:
    """The errors (actual minus predicted) the method would have made, and their MASE.

    It stands at the midnight 1, 2, ... weeks ago, knows what was known then, and predicts up to today, at most as far as a
    real forecast reaches. MASE compares with repeating the last week, over the history before the earliest of those
    midnights, as it is defined.
    """
    index = pd.DatetimeIndex(history.index)
    parts: list[pd.Series] = []
    earliest = today
    for weeks in range(1, BACKTEST_ORIGINS + 1):
        origin = local_midnight(today, timezone, days=-7 * weeks)
        known = history[index < origin]
        if known.empty or local_midnight(pd.Timestamp(known.index[0]), timezone, days=LEAST_DAYS) > origin:
            break
        ahead = history[(index >= origin) & (index < local_midnight(origin, timezone, days=7 * WEEKS_AHEAD))]
        parts.append(ahead - _predict(known, pd.DatetimeIndex(ahead.index), grain, timezone))
        earliest = origin
    if not parts:
        # too short to look back: how far single weeks lie from their mean
        return history - _predict(history, index, grain, timezone), None
    errors = pd.concat(parts)
    week = 7 * (24 if grain == "hour" else 1)
    known_to_all = history[index < earliest].to_numpy()
    scale = float(np.abs(known_to_all[week:] - known_to_all[:-week]).mean())
    return errors, float(errors.abs().mean()) / scale if scale > 0 else None


def _interval(errors: pd.Series, slots: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """The 10 % and 90 % quantiles of the errors, hour by hour of the clock: nights are surer than noons."""
    hours = pd.DatetimeIndex(errors.index).hour
    quantiles = errors.groupby(np.asarray(hours)).quantile(np.array([0.1, 0.9])).unstack()
    whole = errors.quantile(np.array([0.1, 0.9]))
    found = quantiles.reindex(slots.hour)
    lower: np.ndarray = found[0.1].fillna(whole[0.1]).to_numpy()
    upper: np.ndarray = found[0.9].fillna(whole[0.9]).to_numpy()
    return lower, upper
