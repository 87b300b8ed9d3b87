"""Revenue by day and by procedure, demand by procedure, and what customers are worth."""

from __future__ import annotations

import calendar
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.figures import ratio
from tests.oracle.journeys import first_inbox, procedure_of_interest
from tests.oracle.people import attended_at, people, person_of_lead

NO_PROCEDURE = "(none)"


def _attended(facts: Facts) -> list[tuple[date, str, str, Decimal, str]]:
    """Day, procedure, currency, value and lead of every attended booking."""
    return [
        (
            facts.local_date(instant),
            booking.procedure or NO_PROCEDURE,
            booking.currency or facts.currency,
            booking.value or Decimal(0),
            booking.lead_id,
        )
        for booking in facts.bookings.itertuples(index=False)
        if (instant := attended_at(booking)) is not None
    ]


def _month_before(day: date) -> date:
    """The same day of the month before, or its last where it is shorter."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, calendar.monthrange(last.year, last.month)[1]))


def _months_back(month: date, number: int) -> date:
    for _ in range(number):
        month = (month - timedelta(days=1)).replace(day=1)
    return month


def _change(now: Decimal | int, before: Decimal | int | None) -> float | None:
    return None if before is None else ratio(float(now - before), float(before))


def revenue_daily(facts: Facts) -> pd.DataFrame:
    owner = {lead: person.person_id for lead, person in person_of_lead(facts).items()}
    days: dict[str, dict[date, list[tuple[Decimal, str | None]]]] = {}
    for day, _, currency, value, lead in _attended(facts):
        days.setdefault(currency, {}).setdefault(day, []).append((value, owner.get(lead)))
    rows = []
    for currency, of_day in days.items():
        day = min(of_day)
        while facts.today is not None and day <= facts.today:
            of_day.setdefault(day, [])
            day += timedelta(days=1)
        revenue = {day: sum((value for value, _ in found), Decimal(0)) for day, found in of_day.items()}
        so_far: dict[date, Decimal] = {}
        to_date: dict[date, Decimal] = {}
        for day in sorted(revenue):
            month = day.replace(day=1)
            so_far[month] = so_far.get(month, Decimal(0)) + revenue[day]
            to_date[day] = so_far[month]
        for day, found in of_day.items():
            before = to_date.get(_month_before(day))
            rows.append(
                {
                    "tenant_id": facts.tenant_id,
                    "revenue_date": day,
                    "currency": currency,
                    "revenue": revenue[day],
                    "attended_bookings": len(found),
                    "paying_customers": len({person for _, person in found if person is not None}),
                    "revenue_month_to_date": to_date[day],
                    "revenue_previous_month_to_date": before,
                    "month_to_date_change": _change(to_date[day], before),
                    "revenue_week_before": revenue.get(day - timedelta(days=7)),
                }
            )
    return pd.DataFrame(rows, dtype=object)


def revenue_by_procedure_monthly(facts: Facts) -> pd.DataFrame:
    found: dict[tuple[date, str, str], list[Decimal]] = {}
    for day, procedure, currency, value, _ in _attended(facts):
        found.setdefault((day.replace(day=1), procedure, currency), []).append(value)
    revenue = {key: sum(values, Decimal(0)) for key, values in found.items()}
    rows = []
    for (month, procedure, currency), values in found.items():
        mine = revenue[month, procedure, currency]
        first = min(m for m, _, c in found if c == currency)
        before = revenue.get((_months_back(month, 1), procedure, currency), Decimal(0)) if month > first else None
        everything = sum(amount for (m, _, c), amount in revenue.items() if (m, c) == (month, currency))
        rows.append(
            {
                "tenant_id": facts.tenant_id,
                "month": month,
                "procedure": procedure,
                "currency": currency,
                "revenue": mine,
                "attended_bookings": len(values),
                "average_value": float(mine) / len(values),
                "share_of_month": ratio(float(mine), float(everything)),
                "revenue_previous_month": before,
                "change": _change(mine, before),
            }
        )
    return pd.DataFrame(rows, dtype=object)


def procedure_demand_monthly(facts: Facts) -> pd.DataFrame:
    booked: dict[str, dict[date, Counter[str]]] = {}
    for booking in facts.bookings.itertuples(index=False):
        month = facts.local_month(booking.booked_at)
        booked.setdefault(booking.procedure or NO_PROCEDURE, {}).setdefault(month, Counter())[booking.status] += 1
    rows = []
    for procedure, months in booked.items():
        month = min(months)
        while facts.today is not None and month <= facts.today.replace(day=1):
            months.setdefault(month, Counter())
            month = (month + timedelta(days=32)).replace(day=1)
        for month, count in months.items():
            year = [months[m].total() for m in (_months_back(month, n) for n in range(12)) if m in months]
            quarter, before = (
                [months[m].total() for m in (_months_back(month, n) for n in numbers) if m in months]
                for numbers in (range(3), range(3, 6))
            )
            mean = sum(year) / len(year)
            rows.append(
                {
                    "tenant_id": facts.tenant_id,
                    "month": month,
                    "procedure": procedure,
                    "is_complete": facts.today is not None and month < facts.today.replace(day=1),
                    "bookings": count.total(),
                    "attended": count["attended"],
                    "no_shows": count["no_show"],
                    "cancelled": count["cancelled"],
                    "no_show_rate": ratio(count["no_show"], count["attended"] + count["no_show"]),
                    "months_in_mean": len(year),
                    "mean_monthly_bookings": mean,
                    "seasonal_index": ratio(100 * count.total(), mean),
                    "bookings_3_months": sum(quarter),
                    "bookings_3_months_before": sum(before) if before else None,
                    "trend": _change(sum(quarter), sum(before) if before else None),
                }
            )
    return pd.DataFrame(rows, dtype=object)


def customer_value_by_segment(facts: Facts) -> pd.DataFrame:
    customers = [person for person in people(facts) if person.became_customer_at is not None]
    found: dict[tuple[str, str, str], list[list[Decimal]]] = {}
    for person in customers:
        paid: dict[str, list[Decimal]] = {facts.currency: []}
        for booking in person.bookings:
            if attended_at(booking) is not None:
                paid.setdefault(booking.currency or facts.currency, []).append(booking.value or Decimal(0))
        segments: dict[str, Any] = {
            "all": "(all)",
            "channel": person.channel,
            "campaign": person.campaign_id,
            "inbox": first_inbox(person),
            "procedure": procedure_of_interest(person),
            "cohort_month": f"{facts.local_date(person.first_contact_at):%Y-%m}",
        }
        for segment, value in segments.items():
            for currency, values in paid.items():
                found.setdefault((segment, NO_PROCEDURE if value is None else str(value), currency), []).append(values)
    rows = []
    for (segment, value, currency), per_customer in found.items():
        revenue = sum((amount for values in per_customer for amount in values), Decimal(0))
        bookings = sum(map(len, per_customer))
        rows.append(
            {
                "tenant_id": facts.tenant_id,
                "segment": segment,
                "segment_value": value,
                "currency": currency,
                "customers": len(per_customer),
                "paying_customers": sum(bool(values) for values in per_customer),
                "attended_bookings": bookings,
                "revenue": revenue,
                "lifetime_value": float(revenue) / len(per_customer),
                "average_booking_value": ratio(float(revenue), bookings),
            }
        )
    return pd.DataFrame(rows, dtype=object)
