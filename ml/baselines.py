"""The simple answers, which need no fitting and are hard to beat: every other model must."""

from __future__ import annotations

import numpy as np

SEASONAL_NAIVE = "seasonal_naive"
SLOT_MEAN = "slot_mean"
WEEKS_AVERAGED = 4


def seasonal_naive(values: np.ndarray, days_ahead: int) -> np.ndarray:
    """The last week again, and again: (days, slots) to (days_ahead, slots). Needs a week."""
    return _repeated(values[-7:], days_ahead)


def slot_mean(values: np.ndarray, days_ahead: int) -> np.ndarray:
    """The mean of the same weekday (and hour) of the last four weeks, of as many as there are. Needs a week."""
    weeks = min(WEEKS_AVERAGED, len(values) // 7)
    recent = values[-7 * weeks :].reshape(weeks, 7, values.shape[1])
    known = ~np.isnan(recent)
    total, times = np.where(known, recent, 0.0).sum(axis=0), known.sum(axis=0)
    return _repeated(np.divide(total, times, out=np.full_like(total, np.nan), where=times > 0), days_ahead)


def _repeated(week: np.ndarray, days_ahead: int) -> np.ndarray:
    # an hour that the clock skipped in the only week known is like the hours around it
    whole = np.where(np.isnan(week), np.nanmean(week, axis=1, keepdims=True), week)
    return np.asarray(whole[np.arange(days_ahead) % 7])
