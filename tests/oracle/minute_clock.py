"""Opening hours counted minute by minute: slow, obvious, and knowing nothing of how the warehouse does it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Open from one minute of the local day until another (1440 is midnight); 0 is Sunday."""

    day_of_week: int
    opens: int
    closes: int
    began_day_before: bool = False


def overnight(day_of_week: int, opens: int, closes: int) -> list[Span]:
    """A shift that ends on the next day."""
    return [Span(day_of_week, opens, 1440), Span((day_of_week + 1) % 7, 0, closes, began_day_before=True)]


ALWAYS = [Span(day, 0, 1440) for day in range(7)]


class MinuteClock:
    """How many seconds have been open, at each minute between two instants."""

    def __init__(
        self, timezone: str, spans: Sequence[Span], closed: Collection[date], begin: datetime, end: datetime
    ) -> None:
        self.begin = begin.astimezone(UTC).replace(second=0, microsecond=0)
        minutes = pd.date_range(self.begin, end + MINUTE, freq="1min", tz="UTC")
        local = minutes.tz_convert(timezone).tz_localize(None).to_numpy()
        days = local.astype("datetime64[D]")
        minute_of_day = (local - days) // np.timedelta64(1, "m")
        day_numbers = days.astype(np.int64)
        weekdays = (day_numbers + 4) % 7  # 1970-01-01 was a Thursday
        closed_numbers = np.array(sorted((day - date(1970, 1, 1)).days for day in closed), dtype=np.int64)
        is_closed = np.isin(day_numbers, closed_numbers)
        began_closed = np.isin(day_numbers - 1, closed_numbers)
        is_open = np.zeros(len(minutes), dtype=bool)
        for span in spans:
            within = (weekdays == span.day_of_week) & (span.opens <= minute_of_day) & (minute_of_day < span.closes)
            is_open |= within & ~is_closed & ~(began_closed if span.began_day_before else np.False_)
        self._never_opens = not spans
        self._is_open = is_open
        self._before = np.concatenate([[0], np.cumsum(is_open) * 60])

    def until(self, instant: datetime) -> int:
        """Open seconds from the beginning until an instant, which is cut to a whole second."""
        seconds = int((instant.replace(microsecond=0) - self.begin).total_seconds())
        minute, rest = divmod(seconds, 60)
        return int(self._before[minute]) + (rest if self._is_open[minute] else 0)

    def open_seconds(self, begin: datetime, end: datetime) -> int:
        return self.until(end) - self.until(begin)

    def last_instant_within(self, begin: datetime, seconds: int) -> datetime | None:
        """The last whole second until which no more than so many have been open since `begin`; None: it never opens."""
        if self._never_opens:
            return None
        target = self.until(begin) + seconds
        minute = int(np.searchsorted(self._before, target, side="right")) - 1
        if minute == len(self._is_open):
            raise ValueError("the clock was not made long enough to tell")
        return self.begin + minute * MINUTE + timedelta(seconds=target - int(self._before[minute]))
