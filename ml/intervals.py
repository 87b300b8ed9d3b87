"""Intervals from what a forecast got wrong before (split conformal prediction), wider where more is expected.

A residual is measured in the deviations that a count of that size usually has: those of a Poisson count and a part in
proportion to it, and, for hours, what that hour of the clock is like. The quantiles of such residuals then hold for any
slot, whatever their distribution (Lei et al. 2018, locally weighted).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# What one hour of the clock is worth beside all hours together, in residuals.
_SHRINKAGE = 30.0
_LEAST_VARIANCE = 0.05


@dataclass(frozen=True)
class Calibration:
    """What turns a forecast into an interval."""

    proportional: float
    by_slot: np.ndarray
    low: float
    high: float

    def interval(self, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends for (days, slots) expected counts; around the forecast, and never below 0."""
        deviation = _deviation(predicted, self.proportional) * self.by_slot
        lower = np.clip(predicted + min(self.low, 0.0) * deviation, 0.0, None)
        return lower, predicted + max(self.high, 0.0) * deviation


def calibrate(pairs: Sequence[tuple[np.ndarray, np.ndarray]], share: float = 0.8) -> Calibration:
    """From (actual, predicted) of earlier forecasts, each (days, slots); NaN where nothing could happen."""
    actual = np.concatenate([pair[0] for pair in pairs])
    predicted = np.concatenate([pair[1] for pair in pairs])
    squared = (actual - predicted) ** 2
    size = float(np.nanmean(predicted**2))
    excess = float(np.nanmean(squared)) - float(np.nanmean(predicted))
    proportional = max(excess / size, 0.0) if size > 0 else 0.0
    scores = (actual - predicted) / _deviation(predicted, proportional)
    by_slot = _by_slot(np.abs(scores))
    flat = scores / by_slot
    flat = np.sort(flat[~np.isnan(flat)])
    tail = (1 - share) / 2
    return Calibration(proportional, by_slot, _quantile(flat, tail), _quantile(flat, 1 - tail))


def _deviation(predicted: np.ndarray, proportional: float) -> np.ndarray:
    return np.asarray(np.sqrt(np.maximum(predicted, _LEAST_VARIANCE) + proportional * predicted**2))


def _by_slot(sizes: np.ndarray) -> np.ndarray:
    overall = float(np.nanmean(sizes))
    if overall <= 0:
        return np.ones(sizes.shape[1])
    known = ~np.isnan(sizes)
    total = np.where(known, sizes, 0.0).sum(axis=0)
    return np.asarray((total + _SHRINKAGE * overall) / (known.sum(axis=0) + _SHRINKAGE) / overall)


def _quantile(ordered: np.ndarray, share: float) -> float:
    """The conformal quantile: one rank further out than the sample's own."""
    count = len(ordered)
    if share < 0.5:
        return float(ordered[max(math.floor(share * (count + 1)) - 1, 0)])
    return float(ordered[min(math.ceil(share * (count + 1)) - 1, count - 1)])
