"""Thresholds: met, breached, running, or not measured at all."""

from __future__ import annotations

from datetime import date

import pytest

from tests.dbt.conftest import Examples

pytestmark = pytest.mark.xdist_group("dbt_examples")

STATES = "select conversation_id, metric, status from marts.fct_sla where {t} order by 1, 2"


def test_at_exactly_due_it_is_met(told: Examples) -> None:
    assert told.rows("exactly_due", STATES) == [
        ("chatwoot-1", "first_response", "met"),
        ("chatwoot-2", "first_response", "breached"),
    ]


def test_what_runs_is_judged_by_the_sources_clock_and_not_while_only_the_bot_has_it(told: Examples) -> None:
    assert told.rows("running", STATES) == [
        ("chatwoot-1", "first_response", "running"),
        ("chatwoot-2", "first_response", "breached"),
    ]


def test_what_nobody_asked_or_only_the_bot_had_or_ended_in_time_is_not_measured(told: Examples) -> None:
    assert told.rows("not_measured", STATES) == [("chatwoot-4", "first_response", "breached")]


def test_next_responses_are_the_waits_after_the_first_response(told: Examples) -> None:
    waits = "select wait_number, status from marts.fct_sla where {t} order by wait_number"
    assert told.rows("next_responses", waits) == [(2, "met"), (3, "breached"), (5, "breached"), (6, "running")]


def test_a_resolution_counts_once_on_the_local_day_it_began(told: Examples) -> None:
    days = (
        "select sla_date, inbox_id, metric, applied, met, breached, running, compliance from marts.sla_daily where {t}"
    )
    assert told.rows("resolutions", days + " order by inbox_id") == [
        (date(2026, 3, 2), 1, "resolution", 1, 1, 0, 0, 1.0),
        (date(2026, 3, 2), 2, "resolution", 1, 0, 1, 0, 0.0),
    ]


def test_without_met_or_breached_there_is_no_compliance(told: Examples) -> None:
    shares = "select applied, running, compliance from marts.sla_daily where {t} order by sla_date"
    assert told.rows("running", shares) == [(2, 1, 0.0)]


def test_what_a_closed_talk_still_waits_for_is_not_measured(told: Examples) -> None:
    assert told.rows("closed_without_a_word", STATES) == [
        ("chatwoot-1", "first_response", "met"),
        ("chatwoot-2", "first_response", "met"),
        ("chatwoot-2", "resolution", "met"),
    ]
