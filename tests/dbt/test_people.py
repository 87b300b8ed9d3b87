"""One person across Chatwoot and the bot, and one talk across both."""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Examples

pytestmark = pytest.mark.xdist_group("dbt_examples")

PEOPLE = 'select member_id, person_id from intermediate.int_people where {t} order by member_id collate "C"'


def test_one_phone_is_one_person_named_after_its_lowest_contact(told: Examples) -> None:
    assert told.rows("two_contacts_with_one_phone", PEOPLE) == [
        ("contact-12", "contact-7"),
        ("contact-13", "contact-13"),
        ("contact-7", "contact-7"),
    ]
    shown = (
        "select person_id, contacts, initials, masked_phone, is_in_funnel from marts.dim_contacts where {t} order by 1"
    )
    assert told.rows("two_contacts_with_one_phone", shown) == [
        ("contact-13", 1, None, "5511****0000", False),
        ("contact-7", 2, "AL", "5511****7777", True),
    ]


def test_a_chain_of_any_length_is_one_person(told: Examples) -> None:
    rows = dict(told.rows("a_chain_of_links", PEOPLE))
    assert len(rows) == 41 + 39
    assert rows.pop("contact-41") == "contact-41"
    assert set(rows.values()) == {"contact-1"}


def test_links_and_phones_tie_people_together(told: Examples) -> None:
    assert set(told.column("links_and_phones", "select person_id from intermediate.int_people where {t}")) == {
        "contact-1"
    }


def test_neither_an_email_nor_a_link_to_what_is_gone_ties(told: Examples) -> None:
    assert told.rows("not_one_person", PEOPLE) == [
        ("contact-1", "contact-1"),
        ("contact-2", "contact-2"),
        ("lead-a", "lead-a"),
    ]
    talks = "select conversation_id, source, person_id from marts.fct_conversations where {t}"
    assert told.rows("not_one_person", talks) == [("bot-x", "bot", "lead-a")]


def test_a_talk_known_to_both_is_chatwoots(told: Examples) -> None:
    talks = (
        "select conversation_id, source, bot_conversation_ids, lead_id, person_id, customer_messages, bot_replies,"
        " handed_off_at is not null, handoff_reason, playbook from marts.fct_conversations where {t} order by 1"
    )
    assert told.rows("a_talk_known_to_both", talks) == [
        ("bot-alone", "bot", ["alone"], "a", "contact-1", 1, 0, False, None, None),
        ("chatwoot-5", "chatwoot", ["x", "y"], "a", "contact-1", 1, 0, True, "price", "welcome"),
    ]
