"""The demand of the coming weeks, by the day and by the hour, from the model that has earned it.

Every series is forecast by the simple models, and where there is enough of it by Prophet, by gradient-boosted trees, and by
the average of these two. Hours are forecast by trees of their own, and by Prophet's days spread over the hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ml import boosted, prophet_daily
from ml.backtest import AVERAGE, Score, Verdict, judge, origins, reported_origins
from ml.baselines import SEASONAL_NAIVE, SLOT_MEAN, seasonal_naive, slot_mean
from ml.calendar import Grain, grid, local_midnight
from ml.history import HOURS, DayKind, History, clock_position, history_of
from ml.intervals import Calibration, calibrate
from ml.profile import spread

DAYS_AHEAD = 30
LEAST_DAYS = 14
# Below, only the simple models are tried: too short to fit and to look back as well, or too little to learn from.
LEAST_DAYS_TO_FIT = 84
LEAST_PER_DAY = 0.5
_GRAINS: tuple[Grain, ...] = ("day", "hour")

COLUMNS = (
    "grain",
    "starts_at",
    "predicted",
    "lower_80",
    "upper_80",
    "model",
    "trained_until",
    "backtest_mase",
    "backtest_wape",
    "backtest_coverage_80",
)
BACKTEST_COLUMNS = ("grain", "model", "standing", "mase", "wape", "coverage_80", "trained_until")

Made = dict[str, np.ndarray]


@dataclass(frozen=True)
class DemandForecast:
    """What is expected, and why it may be believed."""

    rows: pd.DataFrame
    """`COLUMNS`, a row per slot to come."""
    hindsight: pd.DataFrame
    """The same of the last weeks, as the model that answers expected them at the latest fold of its backtest before."""
    backtests: pd.DataFrame
    """`BACKTEST_COLUMNS`, a row per grain and model; none where the history is too short to look back."""


def forecast(
    observed: pd.DataFrame,
    *,
    timezone: str,
    now: pd.Timestamp,
    special_days: Mapping[date, DayKind],
    grains: tuple[Grain, ...] = _GRAINS,
    days_ahead: int = DAYS_AHEAD,
) -> DemandForecast:
    """Expected counts of the coming `days_ahead` days, from the local day that holds `now` on.

    `observed` has `starts_at` (aware) and `count`, an hour or an instant per row; a slot without a row had none. History
    is everything before that local day. `special_days` are the holidays and closed days of the past and to come. Empty
    when there is less than two weeks of history.
    """
    history = history_of(observed, timezone=timezone, now=now, special_days=special_days, days_ahead=days_ahead)
    if history is None or history.days < LEAST_DAYS:
        nothing = pd.DataFrame(columns=pd.Index(COLUMNS))
        return DemandForecast(nothing, nothing, _backtests({}, now))
    fits = _Fits(history, grains, days_ahead)
    made = fits.backtest()
    final = fits.forecast(history.days)
    slots = _Slots(history, timezone)
    rows, hindsight = [], []
    verdicts: dict[Grain, Verdict] = {}
    for grain in grains:
        values, season = (history.daily, 7) if grain == "day" else (history.hourly, 7 * HOURS)
        model, calibration = SLOT_MEAN, None
        if made[grain]:
            first = min(next(iter(made[grain].values())))
            verdict = judge(values, made[grain], values[:first].ravel(), season)
            verdicts[grain] = verdict
            model, calibration = verdict.model, verdict.calibration
            hindsight += slots.frames(made[grain][model], grain, model, calibration, verdict.answer)
        answer = verdicts[grain].answer if grain in verdicts else None
        calibration = calibration or _own_residuals(values)
        rows += slots.frames({history.days: final[grain][model]}, grain, model, calibration, answer)
    return DemandForecast(
        pd.concat(rows, ignore_index=True),
        pd.concat(hindsight, ignore_index=True) if hindsight else pd.DataFrame(columns=pd.Index(COLUMNS)),
        _backtests(verdicts, local_midnight(now, timezone)),
    )


def _backtests(verdicts: Mapping[Grain, Verdict], until: pd.Timestamp) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (grain, score.model, score.standing, score.mase, score.wape, score.coverage_80, until.tz_convert("UTC"))
            for grain, verdict in verdicts.items()
            for score in verdict.scores
        ],
        columns=pd.Index(BACKTEST_COLUMNS),
    )


class _Slots:
    """From tables of days and hours of the clock to slots of time."""

    def __init__(self, history: History, timezone: str) -> None:
        self._history, self._timezone = history, timezone

    def frames(
        self, made: Mapping[int, np.ndarray], grain: Grain, model: str, calibration: Calibration, score: Score | None
    ) -> list[pd.DataFrame]:
        """`COLUMNS` from forecasts by origin: of each until the next one's begins."""
        starts = sorted(made)
        frames = []
        for origin, end in zip(starts, [*starts[1:], starts[-1] + len(made[starts[-1]])], strict=True):
            predicted = made[origin][: end - origin]
            lower, upper = calibration.interval(predicted)
            began, until = (self._midnight(day) for day in (origin, origin + len(predicted)))
            slots = grid(began, until, grain=grain, timezone=self._timezone)
            day, hour = clock_position(slots, self._history.first)
            at = (day - origin, hour if grain == "hour" else np.zeros_like(hour))
            frames.append(
                pd.DataFrame(
                    {
                        "grain": grain,
                        "starts_at": slots.tz_convert("UTC"),
                        "predicted": predicted[at],
                        "lower_80": lower[at],
                        "upper_80": upper[at],
                        "model": model,
                        "trained_until": began.tz_convert("UTC"),
                        "backtest_mase": score and score.mase,
                        "backtest_wape": score and score.wape,
                        "backtest_coverage_80": score and score.coverage_80,
                    }
                )
            )
        return frames

    def _midnight(self, day: int) -> pd.Timestamp:
        date = pd.Timestamp(self._history.first) + pd.Timedelta(days=day)
        return date.tz_localize(self._timezone, ambiguous=True, nonexistent="shift_forward")


