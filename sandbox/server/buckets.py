"""Periods of a report in a fixed offset from UTC, empty ones included."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta, timezone

PERIODS = ("hour", "day", "week", "month", "year")


class Buckets:
    """`timezone_offset` is hours from UTC. (Chatwoot takes the first Rails zone that has this offset now, whose past
    daylight saving then applies; here the offset itself holds throughout.)"""

    def __init__(self, since: datetime, until: datetime, group_by: str, timezone_offset: str | None) -> None:
        zone = timezone(timedelta(hours=float(timezone_offset or 0)))
        start = self._floor(since.astimezone(zone), group_by)
        self.starts: list[datetime] = []
        while start < until:
            self.starts.append(start)
            start = self._next(start, group_by)

    def of(self, moment: datetime) -> datetime:
        return self.starts[bisect_right(self.starts, moment) - 1]

    @staticmethod
    def _floor(moment: datetime, group_by: str) -> datetime:
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if group_by == "hour":
            return hour
        day = hour.replace(hour=0)
        if group_by == "week":  # weeks begin on Sunday
            return day - timedelta(days=(day.weekday() + 1) % 7)
        if group_by == "month":
            return day.replace(day=1)
        return day.replace(month=1, day=1) if group_by == "year" else day

    @staticmethod
    def _next(start: datetime, group_by: str) -> datetime:
        if group_by == "month":
            return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        if group_by == "year":
            return start.replace(year=start.year + 1)
        return start + {"hour": timedelta(hours=1), "week": timedelta(weeks=1)}.get(group_by, timedelta(days=1))
