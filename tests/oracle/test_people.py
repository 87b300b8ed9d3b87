"""The oracle's own arithmetic, by hand: who is one person, and how far they got."""

from __future__ import annotations

from datetime import date

import pytest

from tests.oracle.build import NINE, after, facts_of, rows_of, talk
from tests.oracle.facts import Facts
from tests.oracle.funnel import COLUMNS, funnel_daily
from tests.oracle.people import people
from tests.oracle.phones import e164_brazil

NEW_LEAD = {"lead_id": "7", "status": "new", "created_at": NINE}


def stages(facts: Facts) -> list[tuple[object, ...]]:
    return rows_of(funnel_daily(facts), "contacts", "engaged", "leads", "appointments", "customers")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+5511987654321", "+5511987654321"),
        ("551187654321", "+5511987654321"),
        ("(11) 8765-4321", "+5511987654321"),
        ("011 98765-4321", "+5511987654321"),
        ("1132654321", "+551132654321"),
        ("(55) 8765-4321", "+5555987654321"),
        ("+14155552671", "+14155552671"),
        ("", None),
        (None, None),
        ("ramal 12", None),
    ],
)
def test_spellings_of_a_number(written: str | None, number: str | None) -> None:
    assert e164_brazil(written) == number


def test_the_same_phone_or_a_linked_talk_makes_one_person_an_e_mail_does_not() -> None:
    facts = facts_of(
        talk([], contact_id=1),
        talk([], talk_id="chatwoot-2", contact_id=2, lead_id="8"),
        talk([], talk_id="chatwoot-3", contact_id=3),
        contacts=[{"contact_id": 1, "phone": "+551187654321"}, {"contact_id": 2}, {"contact_id": 3}, {"contact_id": 4}],
        leads=[NEW_LEAD | {"phone": "11 98765-4321"}, NEW_LEAD | {"lead_id": "8", "phone": "(11)98765-4321"}],
    )
    # 1, 7 and 8 have one number, 2 talks with the bot as 8: one person; 3 has no number; 4 has neither talk nor lead
    assert sorted((len(person.talks), len(person.leads)) for person in people(facts)) == [(1, 0), (2, 2)]


def test_engaged_is_writing_after_having_been_written_to() -> None:
    assert stages(facts_of(talk([(0, "customer"), (5, "customer"), (9, "bot")]))) == [(1, 0, 0, 0, 0)]
    assert stages(facts_of(talk([(0, "customer"), (5, "bot"), (9, "customer")]))) == [(1, 1, 0, 0, 0)]
    assert stages(facts_of(talk([(0, "human"), (9, "customer")]))) == [(1, 1, 0, 0, 0)]
    # written to in one talk, wrote again in another
    assert stages(
        facts_of(
            talk([(0, "customer"), (5, "human")]), talk([(0, "customer")], talk_id="chatwoot-2", began=after(days=3))
        )
    ) == [(1, 1, 0, 0, 0)]


@pytest.mark.parametrize(
    ("status", "leads"), [("new", 0), ("engaged", 0), ("qualified", 1), ("scheduled", 1), ("converted", 1), ("lost", 0)]
)
def test_the_bots_status_reaches_at_most_lead_and_implies_engaged(status: str, leads: int) -> None:
    assert stages(facts_of(leads=[NEW_LEAD | {"status": status}])) == [(1, leads, leads, 0, 0)]


@pytest.mark.parametrize(("status", "customers"), [("booked", 0), ("no_show", 0), ("cancelled", 0), ("attended", 1)])
def test_any_booking_is_an_appointment_an_attended_one_a_customer(status: str, customers: int) -> None:
    booking = {"booking_id": "1", "lead_id": "7", "booked_at": after(days=1), "status": status}
    assert stages(facts_of(leads=[NEW_LEAD], bookings=[booking])) == [(1, 1, 1, 1, customers)]


def test_what_the_analysis_says() -> None:
    story = talk([(0, "customer")])
    nothing = {"talk_id": "chatwoot-1", "is_lead": False, "visit_scheduled": False}
    assert stages(facts_of(story, analysis=[nothing])) == [(1, 0, 0, 0, 0)]
    assert stages(facts_of(story, analysis=[nothing | {"is_lead": True}])) == [(1, 1, 1, 0, 0)]
    assert stages(facts_of(story, analysis=[nothing | {"visit_scheduled": True}])) == [(1, 1, 1, 1, 0)]


def test_converted_makes_a_customer_even_before_the_first_contact() -> None:
    assert stages(facts_of(leads=[NEW_LEAD | {"converted_at": after(days=-3)}])) == [(1, 1, 1, 1, 1)]


def test_channel_is_the_first_leads_own_else_its_campaigns_else_none() -> None:
    campaigns = [{"campaign_id": "c", "channel": "social"}]
    two = [NEW_LEAD | {"lead_id": "2", "phone": "1187654321", "source_channel": "email", "created_at": after(1)}]
    for first, channel in (
        ({}, "(none)"),
        ({"campaign_id": "c"}, "social"),
        ({"source_channel": "unknown"}, "unknown"),
    ):
        facts = facts_of(leads=[*two, NEW_LEAD | {"phone": "1187654321"} | first], campaigns=campaigns)
        assert rows_of(funnel_daily(facts), "channel", "contacts") == [(channel, 1)]


def test_cohort_is_the_local_day_of_the_first_talk_or_lead_whichever_came_first() -> None:
    # the lead came at 23:30 in Sao Paulo of the day before, which is 02:30 UTC of the talk's day
    facts = facts_of(
        talk([], lead_id="7"),
        leads=[NEW_LEAD | {"created_at": NINE.replace(hour=2, minute=30)}],
        contacts=[{"contact_id": 1}],
    )
    assert rows_of(funnel_daily(facts), "cohort_date") == [(date(2026, 3, 1),)]


def test_ratios() -> None:
    leads = [NEW_LEAD | {"lead_id": str(number), "status": "qualified" if number < 3 else "new"} for number in range(4)]
    row = dict(zip(COLUMNS, funnel_daily(facts_of(leads=leads)).iloc[0], strict=True))
    # of 4, 3 are leads and so engaged; none has an appointment, so nothing can be said of the last step
    assert (row["contact_to_engaged"], row["engaged_to_lead"], row["lead_to_appointment"]) == (0.75, 1.0, 0.0)
    assert (row["contact_to_engaged_drop_off"], row["lead_to_appointment_drop_off"]) == (0.25, 1.0)
    assert (row["appointment_to_customer"], row["appointment_to_customer_drop_off"]) == (None, None)
    assert row["contact_to_customer"] == 0.0
