"""Between the marts and whoever estimates revenue, budgets, customers' worth and the pull of prices."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from funil.tenants import Tenant
from warehouse.leads import frame_of

if TYPE_CHECKING:
    import pandas as pd

_SQL = Path(__file__).parent / "sql"
_BOOKINGS = (_SQL / "bookings.sql").read_bytes()
_WEEKS = (_SQL / "channel_weeks.sql").read_bytes()
_LAST = "select max(forecast_as_of) from ml.revenue_forecasts where tenant_id = %s"
_CUSTOMERS = (_SQL / "customers.sql").read_bytes()


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
