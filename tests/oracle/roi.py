"""What came in and what it cost: by channel, campaign and tenant, by day, ISO week, month and in total."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.figures import ratio
from tests.oracle.people import NO_CHANNEL, Person, attended_at, is_overdue, lead_channels, people, person_of_lead

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
CENT = Decimal("0.01")


@dataclass
class _Row:
    campaign_days: int = 0
    cost: Decimal = Decimal(0)
    owner_cost: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    attended_bookings: int = 0
    pipeline: Decimal = Decimal(0)
    open_bookings: int = 0
    overdue_pipeline: Decimal = Decimal(0)
    overdue_bookings: int = 0
    customers: int = 0
    paid: dict[int, Decimal] = field(default_factory=dict)

    @property
    def roi_pct(self) -> float | None:
        return float((self.revenue - self.cost) / self.cost * 100) if self.cost else None

    @property
    def cac(self) -> float | None:
        return ratio(float(self.cost), self.customers)

    @property
    def figures(self) -> dict[str, Any]:
        plain = {name: value for name, value in vars(self).items() if name not in ("paid", "owner_cost")}
        return plain | {
            "paying_customers": len(self.paid),
            "average_value_per_customer": ratio(float(sum(self.paid.values())), len(self.paid)),
            "roi_pct": self.roi_pct,
            "cac": self.cac,
        }


@dataclass(frozen=True)
class Line:
    """Money, or somebody, on the day and in the currency they belong to."""

    day: date
    channel: str
    campaign_id: str | None
    currency: str
    add: Callable[[_Row], None]


def money_lines(facts: Facts) -> Iterator[Line]:
    """Costs, attended and open bookings and new customers; without the owner's cost."""
    campaigns = dict(zip(facts.campaigns["campaign_id"], facts.campaigns["channel"], strict=True))
    for cost in facts.campaign_costs.itertuples(index=False):
        channel = campaigns.get(cost.campaign_id) or NO_CHANNEL
        yield Line(
            cost.cost_date,
            channel,
            cost.campaign_id,
            cost.currency or facts.currency,
            _adds(campaign_days=1, cost=cost.cost),
        )
    channels = lead_channels(facts)
    of_lead = dict(zip(facts.leads["lead_id"], facts.leads["campaign_id"], strict=True))
    everybody = people(facts)
    person_of = {lead_id: person.person_id for lead_id, person in person_of_lead(facts).items()}
    for booking in facts.bookings.itertuples(index=False):
        origin = channels.get(booking.lead_id, NO_CHANNEL), of_lead.get(booking.lead_id)
        currency, value = booking.currency or facts.currency, booking.value or Decimal(0)
        if (instant := attended_at(booking)) is not None:
            adds = _adds(revenue=value, attended_bookings=1, paid=(person_of.get(booking.lead_id), value))
            yield Line(facts.local_date(instant), *origin, currency, adds)
        elif booking.status == "booked":
            day = facts.local_date(booking.scheduled_for or booking.booked_at)
            late = {"overdue_pipeline": value, "overdue_bookings": 1} if is_overdue(facts, booking) else {}
            yield Line(day, *origin, currency, _adds(pipeline=value, open_bookings=1, **late))
    for person in everybody:
        if person.became_customer_at is not None:
            day = facts.local_date(person.became_customer_at)
            yield Line(day, person.channel, person.campaign_id, facts.currency, _adds(customers=1))


def roi_by_channel(facts: Facts) -> pd.DataFrame:
    return _roi_by(facts, "channel")


def roi_by_campaign(facts: Facts) -> pd.DataFrame:
    return _roi_by(facts, "campaign_id")


def roi_by_tenant(facts: Facts) -> pd.DataFrame:
    table = _periods([*money_lines(facts), *_owner_lines(facts, people(facts))])
    rows = []
    for (period, start, currency), row in table.items():
        cpa = ratio(float(row.cost + row.owner_cost), row.customers)
        own = {"owner_cost": row.owner_cost, "cpa": cpa}
        rows.append({"period": period, "period_start": start, "currency": currency, **row.figures, **own})
    return _frame(facts, rows)


def roi_by_channel_monthly(facts: Facts) -> pd.DataFrame:
    """One row per month, channel and currency with a cost, an attended booking or a new customer."""
    table = {
        (start, channel, currency): row
        for (period, start, currency, channel), row in _periods(money_lines(facts), "channel").items()
        if period == "month" and (row.campaign_days or row.attended_bookings or row.customers)
    }
    rows = [
        (
            facts.tenant_id,
            *key,
            row.cost,
            row.revenue,
            row.attended_bookings,
            row.customers,
            row.roi_pct,
            row.cac,
        )
        for key, row in table.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def _roi_by(facts: Facts, dimension: str) -> pd.DataFrame:
    rows = [
        {"period": period, "period_start": start, "currency": currency, dimension: value, **row.figures}
        for (period, start, currency, value), row in _periods(money_lines(facts), dimension).items()
    ]
    return _frame(facts, rows)


def _frame(facts: Facts, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([{"tenant_id": facts.tenant_id, **row} for row in rows], dtype=object)


def _periods(lines: Any, *dimensions: str) -> dict[tuple[Any, ...], _Row]:
    table: dict[tuple[Any, ...], _Row] = {}
    for line in lines:
        day = line.day
        starts = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1), "total": None}
        for period, start in starts.items():
            key = (period, start, line.currency, *(getattr(line, dimension) for dimension in dimensions))
            line.add(table.setdefault(key, _Row()))
    return table


def _adds(paid: tuple[int | None, Decimal] | None = None, **amounts: Any) -> Callable[[_Row], None]:
    def add(row: _Row) -> None:
        for name, amount in amounts.items():
            setattr(row, name, getattr(row, name) + amount)
        if paid is not None and paid[0] is not None:
            row.paid[paid[0]] = row.paid.get(paid[0], Decimal(0)) + paid[1]

    return add


def _owner_lines(facts: Facts, everybody: list[Person]) -> Iterator[Line]:
    """Each day's share of its month's cost, from the first contact or cost to today: as they add up, rounded to the cent."""
    known = [facts.local_date(person.first_contact_at) for person in everybody]
    known += list(facts.campaign_costs["cost_date"])
    if not facts.owner_cost_per_month or not known or facts.today is None:
        return
    day = min(known)
    while day <= facts.today:
        days = calendar.monthrange(day.year, day.month)[1]
        before, through = (
            (facts.owner_cost_per_month * number / days).quantize(CENT, ROUND_HALF_UP)
            for number in (day.day - 1, day.day)
        )
        yield Line(day, NO_CHANNEL, None, facts.currency, _adds(owner_cost=through - before))
        day += timedelta(days=1)
