"""When something was really not as expected: bursts and silences, one alert for each episode.

Counts of windows of 3 hours to a fortnight are compared with what was forecast for them (`ml.rarity`), and the result is corrected
for the number of windows looked at in a day: each length has the same share of a day's false alarms, so that the few long
windows, which alone can tell of a business with little to do, need not be as rare as the many short ones. A z of 2.5 is as
rare as it sounds: about one day in eighty of a tenant, whatever the number of its metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ml.rarity import Direction, Level, among, deviation, dispersion

THRESHOLD = 2.5
WINDOWS = (3, 6, 12, 24, 36, 48, 72, 120, 168, 336)
"""Hours."""
# Windows overlap: those of one length tell about so many times as much as those of them that do not.
_LOOKS_PER_WINDOW = 2
_HOURS_OF_DAY = 24
LEAST_DAYS = 28
# Two of the same kind no further apart than this, or than the longer of them lasted, are one episode.
_JOINED_HOURS = 24
_MOST_EPISODES = 100
# So many expected tell whether it goes on.
_ENOUGH_TO_TELL = 5.0

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
    scale = _Scale(slots_per_day, metrics, threshold)
    if len(observed) <= scale.learning:
        return []
    found: list[Episode] = []
    counts = observed.astype(float)
    level = Level.of(counts, expected.astype(float), slots_per_day)
    for _ in range(_MOST_EPISODES):
        one = _strangest(counts, level, scale)
        if one is None:
            break
        seen, usual = (float(values[one.start : one.end].sum()) for values in (observed, level.carried))
        found.append(Episode(one.start, one.end, one.direction, seen, usual, one.z))
        # explained: what remains is looked at again, and judged by what is usual without it
        counts, level = level.without(counts, one.start, one.end)
    return _joined(found, _JOINED_HOURS * slots_per_day // _HOURS_OF_DAY)


@dataclass(frozen=True)
class _Scale:
    slots_per_day: int
    metrics: int
    threshold: float

    @property
    def learning(self) -> int:
        return LEAST_DAYS * self.slots_per_day

    @property
    def windows(self) -> list[int]:
        """In slots."""
        return [
            hours * self.slots_per_day // _HOURS_OF_DAY
            for hours in WINDOWS
            if not hours * self.slots_per_day % _HOURS_OF_DAY
        ]

    def looks(self, length: int) -> float:
        """How many independent looks a day would hold, were all windows of this length."""
        of_this_length = min(_LOOKS_PER_WINDOW, length) * self.slots_per_day / length
        return self.metrics * len(self.windows) * of_this_length


@dataclass(frozen=True)
class _Strange:
    start: int
    end: int
    direction: Direction
    z: float


def _strangest(counts: np.ndarray, level: Level, scale: _Scale) -> _Strange | None:
    """The least usual window, as far to both sides as it goes on; None where all are usual."""
    best: _Strange | None = None
    for length in scale.windows:
        windows = level.windows(counts, length)
        first = max(scale.learning - length, 0)
        off = windows.deviations[first:]
        places: Sequence[tuple[Direction, int]] = (("below", int(np.argmin(off))), ("above", int(np.argmax(off))))
        for direction, at in places:
            at += first
            seen, mean, unsure = (float(v[at]) for v in (windows.seen, windows.expected, windows.unsure))
            if direction == "above":
                mean = max(mean, length * level.least_per_slot)
            enough = max(scale.threshold, abs(best.z) if best else 0.0)
            # it is no rarer than this, which is cheaper to find out
            if abs(among(deviation(seen, mean, 1 + mean * unsure, direction), scale.looks(length))) < enough:
                continue
            start, end = _stretched(counts, level.carried, at, at + length, direction)
            others, usual = level.without(counts, start, end)
            spread, known = dispersion(others, usual, length, scale.slots_per_day, mean, unsure, direction)
            z = among(deviation(seen, mean, spread, direction), scale.looks(length), known)
            if abs(z) >= enough:
                best = _Strange(start, end, direction, z)
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
