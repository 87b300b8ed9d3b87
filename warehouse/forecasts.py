"""Between the marts and whoever forecasts: the demand there was, and where the forecasts go.

`update_forecasts` is handed a function that forecasts one series. It is called only for series whose past changed since
they were last forecast, which also happens when the tenant's day ends; what is stored changes only where a figure does.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import psycopg

from funil.tenants import Tenant
from warehouse.connect import connect
from warehouse.load import load_rows
from warehouse.locks import tenant_lock
from warehouse.sync_ids import take_sync_id

Grain = Literal["hour", "day"]

_DEMAND = (Path(__file__).parent / "sql" / "demand.sql").read_bytes()
# bookings are too few to say anything about an hour
_GRAINS: Mapping[str, tuple[Grain, ...]] = {
    "conversations": ("hour", "day"),
    "messages": ("hour", "day"),
    "bookings": ("day",),
}

# a tick forecasts where there is no forecast, or where the nightly run has missed a night
GOOD_FOR_DAYS = 2

# The sources' own clock, of the sync that saw furthest: what is after it is not known yet.
_CLOCK = """
select max(source_clock) from ops.sync_runs where tenant_id = %s and status = 'succeeded'
"""
_TRAINED = "select max(trained_until) from ml.demand_forecasts where tenant_id = %s"
_KNOWN = "select series, grain, fingerprint from ml.forecast_inputs where tenant_id = %s"
_REMEMBER = """
insert into ml.forecast_inputs as known (tenant_id, series, grain, fingerprint) values (%s, %s, %s, %s)
on conflict (tenant_id, series, grain) do update set fingerprint = excluded.fingerprint, forecast_at = now()
"""


@dataclass(frozen=True)
class DemandSeries:
    """How often something happened, by the hour; `now` is the sources' clock at the last sync."""

    series: str
    grain: Grain
    timezone: str
    now: datetime
    starts: list[datetime] = field(repr=False)
    counts: list[int] = field(repr=False)

    def fingerprint(self, version: str) -> str:
        """The same as long as neither the days that are over nor the forecasting code changed."""
        zone = ZoneInfo(self.timezone)
        today = self.now.astimezone(zone).date()
        digest = hashlib.sha256(f"{version}|{self.timezone}|{today}".encode())
        for start, count in zip(self.starts, self.counts, strict=True):
            if _local_date(start, zone) < today:
                digest.update(f"|{start.timestamp():.0f}:{count}".encode())
        return digest.hexdigest()


Forecaster = Callable[[DemandSeries], Iterable[Mapping[str, Any]]]
"""Rows with `starts_at`, `predicted`, `lower_80`, `upper_80`, `model`, `trained_until` and `backtest_mase`."""


@dataclass
class ForecastSummary:
    """What one call did; `seconds` is the time it took, `note` says why nothing was forecast."""

    tenant_id: str
    looked_at: int = 0
    forecast: int = 0
    rows_written: int = 0
    seconds: float = 0.0
    note: str | None = None


def update_forecasts(
    dsn: str, tenant: Tenant, forecaster: Forecaster, *, version: str, even_if_recent: bool = True
) -> ForecastSummary:
    """Brings the tenant's forecasts up to date. `version` names the forecasting code: another one forecasts anew.

    Unless `even_if_recent`, a tenant whose forecasts are of yesterday or today is left as it is.
    """
    began = time.monotonic()
    summary = ForecastSummary(tenant.slug)
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        if not even_if_recent and _is_recent(connection, tenant):
            summary.note = "the forecast is recent; the nightly run makes it anew"
            return summary
        known = {(series, grain): print_ for series, grain, print_ in connection.execute(_KNOWN, [tenant.slug])}
        for demand in read_demand(connection, tenant):
            summary.looked_at += 1
            fingerprint = demand.fingerprint(version)
            if known.get((demand.series, demand.grain)) == fingerprint:
                continue
            summary.forecast += 1
            summary.rows_written += _store(connection, tenant.slug, demand, list(forecaster(demand)), fingerprint)
    if not summary.looked_at:
        summary.note = "there is nothing to forecast from yet"
    summary.seconds = time.monotonic() - began
    return summary


def _is_recent(connection: psycopg.Connection, tenant: Tenant) -> bool:
    now, trained_until = (
        row[0] if (row := connection.execute(statement.encode(), [tenant.slug]).fetchone()) else None
        for statement in (_CLOCK, _TRAINED)
    )
    if now is None or trained_until is None:
        return False
    zone = ZoneInfo(tenant.timezone)
    return (_local_date(now, zone) - _local_date(trained_until, zone)).days < GOOD_FOR_DAYS


def read_demand(connection: psycopg.Connection, tenant: Tenant) -> list[DemandSeries]:
    """The tenant's series, those without any event left out; none before the first sync."""
    clock = connection.execute(_CLOCK, [tenant.slug]).fetchone()
    if clock is None or clock[0] is None:
        return []
    rows = connection.execute(_DEMAND, {"tenant_id": tenant.slug, "timezone": tenant.timezone}).fetchall()
    return [
        DemandSeries(series, grain, tenant.timezone, clock[0], starts, counts)
        for series, starts, counts in rows
        for grain in _GRAINS[series]
    ]


def _store(
    connection: psycopg.Connection,
    tenant_id: str,
    demand: DemandSeries,
    rows: list[Mapping[str, Any]],
    fingerprint: str,
) -> int:
    """Writes what is new; of what was forecast before, the past stays (it is what was expected), the rest goes."""
    keyed = [{**row, "series": demand.series, "grain": demand.grain} for row in rows]
    with tenant_lock(connection, tenant_id), connection.transaction():
        sync_id = take_sync_id(connection, tenant_id)
        loaded = load_rows(
            connection,
            "ml.demand_forecasts",
            keyed,
            tenant_id=tenant_id,
            sync_id=sync_id,
            source="ml",
            resource="demand_forecasts",
        )
        deleted = connection.execute(
            "delete from ml.demand_forecasts where tenant_id = %s and series = %s and grain = %s and starts_at >= %s "
            "and starts_at <> all (%s)",
            [tenant_id, demand.series, demand.grain, demand.now, [row["starts_at"] for row in keyed]],
        ).rowcount
        connection.execute(_REMEMBER, [tenant_id, demand.series, demand.grain, fingerprint])
    return loaded.written + deleted


def _local_date(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
