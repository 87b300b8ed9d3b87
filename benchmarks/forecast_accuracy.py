"""How good the demand forecasts are on real series they have not seen.

    python -m benchmarks.forecast_accuracy DIRECTORY [SERIES ...]    (see benchmarks/public_series.py)

Stands at the end of each of the last nine months of a series, knows what was known then, forecasts the 30 days after, by
day and by hour, and compares. MASE is scaled by repeating the week, over what was known. Nothing is tuned on what is
scored: each forecast's model and interval come from a backtest on its own past.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import holidays
import numpy as np
import pandas as pd

from benchmarks.public_series import SERIES, PublicSeries
from ml.accuracy import coverage, mase, wape
from ml.baselines import seasonal_naive
from ml.demand_forecast import DAYS_AHEAD, forecast
from ml.history import DayKind, history_of

MONTHS = 9


def main() -> None:
    directory, names = Path(sys.argv[1]), sys.argv[2:] or list(SERIES)
    print(f"{'series':<16}{'grain':<6}{'MASE':>7}{'naive':>7}{'WAPE':>8}{'in 80 %':>9}{'CPU s':>7}  answered by")
    for name in names:
        _show(name, SERIES[name](directory))


def _show(name: str, series: PublicSeries) -> None:
    years = range(series.by_hour.index[0].year, series.by_hour.index[-1].year + 1)
    public = holidays.country_holidays(series.country, subdiv=series.subdivision, years=years)
    special: dict[date, DayKind] = dict.fromkeys(public, "public")
    end = series.by_hour.index[-1].normalize()
    moments = [end - pd.Timedelta(days=DAYS_AHEAD * back) for back in range(MONTHS, 0, -1)]
    moments = [moment for moment in moments if moment - series.by_hour.index[0] > pd.Timedelta(days=120)]
    whole = history_of(
        series.observed(), timezone="UTC", now=end.tz_localize("UTC"), special_days=special, days_ahead=0
    )
    assert whole is not None
    found: dict[str, list[tuple[np.ndarray, ...]]] = {"day": [], "hour": []}
    answered: dict[str, Counter[str]] = {"day": Counter(), "hour": Counter()}
    seconds = 0.0
    for moment in moments:
        began = time.process_time()
        made = forecast(series.observed(moment), timezone="UTC", now=moment.tz_localize("UTC"), special_days=special)
        seconds += time.process_time() - began
        known = (moment - pd.Timestamp(whole.first)).days
        for grain, values in (("day", whole.daily), ("hour", whole.hourly)):
            rows = made.rows[made.rows["grain"] == grain]
            actual = values[known : known + DAYS_AHEAD].ravel()
            naive = seasonal_naive(values[:known], DAYS_AHEAD).ravel()
            season = 7 if grain == "day" else 168
            predicted, lower, upper = (rows[column].to_numpy() for column in ("predicted", "lower_80", "upper_80"))
            scale = mase(np.ones(1), values[:known].ravel(), season) or np.nan
            found[grain].append(
                (actual, predicted, lower, upper, scale * (actual - predicted), scale * (actual - naive))
            )
            answered[grain][rows["model"].iloc[0]] += 1
    for grain, parts in found.items():
        actual, predicted, lower, upper, scaled, scaled_naive = (
            np.concatenate(part) for part in zip(*parts, strict=True)
        )
        who = ", ".join(f"{model} {count}" for model, count in answered[grain].most_common())
        print(
            f"{name:<16}{grain:<6}{np.abs(scaled).mean():>7.3f}{np.abs(scaled_naive).mean():>7.3f}"
            f"{wape(actual, predicted) or np.nan:>8.1%}{coverage(actual, lower, upper):>9.1%}"
            f"{seconds / len(moments):>7.2f}  {who}",
            flush=True,
        )


if __name__ == "__main__":
    main()
