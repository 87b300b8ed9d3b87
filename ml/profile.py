"""A day's count spread over its hours, as the same kind of day has been of late."""

from __future__ import annotations

import numpy as np

from ml.history import HOURS, ORDINARY, History

_WEEKS = 12
# As many events as the common profile weighs: what a weekday has of its own must stand out of it.
_WEIGHT_OF_COMMON = 30.0


def spread(daily: np.ndarray, known: History) -> np.ndarray:
    """(days, 1) counts to (days, 24), each row in the proportions of its weekday."""
    shares = _shares(known)
    weekdays = (_first_weekday(known) + np.arange(len(daily))) % 7
    return daily * shares[weekdays]


def _first_weekday(known: History) -> int:
    return (known.first.weekday() + known.days) % 7


def _shares(known: History) -> np.ndarray:
    """(7, 24), rows sum to 1. A weekday leans on all weekdays, or all of the weekend, and these on all days."""
    start = max(0, known.days - 7 * _WEEKS)
    recent = np.nan_to_num(known.hourly[start:])
    ordinary = known.kinds[start : known.days] == ORDINARY
    weekday = (known.first.weekday() + np.arange(start, known.days)) % 7
    all_days = _leaning(recent.sum(axis=0), np.full(HOURS, 1 / HOURS))
    groups = {end: _leaning(recent[ordinary & ((weekday >= 5) == end)].sum(axis=0), all_days) for end in (False, True)}
    return np.stack([_leaning(recent[ordinary & (weekday == day)].sum(axis=0), groups[day >= 5]) for day in range(7)])


def _leaning(counts: np.ndarray, common: np.ndarray) -> np.ndarray:
    weighed = counts + _WEIGHT_OF_COMMON * common
    return np.asarray(weighed / weighed.sum())
