"""Revenue of this month and the coming ones: what is booked already, and what usually comes on top of it.

For each coming day: the value of what is booked for it, as far as people usually come, plus the daily revenue of late (with its
trend, where the past shows that one helps) times the share that is usually booked later than now. So the near months rest on the
calendar and the far ones on the trend. The mean of the last 90 days is the simple answer that has to be beaten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

MONTHS = 6
LEAST_DAYS = 120
RATE_DAYS, HABIT_DAYS, BLOCK_DAYS = 90, 180, 30
MOST_TREND = 0.05  # a month
DAMPING = 0.8  # of the trend, each further month
COLUMNS = (
    "month",
    "expected",
    "lower_80",
    "upper_80",
    "so_far",
    "from_pipeline",
    "method",
    "backtest_wape",
    "baseline_wape",
    "backtest_forecasts",
)
BASELINE = "mean_of_90_days"
METHODS = (BASELINE, "pipeline", "pipeline_and_trend")


class Expected(NamedTuple):
    """Of one month, from a day on: in all, and what of it is booked already."""

    month: pd.Period
    total: float
    from_pipeline: float


@dataclass(frozen=True)
class _Habits:
    """What was usual in the past, as known on a day."""

    per_day: float
    trend: float
    attended: float
    booked_ahead: np.ndarray

    def expected(self, ahead: int, method: str) -> float:
        """New revenue of the day that is so many days ahead."""
        if method == BASELINE:
            return self.per_day
        months = ahead / BLOCK_DAYS
        growth = self.trend * (1 - DAMPING**months) / (1 - DAMPING) if method == "pipeline_and_trend" else 0.0
        later = 1 - self.booked_ahead[min(ahead, len(self.booked_ahead) - 1)]
        return self.per_day * float(np.exp(growth)) * later


def forecast(bookings: pd.DataFrame, *, today: pd.Timestamp, months: int = MONTHS) -> pd.DataFrame:
    """A row per month from the present one on; empty with less than 120 days of history.

    `bookings` has `booked_on`, `due_on` and `settled_on` (local days, without a zone; the last null while it is not known
    how a booking ended), `value` and `is_attended`; all in one currency. It stands at the midnight before `today`: what is
    booked on a day that is not over is part of what is usually booked, not of the pipeline as well. `so_far` is this month's
    revenue before `today` and part of `expected`. The interval is that of past errors of the same kind (conformal, 80 %),
    `backtest_wape` theirs as a share of revenue, `baseline_wape` that of the simple answer.
    """
    known = bookings[bookings["booked_on"] < today]
    attended = known[known["is_attended"] & (known["due_on"] < today)]
    if attended.empty or (today - attended["due_on"].min()).days < LEAST_DAYS:
        return pd.DataFrame(columns=pd.Index(COLUMNS))
    errors = _backtest(bookings, today, months)
    wapes = {method: _wape(errors[errors["method"] == method]) for method in METHODS}
    method = min(METHODS, key=lambda name: (wapes[name], METHODS.index(name)))
    own = errors[errors["method"] == method]
    so_far = float(attended.loc[attended["due_on"] >= today.to_period("M").start_time, "value"].sum())
    rows = []
    for ahead, one in enumerate(_expected(known, today, months, method)):
        done = so_far if ahead == 0 else 0.0
        lower, upper = _interval(own, ahead)
        rows.append(
            (
                one.month.start_time.date(),
                done + one.total,
                done + one.total * lower,
                done + one.total * upper,
                done,
                one.from_pipeline,
                method,
                wapes[method],
                wapes[BASELINE],
                len(own),
            )
        )
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _expected(bookings: pd.DataFrame, origin: pd.Timestamp, months: int, method: str) -> Iterator[Expected]:
    """What the coming months bring from the origin on, for somebody who stands there."""
    known = bookings[bookings["booked_on"] < origin]
    habits = _habits(known, origin)
    coming = known[(known["due_on"] >= origin) & ~(known["settled_on"] < origin)]
    booked = coming.groupby(coming["due_on"].dt.to_period("M"))["value"].sum() * habits.attended
    first = origin.to_period("M")
    for month in pd.period_range(first, periods=months, freq="M"):
        begin, end = max(month.start_time, origin), (month + 1).start_time
        days = range((begin - origin).days, (end - origin).days)
        pipeline = 0.0 if method == BASELINE else float(booked.get(month, 0.0))
        yield Expected(month, pipeline + sum(habits.expected(ahead, method) for ahead in days), pipeline)


def _habits(known: pd.DataFrame, origin: pd.Timestamp) -> _Habits:
    past = known[known["due_on"] < origin]
    attended = past[past["is_attended"]]
    age = (origin - attended["due_on"]).dt.days
    per_day = float(attended.loc[age <= RATE_DAYS, "value"].sum()) / RATE_DAYS
    blocks = attended.groupby(age.sub(1) // BLOCK_DAYS)["value"].sum()
    whole = int((age.max() if len(age) else 0) // BLOCK_DAYS)
    series = np.log(blocks.reindex(range(min(whole, 12)), fill_value=0.0).to_numpy()[::-1] + 1.0)
    recent = past[(origin - past["due_on"]).dt.days <= HABIT_DAYS]
    settled = recent[recent["settled_on"] < origin]
    ended = float(settled["value"].sum())
    came = float(settled["value"].where(settled["is_attended"], 0.0).sum()) / ended if ended > 0 else 1.0
    own = attended[age <= HABIT_DAYS]
    lead = (own["due_on"] - own["booked_on"]).dt.days.to_numpy()
    weights = own["value"].to_numpy()
    ahead = np.array([weights[lead >= days].sum() for days in range(1, 200)]) / max(weights.sum(), 1e-9)
    return _Habits(per_day, _trend(series), came, ahead)


def _trend(series: np.ndarray) -> float:
    """Median growth from block to block over all pairs (Theil and Sen), within bounds."""
    if len(series) < 4:
        return 0.0
    rows, columns = np.triu_indices(len(series), 1)
    slope = float(np.median((series[columns] - series[rows]) / (columns - rows)))
    return float(np.clip(slope, -MOST_TREND, MOST_TREND))


def _backtest(bookings: pd.DataFrame, today: pd.Timestamp, months: int) -> pd.DataFrame:
    """What each method would have said at the beginning of past months of those that are over now."""
    attended = bookings[bookings["is_attended"]]
    actual = attended.groupby(attended["due_on"].dt.to_period("M"))["value"].sum()
    first = attended["due_on"].min() + pd.Timedelta(days=LEAST_DAYS)
    over = today.to_period("M")
    rows = []
    for origin in pd.period_range(first.to_period("M") + 1, over - 1, freq="M"):
        for method in METHODS:
            for ahead, one in enumerate(_expected(bookings, origin.start_time, min(months, (over - origin).n), method)):
                rows.append((method, ahead, one.total, float(actual.get(one.month, 0.0))))
    return pd.DataFrame(rows, columns=pd.Index(["method", "ahead", "said", "was"]))


def _wape(errors: pd.DataFrame) -> float:
    total = float(errors["was"].sum())
    return float((errors["said"] - errors["was"]).abs().sum()) / total if total else float("inf")


def _interval(errors: pd.DataFrame, ahead: int) -> tuple[float, float]:
    """Between which multiples of the forecast four in five of such forecasts lay, and would, for ever so few of them."""
    near = errors[(errors["ahead"] - ahead).abs() <= 1]
    near = near if len(near) >= 9 else errors
    ratios = np.sort(near["was"].to_numpy() / np.maximum(near["said"].to_numpy(), 1e-9))
    if len(ratios) < 4:
        return 0.0, 2.0
    rank = int(np.ceil(0.9 * (len(ratios) + 1))) - 1
    lower, upper = ratios[max(len(ratios) - 1 - rank, 0)], ratios[min(rank, len(ratios) - 1)]
    # with fewer than nine no order statistic reaches so far: wider by half
    wider = 1.0 if len(ratios) >= 9 else 1.5
    return max(1 - wider * (1 - min(lower, 1.0)), 0.0), 1 + wider * (max(upper, 1.0) - 1)
