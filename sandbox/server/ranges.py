"""`since` and `until`: epoch seconds in a string, half-open; one alone is no range, anything else is a 500."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.server import errors
from sandbox.server.endpoint import Call

EPOCH_SECONDS = re.compile(r"-?\d+")


def moment(text: str) -> datetime:
    if not EPOCH_SECONDS.fullmatch(text):
        raise errors.internal_error()
    return datetime.fromtimestamp(int(text), UTC)


def range_of(call: Call) -> tuple[datetime, datetime] | None:
    since, until = call.param("since"), call.param("until")
    if since is None or until is None:
        return None
    return moment(since), moment(until)


def within(call: Call) -> Callable[[datetime], bool]:
    bounds = range_of(call)
    if bounds is None:
        return lambda at: True
    low, high = bounds
    return lambda at: low <= at < high
