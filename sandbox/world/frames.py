"""The DataFrames of the ground truth: columns with the same types whether there are rows or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

INSTANTS = {
    "at",
    "asked_at",
    "created_at",
    "updated_at",
    "converted_at",
    "snoozed_until",
    "first_reply_at",
    "waiting_since",
    "started_at",
    "ended_at",
    "handoff_at",
    "event_start_time",
    "event_end_time",
    "booked_at",
    "scheduled_for",
    "attended_at",
    "visit_at",
    "engaged_at",
    "decided_at",
}
INTEGERS = {
    "database_id",
    "display_id",
    "contact_id",
    "inbox_id",
    "assignee_id",
    "team_id",
    "sla_policy_id",
    "user_id",
    "agent_id",
    "rating",
    "response_id",
    "first_rating",
    "score",
    "nps_score",
    "maturity_score",
    "impressions",
    "clicks",
    "duration_seconds",
    "position",
}

FLAGS = {
    "anonymous",
    "assigned_to_bot",
    "closed",
    "bot_took_part",
    "has_human_reply",
    "incoming",
    "deleted",
    "failed",
    "is_lead",
    "visit_agreed",
}
MAYBE_FLAGS = {"engaged", "booked"}


def frame(rows: Iterable[Sequence[Any]], columns: str) -> pd.DataFrame:
    """Rows with the column types promised above, also where there are none."""
    names = columns.split()
    data = pd.DataFrame(list(rows), columns=names, dtype=object)
    for name in names:
        if name in INSTANTS:
            data[name] = pd.to_datetime(data[name], utc=True).astype("datetime64[us, UTC]")
        elif name in INTEGERS:
            data[name] = data[name].astype("Int64")
        elif name in FLAGS:
            data[name] = data[name].astype("bool")
        elif name in MAYBE_FLAGS:
            data[name] = data[name].astype("boolean")
    return data
