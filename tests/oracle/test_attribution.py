"""The oracle's own arithmetic, by hand: whose work a conversion is."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from tests.oracle.attribution import fct_attribution, fct_touchpoints
from tests.oracle.build import NINE, after, facts_of, rows_of, talk

PHONE = "+5511987654321"
BOOKING = {
    "booking_id": "1",
    "lead_id": "a",
    "value": Decimal("100.00"),
    "booked_at": after(days=-1),
    "scheduled_for": NINE,
    "status": "attended",
}


def lead(lead_id: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "lead_id": lead_id,
        "phone": PHONE,
        "status": "new",
        "created_at": at,
        "source_channel": f"of {lead_id}",
    } | more


def credits_of(table: pd.DataFrame, model: str) -> list[tuple[Any, ...]]:
    return rows_of(table[table["model"] == model], "touchpoint_id", "credit", "credited_value")


def test_the_five_models_of_two_touches_a_week_apart() -> None:
    # 14 and 7 days before: weights 2^-2 and 2^-1, a third and two thirds
    table = fct_attribution(facts_of(leads=[lead("a", after(days=-14)), lead("b", after(days=-7))], bookings=[BOOKING]))
    assert credits_of(table, "first") == [("lead-a", 1.0, Decimal("100.00"))]
    assert credits_of(table, "last") == [("lead-b", 1.0, Decimal("100.00"))]
    halves = [("lead-a", 0.5, Decimal("50.00")), ("lead-b", 0.5, Decimal("50.00"))]
    assert credits_of(table, "linear") == halves
    assert credits_of(table, "position_based") == halves
    assert credits_of(table, "time_decay") == [
        ("lead-a", 0.3333333333, Decimal("33.33")),
        ("lead-b", 0.6666666667, Decimal("66.67")),
    ]


def test_by_position_the_ends_have_two_fifths_each_and_those_between_share_the_last_fifth() -> None:
    leads = [lead(name, after(days=-day)) for name, day in (("a", 9), ("b", 8), ("c", 7), ("d", 6))]
    table = fct_attribution(facts_of(leads=leads, bookings=[BOOKING]))
    assert [credit for _, credit, _ in credits_of(table, "position_based")] == [0.4, 0.1, 0.1, 0.4]


def test_thirds_of_a_cent_are_rounded_as_they_add_up() -> None:
    leads = [lead(name, after(days=-day)) for name, day in (("a", 9), ("b", 8), ("c", 7))]
    table = fct_attribution(facts_of(leads=leads, bookings=[BOOKING | {"value": Decimal("0.02")}]))
    # 0.00667 is a cent, 0.01333 still one, then two
    assert [money for _, _, money in credits_of(table, "linear")] == [Decimal("0.01"), Decimal("0.00"), Decimal("0.01")]


@pytest.mark.parametrize(("seconds", "touched"), [(0, "lead-a"), (1, None)])
def test_a_touch_counts_for_ninety_days_to_the_second(seconds: int, touched: str | None) -> None:
    table = fct_attribution(facts_of(leads=[lead("a", after(-seconds, days=-90))], bookings=[BOOKING]))
    assert credits_of(table, "last") == [(touched, 1.0, Decimal("100.00"))]
    assert rows_of(table, "channel")[0] == (("of a" if touched else "(none)"),)


def test_the_talk_a_lead_came_with_is_no_touch_of_its_own_and_the_next_is() -> None:
    facts = facts_of(
        talk([], talk_id="chatwoot-1", lead_id="a", began=after(days=-3)),
        talk([], talk_id="chatwoot-2", lead_id="a", began=after(days=-2)),
        contacts=[{"contact_id": 1, "phone": PHONE}],
        leads=[lead("a", after(days=-3))],
        bookings=[BOOKING],
    )
    assert rows_of(fct_touchpoints(facts), "touchpoint_id", "channel") == [
        ("lead-a", "of a"),
        ("conversation-chatwoot-2", "of a"),
    ]
    assert [touch for touch, _, _ in credits_of(fct_attribution(facts), "last")] == ["conversation-chatwoot-2"]


def test_a_customer_by_the_bots_word_is_a_conversion_worth_nothing_and_one_who_paid_is_not_a_second() -> None:
    converted = lead("a", after(days=-3), converted_at=NINE)
    table = fct_attribution(facts_of(leads=[converted]))
    assert rows_of(table[table["model"] == "first"], "touchpoint_id", "value", "credit") == [
        ("lead-a", Decimal(0), 1.0)
    ]
    assert set(fct_attribution(facts_of(leads=[converted], bookings=[BOOKING]))["conversion_id"]) == {"booking-1"}
