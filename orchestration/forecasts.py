"""Demand forecasts of one tenant: what the marts hold, through ml, into ml.demand_forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import psycopg

from funil.tenants import Tenant
from warehouse.connect import connect
from warehouse.load import LoadResult, load_rows
from warehouse.locks import tenant_lock
from warehouse.sync_ids import take_sync_id

if TYPE_CHECKING:
    import pandas as pd

TABLE = "ml.demand_forecasts"
GRAINS: tuple[Literal["hour", "day"], ...] = ("hour", "day")
# a tick makes a forecast where there is none, or where the nightly run has missed a night
GOOD_FOR_DAYS = 2

_DEMAND = (Path(__file__).parent / "sql" / "demand.sql").read_bytes()
# The newest moment the sources told of themselves; "now" by the clock of this machine says nothing about them.
_CLOCK = "select max(source_clock) from ops.sync_runs where tenant_id = %s and status = 'succeeded'"
_TRAINED = "select max(trained_until) from ml.demand_forecasts where tenant_id = %s"


@dataclass(frozen=True)
class Forecasted:
    """What was done; `written` counts slots whose prediction is another than before."""

    written: int = 0
    slots: int = 0
    note: str | None = None


def update_forecasts(dsn: str, tenant: Tenant, *, even_if_recent: bool) -> Forecasted:
    """Forecasts the tenant's conversations, customers' messages and bookings, 30 days ahead, by the hour and by the day.

    Forecasts of days that are over stay, so that they can be compared with what happened.
    """
    with connect(dsn) as connection:
        now = _first(connection, _CLOCK, tenant)
        if now is None:
            return Forecasted(note="there is nothing to forecast from yet")
        trained_until = _first(connection, _TRAINED, tenant)
        if trained_until is not None and not even_if_recent and _is_recent(trained_until, now, tenant):
            return Forecasted(note="the forecast is recent; the nightly run makes it anew")
        observed = connection.execute(_DEMAND, {"tenant_id": tenant.slug}).fetchall()
        connection.rollback()  # nothing is held while pandas works
        rows = _forecast(observed, tenant, now)
        written = _store(connection, tenant, rows).written
    return Forecasted(written, len(rows), None if rows else "two weeks of history are too little to forecast from")


def _is_recent(trained_until: datetime, now: datetime, tenant: Tenant) -> bool:
    zone = ZoneInfo(tenant.timezone)
    return now.astimezone(zone).date() - trained_until.astimezone(zone).date() < timedelta(days=GOOD_FOR_DAYS)


def _forecast(observed: list[tuple[Any, ...]], tenant: Tenant, now: datetime) -> list[dict[str, Any]]:
    import pandas as pd

    from ml.seasonal_naive import forecast

    demand = pd.DataFrame(observed, columns=["series", "starts_at", "count"])
    rows: list[dict[str, Any]] = []
    for series, counts in demand.groupby("series"):
        for grain in GRAINS:
            predicted: pd.DataFrame = forecast(
                counts.drop(columns="series"), grain=grain, timezone=tenant.timezone, now=pd.Timestamp(now)
            )
            rows += [
                {str(name): None if pd.isna(value) else value for name, value in row.items()}
                | {"series": series, "grain": grain}
                for row in predicted.to_dict("records")
            ]
    return rows


def _store(connection: psycopg.Connection, tenant: Tenant, rows: list[dict[str, Any]]) -> LoadResult:
    connection.autocommit = True
    with tenant_lock(connection, tenant.slug), connection.transaction():
        return load_rows(
            connection,
            TABLE,
            rows,
            tenant_id=tenant.slug,
            sync_id=take_sync_id(connection, tenant.slug),
            source="ml",
            resource="demand_forecasts",
        )


def _first(connection: psycopg.Connection, statement: str, tenant: Tenant) -> datetime | None:
    row = connection.execute(statement.encode(), [tenant.slug]).fetchone()
    return row[0] if row else None
