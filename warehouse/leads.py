"""Between the marts and whoever scores leads: each open lead as it stood at a moment, what became of it, and its score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from warehouse.load import load_rows
from warehouse.locks import tenant_lock
from warehouse.sync_ids import take_sync_id

if TYPE_CHECKING:
    import pandas as pd

_SQL = Path(__file__).parent / "sql"
_SNAPSHOTS = (_SQL / "lead_snapshots.sql").read_bytes()
_OUTCOMES = (_SQL / "lead_outcomes.sql").read_bytes()
_TALKS = (_SQL / "playbook_talks.sql").read_bytes()
_HOURS = (_SQL / "writing_hours.sql").read_bytes()

_CLOCK = "select max(source_clock) from ops.sync_runs where tenant_id = %s and status = 'succeeded'"
_SCORED = "select max(scored_as_of) from ml.lead_scores where tenant_id = %s"


@dataclass(frozen=True)
class Stored:
    """Rows that differ from what was there, and rows of leads that are not open any more."""

    written: int
    deleted: int


def source_clock(connection: psycopg.Connection, tenant_id: str) -> datetime | None:
    """The sources' own clock at the sync that saw furthest: what is after it is not known yet."""
    row = connection.execute(_CLOCK.encode(), [tenant_id]).fetchone()
    return row[0] if row else None


def last_scored(connection: psycopg.Connection, tenant_id: str) -> datetime | None:
    """As of when the tenant's leads were scored last."""
    row = connection.execute(_SCORED.encode(), [tenant_id]).fetchone()
    return row[0] if row else None


def read_snapshots(connection: psycopg.Connection, tenant_id: str, moments: Sequence[datetime]) -> pd.DataFrame:
    """A row per moment (`at`) and lead that was open then, holding only what was known then.

    Of talks that went on afterwards, `warehouse.earlier_readings` must have read what had been said.
    """
    return _frame(connection, _SNAPSHOTS, {"tenant_id": tenant_id, "moments": list(moments)})


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
    return _frame(connection, _OUTCOMES, parameters)


def read_playbook_talks(connection: psycopg.Connection, tenant_id: str) -> pd.DataFrame:
    """`playbook`, `started_at`, `intent` and the person's `customer_since` of every talk led by a playbook."""
    return _frame(connection, _TALKS, {"tenant_id": tenant_id})


def read_writing_hours(connection: psycopg.Connection, tenant_id: str, timezone: str, at: datetime) -> pd.DataFrame:
    """`customer_messages` and `human_replies` by `hour` of the tenant's clock; hours without either are left out."""
    return _frame(connection, _HOURS, {"tenant_id": tenant_id, "timezone": timezone, "at": at})


def store_scores(connection: psycopg.Connection, tenant_id: str, rows: Sequence[Mapping[str, Any]]) -> Stored:
    """Makes ml.lead_scores say this of the tenant's leads: those not among the rows are not open any more."""
    with tenant_lock(connection, tenant_id), connection.transaction():
        sync_id = take_sync_id(connection, tenant_id)
        loaded = load_rows(
            connection,
            "ml.lead_scores",
            rows,
            tenant_id=tenant_id,
            sync_id=sync_id,
            source="ml",
            resource="lead_scores",
        )
        deleted = connection.execute(
            "delete from ml.lead_scores where tenant_id = %s and not person_id = any(%s)",
            [tenant_id, [row["person_id"] for row in rows]],
        ).rowcount
    return Stored(loaded.written, deleted)


def _frame(connection: psycopg.Connection, query: bytes, parameters: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    cursor = connection.execute(query, parameters)
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    frame = pd.DataFrame(cursor.fetchall(), columns=pd.Index(names))
    for column in cursor.description:
        if column.type_display == "timestamptz":  # also where there is none
            frame[column.name] = pd.to_datetime(frame[column.name], utc=True).astype("datetime64[us, UTC]")
    return frame
