"""A series is forecast when its past changed or its day ended, and stored where a figure differs."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from funil.tenants import Tenant
from orchestration.demand import Forecasters, demand_forecast
from warehouse.connect import connect
from warehouse.forecasts import DemandSeries, ForecastSummary, SeriesForecast, read_demand, update_forecasts
from warehouse.sync import open_sync

NOW = datetime(2026, 3, 11, 15, 20, tzinfo=UTC)
TENANT = Tenant.model_validate(
    {"slug": "gym", "name": "Gym", "vertical": "gym", "bot": {"database_url": "postgresql://nowhere"}}
)
MARTS = """
create table marts.fct_conversations (tenant_id text, created_at timestamptz);
create table intermediate.int_conversation_events (tenant_id text, event_type text, occurred_at timestamptz);
create table marts.fct_bookings (tenant_id text, booked_at timestamptz);
"""


@dataclass
class Forecaster:
    """The real one, noting what it was asked."""

    asked: list[DemandSeries] = field(default_factory=list)

    def __call__(self, demand: DemandSeries) -> SeriesForecast:
        self.asked.append(demand)
        return demand_forecast(demand)


def update(dsn: str, version: str = "1", tenant: Tenant = TENANT) -> tuple[ForecastSummary, list[str]]:
    forecaster = Forecaster()
    summary = update_forecasts(dsn, tenant, forecaster, version=version)
    return summary, [demand.series for demand in forecaster.asked]


def sync_at(dsn: str, clock: datetime) -> None:
    with open_sync(dsn, tenant_id="gym", source="bot", mode="incremental") as sync:
        sync.source_clock = clock


def values(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def marts(warehouse: str) -> str:
    """Eight weeks of a talk every six hours, two messages each, and a booking a day; another tenant beside it."""
    execute(
        warehouse,
        MARTS,
        f"insert into marts.fct_conversations select tenant, timestamptz '{NOW}' - n * interval '6 hours' "
        "from generate_series(0, 4 * 56) as n, unnest(array['gym', 'other']) as tenant",
        "insert into intermediate.int_conversation_events select tenant_id, event_type, created_at "
        "from marts.fct_conversations, unnest(array['customer_message', 'customer_message', 'bot_reply']) as event_type",
        f"insert into marts.fct_bookings select 'gym', timestamptz '{NOW}' - n * interval '1 day' from generate_series(0, 56) as n",
    )
    sync_at(warehouse, NOW)
    return warehouse


ALL = ["bookings", "conversations", "messages"]


def test_every_series_is_forecast_for_thirty_days(marts: str) -> None:
    summary, asked = update(marts)
    assert asked == ALL
    # the coming days, as many past ones as they would have been expected, and two models' backtests of each grain
    assert (summary.looked_at, summary.forecast, summary.rows_written) == (3, 3, 2 * (3 * 30 + 2 * 720) + 5 * 2)
    daily = values(
        marts,
        "select series, min(starts_at), count(*), sum(predicted), bool_and(model = 'slot_mean') "
        "from ml.demand_forecasts where starts_at >= trained_until and starts_at >= '2026-03-11' and tenant_id = 'gym' and grain = 'day' group by 1 order by 1",
    )
    midnight = datetime(2026, 3, 11, 3, tzinfo=UTC)
    assert daily == [
        ("bookings", midnight, 30, 30.0, True),
        ("conversations", midnight, 30, 120.0, True),
        ("messages", midnight, 30, 240.0, True),
    ]
    hourly = values(
        marts,
        "select series, sum(predicted) from ml.demand_forecasts where grain = 'hour' "
        "and starts_at >= '2026-03-11 03:00Z' group by 1 order by 1",
    )
    assert hourly == [("conversations", 120.0), ("messages", 240.0)]


def test_processes_of_their_own_forecast_the_same_and_may_die(marts: str) -> None:
    with connect(marts) as connection:
        demands = read_demand(connection, TENANT)
    with Forecasters(3) as forecasters, ThreadPoolExecutor(3) as threads:
        assert list(threads.map(forecasters, demands)) == [demand_forecast(demand) for demand in demands]
        processes = multiprocessing.active_children()
        assert processes
        for process in processes:
            process.kill()
            process.join()
        assert forecasters(demands[0]) == demand_forecast(demands[0])
    with Forecasters(1) as alone:
        alone(demands[0])
        assert not multiprocessing.active_children(), "one tenant's series are not worth a process"


def test_the_same_past_is_not_forecast_again(marts: str) -> None:
    update(marts)
    assert update(marts)[1] == []
    sync_at(marts, NOW + timedelta(hours=3))  # still the same day, of which nothing counts yet
    execute(marts, f"insert into marts.fct_conversations values ('gym', '{NOW + timedelta(hours=1)}')")
    summary, asked = update(marts)
    assert (asked, summary.rows_written, summary.looked_at) == ([], 0, 3)


def test_a_change_of_the_past_concerns_its_series_only(marts: str) -> None:
    update(marts)
    execute(marts, f"insert into marts.fct_bookings values ('gym', '{NOW - timedelta(days=7)}')")
    summary, asked = update(marts)
    assert asked == ["bookings"]
    assert 0 < summary.rows_written <= 30 + 2


def test_a_new_day_or_a_new_version_forecasts_anew_and_keeps_what_was_expected(marts: str) -> None:
    update(marts)
    assert update(marts, version="2")[1] == ALL
    sync_at(marts, NOW + timedelta(days=1))
    assert update(marts, version="2")[1] == ALL
    kept = "select min(starts_at), max(starts_at), count(*) from ml.demand_forecasts "
    kept += "where series = 'bookings' and starts_at >= '2026-03-11'"
    assert values(marts, kept) == [(datetime(2026, 3, 11, 3, tzinfo=UTC), datetime(2026, 4, 10, 3, tzinfo=UTC), 31)]


def test_what_would_have_been_expected_is_told_once_and_never_rewritten(marts: str) -> None:
    update(marts)
    told = "select starts_at, predicted, trained_until from ml.demand_forecasts where starts_at < '2026-03-11' order by 1, 3"
    before = values(marts, told)
    assert before
    assert all(trained_until <= starts_at for starts_at, _, trained_until in before)
    execute(marts, f"insert into marts.fct_bookings values ('gym', '{NOW - timedelta(days=7)}')")
    sync_at(marts, NOW + timedelta(days=1))
    assert update(marts)[1] == ALL
    assert values(marts, told) == before


def test_another_calendar_forecasts_anew(marts: str) -> None:
    update(marts)
    closing = TENANT.model_copy(update={"closed_days": (date(2026, 3, 27),)})
    assert update(marts, tenant=closing)[1] == ALL
    assert update(marts, tenant=closing)[1] == []


def test_each_model_tried_is_stored_with_how_it_did(marts: str) -> None:
    update(marts)
    found = values(
        marts,
        "select series, grain, count(*), count(*) filter (where standing = 'answers') from ml.forecast_backtests group by 1, 2 order by 1, 2",
    )
    assert found == [
        (series, grain, 2, 1)
        for series, grains in (("bookings", ["day"]), ("conversations", ["day", "hour"]), ("messages", ["day", "hour"]))
        for grain in grains
    ]


def test_an_unchanged_figure_keeps_its_sync_id(marts: str) -> None:
    update(marts)
    before = values(marts, "select distinct _sync_id from ml.demand_forecasts where series = 'bookings'")
    assert update(marts, version="2")[0].rows_written == 0
    assert values(marts, "select distinct _sync_id from ml.demand_forecasts where series = 'bookings'") == before


def test_before_the_first_sync_there_is_nothing_to_forecast(warehouse: str) -> None:
    execute(warehouse, MARTS)
    summary, asked = update(warehouse)
    assert (asked, summary.looked_at) == ([], 0)
