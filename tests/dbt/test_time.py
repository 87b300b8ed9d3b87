"""Opening hours, policies in force, Chatwoot's own, and what a team did: worked by hand."""

from __future__ import annotations

from datetime import date

import pytest

from tests.dbt.conftest import Examples
from tests.dbt.raw import after

pytestmark = pytest.mark.xdist_group("dbt_examples")

FIRST = "select first_response_business_seconds from marts.fct_conversations where {t} order by conversation_id"
JUDGED = "select conversation_id, status, due_at, elapsed_business_seconds from marts.fct_sla where {t} order by 1"
WEDNESDAY_EIGHT = after(days=1, hours=23)


def test_open_time_leaves_out_nights_and_holidays_and_at_exactly_due_it_is_met(told: Examples) -> None:
    due = after(minutes=5, days=1, hours=23)
    assert told.rows("over_a_holiday", JUDGED) == [
        ("chatwoot-1", "met", due, 900),
        ("chatwoot-2", "breached", due, 901),
        ("chatwoot-3", "running", due, None),
        ("chatwoot-4", "met", WEDNESDAY_EIGHT, 900),
    ]


def test_calendar_and_open_time_stand_side_by_side(told: Examples) -> None:
    both = (
        "select wait_seconds, wait_business_seconds from marts.fct_replies where {t} and conversation_id = 'chatwoot-1'"
    )
    assert told.row("over_a_holiday", both) == (38 * 3600 + 900, 900)


def test_where_it_never_opens_nothing_is_late(told: Examples) -> None:
    assert told.rows("never_open", JUDGED) == [("chatwoot-1", "running", None, None), ("chatwoot-2", "met", None, 0)]


def test_a_shift_stops_at_a_holidays_midnight_and_one_begun_on_a_holiday_is_closed_to_its_end(told: Examples) -> None:
    assert told.column("past_midnight", FIRST) == [3600, 0, 3 * 3600]


def test_a_changed_policy_does_not_rewrite_the_past_and_the_closest_one_wins(told: Examples) -> None:
    held_to = "select conversation_id, threshold_seconds, status from marts.fct_sla where {t} order by 1"
    assert told.rows("changed_policies", held_to) == [
        ("chatwoot-1", 300, "met"),
        ("chatwoot-2", 60, "breached"),
        ("chatwoot-3", 600, "met"),
        ("chatwoot-4", 30, "breached"),
        ("chatwoot-5", 300, "met"),
    ]


def test_chatwoots_policy_is_judged_beside_the_tenants(told: Examples) -> None:
    both = "select policy_source, metric, wait_number, status from marts.fct_sla where {t} order by 1, 2, 3"
    assert told.rows("chatwoots_policy", both) == [
        ("chatwoot", "first_response", 0, "breached"),
        ("chatwoot", "next_response", 3, "breached"),
        ("tenant", "first_response", 0, "met"),
    ]


def test_assignments_are_read_from_sentences(told: Examples) -> None:
    found = (
        "select event_type, is_derived from intermediate.int_conversation_events where {t}"
        " and event_type in ('assigned', 'unassigned') order by position"
    )
    assigned, unassigned = ("assigned", True), ("unassigned", True)
    assert told.rows("assignments", found) == [assigned, assigned, unassigned, assigned, assigned, assigned]


def test_what_each_agent_did(told: Examples) -> None:
    did = (
        "select agent_id, replies, conversations_handled, load_share, resolved, first_contact_resolved, customers_won,"
        " sla_met, sla_breached, csat_answers, csat_mean from marts.team_performance_daily"
        " where {t} and activity_date = %s order by agent_id"
    )
    monday = did.replace("%s", f"date '{date(2026, 3, 2)}'")
    assert told.rows("a_team_at_work", monday) == [
        (1, 2, 2, 2 / 3, 2, 1, 0, 1, 1, 1, 4.0),
        (2, 1, 1, 1 / 3, 0, 0, 1, 0, 0, 0, None),
    ]


def test_percentiles_are_of_the_rows_of_a_dimension(told: Examples) -> None:
    times = (
        "select dimension, dimension_id, responses, mean_seconds, median_seconds, p95_seconds"
        " from marts.response_times_daily where {t} and metric = 'first_response' order by 1, 2"
    )
    figures = (2, 70.0, 70.0, 88.0)
    assert told.rows("a_team_at_work", times) == [
        ("agent", 1, *figures),
        ("inbox", 1, *figures),
        ("team", None, *figures),
        ("tenant", None, *figures),
    ]
