"""What was not as expected is told once, and goes on under the name it was first told by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from funil.tenants import Tenant
from orchestration.assets.forecast import detector
from warehouse.anomalies import AnomalySummary, update_anomalies
from warehouse.sync import open_sync

MIDNIGHT = datetime(2026, 3, 11, 3, tzinfo=UTC)  # in São Paulo
TENANT = Tenant.model_validate(
    {"slug": "gym", "name": "Gym", "vertical": "gym", "bot": {"database_url": "postgresql://nowhere"}}
)


def execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def look(dsn: str, clock: datetime) -> AnomalySummary:
    with open_sync(dsn, tenant_id="gym", source="bot", mode="incremental") as sync:
        sync.source_clock = clock
    return update_anomalies(dsn, TENANT, detector(2.5))


def told(dsn: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select anomaly_id, direction, started_at, ended_at, is_over, noticed_at, observed from ml.anomalies order by 1"
        ).fetchall()


@pytest.fixture
def expecting(warehouse: str) -> str:
    """Two talks an hour expected and had for 90 days and to come; then silence from midnight on."""
    execute(
        warehouse,
        "create table marts.fct_conversations (tenant_id text, created_at timestamptz)",
        "create table intermediate.int_conversation_events (tenant_id text, event_type text, occurred_at timestamptz)",
        "create table marts.fct_bookings (tenant_id text, booked_at timestamptz)",
        "insert into marts.fct_conversations select 'gym', at + n * interval '20 minutes' "
        f"from generate_series(timestamptz '{MIDNIGHT}' - interval '90 days', timestamptz '{MIDNIGHT}' - interval '1 hour', "
        "interval '1 hour') as at, generate_series(0, 1) as n",
        "insert into ml.demand_forecasts (tenant_id, series, grain, starts_at, predicted, lower_80, upper_80, model, "
        "trained_until, _sync_id) select 'gym', 'conversations', 'hour', at, 2, 0, 4, 'slot_mean', at, 0 "
        f"from generate_series(timestamptz '{MIDNIGHT}' - interval '90 days', timestamptz '{MIDNIGHT}' + interval '30 days', "
        "interval '1 hour') as at",
    )
    return warehouse


def test_a_silence_is_one_row_while_it_lasts_and_after(expecting: str) -> None:
    assert look(expecting, MIDNIGHT).told == 0
    first = look(expecting, MIDNIGHT + timedelta(hours=15, minutes=20))
    assert first.told == 1
    [row] = told(expecting)
    assert row[1] == "below"
    assert row[2:] == (MIDNIGHT, MIDNIGHT + timedelta(hours=15), False, MIDNIGHT + timedelta(hours=15), 0)

    again = look(expecting, MIDNIGHT + timedelta(hours=40))
    assert again.told == 0
    [longer] = told(expecting)
    assert longer[0] == row[0]
    assert longer[3] > row[3]
    assert longer[5] == row[5]

    execute(
        expecting,
        "insert into marts.fct_conversations select 'gym', at + n * interval '20 minutes' from generate_series("
        f"timestamptz '{MIDNIGHT}' + interval '40 hours', timestamptz '{MIDNIGHT}' + interval '9 days', interval '1 hour') as at, "
        "generate_series(0, 1) as n",
    )
    look(expecting, MIDNIGHT + timedelta(days=5))
    [over] = told(expecting)
    assert (over[0], over[4], over[5]) == (row[0], True, row[5])


def test_it_looks_once_in_an_hour_of_the_sources_clock(expecting: str) -> None:
    assert look(expecting, MIDNIGHT + timedelta(hours=15, minutes=5)).looked_at == 1
    assert look(expecting, MIDNIGHT + timedelta(hours=15, minutes=55)).looked_at == 0
    assert look(expecting, MIDNIGHT + timedelta(hours=16, minutes=1)).looked_at == 1


def test_what_was_told_stays_told(expecting: str) -> None:
    look(expecting, MIDNIGHT + timedelta(hours=15))
    before = told(expecting)
    execute(
        expecting,
        "insert into marts.fct_conversations select 'gym', at + n * interval '20 minutes' from generate_series("
        f"timestamptz '{MIDNIGHT}', timestamptz '{MIDNIGHT}' + interval '16 hours', interval '1 hour') as at, generate_series(0, 1) as n",
    )
    look(expecting, MIDNIGHT + timedelta(hours=17))  # the talks came late
    assert [(row[0], row[5], row[4]) for row in told(expecting)] == [(row[0], row[5], True) for row in before]


def test_before_the_first_forecast_there_is_nothing_to_compare_with(expecting: str) -> None:
    execute(expecting, "delete from ml.demand_forecasts")
    assert look(expecting, MIDNIGHT + timedelta(hours=15)).looked_at == 0
    assert told(expecting) == []
