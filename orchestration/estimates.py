"""From a tenant's marts to the estimates of revenue, budget, customers' worth and prices, and into their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from funil.tenants import Tenant
from orchestration.plain_rows import plain_rows
from warehouse.connect import connect
from warehouse.estimates import last_estimated, read_bookings, read_channel_weeks, read_customers
from warehouse.replace_rows import replace_rows
from warehouse.source_clock import source_clock


@dataclass(frozen=True)
class Estimated:
    """Rows by table of ml: how many there are now, and how many of them are new or gone."""

    rows: Mapping[str, int]
    changed: Mapping[str, int]
    revenue: tuple[Mapping[str, Any], ...] = ()


def estimate(dsn: str, tenant: Tenant, *, good_for: timedelta | None) -> Estimated:
    """Everything about money that is estimated of a tenant, as of its last sync, unless what there is is good for longer."""
    import pandas as pd

    from ml import budget, customers, revenue

    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        now = source_clock(connection, tenant.slug)
        last = last_estimated(connection, tenant.slug)
        if now is None or (good_for is not None and last is not None and now - last < good_for):
            return Estimated({}, {})
        today = pd.Timestamp(now).tz_convert(tenant.timezone).tz_localize(None).normalize()
        bookings = read_bookings(connection, tenant)
        for name in ("booked_on", "due_on", "settled_on"):
            bookings[name] = pd.to_datetime(bookings[name])
        months = revenue.forecast(bookings, today=today)
        weeks = read_channel_weeks(connection, tenant, today.date())
        responses = {str(channel): budget.fit(own, str(channel)) for channel, own in weeks.groupby("channel")}
        advice = budget.allocate(responses, sum(one.cost_now for one in responses.values()))
        attended = bookings[bookings["is_attended"]].rename(columns={"attended_at": "at"})
        worth = customers.values(read_customers(connection, tenant.slug), attended, now=pd.Timestamp(now))
        prices = customers.price_responses(bookings[bookings["is_settled"]])
        tables = {
            "revenue_forecasts": months.assign(currency=tenant.currency, forecast_as_of=now),
            "budget_allocations": advice.assign(currency=tenant.currency),
            "customer_values": worth.assign(currency=tenant.currency),
            "price_responses": prices,
        }
        rows = {table: plain_rows(frame) for table, frame in tables.items()}
        stored = replace_rows(connection, tenant.slug, rows)
    return Estimated(
        {table: len(own) for table, own in rows.items()},
        {table: done.written + done.deleted for table, done in stored.items()},
        tuple(rows["revenue_forecasts"]),
    )
