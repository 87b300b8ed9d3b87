"""When customers write: by hour, weekday, month, holiday, campaign and growth."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np

HOUR = timedelta(hours=1)


@cache
def closed_dates(subdivision: str, first_year: int, last_year: int) -> frozenset[date]:
    """Public and optional holidays of Brazil and the state."""
    found = holidays.country_holidays(
        "BR", subdiv=subdivision, years=range(first_year, last_year + 1), categories=("public", "optional")
    )
    return frozenset(found)


class Rhythm:
    """The rate of new talks at any hour, scaled so that the history holds `talks` of them."""

    def __init__(
        self,
        *,
        key: list[int],
        timezone: str,
        start: datetime,
        end: datetime,
        talks: int,
        hours: tuple[float, ...],
        weekdays: tuple[float, ...],
        months: tuple[float, ...],
        closed: frozenset[date],
        lift: Callable[[date], float],
    ) -> None:
        self.key, self.zone, self.start, self.talks = key, ZoneInfo(timezone), start, talks
        self.end = end.replace(minute=0, second=0, microsecond=0)
        self.span = (self.end - start) / HOUR
        self._hours, self._weekdays, self._months, self._closed, self._lift = hours, weekdays, months, closed, lift
        self._day_weights: dict[date, float] = {}
        self._total = 0.0

    def rate(self, hour: datetime) -> float:
        """The talks to be expected in the hour that begins then, by one who knows all of this; call after `history`."""
        return self.talks * self.weight(hour) / self._total

    def luck(self, day: date) -> float:
        """What makes its week better or worse than others, for no reason anybody could know before."""
        return random.Random(f"{self.key}/{day.isocalendar()[:2]}").lognormvariate(0.0, 0.12)

    def weight(self, hour: datetime) -> float:
        local = hour.astimezone(self.zone)
        day = local.date()
        weight = self._day_weights.get(day)
        if weight is None:
            weight = self._weekdays[day.weekday()] * self._months[day.month - 1] * self._lift(day)
            if day in self._closed:
                weight *= 0.3
            # the business grows, and some weeks are simply better than others
            growth = 0.75 + 0.45 * min((hour - self.start) / HOUR / self.span, 1.15)
            self._day_weights[day] = weight = weight * growth * self.luck(day)
        return weight * self._hours[local.hour]

    def history(self) -> list[datetime]:
        """The instants of all talks up to the end, sorted."""
        weights = np.array([self.weight(self.start + i * HOUR) for i in range(int(self.span))])
        self._total = float(weights.sum())
        generator = np.random.Generator(np.random.PCG64(self.key))
        counts = generator.multinomial(self.talks, weights / self._total)
        starts = np.repeat(np.arange(len(counts)), counts)
        micros = starts * 3_600_000_000 + generator.integers(0, 3_600_000_000, len(starts))
        micros.sort()
        return [self.start + timedelta(microseconds=int(m)) for m in micros]

    def future(self) -> Iterator[datetime]:
        """The instants of talks from the end on, hour by hour, without end; call after `history`."""
        hour = self.end.astimezone(UTC)
        number = 0
        while True:
            generator = np.random.Generator(np.random.PCG64([*self.key, number]))
            count = int(generator.poisson(self.rate(hour)))
            for micro in sorted(int(m) for m in generator.integers(0, 3_600_000_000, count)):
                yield hour + timedelta(microseconds=micro)
            hour += HOUR
            number += 1
