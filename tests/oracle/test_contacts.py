"""The oracle's own reading of a person, by hand: what they are called, and how they are shown in the funnel."""

from __future__ import annotations

from datetime import date

import pytest

from tests.oracle.build import NINE, after, facts_of, rows_of, talk
from tests.oracle.contacts import dim_contact_pii, dim_contacts, initials, masked, never_shown

PHONE = {"phone": "11 98765-4321"}
LEAD = {"lead_id": "7", "status": "new", "created_at": NINE} | PHONE
STAGES = ("stage", "is_in_funnel", "is_engaged", "is_lead", "is_appointment", "is_customer")


@pytest.mark.parametrize(
    ("name", "letters"), [("Ana Maria de Lima", "AL"), ("íris", "Í"), ("brave-sun-52", "B"), (None, None)]
)
def test_initials(name: str | None, letters: str | None) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("phone", "shown"), [("+5511987654321", "5511****4321"), ("+14155552671", "1415****2671"), ("+2908999", "****99")]
)
def test_masked_phones(phone: str, shown: str) -> None:
    assert masked(phone) == shown


def test_a_person_is_called_after_the_lowest_contact_with_a_letter_in_its_name_else_the_lowest_lead() -> None:
    facts = facts_of(
        contacts=[
            {"contact_id": 10, "name": " Bia Reis ", "email": "bia@example.com"} | PHONE,
            {"contact_id": 9, "name": "+55 11", "email": "none"} | PHONE,
        ],
        leads=[LEAD | {"name": "Ana", "email": "ana@example.com"}],
    )
    columns = ("person_id", "name", "email", "initials", "phone_e164")
    assert rows_of(dim_contact_pii(facts), *columns) == [
        ("contact-9", "Bia Reis", "bia@example.com", "BR", "+5511987654321")
    ]


def test_a_contact_without_talk_or_lead_is_a_person_outside_the_funnel() -> None:
    facts = facts_of(contacts=[{"contact_id": 1}])
    assert rows_of(dim_contacts(facts), *STAGES) == [(None, *[False] * 5)]
    assert rows_of(dim_contacts(facts), "contacts", "leads", "first_contact_at", "last_event") == [(1, 0, None, None)]


def test_only_anonymous_contacts_without_a_conversation_may_never_have_been_shown() -> None:
    three = [{"contact_id": number, "anonymous": number != 3} for number in (1, 2, 3)]
    assert never_shown(facts_of(talk([], contact_id=1), contacts=three)) == {"contact-2"}


def test_the_way_of_a_customer() -> None:
    booking = {"booking_id": "1", "lead_id": "7", "booked_at": after(600), "scheduled_for": after(days=2)}
    facts = facts_of(
        talk([(1, "customer"), (5.2, "bot"), (9.9, "customer"), (20, "human")], lead_id="7"),
        talk([(0, "customer")], talk_id="chatwoot-2", began=after(days=3)),
        contacts=[{"contact_id": 1} | PHONE],
        leads=[LEAD | {"source_channel": "site", "created_at": after(-1)}],
        bookings=[booking | {"status": "attended"}],
    )
    assert rows_of(dim_contacts(facts), *STAGES) == [("customer", *[True] * 5)]
    assert rows_of(dim_contacts(facts), "engaged_at", "lead_at", "appointment_at", "customer_since") == [
        (after(9), after(600), after(600), after(days=2))
    ]
    columns = ("first_contact_at", "customer_date", "days_to_customer", "last_event", "last_event_date")
    assert rows_of(dim_contacts(facts), *columns) == [
        (after(-1), date(2026, 3, 4), 2, "customer_message", date(2026, 3, 5))
    ]
    columns = ("customer_messages", "customer_messages_to_customer", "messages_to_customer", "source_channel")
    assert rows_of(dim_contacts(facts), *columns) == [(3, 2, 4, "site")]


def test_a_customer_won_before_first_contact_has_no_days_and_no_messages_before() -> None:
    facts = facts_of(
        talk([(0, "customer")], lead_id="7"), contacts=[{"contact_id": 1}], leads=[LEAD | {"converted_at": after(-1)}]
    )
    columns = ("is_won_before_contact", "days_to_customer", "customer_messages_to_customer", "stage")
    assert rows_of(dim_contacts(facts), *columns) == [(True, None, 0, "customer")]
