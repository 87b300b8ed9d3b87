"""How good a forecast was: the measures a backtest reports."""

from __future__ import annotations

import numpy as np


def mase(errors: np.ndarray, history: np.ndarray, season: int) -> float | None:
    """Mean absolute scaled error (Hyndman & Koehler 2006): 1 is as far off as repeating the last season in `history`.

    `history` is what was known before the first forecast. None where it is shorter than two seasons, or repeats itself.
    """
    steps = np.abs(history[season:] - history[:-season])
    scale = float(np.nanmean(steps)) if len(steps) else 0.0
    return float(np.nanmean(np.abs(errors))) / scale if scale > 0 else None


def wape(actual: np.ndarray, predicted: np.ndarray) -> float | None:
    """Sum of absolute errors / sum of what happened; None where nothing did."""
    total = float(np.nansum(actual))
    return float(np.nansum(np.abs(actual - predicted))) / total if total > 0 else None


def coverage(actual: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """The share of slots inside the interval, its ends included."""
    return float(np.mean((lower <= actual) & (actual <= upper)))


def poisson_deviance(actual: np.ndarray, predicted: np.ndarray, floor: float) -> float:
    """Mean unit deviance: least for the expected count, as the absolute error is for the median.

    Of counts below one an absolute error would prefer a forecast of nothing. `floor` is the least rate believed possible.
    """
    expected = np.maximum(predicted, floor)
    ratio = np.divide(actual, expected, out=np.ones_like(expected), where=actual > 0)
    return float(2 * np.nanmean(actual * np.log(ratio) - (actual - expected)))
