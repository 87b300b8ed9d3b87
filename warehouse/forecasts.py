"""Between the marts and whoever forecasts: the demand there was, and where the forecasts go.

`update_forecasts` is handed a function that forecasts one series. It is called only for series whose past changed since
they were last forecast, which also happens when the tenant's day ends; what is stored changes only where a figure does.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import psycopg

from funil.tenants import Tenant
from warehouse.closed_days import DayKind, special_days
from warehouse.connect import connect
from warehouse.load import load_rows
from warehouse.locks import tenant_lock
from warehouse.source_clock import source_clock
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

_TRAINED = "select max(trained_until) from ml.demand_forecasts where tenant_id = %s"
_KNOWN = "select series, fingerprint from ml.forecast_inputs where tenant_id = %s"
_FORECAST_BEFORE = """
select 1 from ml.demand_forecasts where tenant_id = %s and series = %s and grain = %s and starts_at < %s limit 1
"""
_REMEMBER = """
insert into ml.forecast_inputs as known (tenant_id, series, fingerprint) values (%s, %s, %s)
on conflict (tenant_id, series) do update set fingerprint = excluded.fingerprint, forecast_at = now()
"""


@dataclass(frozen=True)
class DemandSeries:
    """How often something happened, by the hour; `now` is until when it is known, by the sources' clocks."""

    series: str
    grains: tuple[Grain, ...]
    timezone: str
    now: datetime
    starts: list[datetime] = field(repr=False)
    counts: list[int] = field(repr=False)
    special_days: Mapping[date, DayKind] = field(repr=False, default_factory=dict)

    def fingerprint(self, version: str) -> str:
        """The same as long as neither the days that are over, the calendar nor the forecasting code changed."""
        zone = ZoneInfo(self.timezone)
        today = self.now.astimezone(zone).date()
        digest = hashlib.sha256(f"{version}|{self.timezone}|{today}|{sorted(self.special_days.items())}".encode())
        for start, count in zip(self.starts, self.counts, strict=True):
            if _local_date(start, zone) < today:
                digest.update(f"|{start.timestamp():.0f}:{count}".encode())
        return digest.hexdigest()


Row = Mapping[str, Any]


@dataclass(frozen=True)
class SeriesForecast:
    """What a forecaster says of one series.

    `rows` and `hindsight` have `grain`, `starts_at`, `predicted`, `lower_80`, `upper_80`, `model`, `trained_until`, and
    `backtest_mase`, `backtest_wape`, `backtest_coverage_80` where known: of the slots to come, and of past ones as they
    would have been expected. `backtests` have `grain`, `model`, `standing`, `mase`, `wape`, `coverage_80`, `trained_until`.
    """

    rows: Sequence[Row]
    hindsight: Sequence[Row] = ()
    backtests: Sequence[Row] = ()


Forecaster = Callable[[DemandSeries], SeriesForecast]


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
        known: dict[str, str] = dict(connection.execute(_KNOWN, [tenant.slug]).fetchall())
        for demand in read_demand(connection, tenant):
            summary.looked_at += 1
            fingerprint = demand.fingerprint(version)
            if known.get(demand.series) == fingerprint:
                continue
            summary.forecast += 1
            summary.rows_written += _store(connection, tenant.slug, demand, forecaster(demand), fingerprint)
    if not summary.looked_at:
        summary.note = "there is nothing to forecast from yet"
    summary.seconds = time.monotonic() - began
    return summary


def _is_recent(connection: psycopg.Connection, tenant: Tenant) -> bool:
    now, trained = source_clock(connection, tenant.slug), connection.execute(_TRAINED, [tenant.slug]).fetchone()
    trained_until = trained[0] if trained else None
    if now is None or trained_until is None:
        return False
    zone = ZoneInfo(tenant.timezone)
    return (_local_date(now, zone) - _local_date(trained_until, zone)).days < GOOD_FOR_DAYS


def read_demand(connection: psycopg.Connection, tenant: Tenant) -> list[DemandSeries]:
    """The tenant's series, those without any event left out; none before the first sync."""
    now = source_clock(connection, tenant.slug)
    if now is None:
        return []
    rows = connection.execute(_DEMAND, {"tenant_id": tenant.slug, "timezone": tenant.timezone}).fetchall()
    days = special_days(tenant, _local_date(now, ZoneInfo(tenant.timezone)))
    return [
        DemandSeries(series, _GRAINS[series], tenant.timezone, now, starts, counts, days)
        for series, starts, counts in rows
    ]


def _store(
    connection: psycopg.Connection, tenant_id: str, demand: DemandSeries, made: SeriesForecast, fingerprint: str
) -> int:
    """Writes what is new; of what was forecast before, the past stays (it is what was expected), the rest goes.

    A past that nobody forecast gets what would have been expected of it, once.
    """
    changed = 0
    with tenant_lock(connection, tenant_id), connection.transaction():
        sync_id = take_sync_id(connection, tenant_id)

        def write(table: str, rows: Sequence[Row]) -> None:
            nonlocal changed
            changed += load_rows(
                connection,
                f"ml.{table}",
                [{**row, "series": demand.series} for row in rows],
                tenant_id=tenant_id,
                sync_id=sync_id,
                source="ml",
                resource=table,
            ).written

        for grain in demand.grains:
            rows = [row for row in made.rows if row["grain"] == grain]
            of_series = [tenant_id, demand.series, grain]
            if connection.execute(_FORECAST_BEFORE, [*of_series, demand.now]).fetchone() is None:
                write("demand_forecasts", [row for row in made.hindsight if row["grain"] == grain])
            write("demand_forecasts", rows)
            changed += connection.execute(
                "delete from ml.demand_forecasts where tenant_id = %s and series = %s and grain = %s "
                "and starts_at >= %s and starts_at <> all (%s)",
                [*of_series, demand.now, [row["starts_at"] for row in rows]],
            ).rowcount
            judged = [row for row in made.backtests if row["grain"] == grain]
            write("forecast_backtests", judged)
            changed += connection.execute(
                "delete from ml.forecast_backtests where tenant_id = %s and series = %s and grain = %s "
                "and model <> all (%s)",
                [*of_series, [row["model"] for row in judged]],
            ).rowcount
        connection.execute(_REMEMBER, [tenant_id, demand.series, fingerprint])
    return changed


def _local_date(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
