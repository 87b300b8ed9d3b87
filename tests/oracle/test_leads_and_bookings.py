"""The oracle's own reading of a lead and of a booking, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.bookings import fct_bookings
from tests.oracle.build import NINE, after, facts_of, rows_of, talk
from tests.oracle.leads import fct_leads, quadrant

LEAD = {"lead_id": "7", "status": "new", "created_at": NINE}
BOOKING = {"booking_id": "1", "lead_id": "7", "booked_at": NINE, "status": "booked", "value": Decimal(180)}


@pytest.mark.parametrize(
    ("status", "value", "expected"),
    [
        ("booked", Decimal(180), (Decimal(0), Decimal(180), False, None)),
        ("attended", Decimal(180), (Decimal(180), Decimal(0), False, date(2026, 3, 5))),
        ("attended", None, (Decimal(0), Decimal(0), True, date(2026, 3, 5))),
        ("no_show", Decimal(180), (Decimal(0), Decimal(0), False, None)),
        ("cancelled", None, (Decimal(0), Decimal(0), False, None)),
    ],
)
def test_a_booking_is_pipeline_while_booked_and_revenue_once_attended(
    status: str, value: Decimal | None, expected: tuple[Any, ...]
) -> None:
    booking = BOOKING | {"status": status, "value": value, "scheduled_for": after(days=3)}
    facts = facts_of(leads=[LEAD], bookings=[booking], as_of=after(days=3))
    columns = ("revenue", "pipeline", "is_attended_without_value", "attended_date")
    assert rows_of(fct_bookings(facts), *columns) == [expected]


def test_a_booking_is_overdue_from_the_day_after_its_own_and_never_without_one() -> None:
    three = [
        BOOKING,
        BOOKING | {"booking_id": "2", "scheduled_for": after(days=1)},
        # attended late, but attended
        BOOKING | {"booking_id": "3", "status": "attended"},
    ]
    for hours, overdue in ((38.9, [False, False, False]), (39, [False, True, False])):
        facts = facts_of(leads=[LEAD], bookings=three, as_of=after(hours=hours))
        assert list(fct_bookings(facts)["is_overdue"]) == overdue


def test_a_booking_of_a_lead_that_is_gone_keeps_its_name_alone() -> None:
    facts = facts_of(leads=[], bookings=[BOOKING])
    columns = ("lead_id", "source_lead_id", "person_id", "channel", "currency")
    assert rows_of(fct_bookings(facts), *columns) == [(None, "7", None, "(none)", "BRL")]


def test_a_lead_converts_by_its_own_bookings_and_talks_as_the_person_it_is() -> None:
    phone = {"phone": "11 98765-4321"}
    facts = facts_of(
        talk([(0.5, "customer"), (60, "customer")], began=after(days=-1), contact_id=1),
        contacts=[{"contact_id": 1} | phone],
        leads=[LEAD | phone | {"converted_at": after(days=9)}, LEAD | phone | {"lead_id": "8", "status": "lost"}],
        bookings=[BOOKING, BOOKING | {"booking_id": "2", "status": "attended", "scheduled_for": after(days=7)}],
    )
    columns = ("lead_id", "is_customer", "is_open", "days_to_conversion", "bookings", "attended_bookings")
    columns += ("customer_messages", "last_customer_message_at")
    wrote = (2, after(days=-1, minutes=1))
    assert rows_of(fct_leads(facts), *columns) == [
        ("7", True, False, 8, 2, 1, *wrote),
        ("8", False, False, None, 0, 0, *wrote),
    ]


def test_a_lead_won_before_its_first_contact_has_no_days() -> None:
    facts = facts_of(leads=[LEAD | {"converted_at": after(-1)}])
    columns = ("is_customer", "is_won_before_contact", "days_to_conversion")
    assert rows_of(fct_leads(facts), *columns) == [(True, True, None)]


@pytest.mark.parametrize(
    ("score", "probability", "stands"),
    [
        (60, 3, "CONVERT"),
        (60, 2.9, "NURTURE"),
        (59, 3, "PUSH"),
        (59, 2.9, "DISCARD"),
        (None, 5, None),
        (99, None, None),
    ],
)
def test_quadrants(score: float | None, probability: float | None, stands: str | None) -> None:
    assert quadrant(score, probability) == stands
