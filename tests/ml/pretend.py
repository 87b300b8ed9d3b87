"""Pretend demand with a weekly and daily rhythm, made without pandas."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

import pandas as pd

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def instants(
    days: int, zone: ZoneInfo = SAO_PAULO, *, last: date, seed: int = 1, per_day: float = 40.0
) -> list[datetime]:
    """Events of so many days up to `last`, and of the day after it, in the order of happening by day and hour."""
    rng = random.Random(seed)
    found = []
    for back in range(days - 1, -2, -1):
        day = last - timedelta(days=back)
        for hour in range(24):
            rate = per_day / 24 * (0.2 if hour < 7 else 1.4) * (0.3 if day.weekday() == 6 else 1 + day.weekday() / 20)
            for _ in range(_poisson(rng, rate)):
                local = datetime.combine(day, clock(hour, rng.randrange(60), rng.randrange(60)), tzinfo=zone)
                found.append(local.astimezone(UTC))
    return found


def _poisson(rng: random.Random, rate: float) -> int:
    count, waited = 0, rng.expovariate(1.0)
    while waited < rate:
        count, waited = count + 1, waited + rng.expovariate(1.0)
    return count


def frame(found: list[datetime]) -> pd.DataFrame:
    return pd.DataFrame({"starts_at": pd.DatetimeIndex(found, tz="UTC"), "count": 1})
