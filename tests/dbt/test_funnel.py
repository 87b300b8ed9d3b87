"""Who is in the funnel, how far they got, by which channel and since when."""

from __future__ import annotations

from datetime import date

import pytest

from tests.dbt.conftest import Examples

pytestmark = pytest.mark.xdist_group("dbt_examples")


def test_each_way_into_each_stage(told: Examples) -> None:
    stages = dict(told.rows("stages", "select channel, stage from marts.dim_contacts where {t} and leads > 0"))
    assert stages == {
        "lead_alone": "contact",
        "lost": "contact",
        "engaged_in_status_only": "contact",
        "wrote_before_any_reply": "contact",
        "wrote_after_the_bot": "engaged",
        "qualified": "lead",
        "said_so": "lead",
        "converted_in_status_only": "lead",
        "agreed": "appointment",
        "cancelled": "appointment",
        "attended": "customer",
        "converted": "customer",
    }


def test_a_contact_without_talk_or_lead_is_not_in_it(told: Examples) -> None:
    alone = "select person_id, is_in_funnel, stage from marts.dim_contacts where {t} and leads = 0 order by 1"
    assert told.rows("stages", alone) == [("contact-1", False, None), ("contact-2", True, "contact")]
    everybody = (
        "select sum(contacts), sum(engaged), sum(leads), sum(appointments), sum(customers) from marts.funnel_daily"
    )
    assert told.row("stages", everybody + " where {t}") == (13, 8, 7, 4, 2)


def test_ratios_are_null_where_nobody_stands(told: Examples) -> None:
    ratios = (
        "select contact_to_engaged, engaged_to_lead, contact_to_engaged_drop_off, engaged_to_lead_drop_off"
        " from marts.funnel_daily where {t} and channel = 'lost'"
    )
    assert told.row("stages", ratios) == (0.0, None, 1.0, None)


def test_engaged_is_the_persons_over_all_talks(told: Examples) -> None:
    assert told.column("engaged_across_talks", "select stage from marts.dim_contacts where {t}") == ["engaged"]


def test_the_first_leads_channel(told: Examples) -> None:
    channels = "select lead_id, channel, source_channel from marts.fct_leads where {t} order by lead_id"
    assert told.rows("channels", channels) == [
        ("campaigns", "instagram", None),
        ("first", "(none)", None),
        ("none", "(none)", None),
        ("own", "google", "google"),
        ("second", "late", "late"),
        ("unknown", "unknown", "unknown"),
    ]
    people = "select person_id, channel from marts.dim_contacts where {t} and leads = 2"
    assert told.rows("channels", people) == [("lead-first", "(none)")]


def test_first_contact_is_the_earlier_of_lead_and_talk_in_local_time(told: Examples) -> None:
    assert told.row("first_contact", "select cohort_date, days_to_customer from marts.dim_contacts where {t}") == (
        date(2026, 3, 1),
        3,
    )
    assert told.row("first_contact", "select cohort_date, customers from marts.funnel_daily where {t}") == (
        date(2026, 3, 1),
        1,
    )


def test_won_before_first_contact_stays_a_customer_without_a_time(told: Examples) -> None:
    lead = (
        "select is_customer, days_to_conversion, is_won_before_contact, converted_date from marts.fct_leads where {t}"
    )
    assert told.row("won_before_contact", lead) == (True, None, True, date(2026, 2, 28))
