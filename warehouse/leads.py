"""Between the marts and whoever scores leads: each open lead as it stood at a moment, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    import pandas as pd

_SQL = Path(__file__).parent / "sql"
_SNAPSHOTS = (_SQL / "lead_snapshots.sql").read_bytes()
_OUTCOMES = (_SQL / "lead_outcomes.sql").read_bytes()
_TALKS = (_SQL / "playbook_talks.sql").read_bytes()
_HOURS = (_SQL / "writing_hours.sql").read_bytes()

_SCORED = "select max(scored_as_of) from ml.lead_scores where tenant_id = %s"


def last_scored(connection: psycopg.Connection, tenant_id: str) -> datetime | None:
    """As of when the tenant's leads were scored last."""
    row = connection.execute(_SCORED.encode(), [tenant_id]).fetchone()
    return row[0] if row else None


def read_snapshots(connection: psycopg.Connection, tenant_id: str, moments: Sequence[datetime]) -> pd.DataFrame:
    """A row per moment (`at`) and lead that was open then, holding only what was known then.

    Of talks that went on afterwards, `warehouse.earlier_readings` must have read what had been said.
    """
    return frame_of(connection, _SNAPSHOTS, {"tenant_id": tenant_id, "moments": list(moments)})


def read_outcomes(
    connection: psycopg.Connection,
    tenant_id: str,
    moments: Sequence[datetime],
    *,
    customer_days: int,
    silence_days: int,
) -> pd.DataFrame:
    """`became_customer` and `next_message_at` by moment and person; who is not in it did neither."""
    parameters = {
        "tenant_id": tenant_id,
        "moments": list(moments),
        "customer_days": customer_days,
        "silence_days": silence_days,
    }
    return frame_of(connection, _OUTCOMES, parameters)


def read_playbook_talks(connection: psycopg.Connection, tenant_id: str) -> pd.DataFrame:
    """`playbook`, `started_at`, `intent` and the person's `customer_since` of every talk led by a playbook."""
    return frame_of(connection, _TALKS, {"tenant_id": tenant_id})


def read_writing_hours(connection: psycopg.Connection, tenant_id: str, timezone: str, at: datetime) -> pd.DataFrame:
    """`customer_messages` and `human_replies` by `hour` of the tenant's clock; hours without either are left out."""
    return frame_of(connection, _HOURS, {"tenant_id": tenant_id, "timezone": timezone, "at": at})


def frame_of(connection: psycopg.Connection, query: bytes, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """What the query answers; instants are UTC, also where there is none."""
    import pandas as pd

    # a hundred thousand rows of instants and numbers: as text they would be written and read again
    cursor = connection.cursor(binary=True).execute(query, parameters)
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    frame = pd.DataFrame(cursor.fetchall(), columns=pd.Index(names))
    # what has no rows has types all the same
    for column in cursor.description:
        if column.type_display == "timestamptz":
            frame[column.name] = pd.to_datetime(frame[column.name], utc=True).astype("datetime64[us, UTC]")
        elif column.type_display == "bool" and frame[column.name].notna().all():
            frame[column.name] = frame[column.name].astype(bool)
    return frame
