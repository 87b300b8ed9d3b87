"""How rare a count is beside what was forecast for it.

A forecast is first carried by how the three weeks before came out. What then comes is a Poisson count whose level is known as
well as so many events tell it, spread wider where the past says that such counts are: a negative binomial, whose exact tail
is told as a deviation of the normal distribution. Where few are expected nothing else is right: at 3 a day a square root, or
a deviation in parts of the usual one, finds a week without anybody hardly worth a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import betainc, betaincc, ndtri, stdtr

Direction = Literal["above", "below"]

_LEVEL_DAYS = 21
_LEAST_LEVEL_DAYS = 7
# A day counts towards the level as far as this many deviations from the median day.
_WINSOR = 2.0
_LUCK_OF_DAYS = 0.05
# A forecast of nobody is not believed: any hour has a part of what all have, and any week has one.
_LEAST_SHARE = 0.1
_LEAST_PER_WEEK = 1.0
# Single weeks vary by about a seventh, say as many windows of the past as this.
_LUCK_OF_WEEKS = 0.02
_PRIOR_WINDOWS = 20.0
# The spread is that between the windows that have about as many others beyond them.
_BEYOND = 6.0


@dataclass(frozen=True)
class Windows:
    """Of each window of so many slots: what came, what was to be expected, and how unsure that is (relative variance)."""

    seen: np.ndarray
    expected: np.ndarray
    unsure: np.ndarray

    @property
    def deviations(self) -> np.ndarray:
        """As if nothing were known of the spread but chance: to find the strangest among windows of one length."""
        return np.asarray(self._stabilized() / np.sqrt(1 + self.expected * self.unsure))

    def spread(self, direction: Direction, length: int) -> float:
        """Variance / mean that the windows of this length had, and at least a Poisson count's; an outlier hardly counts."""
        off = self._stabilized()
        edge = min(_BEYOND * length / len(off), 0.25)
        low, middle, high = np.quantile(off, [edge, 0.5, 1 - edge])
        outwards = high - middle if direction == "above" else middle - low
        return max(1.0, (high - low) / 2 / -float(ndtri(edge)), outwards / -float(ndtri(edge))) ** 2

    def _stabilized(self) -> np.ndarray:
        return _root(self.seen) - _root(self.expected)


