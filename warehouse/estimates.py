"""Between the marts and whoever estimates revenue, budgets, customers' worth and the pull of prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from funil.tenants import Tenant
from warehouse.leads import frame_of
from warehouse.load import load_rows
from warehouse.locks import tenant_lock
from warehouse.sync_ids import take_sync_id

if TYPE_CHECKING:
    import pandas as pd

_SQL = Path(__file__).parent / "sql"
_BOOKINGS = (_SQL / "bookings.sql").read_bytes()
_WEEKS = (_SQL / "channel_weeks.sql").read_bytes()
_LAST = "select max(forecast_as_of) from ml.revenue_forecasts where tenant_id = %s"
_CUSTOMERS = (_SQL / "customers.sql").read_bytes()


@dataclass(frozen=True)
class Stored:
    """Rows that differ from what was there, and rows that are not there any more."""

    written: int
    deleted: int


def last_estimated(connection: psycopg.Connection, tenant_id: str) -> datetime | None:
    """As of when the tenant's revenue was forecast last; None also where there was not enough past to."""
    row = connection.execute(_LAST.encode(), [tenant_id]).fetchone()
    return row[0] if row else None


def read_bookings(connection: psycopg.Connection, tenant: Tenant) -> pd.DataFrame:
    """The bookings in the tenant's currency that have a value: `booked_on`, `due_on`, `settled_on` as local days."""
    parameters = {"tenant_id": tenant.slug, "timezone": tenant.timezone, "currency": tenant.currency}
    return frame_of(connection, _BOOKINGS, parameters)


def read_channel_weeks(connection: psycopg.Connection, tenant: Tenant, today: date) -> pd.DataFrame:
    """`channel`, `week`, `cost` and `customers` of every whole week since the first with costs, a year at most."""
    return frame_of(connection, _WEEKS, {"tenant_id": tenant.slug, "currency": tenant.currency, "today": today})


def read_customers(connection: psycopg.Connection, tenant_id: str) -> pd.DataFrame:
    """`person_id`, `segment` (the channel) and `customer_since`."""
    return frame_of(connection, _CUSTOMERS, {"tenant_id": tenant_id})


def replace_rows(
    connection: psycopg.Connection, table: str, tenant_id: str, key: str, rows: Sequence[Mapping[str, Any]]
) -> Stored:
    """Makes `ml.<table>` say this of the tenant, where `key` is what makes a row one: what is not among the rows goes."""
    with tenant_lock(connection, tenant_id), connection.transaction():
        sync_id = take_sync_id(connection, tenant_id)
        loaded = load_rows(
            connection, f"ml.{table}", rows, tenant_id=tenant_id, sync_id=sync_id, source="ml", resource=table
        )
        delete = sql.SQL("delete from {} where tenant_id = %s and not {} = any(%s)")
        deleted = connection.execute(
            delete.format(sql.Identifier("ml", table), sql.Identifier(key)), [tenant_id, [row[key] for row in rows]]
        ).rowcount
    return Stored(loaded.written, deleted)
