"""Standing at past midnights, knowing what was known then: which model to trust, and how far.

Rolling origins a fortnight apart, each as far ahead as a real forecast. The model is chosen on the earlier ones, by the
days that were over before the first of the last three; those three it had no part in are what is reported. If there
the chosen one is beaten by a simple one, the simple one answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ml.accuracy import coverage, mase, poisson_deviance, wape
from ml.baselines import SEASONAL_NAIVE, SLOT_MEAN
from ml.intervals import Calibration, calibrate

APART = 14
FOLDS = 7
REPORTED = 3
# A model is preferred to the average only if it was better by more than this: chance alone makes one of several best.
_CLEARLY = 0.02
# From so many a slot on, what is most likely and what is to be expected are much the same.
_MANY = 10.0
AVERAGE = "average"
SIMPLE = (SLOT_MEAN, SEASONAL_NAIVE)

Standing = Literal["answers", "beaten", "not chosen"]
Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Score:
    """One model on the reported folds; None where a measure cannot be told.

    `beaten` is the model that was chosen on the earlier ones, where a simple one answers instead.
    """

    model: str
    mase: float | None
    wape: float | None
    coverage_80: float | None
    standing: Standing


@dataclass(frozen=True)
class Verdict:
    """Which model answers, how every model did, and the interval of the one that answers."""

    model: str
    scores: tuple[Score, ...]
    calibration: Calibration

    @property
    def answer(self) -> Score:
        return next(score for score in self.scores if score.model == self.model)


def origins(days: int, days_ahead: int, least: int, apart: int = APART) -> list[int]:
    """The numbers of the days before whose midnight a fold stands, the earliest first."""
    last = days - days_ahead
    return [last - apart * back for back in range(FOLDS - 1, -1, -1) if last - apart * back >= least]


def reported_origins(starts: Sequence[int]) -> Sequence[int]:
    """Those of the folds that are reported; the others choose."""
    return starts[-REPORTED:] if len(starts) > REPORTED else starts[-1:]


def judge(
    actual: np.ndarray, forecasts: Mapping[str, Mapping[int, np.ndarray]], history: np.ndarray, season: int
) -> Verdict:
    """`actual` (days, slots); `forecasts` by model and origin (days_ahead, slots), the same origins for all models.

    `history` is what was known before the first origin, in order; `season` its steps in a week.
    """
    starts = sorted(next(iter(forecasts.values())))
    reported = reported_origins(starts)
    earlier = [origin for origin in starts if origin < reported[0]]
    floor = max(0.05 * float(np.nanmean(actual[: starts[0]])), 1e-3)

    def choosing(made: Mapping[int, np.ndarray]) -> list[Pair]:
        return _pairs(actual, made, earlier, reported[0])

    deviances = {model: _deviance(choosing(made), floor) for model, made in forecasts.items()} if earlier else {}
    chosen = _choose(deviances, preferred=AVERAGE if AVERAGE in forecasts else SLOT_MEAN)
    late = {model: _pairs(actual, made, reported, len(actual)) for model, made in forecasts.items()}
    at_last = {model: _failing(pairs, floor) for model, pairs in late.items()}
    simple = min(SIMPLE, key=at_last.__getitem__)
    answer = simple if at_last[simple] < at_last[chosen] else chosen
    scores = tuple(
        Score(
            model,
            mase(_errors(late[model]), history, season),
            wape(*_joined(late[model])),
            _held_out_coverage(choosing(made), late[model]) if earlier else None,
            "answers" if model == answer else "beaten" if model == chosen else "not chosen",
        )
        for model, made in forecasts.items()
    )
    return Verdict(
        answer,
        scores,
        calibrate(_pairs(actual, forecasts[answer], starts, len(actual))),
    )


def _choose(deviances: Mapping[str, float], preferred: str) -> str:
    best = min(deviances, key=deviances.__getitem__, default=preferred)
    return best if best != preferred and deviances[best] < (1 - _CLEARLY) * deviances[preferred] else preferred


def _pairs(actual: np.ndarray, made: Mapping[int, np.ndarray], chosen: Sequence[int], until: int) -> list[Pair]:
    pairs = []
    for origin in chosen:
        end = min(origin + len(made[origin]), until)
        pairs.append((actual[origin:end], made[origin][: end - origin]))
    return pairs


def _joined(pairs: Sequence[Pair]) -> Pair:
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def _errors(pairs: Sequence[Pair]) -> np.ndarray:
    actual, predicted = _joined(pairs)
    return actual - predicted


def _deviance(pairs: Sequence[Pair], floor: float) -> float:
    return poisson_deviance(*_joined(pairs), floor)


def _failing(pairs: Sequence[Pair], floor: float) -> float:
    """By the absolute error, which is what is reported; of few events it would prefer whoever forecasts none."""
    actual, _ = _joined(pairs)
    if float(np.nanmean(actual)) < _MANY:
        return _deviance(pairs, floor)
    return float(np.nanmean(np.abs(_errors(pairs))))


def _held_out_coverage(earlier: Sequence[Pair], late: Sequence[Pair]) -> float | None:
    """How much of the reported folds an interval held that was calibrated on the earlier ones."""
    actual, predicted = _joined(late)
    lower, upper = calibrate(earlier).interval(predicted)
    there = ~np.isnan(actual)
    return coverage(actual[there], lower[there], upper[there]) if there.any() else None