@dataclass(frozen=True)
class Level:
    """A forecast, carried by how the three weeks before each day came out."""

    carried: np.ndarray
    """By slot: what was to be expected of it, had it not been known how the days before it came out as well."""
    _forecast: np.ndarray
    _ratio: np.ndarray
    _learnt_from: np.ndarray
    _slots_per_day: int

    @classmethod
    def of(cls, counts: np.ndarray, forecast: np.ndarray, slots_per_day: int) -> Level:
        """From counts and forecasts of the same slots, from the beginning of a day on."""
        days = len(counts) // slots_per_day
        happened, expected = (
            values[: days * slots_per_day].reshape(days, slots_per_day).sum(axis=1) for values in (counts, forecast)
        )
        before = np.arange(days + 1)[:, None] - np.arange(1, _LEVEL_DAYS + 1)
        there = before >= 0
        off = _root(happened) - _root(expected)
        # the median day says about what is usual, and all days, none further from that than chance goes, say it exactly
        shift = _median_before(off)
        due = np.where(there, expected[before], 0.0)
        usual = np.maximum((np.maximum(_root(due) + shift[:, None], 0.0) / 2) ** 2 - 0.375, 0.1 * due)
        far = _WINSOR * np.sqrt(usual + _LUCK_OF_DAYS * usual**2)
        tame = np.where(there, np.clip(happened[before], usual - far, usual + far), 0.0).sum(axis=1)
        ratio = np.maximum((tame + 1) / (due.sum(axis=1) + 1), 0.1)
        ratio[:_LEAST_LEVEL_DAYS] = 1.0
        day_of_slot = np.minimum(np.arange(len(counts)) // slots_per_day, days)
        ratio = ratio[day_of_slot]
        return cls(forecast * ratio, forecast, ratio, (tame + 1)[day_of_slot], slots_per_day)

    def windows(self, counts: np.ndarray, length: int) -> Windows:
        """All of so many slots, each judged by what was known when it began."""
        seen = _sums(counts, length)
        expected = _sums(self._forecast, length) * self._ratio[: len(seen)]
        return Windows(seen, expected, 1 / self._learnt_from[: len(seen)])

    def without(self, counts: np.ndarray, start: int, end: int) -> tuple[np.ndarray, Level]:
        """The counts as if slots `start` to before `end` had been as usual, and the level in the light of that."""
        others = counts.copy()
        others[start:end] = self.carried[start:end]
        return others, Level.of(others, self._forecast, self._slots_per_day)

    @property
    def least_per_slot(self) -> float:
        """What is to be expected at least before more is out of the ordinary."""
        return max(_LEAST_SHARE * float(self.carried.mean()), _LEAST_PER_WEEK / (7 * self._slots_per_day))


def deviation(seen: float, expected: float, dispersion: float, direction: Direction) -> float:
    """The exact tail of a negative binomial of this mean and variance / mean, as a normal deviation; 0 if not `direction`."""
    mean = max(expected, 1e-9)
    dispersion = max(dispersion, 1 + 1e-9)
    size = mean / (dispersion - 1)
    if direction == "below":
        return min(float(ndtri(max(betainc(size, seen + 1, 1 / dispersion), 1e-300))), 0.0)
    return max(-float(ndtri(max(betaincc(size, seen, 1 / dispersion), 1e-300))), 0.0) if seen > 0 else 0.0


def dispersion(
    counts: np.ndarray, level: Level, length: int, slots_per_day: int, mean: float, unsure: float, direction: Direction
) -> tuple[float, float]:
    """Variance / mean of a window of this length and mean, and how many windows say so.

    Of windows beyond a day there are few: theirs is moderated by what days say, and by what single weeks usually are
    (Smyth 2004).
    """
    least = 1 + mean * unsure
    short = min(length, slots_per_day)
    of_days = level.windows(counts, short).spread(direction, short)
    windows = len(counts) / length
    if length <= slots_per_day:
        return max(of_days, least), windows
    own = level.windows(counts, length).spread(direction, length)
    usually = of_days + mean * (_LUCK_OF_WEEKS + unsure)
    together = windows + _PRIOR_WINDOWS
    return max((windows * own + _PRIOR_WINDOWS * usually) / together, least), together


def among(z: float, looks: float, windows: float = np.inf) -> float:
    """The deviation that a single look would need to be as rare as `z` is among so many (Šidák).

    Where the spread was learnt from so many `windows`, the tail is Student's.
    """
    alone = 2 * float(stdtr(max(windows, 3.0), -abs(z)))
    among_all = -np.expm1(looks * np.log1p(-min(alone, 1 - 1e-12)))
    return float(np.copysign(max(-float(ndtri(max(among_all, 1e-300) / 2)), 0.0), z))


def _median_before(by_day: np.ndarray) -> np.ndarray:
    """Of the three weeks before each day, and the day after the last; 0 in the first week."""
    days = len(by_day)
    median = np.zeros(days + 1)
    for day in range(_LEAST_LEVEL_DAYS, min(_LEVEL_DAYS, days + 1)):
        median[day] = np.median(by_day[:day])
    if days >= _LEVEL_DAYS:
        median[_LEVEL_DAYS:] = np.median(sliding_window_view(by_day, _LEVEL_DAYS), axis=1)
    return median


def _root(counts: np.ndarray) -> np.ndarray:
    """Makes the spread of Poisson counts alike, about 1 (Anscombe 1948)."""
    return np.asarray(2 * np.sqrt(np.maximum(counts, 0.0) + 0.375))


def _sums(values: np.ndarray, length: int) -> np.ndarray:
    running = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(running[length:] - running[:-length])
