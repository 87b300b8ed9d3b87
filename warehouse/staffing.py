"""Between the demand forecast and whoever plans a week: what each hour may bring, and where the plan goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from funil.tenants import Tenant
from warehouse.replace_rows import Stored, replace_rows

_WEEK = (Path(__file__).parent / "sql" / "staffing_week.sql").read_bytes()
# a conversation is a person's if one wrote in it, or was called
_SHARE = """
select avg((human_replies > 0 or handed_off_at is not null)::integer)::float8
from marts.fct_conversations
where tenant_id = %(tenant_id)s and created_at >= %(until)s - interval '56 days' and created_at < %(until)s
"""
_KNOWN = "select fingerprint from ml.staffing_plans where tenant_id = %s"
TABLES = ("staffing_plans", "staffing_hours", "staffing_shifts")


@dataclass(frozen=True)
class Week:
    """Seven local days, hour by hour: `starts`, the conversations `predicted`, whether it `is_open`."""

    planned_from: datetime
    """The end of what the forecast knew."""
    share_for_people: float
    """Of the conversations of eight weeks, those that a person wrote in or was called to."""
    starts: Sequence[datetime] = field(repr=False)
    predicted: Sequence[float] = field(repr=False)
    is_open: Sequence[bool] = field(repr=False)


def read_week(connection: psycopg.Connection, tenant: Tenant) -> Week | None:
    """The week that follows the day the tenant's demand was forecast last; None without a forecast by the hour."""
    parameters = {
        "tenant_id": tenant.slug,
        "timezone": tenant.timezone,
        "has_own_hours": bool(tenant.business_hours),
    }
    rows = connection.execute(_WEEK, parameters).fetchall()
    if not rows:
        return None
    until = rows[0][0]
    share = connection.execute(_SHARE, {"tenant_id": tenant.slug, "until": until}).fetchone()
    starts, predicted, is_open = zip(*(row[1:] for row in rows), strict=True)
    return Week(until, 1.0 if share is None or share[0] is None else share[0], starts, predicted, is_open)


def planned_fingerprint(connection: psycopg.Connection, tenant_id: str) -> str | None:
    """What the tenant's present plan follows from."""
    row = connection.execute(_KNOWN, [tenant_id]).fetchone()
    return row[0] if row else None


def store_plan(
    connection: psycopg.Connection, tenant_id: str, tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Stored]:
    """Puts the plan in the place of the one before; without any rows there is none any more."""
    return replace_rows(connection, tenant_id, {table: tables.get(table, ()) for table in TABLES})
