"""Accuracy, precision, recall and F1 of every field, the calibration of `lead_probability`, and what is taken for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzers.evaluation.fields import FIELDS, VALUES, YES_OR_NO, Judged, class_of, is_right

Floats = npt.NDArray[np.float64]

MOST_POINTS = 5.0
"""`lead_probability` is given from 0 to 5."""

_RESAMPLES = 2000
_LEVEL = 0.95
_SEED = 20250312


@dataclass(frozen=True, slots=True)
class Figure:
    """A share from 0 to 1 with its 95 % bootstrap interval (percentiles, over conversations); None where nothing was divided by."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class FieldEvaluation:
    """One field over all judged conversations.

    `accuracy` counts every conversation. Precision, recall and F1 are of saying yes (yes or no), of giving the right value
    where there is one (values), or the mean over the classes that occur (intent, sentiment).
    """

    field: str
    occurs: int
    accuracy: Figure
    precision: Figure
    recall: Figure
    f1: Figure


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Conversations whose `lead_probability` / 5 lies between `low` and `high`: the mean of it, and how many were leads."""

    low: float
    high: float
    count: int
    mean: float | None
    share_of_leads: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How right a set of readings is.

    `confusion` holds, by field, how often what a label says (first) was read as what (second). `brier` is the mean squared
    distance of lead_probability / 5 from the truth, `calibration_error` the mean distance of the bins' means from their
    shares of leads, weighted by their size (ECE); both are 0 at best.
    """

    count: int
    fields: dict[str, FieldEvaluation]
    confusion: dict[str, dict[tuple[Any, Any], int]]
    calibration: tuple[CalibrationBin, ...]
    brier: float
    calibration_error: float


def evaluate(judged: Sequence[Judged], *, resamples: int = _RESAMPLES, seed: int = _SEED) -> Evaluation:
    """The same readings give the same figures: the resampling is seeded. Raises ValueError if there is nothing to judge."""
    if not judged:
        raise ValueError("there are no labelled conversations to judge by")
    weights = np.random.default_rng(seed).multinomial(
        len(judged), np.full(len(judged), 1 / len(judged)), size=resamples
    )
    calibration, brier, error = _calibration(judged)
    return Evaluation(
        count=len(judged),
        fields={field: _field(field, judged, weights.astype(np.float64)) for field in FIELDS},
        confusion={field: _confusion(field, judged) for field in FIELDS},
        calibration=calibration,
        brier=brier,
        calibration_error=error,
    )


def _field(field: str, judged: Sequence[Judged], weights: Floats) -> FieldEvaluation:
    right = np.array([is_right(field, one) for one in judged], dtype=np.float64)
    said = [class_of(field, getattr(one.reading, field)) for one in judged]
    was = [class_of(field, getattr(one.label, field)) for one in judged]
    classes: list[Hashable] = [True] if field in (*YES_OR_NO, *VALUES) else sorted(set(was), key=str)
    said_so = np.array([[one == known for known in classes] for one in said], dtype=np.float64)
    was_so = np.array([[one == known for known in classes] for one in was], dtype=np.float64)
    # whole first, then every resample: a row of totals each
    rows = np.vstack([np.ones(len(judged)), weights])
    hits, given, there = rows @ (said_so * was_so * right[:, None]), rows @ said_so, rows @ was_so
    return FieldEvaluation(
        field,
        occurs=int(sum(there[0])) if classes == [True] else len(judged),
        accuracy=_figure(rows @ right / len(judged)),
        precision=_figure(_mean_ratio(hits, given, there)),
        recall=_figure(_mean_ratio(hits, there, there)),
        f1=_figure(_mean_ratio(2 * hits, given + there, there)),
    )


def _mean_ratio(above: Floats, below: Floats, there: Floats) -> Floats:
    """Of each row, the mean over the classes that occur in it (a lone class counts if it was only said); NaN where there is none."""
    counts = (below > 0) & ((there > 0) | (there.shape[1] == 1))
    ratios = np.divide(above, below, out=np.zeros_like(above), where=counts)
    number = counts.sum(axis=1)
    return np.divide(ratios.sum(axis=1), number, out=np.full(len(number), np.nan), where=number > 0)


def _figure(values: Floats) -> Figure:
    whole, resampled = values[0], values[1:][~np.isnan(values[1:])]
    if np.isnan(whole):
        return Figure(None, None, None)
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail]) if len(resampled) else (whole, whole)
    return Figure(float(whole), float(low), float(high))


def _confusion(field: str, judged: Sequence[Judged]) -> dict[tuple[Any, Any], int]:
    pairs = Counter(
        (class_of(field, getattr(one.label, field)), class_of(field, getattr(one.reading, field))) for one in judged
    )
    return dict(sorted(pairs.items(), key=lambda pair: (-pair[1], str(pair[0]))))


def _calibration(judged: Sequence[Judged]) -> tuple[tuple[CalibrationBin, ...], float, float]:
    said = np.array([one.reading.lead_probability / MOST_POINTS for one in judged])
    was = np.array([one.label.is_lead for one in judged], dtype=np.float64)
    edges = np.linspace(0, 1, int(MOST_POINTS) + 1)
    number = np.clip(np.digitize(said, edges) - 1, 0, len(edges) - 2)
    bins, error = [], 0.0
    for position, (low, high) in enumerate(pairwise(edges)):
        inside = number == position
        count = int(inside.sum())
        mean, share = (float(said[inside].mean()), float(was[inside].mean())) if count else (None, None)
        bins.append(CalibrationBin(float(low), float(high), count, mean, share))
        if mean is not None and share is not None:
            error += count / len(judged) * abs(mean - share)
    return tuple(bins), float(np.mean((said - was) ** 2)), error
