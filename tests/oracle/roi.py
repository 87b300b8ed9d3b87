"""roi_by_channel_monthly: what each channel cost and brought, by local month and currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import NO_CHANNEL, attended_at, lead_channels, people

COLUMNS = [
    "tenant_id",
    "month",
    "channel",
    "currency",
    "cost",
    "revenue",
    "attended_bookings",
    "customers",
    "roi_pct",
    "cac",
]


@dataclass
class _Row:
    cost: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    attended_bookings: int = 0
    customers: int = 0


def roi_by_channel_monthly(facts: Facts) -> pd.DataFrame:
    """One row per month, channel and currency with a cost, an attended booking or a new customer."""
    table: dict[tuple[date, str, str], _Row] = {}

    def at(month: date, channel: str, currency: str | None) -> _Row:
        return table.setdefault((month, channel, currency or facts.currency), _Row())

    campaigns = dict(zip(facts.campaigns["campaign_id"], facts.campaigns["channel"], strict=True))
    for cost in facts.campaign_costs.itertuples(index=False):
        channel = campaigns.get(cost.campaign_id) or NO_CHANNEL
        at(cost.cost_date.replace(day=1), channel, cost.currency).cost += cost.cost
    channels = lead_channels(facts)
    for booking in facts.bookings.itertuples(index=False):
        if (instant := attended_at(booking)) is not None:
            row = at(facts.local_month(instant), channels.get(booking.lead_id, NO_CHANNEL), booking.currency)
            row.revenue += booking.value or Decimal(0)
            row.attended_bookings += 1
    for person in people(facts):
        if person.became_customer_at is not None:
            at(facts.local_month(person.became_customer_at), person.channel, facts.currency).customers += 1

    rows = [
        (
            facts.tenant_id,
            *key,
            row.cost,
            row.revenue,
            row.attended_bookings,
            row.customers,
            float((row.revenue - row.cost) / row.cost * 100) if row.cost else None,
            float(row.cost / row.customers) if row.customers else None,
        )
        for key, row in table.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)
