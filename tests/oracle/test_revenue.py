"""The oracle's own arithmetic, by hand: revenue by day and procedure, demand, and what customers are worth."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.oracle.build import NINE, facts_of, rows_of
from tests.oracle.revenue import (
    customer_value_by_segment,
    procedure_demand_monthly,
    revenue_by_procedure_monthly,
    revenue_daily,
)

JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def booking(number: int, day: date, value: str | None, **more: Any) -> dict[str, Any]:
    noon = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)  # in Sao Paulo
    return {
        "booking_id": str(number),
        "lead_id": "7",
        "procedure": "botox",
        "value": None if value is None else Decimal(value),
        "booked_at": noon,
        "scheduled_for": noon,
        "status": "attended",
    } | more


def test_month_to_date_is_compared_with_the_same_day_of_the_month_before_or_its_last() -> None:
    bookings = [
        booking(1, date(2026, 2, 10), "100.00"),
        booking(2, date(2026, 2, 28), "50.00"),
        booking(3, date(2026, 3, 3), "30.00"),
        booking(4, date(2026, 3, 30), "270.00"),
    ]
    table = revenue_daily(facts_of(bookings=bookings, as_of=datetime(2026, 3, 31, 15, tzinfo=UTC))).set_index(
        "revenue_date"
    )
    assert len(table) == 50, "10 February to 31 March, days without revenue too"
    shown = ["revenue", "revenue_month_to_date", "revenue_previous_month_to_date", "month_to_date_change"]
    # nothing is known of 3 February, so there is nothing to compare 3 March with
    assert list(table.loc[date(2026, 3, 3), shown]) == [Decimal("30.00"), Decimal("30.00"), None, None]
    assert list(table.loc[date(2026, 3, 10), shown]) == [0, Decimal("30.00"), Decimal("100.00"), -0.7]
    # February has no 30th: its 28th
    assert list(table.loc[date(2026, 3, 30), shown]) == [Decimal("270.00"), Decimal("300.00"), Decimal("150.00"), 1.0]
    assert table.loc[date(2026, 3, 10), "revenue_week_before"] == Decimal("30.00")


def test_a_procedures_share_is_of_its_month_and_its_change_against_the_month_before() -> None:
    bookings = [
        booking(1, date(2026, 1, 10), "100.00"),
        booking(2, date(2026, 2, 10), "150.00"),
        booking(3, date(2026, 2, 11), "50.00", procedure="peeling"),
        booking(4, date(2026, 2, 12), None, procedure="peeling"),
        booking(5, date(2026, 2, 13), "999.00", status="cancelled"),
    ]
    table = revenue_by_procedure_monthly(facts_of(bookings=bookings))
    shown = ("month", "procedure", "revenue", "attended_bookings", "average_value", "share_of_month", "change")
    assert rows_of(table, *shown) == [
        (JANUARY, "botox", Decimal("100.00"), 1, 100.0, 1.0, None),
        (FEBRUARY, "botox", Decimal("150.00"), 1, 150.0, 0.75, 0.5),
        (FEBRUARY, "peeling", Decimal("50.00"), 2, 25.0, 0.25, None),  # from 0: no ratio
    ]


def test_the_seasonal_index_is_a_month_of_a_procedures_mean_month() -> None:
    bookings = [booking(n, day, "1.00") for n, day in enumerate([JANUARY] * 3 + [MARCH] * 6)]
    bookings[0]["status"], bookings[1]["status"] = "no_show", "cancelled"
    table = procedure_demand_monthly(facts_of(bookings=bookings, as_of=datetime(2026, 3, 20, 15, tzinfo=UTC)))
    shown = ("month", "bookings", "mean_monthly_bookings", "seasonal_index", "no_show_rate", "is_complete")
    assert sorted(rows_of(table, *shown)) == [
        (JANUARY, 3, 3.0, 100.0, 0.5, True),
        (FEBRUARY, 0, 1.5, 0.0, None, True),
        (MARCH, 6, 3.0, 200.0, 0.0, False),
    ]


def test_a_customers_value_is_what_all_customers_paid_by_the_number_of_them() -> None:
    lead = {"lead_id": "7", "phone": "+5511987654321", "status": "new", "created_at": NINE, "source_channel": "social"}
    # one who paid twice, one who is a customer by the bot's word
    leads = [lead, lead | {"lead_id": "8", "phone": "+5511987654322", "source_channel": "email", "converted_at": NINE}]
    bookings = [booking(1, date(2026, 3, 10), "100.00"), booking(2, date(2026, 3, 11), "50.00")]
    table = customer_value_by_segment(facts_of(leads=leads, bookings=bookings))
    table = table[table["segment"].isin(["all", "channel"])]
    shown = ("segment_value", "customers", "paying_customers", "revenue", "lifetime_value", "average_booking_value")
    assert sorted(rows_of(table, *shown)) == [
        ("(all)", 2, 1, Decimal("150.00"), 75.0, 75.0),
        ("email", 1, 0, Decimal(0), 0.0, None),
        ("social", 1, 1, Decimal("150.00"), 150.0, 75.0),
    ]
