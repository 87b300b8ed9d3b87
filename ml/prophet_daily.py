"""Prophet on daily counts: trend, weekday and holidays. Fitting takes some 50 ms; hours follow by the day's profile."""

from __future__ import annotations

import logging
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.history import CLOSED, OPTIONAL, PUBLIC, History

NAME = "prophet"
_YEARLY_FROM = 730
_TREND_FROM = 84
_HOLIDAY_NAMES = {OPTIONAL: "optional", PUBLIC: "public", CLOSED: "closed"}


def prophet(known: History, days_ahead: int) -> np.ndarray:
    """Expected counts (days_ahead, 1) of the days after `known`."""
    counts = known.daily[:, 0]
    dates = known.dates(0, known.days + days_ahead)
    model = _prophet()(
        growth="linear" if known.days >= _TREND_FROM else "flat",
        # No change of the trend in the last weeks: what they show may pass.
        changepoint_range=0.9,
        n_changepoints=min(15, known.days // 28),
        changepoint_prior_scale=0.05,
        weekly_seasonality=True,
        yearly_seasonality=6 if known.days >= _YEARLY_FROM else False,
        daily_seasonality=False,
        seasonality_mode="multiplicative",
        holidays=_holidays(dates, known.kinds, known.days),
        uncertainty_samples=0,
    )
    try:
        model.fit(pd.DataFrame({"ds": dates[: known.days], "y": counts}))
    finally:
        _remove_files(model)
    return np.clip(_expected(model, dates[known.days :]), 0.0, None)[:, None]


def _expected(model: Any, dates: pd.DatetimeIndex) -> np.ndarray:
    """What `predict` calls yhat, without the components beside it, which take four times as long."""
    days = model.setup_dataframe(pd.DataFrame({"ds": dates}))
    regressors = model.make_all_seasonality_features(days)[0].to_numpy()
    expected: np.ndarray = np.asarray(model.predict_trend(days)) * (1 + regressors @ model.params["beta"].mean(axis=0))
    return expected


def _holidays(dates: pd.DatetimeIndex, kinds: np.ndarray, days: int) -> pd.DataFrame | None:
    """Days of a kind that has been seen; of a first one there is nothing to learn."""
    seen = [kind for kind in _HOLIDAY_NAMES if (kinds[:days] == kind).any()]
    rows = [(_HOLIDAY_NAMES[kinds[day]], dates[day]) for day in range(len(dates)) if kinds[day] in seen]
    return pd.DataFrame(rows, columns=pd.Index(["holiday", "ds"])) if rows else None


def _remove_files(model: Any) -> None:
    """What the fit wrote and read through: it would stay until the process ends."""
    run = getattr(model.stan_backend.stan_fit, "runset", None)
    for path in (Path(name) for name in [*run.csv_files, *run.stdout_files] if name) if run else ():
        path.unlink(missing_ok=True)
        with suppress(OSError):  # another file is in it
            path.parent.rmdir()


@cache
def _prophet() -> Any:
    for name in ("prophet", "prophet.plot", "cmdstanpy"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.CRITICAL)
        logger.propagate = False
    # of what it calls in pandas; whoever else warns is heard
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"prophet\.")
    from prophet import Prophet

    return Prophet
