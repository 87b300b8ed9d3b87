"""Cost, revenue, return, and what customers say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.dbt.conftest import Examples

pytestmark = pytest.mark.xdist_group("dbt_examples")

ROI = (
    "select month, channel, currency, cost, revenue, attended_bookings, customers, roi_pct, cac"
    " from marts.roi_by_channel_monthly where {t} order by 1, 2, 3"
)


def test_revenue_on_the_local_day_attended_and_currencies_apart(told: Examples) -> None:
    february, march = date(2026, 2, 1), date(2026, 3, 1)
    assert told.rows("money", ROI) == [
        (february, "(none)", "BRL", Decimal("1.00"), Decimal(0), 0, 0, -100.0, None),
        (february, "google", "BRL", Decimal("100.00"), Decimal("200.00"), 2, 1, 100.0, 100.0),
        (
            february,
            "google",
            "USD",
            Decimal("9.99"),
            Decimal("30.00"),
            1,
            0,
            pytest.approx((30 - 9.99) / 9.99 * 100),
            None,
        ),
        (march, "(none)", "BRL", Decimal(0), Decimal("7.00"), 1, 0, None, None),
    ]


def test_pipeline_and_bookings_without_value_or_lead(told: Examples) -> None:
    bookings = (
        "select booking_id, lead_id, revenue, pipeline, is_attended_without_value"
        " from marts.fct_bookings where {t} order by booking_id"
    )
    assert told.rows("money", bookings) == [
        ("1", "a", Decimal(200), Decimal(0), False),
        ("2", "a", Decimal(0), Decimal(0), True),
        ("3", "a", Decimal(30), Decimal(0), False),
        ("4", "b", Decimal(0), Decimal(80), False),
        ("5", None, Decimal(7), Decimal(0), False),
    ]


def test_nps_by_local_month(told: Examples) -> None:
    months = (
        "select month, answers, promoters, passives, detractors, nps from marts.nps_monthly where {t} order by month"
    )
    assert told.rows("voices", months) == [
        (date(2026, 1, 1), 6, 2, 2, 2, 0.0),
        (date(2026, 3, 1), 1, 0, 0, 1, -100.0),
    ]


def test_satisfaction_from_both_sources_with_the_talk_it_is_about(told: Examples) -> None:
    answers = (
        "select source, answer_id, score, conversation_id, agent_id, has_comment from marts.fct_feedback"
        " where {t} and kind = 'csat' order by 1, 2"
    )
    assert told.rows("voices", answers) == [
        ("bot", "csat", 5, None, None, False),
        ("bot", "march", 2, "bot-y", None, True),
        ("chatwoot", "1", 4, "chatwoot-1", 3, False),
    ]
    talk = "select distinct conversation_id from marts.fct_feedback where {t} and kind = 'nps' order by 1"
    assert told.column("voices", talk) == ["bot-y", "chatwoot-1"]


def test_surveys_asked_on_their_day_and_answered_since(told: Examples) -> None:
    days = (
        "select date_day, agent_id, csat_answers, csat_mean, surveys_asked, surveys_answered, csat_answer_rate"
        " from marts.voice_daily where {t} order by 1, 2"
    )
    monday, thursday = date(2026, 3, 2), date(2026, 3, 5)
    assert told.rows("surveys", days) == [
        (monday, 7, 0, None, 1, 1, 1.0),
        (monday, 9, 0, None, 1, 0, 0.0),
        (thursday, 7, 1, 4.0, 0, 0, None),
    ]
    months = (
        "select source, answers, satisfied_pct, surveys_asked, answer_rate from marts.csat_monthly where {t} order by 1"
    )
    assert told.rows("surveys", months) == [("all", 1, 100.0, None, None), ("chatwoot", 1, 100.0, 2, 0.5)]


def test_who_comes_back_long_after_the_form_touches_again(told: Examples) -> None:
    credited = "select distinct touchpoint_id, channel from marts.fct_attribution where {t}"
    assert told.rows("a_form_long_ago", credited) == [("conversation-chatwoot-1", "google")]


def test_a_booking_whose_lead_is_gone_is_one_conversion_of_its_person(told: Examples) -> None:
    conversions = "select distinct conversion_id, person_id from marts.fct_attribution where {t}"
    assert told.rows("a_gone_lead_pays", conversions) == [("booking-1", "lead-g")]
    worth = (
        "select customers, paying_customers, lifetime_value from marts.customer_value_by_segment"
        " where {t} and segment = 'all'"
    )
    assert told.row("a_gone_lead_pays", worth) == (1, 1, 100.0)


def test_a_currency_is_one_however_it_is_typed(told: Examples) -> None:
    assert told.rows("currencies_as_typed", "select distinct currency from marts.fct_bookings where {t}") == [("BRL",)]


def test_for_who_gave_chatwoot_up_it_is_now_by_the_bots_clock(told: Examples) -> None:
    overdue = "select is_overdue from marts.fct_bookings where {t} order by booking_id"
    assert told.column("chatwoot_given_up", overdue) == [False, True]
    owner = "select owner_cost from marts.roi_by_tenant where {t} and period = 'month'"
    assert told.row("chatwoot_given_up", owner) == (Decimal("3000.00"),)
