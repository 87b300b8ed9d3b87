"""Opening hours: is it open, when does it open next, how many open seconds lie between two instants."""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.world.records import WorkingHour

DAY = timedelta(days=1)
Window = tuple[datetime, datetime]


class OpeningHours:
    """Weekly hours in a timezone, with closed dates.

    Chatwoot itself knows no holidays: give `closed` only where people behave, not where Chatwoot computes.
    `all_day_ends_early` is Chatwoot's reporting helper, for which a day open all day is 00:00-23:59.
    """

    def __init__(
        self,
        timezone: str,
        week: Iterable[WorkingHour],
        closed: Container[date] = frozenset(),
        all_day_ends_early: bool = False,
    ) -> None:
        self.zone = ZoneInfo(timezone)
        self.closed = closed
        self._week: dict[int, tuple[time, time | None] | None] = {}
        for day in week:
            if day.closed_all_day:
                self._week[day.day_of_week] = None
            elif day.open_all_day:
                self._week[day.day_of_week] = (time(0), time(23, 59) if all_day_ends_early else None)
            else:
                opens = time(day.open_hour or 0, day.open_minutes or 0)
                self._week[day.day_of_week] = (opens, time(day.close_hour or 0, day.close_minutes or 0))
        self.ever_open = any(self._week.values())
        self._windows: dict[date, Window | None] = {}

    def window(self, day: date) -> Window | None:
        """When it is open on a local date, in UTC."""
        try:
            return self._windows[day]
        except KeyError:
            pass
        hours = self._week.get((day.weekday() + 1) % 7)
        window: Window | None = None
        if hours is not None and day not in self.closed:
            opens, closes = hours
            end_day, end_time = (day, closes) if closes is not None else (day + DAY, time(0))
            window = (
                datetime.combine(day, opens, self.zone).astimezone(UTC),
                datetime.combine(end_day, end_time, self.zone).astimezone(UTC),
            )
        self._windows[day] = window
        return window

    def local_date(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def is_open(self, at: datetime) -> bool:
        window = self.window(self.local_date(at))
        return window is not None and window[0] <= at < window[1]

    def next_open(self, at: datetime) -> datetime:
        """`at` itself when open, else the next opening."""
        day = self.local_date(at)
        for _ in range(60):
            window = self.window(day)
            if window is not None and at < window[1]:
                return max(at, window[0])
            day += DAY
        return at

    def open_seconds(self, start: datetime, end: datetime) -> float:
        """Open seconds in [start, end)."""
        total = 0.0
        day, last = self.local_date(start), self.local_date(end)
        while day <= last:
            window = self.window(day)
            if window is not None:
                overlap = (min(end, window[1]) - max(start, window[0])).total_seconds()
                if overlap > 0:
                    total += overlap
            day += DAY
        return total

    def add_open_seconds(self, start: datetime, seconds: float) -> datetime:
        """The instant at which `seconds` of open time have passed since `start`."""
        if not self.ever_open:
            return start + timedelta(seconds=seconds)
        day, left = self.local_date(start), seconds
        while True:
            window = self.window(day)
            if window is not None and start < window[1]:
                begin = max(start, window[0])
                available = (window[1] - begin).total_seconds()
                if left <= available:
                    return begin + timedelta(seconds=left)
                left -= available
            day += DAY


def week_hours(
    weekdays: tuple[str, str] | None, saturday: tuple[str, str] | None = None, sunday: tuple[str, str] | None = None
) -> list[WorkingHour]:
    """The seven rows of an inbox's working hours, from ("08:00", "18:00") or None for closed."""
    hours = []
    for day in range(7):
        span = sunday if day == 0 else saturday if day == 6 else weekdays
        if span is None:
            hours.append(WorkingHour(day_of_week=day, closed_all_day=True))
            continue
        (open_hour, open_minutes), (close_hour, close_minutes) = (map(int, text.split(":")) for text in span)
        hours.append(
            WorkingHour(
                day_of_week=day,
                open_hour=open_hour,
                open_minutes=open_minutes,
                close_hour=close_hour,
                close_minutes=close_minutes,
            )
        )
    return hours
