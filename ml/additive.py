"""A logistic model whose log-odds are a sum: one number per feature, read off a table of that feature alone.

A numeric feature's number is interpolated between knots and constant beyond the outer ones; a missing value has a number of
its own, and so has each value of a categorical feature. So a score can be taken apart exactly, and the model is nothing but
numbers and names, which is how it is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

KNOTS = 7
LEAST_ROWS_OF_A_VALUE = 30
OTHER = "(other)"


@dataclass(frozen=True)
class Curve:
    """A numeric feature: the log-odds at its knots, and where it is missing."""

    knots: tuple[float, ...]
    at_knots: tuple[float, ...]
    missing: float

    def of(self, values: np.ndarray) -> np.ndarray:
        read = np.interp(values, self.knots, self.at_knots) if self.knots else np.zeros(len(values))
        return np.where(np.isnan(values), self.missing, read)


@dataclass(frozen=True)
class Levels:
    """A categorical feature: the log-odds of each value; a value never (or hardly) seen has that of `(other)`."""

    of_value: Mapping[str, float]

    def of(self, values: pd.Series) -> np.ndarray:
        codes, found = pd.factorize(values)
        numbers = np.array([self.of_value.get(str(value), self.of_value[OTHER]) for value in found], dtype=float)
        read: np.ndarray = np.append(numbers, self.of_value[OTHER])[codes]
        return read


@dataclass(frozen=True)
class AdditiveModel:
    """`intercept` is the log-odds where every feature says what it says on average."""

    intercept: float
    curves: Mapping[str, Curve]
    levels: Mapping[str, Levels]

    def contributions(self, features: pd.DataFrame) -> pd.DataFrame:
        """Each feature's part of each row's log-odds, against the average row of the training data."""
        parts: dict[str, np.ndarray] = {
            name: curve.of(features[name].to_numpy(dtype=float)) for name, curve in self.curves.items()
        }
        parts |= {name: levels.of(features[name]) for name, levels in self.levels.items()}
        return pd.DataFrame(parts, index=features.index)

    def log_odds(self, features: pd.DataFrame) -> np.ndarray:
        total: np.ndarray = self.contributions(features).to_numpy().sum(axis=1) + self.intercept
        return total

    def calibrated(self, slope: float, shift: float) -> AdditiveModel:
        """The model whose log-odds are `slope` times this one's, plus `shift`: still a sum."""
        curves = {
            name: Curve(curve.knots, tuple(slope * w for w in curve.at_knots), slope * curve.missing)
            for name, curve in self.curves.items()
        }
        levels = {
            name: Levels({value: slope * w for value, w in one.of_value.items()}) for name, one in self.levels.items()
        }
        return AdditiveModel(slope * self.intercept + shift, curves, levels)

    def as_plain(self) -> dict[str, Any]:
        """Numbers and names only, ready for JSON."""
        return {
            "intercept": self.intercept,
            "curves": {
                name: {"knots": list(one.knots), "at_knots": list(one.at_knots), "missing": one.missing}
                for name, one in self.curves.items()
            },
            "levels": {name: dict(one.of_value) for name, one in self.levels.items()},
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Raises KeyError or ValueError for what is no such model."""
        return cls(
            intercept=float(plain["intercept"]),
            curves={
                name: Curve(
                    tuple(float(x) for x in one["knots"]),
                    tuple(float(w) for w in one["at_knots"]),
                    float(one["missing"]),
                )
                for name, one in plain["curves"].items()
            },
            levels={
                name: Levels({str(value): float(w) for value, w in of_value.items()})
                for name, of_value in plain["levels"].items()
            },
        )


def fit(
    features: pd.DataFrame,
    happened: np.ndarray,
    *,
    numeric: Sequence[str],
    categorical: Sequence[str],
    strength: float,
    weights: np.ndarray | None = None,
) -> AdditiveModel:
    """The penalized maximum-likelihood fit; the smaller `strength` (scikit-learn's C), the flatter the curves.

    `weights` say how many rows each stands for. The penalty is on the steps from knot to knot, and on the values of a category.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    knots = {name: _knots(features[name].to_numpy(dtype=float)) for name in numeric}
    values = {name: _common_values(features[name]) for name in categorical}
    blocks = [_ramps(features[name].to_numpy(dtype=float), knots[name]) for name in numeric]
    blocks += [_indicators(features[name], values[name]) for name in categorical]
    matrix = np.concatenate(blocks, axis=1) if blocks else np.zeros((len(features), 0))
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        fitted = LogisticRegression(C=strength, max_iter=100, solver="newton-cholesky").fit(matrix, happened, weights)
    steps = np.split(fitted.coef_[0], np.cumsum([block.shape[1] for block in blocks])[:-1])
    curves = {
        name: Curve(knots[name], tuple(np.concatenate([[0.0], np.cumsum(own[:-1])]) if knots[name] else ()), own[-1])
        for name, own in zip(numeric, steps[: len(numeric)], strict=True)
    }
    levels = {
        name: Levels({**dict(zip(values[name], own, strict=True)), OTHER: 0.0})
        for name, own in zip(categorical, steps[len(numeric) :], strict=True)
    }
    return _centred(AdditiveModel(float(fitted.intercept_[0]), curves, levels), features, weights)


def _centred(model: AdditiveModel, features: pd.DataFrame, weights: np.ndarray | None) -> AdditiveModel:
    """The same model, told against the average row."""
    parts = model.contributions(features)
    means = pd.Series(np.average(parts, axis=0, weights=weights), index=parts.columns)
    curves = {
        name: Curve(one.knots, tuple(float(w - means[name]) for w in one.at_knots), float(one.missing - means[name]))
        for name, one in model.curves.items()
    }
    levels = {
        name: Levels({value: float(w - means[name]) for value, w in one.of_value.items()})
        for name, one in model.levels.items()
    }
    return AdditiveModel(float(model.intercept + means.sum()), curves, levels)


def _knots(values: np.ndarray) -> tuple[float, ...]:
    """Quantiles of what is there: ends, and equally filled in between."""
    known = values[~np.isnan(values)]
    if not len(known):
        return ()
    return tuple(float(x) for x in np.unique(np.quantile(known, np.linspace(0.01, 0.99, KNOTS))))


def _ramps(values: np.ndarray, knots: tuple[float, ...]) -> np.ndarray:
    """A column per step from knot to knot, rising from 0 to 1 along it, and one that marks what is missing."""
    missing = np.isnan(values)
    lower, upper = np.array(knots[:-1]), np.array(knots[1:])
    ramps = np.clip((np.where(missing, 0.0, values)[:, None] - lower) / (upper - lower), 0.0, 1.0)
    ramps[missing] = 0.0
    return np.column_stack([ramps, missing.astype(float)])


def _common_values(values: pd.Series) -> list[str]:
    counts = values.astype(str).value_counts()
    return sorted(counts[counts >= LEAST_ROWS_OF_A_VALUE].index)


def _indicators(values: pd.Series, common: Sequence[str]) -> np.ndarray:
    place = {value: position for position, value in enumerate(common)}
    codes = values.astype(str).map(place).fillna(-1).to_numpy(dtype=int)
    marks: np.ndarray = np.eye(len(common) + 1, len(common))[codes]  # -1 is the last row, which marks nothing
    return marks
