"""The oracle's own arithmetic, by hand: cost, revenue and answers by month."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from tests.oracle.build import NINE, after, facts_of, rows_of, talk
from tests.oracle.feedback import category, fct_feedback
from tests.oracle.roi import roi_by_channel_monthly
from tests.oracle.voice import nps_monthly

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
LEAD = {"lead_id": "7", "status": "new", "created_at": NINE, "source_channel": "social"}
BOOKING = {
    "booking_id": "1",
    "lead_id": "7",
    "value": Decimal("150.00"),
    "currency": "BRL",
    "booked_at": NINE,
    "scheduled_for": None,
    "status": "attended",
}
CAMPAIGN = {"campaign_id": "c", "channel": "social"}
COST = {"campaign_id": "c", "cost_date": date(2026, 3, 31), "cost": Decimal("100.00"), "currency": "BRL"}


def test_roi_and_cac_of_a_channel_in_a_month() -> None:
    table = roi_by_channel_monthly(
        facts_of(leads=[LEAD], bookings=[BOOKING], campaigns=[CAMPAIGN], campaign_costs=[COST])
    )
    assert rows_of(table, "month", "channel", "currency", "cost", "revenue", "attended_bookings", "customers") == [
        (MARCH, "social", "BRL", Decimal("100.00"), Decimal("150.00"), 1, 1)
    ]
    # (150 - 100) / 100 = 50 %; 100 for one customer
    assert rows_of(table, "roi_pct", "cac") == [(50.0, 100.0)]


def test_revenue_is_of_the_local_month_attended_and_only_of_what_was_attended() -> None:
    # scheduled for 22:00 of the last of March in Sao Paulo, which is April in UTC
    evening = BOOKING | {"scheduled_for": datetime(2026, 4, 1, 1, 0, tzinfo=UTC), "booked_at": after(days=-90)}
    table = roi_by_channel_monthly(facts_of(leads=[LEAD], bookings=[evening, BOOKING | {"status": "booked"}]))
    assert rows_of(table, "month", "revenue", "attended_bookings") == [(MARCH, Decimal("150.00"), 1)]


def test_another_currency_stays_in_its_own_row_and_none_is_the_tenants() -> None:
    bookings = [BOOKING | {"currency": None}, BOOKING | {"currency": "USD", "value": None}]
    table = roi_by_channel_monthly(facts_of(leads=[LEAD], bookings=bookings))
    # one person: counted once, in the row of the tenant's currency; attended without value is 0
    assert rows_of(table, "currency", "revenue", "attended_bookings", "customers", "roi_pct", "cac") == [
        ("BRL", Decimal("150.00"), 1, 1, None, 0.0),
        ("USD", Decimal(0), 1, 0, None, None),
    ]


def test_a_customer_counts_once_in_the_month_they_became_one_by_their_own_channel() -> None:
    # first lead social, converted in April; the booking attended in March is of a second lead that came by email
    leads = [
        LEAD | {"phone": "11 98765-4321", "converted_at": after(days=40)},
        LEAD | {"lead_id": "8", "phone": "+551187654321", "source_channel": "email", "created_at": after(days=1)},
    ]
    table = roi_by_channel_monthly(
        facts_of(leads=leads, bookings=[BOOKING | {"lead_id": "8", "booked_at": after(days=2)}])
    )
    assert rows_of(table, "month", "channel", "revenue", "customers") == [
        (MARCH, "email", Decimal("150.00"), 0),
        (MARCH, "social", Decimal(0), 1),
    ]


def test_nps_is_promoters_less_detractors() -> None:
    scores = [10, 9, 8, 7, 6, 0, None]
    feedback = [{"feedback_id": str(n), "nps_score": score, "created_at": NINE} for n, score in enumerate(scores)]
    feedback.append({"feedback_id": "april", "nps_score": 10, "created_at": datetime(2026, 4, 1, 3, 0, tzinfo=UTC)})
    feedback.append({"feedback_id": "odd", "nps_score": 11, "created_at": NINE})
    # March: 2 promoters, 2 passives, 2 detractors of 6: 0. The 1st of April 00:00 in Sao Paulo is April
    assert rows_of(
        nps_monthly(facts_of(feedback=feedback)), "month", "answers", "promoters", "passives", "detractors", "nps"
    ) == [
        (MARCH, 6, 2, 2, 2, 0.0),
        (APRIL, 1, 1, 0, 0, 100.0),
    ]


def test_categories() -> None:
    nps = [category("nps", score) for score in range(11)]
    assert nps == 7 * ["detractor"] + 2 * ["passive"] + 2 * ["promoter"]
    csat = [category("csat", score) for score in range(1, 6)]
    assert csat == ["dissatisfied", "dissatisfied", "neutral", "satisfied", "satisfied"]


def test_an_answer_may_be_two_and_outlive_its_talk() -> None:
    row, moments = talk([])
    facts = facts_of(
        (dict(row) | {"agent_id": 7}, moments),
        feedback=[
            {"feedback_id": "a", "talk_id": "chatwoot-1", "score": 5, "nps_score": 11, "created_at": NINE},
            {"feedback_id": "b", "talk_id": "gone", "score": 5, "nps_score": 0, "comment": "", "created_at": NINE},
        ],
        csat=[
            {"response_id": 1, "talk_id": "chatwoot-1", "rating": 3, "comment": "hm", "created_at": after(0.9)},
            {"response_id": 2, "talk_id": "gone", "rating": 1, "agent_id": 8, "created_at": NINE},
        ],
    )
    columns = ("answer_id", "kind", "score", "conversation_id", "person_id", "inbox_id", "agent_id", "has_comment")
    assert rows_of(fct_feedback(facts), *columns) == [
        ("a", "csat", 5, "chatwoot-1", "contact-1", 1, 7, False),
        ("b", "nps", 0, None, None, None, None, False),
        ("b", "csat", 5, None, None, None, None, False),
        # of Chatwoot's it says itself whose they are
        ("1", "csat", 3, "chatwoot-1", "contact-1", 1, None, True),
        ("2", "csat", 1, None, None, None, 8, False),
    ]
    assert set(fct_feedback(facts)["answered_at"]) == {NINE}