class _Fits:
    """The forecasts of every model, standing at any midnight of one history."""

    def __init__(self, history: History, grains: tuple[Grain, ...], days_ahead: int) -> None:
        self._history, self._grains, self._days_ahead = history, grains, days_ahead
        enough = float(history.daily[-LEAST_DAYS_TO_FIT:].mean()) >= LEAST_PER_DAY
        self._least = LEAST_DAYS_TO_FIT if enough and history.days >= LEAST_DAYS_TO_FIT + days_ahead else None
        self._boosted: dict[Grain, boosted.Boosted] = {}

    def backtest(self) -> dict[Grain, dict[str, dict[int, np.ndarray]]]:
        """By grain, model and origin; nothing for a grain of a history too short to look back."""
        ahead = self._days_ahead
        starts = origins(self._history.days, ahead, self._least or LEAST_DAYS)
        if not starts:
            ahead = 7
            starts = origins(self._history.days, ahead, LEAST_DAYS, apart=7)
        made: dict[Grain, dict[str, dict[int, np.ndarray]]] = {grain: {} for grain in self._grains}
        for origin in starts:
            # the trees of an earlier fold answer for those after it: fitting is most of the work
            refit = origin in (starts[0], reported_origins(starts)[0])
            for grain, forecasts in self.forecast(origin, ahead, refit=refit).items():
                for model, predicted in forecasts.items():
                    made[grain].setdefault(model, {})[origin] = predicted
        return made

    def forecast(self, origin: int, ahead: int | None = None, *, refit: bool = True) -> dict[Grain, Made]:
        """By grain and model, (days, slots), from what was known at the midnight before day `origin`."""
        ahead = ahead or self._days_ahead
        known = self._history.until(origin)
        level = prophet_daily.prophet(known, ahead) if self._least else None
        return {grain: self._of_grain(known, grain, ahead, level, refit) for grain in self._grains}

    def _of_grain(self, known: History, grain: Grain, ahead: int, level: np.ndarray | None, refit: bool) -> Made:
        values = known.daily if grain == "day" else known.hourly
        made = {SEASONAL_NAIVE: seasonal_naive(values, ahead), SLOT_MEAN: slot_mean(values, ahead)}
        if level is not None:
            if refit:
                self._boosted[grain] = boosted.fit(known, ahead, hourly=grain == "hour")
            by_trees = self._boosted[grain].predict(known, ahead)
            by_prophet = level if grain == "day" else spread(level, known)
            made |= {
                prophet_daily.NAME: by_prophet,
                boosted.NAME: by_trees,
                AVERAGE: (by_prophet + by_trees) / 2,
            }
        return made


def _own_residuals(values: np.ndarray) -> Calibration:
    """Too short to look back: how far single weeks lie from their mean."""
    weeks = len(values) // 7
    recent = values[-7 * weeks :]
    return calibrate([(recent, slot_mean(values, len(recent)))])
