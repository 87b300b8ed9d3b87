"""First responses, waits and resolutions, as Chatwoot counts them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.dbt.conftest import Examples
from tests.dbt.raw import NINE, after

pytestmark = pytest.mark.xdist_group("dbt_examples")

FIRST = "select first_response_seconds from marts.fct_conversations where {t} order by conversation_id"
CHANGES = (
    "select event_type, is_derived, extract(epoch from occurred_at - timestamptz '2026-03-02 12:00Z')::int"
    " from intermediate.int_conversation_events where {t}"
    " and event_type in ('opened', 'resolved', 'pending', 'snoozed', 'handed_off', 'bot_resolved') order by position"
)
WAITS = (
    "select started_by, extract(epoch from started_at - timestamptz '2026-03-02 12:00Z')::int, ended_by, wait_seconds,"
    " is_first_response, is_next_response from marts.fct_replies where {t} order by wait_number"
)


@pytest.mark.parametrize(
    ("tenant_id", "seconds"),
    [
        ("from_creation", [100]),
        ("from_the_latest_opening", [100]),
        ("from_the_bots_resolution", [300]),
        ("a_campaign_is_no_reply", [7200, None]),
        ("who_is_a_person", [1]),
    ],
)
def test_first_response_starts_where_chatwoot_starts_it(
    told: Examples, tenant_id: str, seconds: list[int | None]
) -> None:
    assert told.column(tenant_id, FIRST) == seconds


def test_only_people_reply_and_their_failed_and_deleted_messages_count(told: Examples) -> None:
    counts = "select customer_messages, human_replies, bot_replies from marts.fct_conversations where {t}"
    assert told.row("from_creation", counts) == (1, 2, 0)
    assert told.row("who_is_a_person", counts) == (0, 3, 0)
    assert told.rows("a_campaign_is_no_reply", counts + " order by conversation_id") == [(1, 1, 0), (1, 0, 0)]


def test_it_reconciles_with_what_chatwoot_reported(told: Examples) -> None:
    both = "select first_response_seconds, reported_first_response_seconds from marts.fct_conversations where {t}"
    assert told.row("from_creation", both) == (100, 100)


def test_without_reports_changes_are_read_from_sentences_and_from_what_causes_them(told: Examples) -> None:
    hour = 3600
    assert told.rows("no_reports", CHANGES) == [
        ("resolved", True, hour),
        ("opened", True, 2 * hour),
        ("resolved", True, 3 * hour),
        ("opened", True, 5 * hour),
        ("snoozed", True, 6 * hour),
        ("opened", True, 7 * hour),
        ("resolved", True, 9 * hour),
    ]
    assert told.column("no_reports", FIRST) == [60]


def test_what_is_reported_is_not_told_twice(told: Examples) -> None:
    hour = 3600
    assert told.rows("reports_and_activities", CHANGES) == [
        ("resolved", False, hour),
        ("opened", False, 2 * hour),
        ("resolved", True, 3 * hour),
    ]
    resolved = (
        "select resolutions, first_resolved_at, last_resolved_at, resolution_seconds, is_reopened"
        " from marts.fct_conversations where {t}"
    )
    assert told.row("reports_and_activities", resolved) == (2, after(hours=1), after(hours=3), hour, True)


def test_a_second_hand_off_is_found_although_it_is_not_reported(told: Examples) -> None:
    day = 86_400
    assert told.rows("a_second_hand_off", CHANGES) == [
        ("handed_off", False, 60),
        ("opened", False, 60),
        ("resolved", False, 7200),
        ("pending", True, day),
        ("handed_off", True, day + 30),
        ("opened", False, day + 30),
    ]
    assert told.rows("a_second_hand_off", WAITS)[-2:] == [
        ("customer_message", day, "bot_reply", 2, False, False),
        ("handed_off", day + 30, "human_reply", 60, False, True),
    ]


def test_born_resolved_was_never_resolved(told: Examples) -> None:
    resolved = "select is_closed, resolutions, first_resolved_at, is_reopened from marts.fct_conversations where {t}"
    assert told.row("born_resolved", resolved) == (True, 0, None, False)
    assert told.rows("born_resolved", "select metric from marts.fct_sla where {t}") == []


def test_every_wait_has_a_row_and_the_first_response_ends_its_own(told: Examples) -> None:
    assert told.rows("waits", WAITS) == [
        ("customer_message", 0, "human_reply", 60, True, False),
        ("customer_message", 100, "bot_reply", 10, False, False),
        ("customer_message", 200, "human_reply", 50, False, True),
        ("customer_message", 300, "resolved", 100, False, False),
        ("customer_message", 500, None, None, False, False),
    ]
    assert told.column("waits", "select agent_id from marts.fct_replies where {t} order by wait_number") == [
        4,
        None,
        5,
        None,
        None,
    ]


def test_a_hand_off_begins_a_wait_when_none_runs(told: Examples) -> None:
    assert told.rows("a_wait_begun_by_a_hand_off", WAITS) == [
        ("customer_message", 0, "bot_reply", 10, False, False),
        ("handed_off", 10, "human_reply", 90, True, False),
    ]


def test_instants_are_whole_seconds(told: Examples) -> None:
    started = "select first_response_started_at from marts.fct_conversations where {t}"
    assert told.row("from_the_latest_opening", started) == (NINE + timedelta(seconds=300),)


def test_a_change_is_one_however_late_its_activity(told: Examples) -> None:
    assert told.rows("late_jobs", CHANGES) == [("opened", False, 3600), ("resolved", False, 7200)]
    assert told.column("late_jobs", FIRST) == [300]


def test_a_hand_off_that_only_the_bot_tells_of_starts_the_first_response(told: Examples) -> None:
    assert told.rows("the_bots_own_hand_off", CHANGES) == [("handed_off", True, 1200)]
    assert told.column("the_bots_own_hand_off", FIRST) == [360]


def test_what_nobody_resolved_is_credited_to_nobody(told: Examples) -> None:
    by_agent = (
        "select response_date, dimension_id from marts.response_times_daily"
        " where {t} and metric = 'resolution' and dimension = 'agent'"
    )
    assert told.rows("resolved_by_nobody", by_agent) == [(NINE.date(), None)]
    assert told.column("resolved_by_nobody", "select agent_id from marts.fct_sla where {t}") == [None]
    resolved = "select coalesce(sum(resolved), 0) from marts.team_performance_daily where {t}"
    assert told.column("resolved_by_nobody", resolved) == [0]


def test_a_hand_offs_reason_is_that_of_the_first(told: Examples) -> None:
    reasons = "select handed_off_date, reason, handoffs from marts.bot_handoffs_daily where {t}"
    assert sorted(told.rows("hand_offs", reasons)) == [(NINE.date(), "(none)", 1), (NINE.date(), "(none)", 1)]


def test_a_blank_validates_nothing(told: Examples) -> None:
    assert told.row("read_wrong", "select validated, correct from marts.bot_llm_daily where {t}") == (1, 1)


def test_first_contact_resolution_is_one_figure_for_agents_and_for_all(told: Examples) -> None:
    of_agent = (
        "select resolved, resolutions_decided, first_contact_resolved, first_contact_resolution"
        " from marts.team_performance_daily where {t} and resolved > 0"
    )
    assert told.row("ten_of_monday", of_agent) == (10, 1, 0, 0.0)
    of_all = (
        "select resolutions_decided, first_contact_resolution_rate from marts.engagement_daily"
        " where {t} and resolutions_decided > 0"
    )
    assert told.row("ten_of_monday", of_all) == (1, 0.0)


def test_teams_have_names_as_long_as_a_talk_is_theirs(told: Examples) -> None:
    teams = "select team_id, team_name, is_removed from marts.dim_teams where {t} order by team_id"
    assert told.rows("ten_of_monday", teams) == [(1, "Sales", False), (2, "team 2", True)]
