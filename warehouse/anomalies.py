"""Between what was forecast and whoever tells what was out of the ordinary.

`update_anomalies` is handed a function that finds the episodes of one series. It looks once in an hour of the sources' clock.
An episode is told once: while it lasts, and when it turns out to have been longer, its row changes; it never goes away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import psycopg

from funil.tenants import Tenant
from warehouse.connect import connect
from warehouse.forecasts import DemandSeries, Grain, read_demand
from warehouse.load import load_rows
from warehouse.locks import tenant_lock
from warehouse.sync_ids import take_sync_id

DAYS_LOOKED_AT = 120
# Two tellings of one thing are no further apart than this.
_SAME = timedelta(hours=24)

_LOOKED = "select looked_until from ml.anomaly_looks where tenant_id = %s"
_REMEMBER = """
insert into ml.anomaly_looks (tenant_id, looked_until) values (%s, %s)
on conflict (tenant_id) do update set looked_until = excluded.looked_until
"""
_EXPECTED = """
select starts_at, predicted from ml.demand_forecasts
where tenant_id = %s and series = %s and grain = %s and starts_at >= %s and starts_at < %s order by starts_at
"""
_TOLD = """
select anomaly_id, series, direction, started_at, ended_at, noticed_at from ml.anomalies
where tenant_id = %s order by started_at
"""


@dataclass(frozen=True)
class Compared:
    """What happened and what was expected, by slots of `grain` one after another; only slots that are over."""

    series: str
    grain: Grain
    starts: list[datetime] = field(repr=False)
    observed: list[float] = field(repr=False)
    expected: list[float] = field(repr=False)

    @property
    def slot(self) -> timedelta:
        return timedelta(hours=1) if self.grain == "hour" else timedelta(days=1)


@dataclass(frozen=True)
class Found:
    """An episode of a series: slots `first` to `last`, both in it."""

    first: int
    last: int
    direction: Literal["above", "below"]
    observed: float
    expected: float
    z: float
    severity: str


Detector = Callable[[Compared, int], Sequence[Found]]
"""Given a series and how many of the tenant are looked at."""


@dataclass
class AnomalySummary:
    """What one call did; `told` are the episodes told for the first time."""

    tenant_id: str
    looked_at: int = 0
    told: int = 0
    rows_written: int = 0
    seconds: float = 0.0


def update_anomalies(dsn: str, tenant: Tenant, detector: Detector) -> AnomalySummary:
    """Looks at what has happened since it looked last, and tells what was out of the ordinary."""
    began = time.monotonic()
    summary = AnomalySummary(tenant.slug)
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        demands = read_demand(connection, tenant)
        looked = connection.execute(_LOOKED, [tenant.slug]).fetchone()
        until = demands[0].now.replace(minute=0, second=0, microsecond=0) if demands else None
        if until is None or (looked is not None and until <= looked[0]):
            return summary
        compared = [one for demand in demands if (one := _compared(connection, tenant.slug, demand, until)).starts]
        since = looked[0] - _SAME if looked is not None else None
        rows = [
            _row(one, found)
            for one in compared
            for found in detector(one, len(compared))
            if since is None or one.starts[found.last] + one.slot > since
        ]
        summary.looked_at = len(compared)
        with tenant_lock(connection, tenant.slug), connection.transaction():
            told = [_Told(*row) for row in connection.execute(_TOLD, [tenant.slug])]
            keyed = [_as_told(row, told, until) for row in rows]
            summary.told = sum(row["noticed_at"] == until for row in keyed)
            summary.rows_written = load_rows(
                connection,
                "ml.anomalies",
                keyed,
                tenant_id=tenant.slug,
                sync_id=take_sync_id(connection, tenant.slug),
                source="ml",
                resource="anomalies",
            ).written
            connection.execute(
                "update ml.anomalies set is_over = true where tenant_id = %s and not is_over and anomaly_id <> all (%s)",
                [tenant.slug, [row["anomaly_id"] for row in keyed]],
            )
            connection.execute(_REMEMBER, [tenant.slug, until])
    summary.seconds = time.monotonic() - began
    return summary


@dataclass(frozen=True)
class _Told:
    anomaly_id: str
    series: str
    direction: str
    started_at: datetime
    ended_at: datetime
    noticed_at: datetime


def _compared(connection: psycopg.Connection, tenant_id: str, demand: DemandSeries, until: datetime) -> Compared:
    grain: Grain = "hour" if "hour" in demand.grains else "day"
    empty = Compared(demand.series, grain, [], [], [])
    since = until - timedelta(days=DAYS_LOOKED_AT)
    rows = connection.execute(
        _EXPECTED, [tenant_id, demand.series, grain, since, until - empty.slot + timedelta(microseconds=1)]
    ).fetchall()
    starts, expected = [row[0] for row in rows], [row[1] for row in rows]
    if grain == "hour":
        by_slot: dict[datetime, float] = dict(zip(demand.starts, demand.counts, strict=True))
    else:
        by_slot = _by_day(demand, starts)
    return replace(empty, starts=starts, observed=[float(by_slot.get(at, 0)) for at in starts], expected=expected)


def _by_day(demand: DemandSeries, starts: list[datetime]) -> dict[datetime, float]:
    """Counts by the start of the day they fall on, days being those that were forecast."""
    by_slot: dict[datetime, float] = {}
    day = 0
    for at, count in zip(demand.starts, demand.counts, strict=True):
        while day + 1 < len(starts) and starts[day + 1] <= at:
            day += 1
        if starts and at >= starts[0]:
            by_slot[starts[day]] = by_slot.get(starts[day], 0.0) + count
    return by_slot


def _row(compared: Compared, found: Found) -> dict[str, Any]:
    return {
        "series": compared.series,
        "direction": found.direction,
        "started_at": compared.starts[found.first],
        "ended_at": compared.starts[found.last] + compared.slot,
        "is_over": found.last < len(compared.starts) - 1,
        "observed": found.observed,
        "expected": found.expected,
        "z": found.z,
        "severity": found.severity,
    }


def _as_told(row: dict[str, Any], told: Sequence[_Told], now: datetime) -> dict[str, Any]:
    """Under the name it was first told by, if it was."""
    for one in told:
        if (
            (one.series, one.direction) == (row["series"], row["direction"])
            and row["started_at"] <= one.ended_at + _SAME
            and one.started_at - _SAME <= row["ended_at"]
        ):
            return {**row, "anomaly_id": one.anomaly_id, "noticed_at": one.noticed_at}
    name = f"{row['series']}-{row['direction']}-{row['started_at']:%Y-%m-%dT%H:%M}"
    return {**row, "anomaly_id": name, "noticed_at": now}
