"""How long the forecasts of many tenants take: `python -m benchmarks.forecast_speed [--tenants 20]`.

Each has a year of conversations, messages and bookings in an embedded warehouse of its own. Worked as a tick works them: so many
tenants at a time as FUNIL_TENANT_CONCURRENCY says.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from funil.settings import load_settings
from funil.tenants import Tenant
from ml.versions import DEMAND_FORECAST
from orchestration.demand import Forecasters
from warehouse.connect import Warehouse
from warehouse.embedded import EmbeddedPostgres
from warehouse.forecasts import ForecastSummary, update_forecasts
from warehouse.migrate import migrate
from warehouse.sync import open_sync

NOW = datetime(2026, 11, 16, 15, tzinfo=UTC)
LIMITS = {"first time": 60.0, "nothing changed": 5.0}
_EVENTS = """
create table marts.fct_conversations (tenant_id text, created_at timestamptz);
create table intermediate.int_conversation_events (tenant_id text, event_type text, occurred_at timestamptz);
create table marts.fct_bookings (tenant_id text, booked_at timestamptz);
select setseed(0.5);
insert into marts.fct_conversations
select tenant, at + random() * interval '1 hour'
from unnest(%(tenants)s::text[]) as tenant,
    generate_series(%(now)s::timestamptz - interval '396 days', %(now)s, interval '1 hour') as at,
    generate_series(1, 3)
where random() < (0.6 - 0.06 * extract(isodow from at)) * sin(pi() * extract(hour from at) / 24);
insert into intermediate.int_conversation_events
select tenant_id, 'customer_message', created_at + n * interval '2 minutes'
from marts.fct_conversations, generate_series(0, 4) as n;
insert into marts.fct_bookings select tenant_id, created_at from marts.fct_conversations where random() < 0.25;
create index on marts.fct_conversations (tenant_id);
create index on intermediate.int_conversation_events (tenant_id, event_type);
create index on marts.fct_bookings (tenant_id);
analyze
"""


def main() -> int:
    """Exit 1 if 20 tenants took longer than they may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=20)
    count = parser.parse_args().tenants
    tenants = [
        Tenant.model_validate(
            {"slug": f"t{number}", "name": "T", "vertical": "gym", "bot": {"database_url": "postgresql://nowhere"}}
        )
        for number in range(count)
    ]
    with tempfile.TemporaryDirectory() as home:
        try:
            dsn = Warehouse.open(Path(home), None).dsn
            migrate(dsn)
            _fill(dsn, [tenant.slug for tenant in tenants])
            held = [_measure(dsn, tenants, name) for name in LIMITS]
        finally:
            EmbeddedPostgres(Path(home)).stop()
    return 0 if all(held) or count < 20 else 1


def _fill(dsn: str, slugs: list[str]) -> None:
    with psycopg.connect(dsn) as connection:
        for statement in _EVENTS.split(";"):
            wants = {"tenants": slugs, "now": NOW} if "%(" in statement else None
            connection.execute(statement.encode(), wants)
    for slug in slugs:
        with open_sync(dsn, tenant_id=slug, source="bot", mode="incremental") as sync:
            sync.source_clock = NOW


def _measure(dsn: str, tenants: list[Tenant], name: str) -> bool:
    began, before = time.monotonic(), _processor()
    with Forecasters(len(tenants)) as forecasters, ThreadPoolExecutor(load_settings().tenant_concurrency) as pool:

        def one(tenant: Tenant) -> ForecastSummary:
            return update_forecasts(dsn, tenant, forecasters, version=DEMAND_FORECAST)

        made = list(pool.map(one, tenants))
    seconds = time.monotonic() - began
    print(
        f"{name:<18}{sum(one.looked_at for one in made):>5} series {sum(one.forecast for one in made):>5} forecast "
        f"{sum(one.rows_written for one in made):>8,} rows {seconds:>7.1f} s, {_processor() - before:>6.1f} s of processor; "
        f"load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return seconds <= LIMITS[name]


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    sys.exit(main())
