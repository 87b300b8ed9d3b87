"""Opening hours as people write them: a span of hours for a day or a range of days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from itertools import pairwise

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # 0 is Sunday, as in Chatwoot


@dataclass(frozen=True, slots=True)
class Shift:
    """Opening hours of one weekday, local time; `closes_at` None is the end of the day (24:00)."""

    day_of_week: int
    opens_at: time
    closes_at: time | None
    began_day_before: bool = False
    """Whether this is what a shift past midnight has left on its second day."""


def parse_business_hours(hours: Mapping[str, str]) -> list[Shift]:
    """`{"mon-fri": "08:00-18:00", "sat": "08:00-12:00, 14:00-18:00"}` as shifts. Raises ValueError."""
    shifts: list[Shift] = []
    for days, spans in hours.items():
        for day in _weekdays(days):
            for span in str(spans).split(","):
                shifts.extend(_shift(day, span.strip()))
    shifts.sort(key=lambda shift: (shift.day_of_week, shift.opens_at))
    for earlier, later in pairwise(shifts):
        overlap = earlier.closes_at is None or later.opens_at < earlier.closes_at
        if overlap and earlier.day_of_week == later.day_of_week:
            raise ValueError(f"two shifts overlap on {WEEKDAYS[later.day_of_week]}")
    return shifts


def _weekdays(text: str) -> list[int]:
    first, _, last = text.strip().lower().partition("-")
    if first not in WEEKDAYS or (last and last not in WEEKDAYS):
        raise ValueError(f"'{text}' is not a day or a range of days; write mon, mon-fri or sat")
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return [(start + offset) % 7 for offset in range((end - start) % 7 + 1)]


def _shift(day: int, span: str) -> list[Shift]:
    match = re.fullmatch(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", span)
    if not match:
        raise ValueError(f"'{span}' is not a span of hours; write 08:00-18:00")
    open_hour, open_minute, close_hour, close_minute = (int(part) for part in match.groups())
    try:
        opens_at = time(open_hour, open_minute)
        closes_at = None if (close_hour, close_minute) in ((24, 0), (0, 0)) else time(close_hour, close_minute)
    except ValueError:
        raise ValueError(f"'{span}' is not a span of hours; write 08:00-18:00") from None
    if closes_at is not None and closes_at == opens_at:
        raise ValueError(f"'{span}' opens and closes at the same time")
    if closes_at is None or closes_at > opens_at:
        return [Shift(day, opens_at, closes_at)]
    return [Shift(day, opens_at, None), Shift((day + 1) % 7, time(0, 0), closes_at, began_day_before=True)]
