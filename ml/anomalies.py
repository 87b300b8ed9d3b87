"""When something was really not as expected: bursts and silences, one alert for each episode.

Counts of windows of 3 to 72 hours are compared with what was forecast for them. A square root makes their spread alike
(Anscombe 1948), the recent past says how wide it usually is (robustly, so that an episode does not hide itself), and the
result is corrected for the number of windows looked at in a day. So a z of 2.5 is as rare as it sounds: about one day in
eighty of a tenant, whatever the number of its metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

THRESHOLD = 2.5
WINDOWS = (3, 6, 12, 24, 72, 168)
"""Hours."""
# Windows overlap and tell much of the same: a day holds about as many independent looks as this, for each metric.
_LOOKS_PER_DAY = 24
_HOURS_OF_DAY = 24
_LEVEL_DAYS = 21
LEAST_DAYS = 28
# Two of the same kind no further apart than this, or than the longer of them lasted, are one episode.
_JOINED_HOURS = 24
_MOST_EPISODES = 100
# So many expected tell whether it goes on.
_ENOUGH_TO_TELL = 5.0

Direction = Literal["above", "below"]
Severity = Literal["low", "medium", "high", "critical"]
_SEVERITIES: Sequence[tuple[float, Severity]] = ((5.5, "critical"), (4.0, "high"), (3.0, "medium"), (0.0, "low"))


@dataclass(frozen=True)
class Episode:
    """Slots `start` to before `end` of the series that was looked at, and how unusual they were."""

    start: int
    end: int
    direction: Direction
    observed: float
    expected: float
    z: float

    @property
    def severity(self) -> Severity:
        return next(name for least, name in _SEVERITIES if abs(self.z) >= least)


def episodes(
    observed: np.ndarray,
    expected: np.ndarray,
    *,
    slots_per_day: int = _HOURS_OF_DAY,
    metrics: int = 1,
    threshold: float = THRESHOLD,
) -> list[Episode]:
    """The episodes of one metric, in order of time.

    `observed` and `expected` are counts and forecasts of the same slots, from the beginning of a day on: hours
    (`slots_per_day` 24; the last day may not be over) or days (1). `metrics` is how many metrics of the tenant are looked
    at. The first four weeks only serve to learn what is usual: a shorter history has no episodes.
    """
    scale = _Scale(slots_per_day, metrics)
    if len(observed) <= scale.learning:
        return []
    found: list[Episode] = []
    counts = observed.astype(float).copy()
    level = _levelled(counts, expected, slots_per_day)
    for _ in range(_MOST_EPISODES):
        z, start, end = _strangest(counts, level, scale)
        if abs(z) < threshold:
            break
        direction: Direction = "above" if z > 0 else "below"
        start, end = _stretched(counts, level, start, end, direction)
        seen, forecast = float(observed[start:end].sum()), float(level[start:end].sum())
        found.append(Episode(start, end, direction, seen, forecast, z))
        # explained: what remains is looked at again, and judged by what is usual without it
        counts[start:end] = level[start:end]
        level = _levelled(counts, expected, slots_per_day)
    return _joined(found, _JOINED_HOURS * slots_per_day // _HOURS_OF_DAY)


@dataclass(frozen=True)
class _Scale:
    slots_per_day: int
    metrics: int

    @property
    def learning(self) -> int:
        return LEAST_DAYS * self.slots_per_day

    @property
    def windows(self) -> list[int]:
        """In slots."""
        slots = (hours * self.slots_per_day / _HOURS_OF_DAY for hours in WINDOWS)
        return [int(length) for length in slots if length >= 1]


def _levelled(counts: np.ndarray, expected: np.ndarray, slots: int) -> np.ndarray:
    """The forecast, carried by how the three weeks before each day came out: the median day, so that a wild one does not."""
    days = len(counts) // slots
    happened = counts[: days * slots].reshape(days, slots).sum(axis=1)
    forecast = expected[: days * slots].reshape(days, slots).sum(axis=1)
    off = _root(happened) - _root(forecast)
    level = expected.astype(float).copy()
    for day in range(7, days + 1):
        of_day = slice(day * slots, (day + 1) * slots)
        total = float(expected[of_day].sum())
        if total > 0:
            carried = float(_root(total)) + float(np.median(off[max(0, day - _LEVEL_DAYS) : day]))
            level[of_day] = expected[of_day] * max((max(carried, 0.0) / 2) ** 2 - 0.375, 0.1 * total) / total
    return level


def _strangest(counts: np.ndarray, level: np.ndarray, scale: _Scale) -> tuple[float, int, int]:
    """The z of the least usual window, and its first slot and the one after its last."""
    best = (0.0, 0, 0)
    for length in scale.windows:
        seen, forecast = _sums(counts, length), _sums(level, length)
        off = _root(seen) - _root(forecast)
        first = max(scale.learning - length, 0)
        # an episode fills so many of the long windows that only the middle of them tells what is usual
        scores = _scores(off[first:], off, 0.05 if length <= scale.slots_per_day else 0.2)
        scores = np.maximum(scores, _chance_of_so_few(seen[first:], forecast[first:]))
        at = int(np.argmax(np.abs(scores)))
        z = _corrected(float(scores[at]), scale.metrics, len(counts) / length)
        if abs(z) > abs(best[0]):
            best = (z, first + at, first + at + length)
    return best


def _stretched(counts: np.ndarray, level: np.ndarray, start: int, end: int, direction: Direction) -> tuple[int, int]:
    """As far to both sides as it goes on like that, though not rare enough to be told of by itself."""

    def goes_on(first: int, last: int) -> bool:
        seen, usual = float(counts[first:last].sum()), float(level[first:last].sum())
        return seen >= 1.5 * usual if direction == "above" else seen <= 0.5 * usual

    while end < len(counts):
        last = end + 1
        while last < len(counts) and level[end:last].sum() < _ENOUGH_TO_TELL:
            last += 1
        if not goes_on(end, last):
            break
        end = last
    while start > 0:
        first = start - 1
        while first > 0 and level[first:start].sum() < _ENOUGH_TO_TELL:
            first -= 1
        if not goes_on(first, start):
            break
        start = first
    return start, end


def _scores(off: np.ndarray, learnt: np.ndarray, edge: float) -> np.ndarray:
    """In deviations: of the middle of what is usual, or of its edges where they lie further out; never less than chance."""
    from scipy.special import ndtri

    middle = float(np.median(learnt))
    low, high = np.quantile(learnt, [edge, 1 - edge])
    deviations = -float(ndtri(edge))
    mad = 1.4826 * float(np.median(np.abs(learnt - middle)))
    above = max(1.0, mad, (high - middle) / deviations)
    below = max(1.0, mad, (middle - low) / deviations)
    apart = off - middle
    return np.asarray(np.where(apart > 0, apart / above, apart / below))


def _chance_of_so_few(seen: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """As a deviation: near nothing the square root finds a low count rarer than even a Poisson count has it."""
    from scipy.special import ndtri, pdtr

    few = pdtr(np.floor(np.maximum(seen, 0.0)), np.maximum(forecast, 1e-9))
    return np.asarray(np.where(few < 0.5, ndtri(np.maximum(few, 1e-300)), -np.inf))


def _corrected(z: float, metrics: int, windows: float) -> float:
    """The z that a single look would need to be as rare as this one among all those of a day (Šidák).

    The spread is known from so many windows that do not overlap: few of the long ones.
    """
    from scipy.special import ndtri, stdtr

    alone = 2 * float(stdtr(max(windows, 3.0), -abs(z)))
    among_all = -np.expm1(_LOOKS_PER_DAY * metrics * np.log1p(-min(alone, 1 - 1e-12)))
    return float(np.copysign(max(-float(ndtri(max(among_all, 1e-300) / 2)), 0.0), z))


def _joined(found: Sequence[Episode], apart: int) -> list[Episode]:
    """In order of time, those of one kind that follow each other closely as one."""
    whole: list[Episode] = []
    for one in sorted(found, key=lambda episode: episode.start):
        last = next((before for before in reversed(whole) if before.direction == one.direction), None)
        if last is not None and one.start - last.end <= max(apart, last.end - last.start, one.end - one.start):
            whole[whole.index(last)] = Episode(
                last.start,
                max(last.end, one.end),
                one.direction,
                last.observed + one.observed,
                last.expected + one.expected,
                max(last.z, one.z, key=abs),
            )
        else:
            whole.append(one)
    return whole


def _root(counts: np.ndarray | float) -> np.ndarray:
    return np.asarray(2 * np.sqrt(np.maximum(counts, 0.0) + 0.375))


def _sums(values: np.ndarray, hours: int) -> np.ndarray:
    """Of each window of so many hours."""
    running = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(running[hours:] - running[:-hours])
