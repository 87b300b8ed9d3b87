"""What is doubtful is counted, and not mended."""

from __future__ import annotations

from datetime import date

import pytest

from tests.dbt.conftest import Examples

pytestmark = pytest.mark.xdist_group("dbt_examples")

SUNDAY, MONDAY, TUESDAY = (date(2026, 3, day) for day in (1, 2, 3))


def test_one_of_each_is_found_on_its_local_day(told: Examples) -> None:
    rows = told.rows(
        "doubtful",
        "select date_day, check_name, subject, problems, longest_seconds from marts.data_quality_daily where {t}",
    )
    assert sorted(rows, key=str) == sorted(
        [
            (SUNDAY, "won_before_contact", "people", 1, None),
            (MONDAY, "closed_without_end", "bot.conversations", 1, None),
            (MONDAY, "conversation_without_person", "chatwoot.conversations", 1, None),
            (MONDAY, "converted_without_date", "bot.leads", 1, None),
            (MONDAY, "ended_before_it_began", "bot.conversations", 1, None),
            (MONDAY, "failed_sync", "bot", 1, None),
            (MONDAY, "handed_off_before_it_began", "bot.conversations", 1, None),
            (MONDAY, "late_sync", "bot", 1, 4 * 3600),
            (MONDAY, "rejected_row", "bot.leads", 2, None),
            (MONDAY, "without_its_campaign", "bot.leads", 1, None),
            (MONDAY, "without_its_conversation", "bot.conversation_messages", 1, None),
            (MONDAY, "without_its_conversation", "bot.feedback", 2, None),
            (MONDAY, "without_its_conversation", "bot.llm_interactions", 1, None),
            (MONDAY, "without_its_contact", "chatwoot.conversations", 1, None),
            (MONDAY, "without_its_lead", "bot.conversations", 1, None),
            (MONDAY, "without_its_lead", "bot.procedure_bookings", 1, None),
            (TUESDAY, "overdue_booking", "bot.procedure_bookings", 1, None),
            (date(2026, 3, 11), "attended_in_the_future", "bot.procedure_bookings", 1, None),
            (date(2026, 3, 11), "attended_without_value", "bot.procedure_bookings", 1, None),
        ],
        key=str,
    )


def test_nothing_doubtful_has_no_row(told: Examples) -> None:
    assert told.rows("waits", "select * from marts.data_quality_daily where {t} and check_name like 'without%'") == []


def test_what_is_scheduled_for_no_day_is_never_overdue(told: Examples) -> None:
    overdue = "select booking_id from marts.fct_bookings where {t} and is_overdue"
    assert told.column("doubtful", overdue) == ["due"]
