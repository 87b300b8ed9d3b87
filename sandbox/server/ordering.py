"""Rows in an order whose ties come out differently each time, as a database without a tie-breaker may give them."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Ordered(Generic[T]):
    """Sorted once, paged many times: rows with equal keys are drawn anew for every page that shows some of them.

    Two pages cut through the same run of equal keys may therefore repeat a row or leave one out.
    """

    def __init__(self, rows: Iterable[T], key: Callable[[T], Any]) -> None:
        keyed = sorted(((key(row), row) for row in rows), key=lambda pair: pair[0])
        self.rows = [row for _, row in keyed]
        self._ties: list[tuple[int, int]] = []
        start = 0
        for position in range(1, len(keyed) + 1):
            if position == len(keyed) or keyed[position][0] != keyed[start][0]:
                if position - start > 1:
                    self._ties.append((start, position))
                start = position

    def __len__(self) -> int:
        return len(self.rows)

    def slice(self, start: int, size: int, rng: random.Random) -> list[T]:
        start = max(start, 0)
        stop = min(start + size, len(self.rows))
        page = self.rows[start:stop]
        tie = max(bisect_right(self._ties, (start, len(self.rows))) - 1, 0)
        while tie < len(self._ties) and self._ties[tie][0] < stop:
            first, last = self._ties[tie]
            low, high = max(first, start), min(last, stop)
            if high > low:
                page[low - start : high - start] = rng.sample(self.rows[first:last], high - low)
            tie += 1
        return page

    def all(self, rng: random.Random) -> list[T]:
        return self.slice(0, len(self.rows), rng)


def unordered(rows: Iterable[T]) -> Ordered[T]:
    """No ORDER BY at all: every row ties with every other."""
    return Ordered(rows, lambda row: 0)
