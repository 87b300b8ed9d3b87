"""What Chatwoot does to an account when one thing happens, by its rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from sandbox.world.chatwoot import Chatwoot
from sandbox.world.founding import found_account
from sandbox.world.opening import OpeningHours, week_hours
from sandbox.world.records import Account, Conversation, Message, User
from sandbox.world.tenants import profile_of

NINE = datetime(2026, 11, 16, 12, 0, 0, 300_000, tzinfo=UTC)  # a Monday, nine o'clock in Sao Paulo


def messages_of(account: Account, conversation: Conversation) -> list[Message]:
    return [account.messages[i] for i in account.messages_of[conversation.id]]


@pytest.fixture
def desk() -> Chatwoot:
    return Chatwoot(found_account(profile_of("boxcentral"), "test", NINE))


def later(desk: Chatwoot, seconds: float) -> datetime:
    desk.account.now += timedelta(seconds=seconds)
    return desk.account.now


def begin(desk: Chatwoot, inbox_id: int = 3) -> Conversation:
    contact = desk.create_contact("Ana", phone_number="+5511987654321")
    conversation = desk.open_conversation(desk.account.inboxes[inbox_id], contact)
    desk.customer_writes(conversation, "Oi, quanto custa?")
    return conversation


def user(desk: Chatwoot) -> User:
    return desk.account.users[12]


def events(desk: Chatwoot, conversation: Conversation) -> list[tuple[str, float, int | None]]:
    return [(e.name, e.value, e.user_id) for e in desk.reporting.of(conversation.id)]


def test_a_first_reply_is_measured_from_creation_and_later_ones_from_the_wait(desk: Chatwoot) -> None:
    conversation = begin(desk)
    assert conversation.status == "open"
    assert conversation.waiting_since == NINE
    replied = later(desk, 90.9)
    desk.assign(conversation, desk.account.users[13], user(desk))
    desk.agent_writes(conversation, user(desk), "R$ 289")
    assert (conversation.first_reply_created_at, conversation.waiting_since) == (replied, None)
    asked = later(desk, 60)
    desk.customer_writes(conversation, "Parcela?")
    later(desk, 5)
    desk.customer_writes(conversation, "?")
    assert conversation.waiting_since == asked
    later(desk, 25)
    desk.agent_writes(conversation, user(desk), "Sim")
    # the first by its sender, the others by the assignee
    assert events(desk, conversation) == [("first_response", 91.0, 12), ("reply_time", 30.0, 13)]


def test_campaigns_automations_and_notes_are_no_reply(desk: Chatwoot) -> None:
    conversation = begin(desk)
    for write in (
        lambda: desk.campaign_writes(conversation, user(desk), 3, "Promoção"),
        lambda: desk.automation_writes(conversation, 7, "Recebemos"),
        lambda: desk.note(conversation, user(desk), "Ligar depois"),
    ):
        later(desk, 10)
        write()
    assert conversation.first_reply_created_at is None
    assert conversation.waiting_since == NINE
    later(desk, 10)
    desk.agent_writes(conversation, None, "Do celular")
    assert events(desk, conversation) == [("first_response", 40.0, None)]


def test_a_bot_talk_is_pending_until_it_is_handed_off(desk: Chatwoot) -> None:
    conversation = begin(desk, inbox_id=2)
    bot = desk.account.agent_bots[5]
    assert (conversation.status, conversation.assignee_agent_bot_id) == ("pending", 5)
    later(desk, 4)
    desk.bot_writes(conversation, bot, "Oi!")
    assert conversation.waiting_since is None
    handed_off = later(desk, 6)
    desk.hand_off(conversation, bot)
    assert (conversation.status, conversation.assignee_agent_bot_id) == ("open", None)
    assert conversation.waiting_since == handed_off
    later(desk, 120)
    desk.agent_writes(conversation, user(desk), "Olá")
    assert events(desk, conversation) == [
        ("conversation_opened", 0.0, None),
        ("conversation_bot_handoff", 10.0, None),
        ("first_response", 120.0, 12),
    ]
    activity = next(m for m in messages_of(desk.account, conversation) if m.message_type == "activity")
    assert activity.content == "Conversa foi reaberta por Cris"
    assert activity.content_attributes == {"activity": {"type": "conversation_status_changed", "status": "open"}}
    assert activity.created_at == handed_off


def test_resolving_sends_one_survey_and_a_customer_opens_again(desk: Chatwoot) -> None:
    conversation = begin(desk)
    later(desk, 60)
    desk.change_status(conversation, "resolved", user(desk))
    assert conversation.waiting_since is None
    resolved = desk.account.now
    reopened = later(desk, 600)
    desk.customer_writes(conversation, "Só mais uma coisa")
    assert (conversation.status, conversation.waiting_since) == ("open", reopened)
    later(desk, 30)
    desk.agent_writes(conversation, user(desk), "Diga")
    later(desk, 30)
    desk.change_status(conversation, "resolved", user(desk))
    assert events(desk, conversation) == [
        ("conversation_resolved", 60.0, None),
        ("conversation_opened", 600.0, None),
        ("first_response", 30.0, 12),
        ("conversation_resolved", 720.0, None),
    ]
    surveys = [m for m in messages_of(desk.account, conversation) if m.content_type == "input_csat"]
    assert [m.created_at for m in surveys] == [resolved]
    # outside API inboxes a customer's message opens without an activity
    activities = [m.content for m in messages_of(desk.account, conversation) if m.message_type == "activity"]
    assert activities == ["Conversa foi marcada como resolvida por Léo Tavares"] * 2


def test_a_bot_alone_resolves_and_gets_the_talk_back(desk: Chatwoot) -> None:
    conversation = begin(desk, inbox_id=2)
    later(desk, 60)
    desk.change_status(conversation, "resolved", desk.account.agent_bots[5])
    assert [e[0] for e in events(desk, conversation)] == ["conversation_resolved", "conversation_bot_resolved"]
    later(desk, 60)
    desk.customer_writes(conversation, "Oi de novo")
    assert conversation.status == "pending"


def test_snoozing_ends_by_its_job_or_by_the_customer(desk: Chatwoot) -> None:
    conversation = begin(desk)
    until = NINE + timedelta(hours=2)
    desk.snooze(conversation, until, user(desk))
    assert (conversation.status, conversation.snoozed_until) == ("snoozed", until)
    desk.account.now = desk.wakes_at(until)
    assert desk.account.now == until.replace(minute=5, microsecond=0)
    desk.wake(conversation)
    assert (conversation.status, conversation.snoozed_until) == ("open", None)
    desk.snooze(conversation, until + timedelta(days=1), user(desk))
    later(desk, 5)
    desk.customer_writes(conversation, "Alguém?")
    assert conversation.status == "open"


def test_edits_deletions_and_surveys_leave_the_conversation_untouched(desk: Chatwoot) -> None:
    conversation = begin(desk)
    message = desk.agent_writes(conversation, user(desk), "R$ 298")
    desk.change_status(conversation, "resolved", user(desk))
    touched = conversation.updated_at
    edited = later(desk, 60)
    desk.edit_message(message, "R$ 289")
    assert (message.content, message.updated_at) == ("R$ 289", edited)
    desk.delete_message(message)
    assert message.content == "Esta mensagem foi excluída"
    assert message.content_attributes == {"deleted": True}
    response = desk.answer_csat(conversation, 2, "Demorou")
    assert response is not None
    assert desk.answer_csat(conversation, 5) is None
    later(desk, 60)
    desk.correct_csat(response, 4)
    assert (response.rating, response.created_at) == (4, edited)
    assert desk.journal.first_ratings[response.id] == 2
    assert conversation.updated_at == conversation.last_activity_at == touched


def test_a_merge_moves_the_talks_and_destroys_the_contact(desk: Chatwoot) -> None:
    conversation = begin(desk)
    base = desk.create_contact("Ana Souza", email="ana@example.com")
    mergee = desk.account.contacts[conversation.contact_id]
    merged = later(desk, 60)
    desk.merge_contacts(base, mergee)
    assert conversation.contact_id == base.id
    assert conversation.updated_at == merged
    assert (base.email, base.phone_number) == ("ana@example.com", "+5511987654321")
    assert mergee.id not in desk.account.contacts
    assert messages_of(desk.account, conversation)[0].sender_id == base.id


def test_a_deleted_conversation_leaves_nothing_and_its_ids_are_not_used_again(desk: Chatwoot) -> None:
    conversation = begin(desk)
    desk.agent_writes(conversation, user(desk), "Oi")
    desk.change_status(conversation, "resolved", user(desk))
    desk.answer_csat(conversation, 5)
    desk.delete_conversation(conversation)
    account = desk.account
    left = (account.conversations, account.messages, account.reporting_events, account.csat_responses)
    assert not any(left)
    assert not account.by_display_id
    again = begin(desk)
    assert (again.id, again.display_id) == (conversation.id + 1, conversation.display_id + 1)


def test_a_removed_agent_is_unassigned_and_stays_the_sender(desk: Chatwoot) -> None:
    conversation = begin(desk)
    agent = user(desk)
    desk.assign(conversation, agent, agent)
    message = desk.agent_writes(conversation, agent, "Oi")
    touched = conversation.updated_at
    later(desk, 60)
    desk.remove_agent(agent)
    assert conversation.assignee_id is None
    assert conversation.updated_at == touched
    assert agent.id in desk.account.former_users
    assert message.sender_id == agent.id
    assert all(agent.id not in inbox.member_ids for inbox in desk.account.inboxes.values())


def test_sla_misses_are_found_by_the_job_and_kept() -> None:
    desk = Chatwoot(found_account(profile_of("sorriso"), "test", NINE))
    conversation = begin(desk, inbox_id=3)
    desk.apply_sla(conversation, 1)
    (applied,) = desk.account.applied_slas.values()
    desk.account.now = desk.sla.next_run or NINE
    assert desk.account.now == datetime(2026, 11, 16, 13, 5, tzinfo=UTC)  # due 13:00:00.3, seen by the next run
    desk.sla.run()
    assert applied.sla_status == "active_with_misses"
    assert [e.event_type for e in desk.account.sla_events.values()] == ["frt"]
    desk.agent_writes(conversation, user(desk), "Oi")
    desk.change_status(conversation, "resolved", user(desk))
    later(desk, 300)
    desk.sla.run()
    assert applied.sla_status == "missed"


def test_opening_hours_close_at_night_and_on_closed_dates() -> None:
    hours = OpeningHours("America/Sao_Paulo", week_hours(("08:00", "18:00")), closed={date(2026, 11, 20)})
    thursday = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)  # 17:00 there; Friday is a holiday
    assert hours.is_open(thursday)
    assert hours.add_open_seconds(thursday, 7200) == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert hours.open_seconds(thursday, datetime(2026, 11, 23, 12, 0, tzinfo=UTC)) == 7200
    assert hours.next_open(datetime(2026, 11, 21, tzinfo=UTC)) == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def test_a_muted_contacts_next_conversation_is_born_resolved(desk: Chatwoot) -> None:
    conversation = begin(desk, inbox_id=2)
    desk.mute(conversation, user(desk))
    contact = desk.account.contacts[conversation.contact_id]
    assert (conversation.status, contact.blocked) == ("resolved", True)
    born = later(desk, 600)
    again = desk.open_conversation(desk.account.inboxes[2], contact)
    desk.customer_writes(again, "Oi?")
    assert (again.status, again.assignee_agent_bot_id, again.waiting_since) == ("resolved", None, born)
    assert events(desk, again) == []
