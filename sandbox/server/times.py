"""Times as Chatwoot writes them: whole epoch seconds, zero for none, floats, or ISO strings with milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

_LEADING_INTEGER = re.compile(r"\s*([+-]?\d+)")


def epoch(moment: datetime) -> int:
    return int(moment.timestamp() // 1)


def epoch_or_zero(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp() // 1)


def epoch_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() // 1)


def iso(moment: datetime | None) -> str | None:
    """`2026-01-01T09:00:00.000Z`: cut, not rounded, to milliseconds."""
    if moment is None:
        return None
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def http_date(moment: datetime) -> bytes:
    return format_datetime(moment.astimezone(UTC), usegmt=True).encode()


def ruby_to_i(text: str) -> int:
    """Ruby's String#to_i: the leading integer, else 0."""
    match = _LEADING_INTEGER.match(text)
    return int(match.group(1)) if match else 0


def utc_day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def days_before(now: datetime, days: int) -> date:
    return utc_day(now) - timedelta(days=days)
