"""The pretend account is one that Chatwoot could have made: its rows agree with each other by Chatwoot's rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.world.chatwoot import Chatwoot
from sandbox.world.founding import found_account
from sandbox.world.opening import OpeningHours, week_hours
from sandbox.world.records import Account, Conversation, Message, User
from sandbox.world.tenants import profile_of
from sandbox.world.world import World

END = datetime(2026, 11, 16, 15, tzinfo=UTC)
NINE = datetime(2026, 11, 16, 12, 0, 0, 300_000, tzinfo=UTC)  # a Monday, nine o'clock in Sao Paulo


@pytest.fixture(scope="module")
def world() -> World:
    world = World.generate(seed=11, end=END)
    world.advance(9)
    return world


@pytest.fixture(scope="module", params=["boxcentral", "sorriso", "bellapele"])
def account(world: World, request: pytest.FixtureRequest) -> Account:
    return world.tenants[request.param].account


def messages_of(account: Account, conversation: Conversation) -> list[Message]:
    return [account.messages[i] for i in account.messages_of[conversation.id]]


def is_human_reply(message: Message) -> bool:
    return (
        message.message_type == "outgoing"
        and not message.private
        and "campaign_id" not in message.additional_attributes
        and "automation_rule_id" not in message.content_attributes
        and (message.sender_type == "User" or bool(message.content_attributes.get("external_echo")))
    )


def written_by_a_person(account: Account, conversation: Conversation) -> list[Message]:
    return [m for m in messages_of(account, conversation) if is_human_reply(m) or m.content_attributes.get("deleted")]


def test_every_id_referred_to_exists(account: Account) -> None:
    people = account.users | account.former_users
    for c in account.conversations.values():
        assert account.by_display_id[c.display_id] == c.id
        assert c.contact_id in account.contacts
        assert c.inbox_id in account.inboxes
        assert c.assignee_id is None or c.assignee_id in account.users
        assert c.team_id is None or c.team_id in account.teams
        assert set(c.labels) <= {label.title for label in account.labels.values()}
        assert c.sla_policy_id is None or c.sla_policy_id in account.sla_policies
    listed = [i for ids in account.messages_of.values() for i in ids]
    assert sorted(listed) == sorted(account.messages)
    assert set(account.messages_of) == set(account.conversations)
    for m in account.messages.values():
        senders = {"Contact": account.contacts, "User": people, "AgentBot": account.agent_bots}
        assert m.sender_type is None or m.sender_id in senders[m.sender_type]
        assert m.inbox_id == account.conversations[m.conversation_id].inbox_id
    for r in account.csat_responses.values():
        assert account.messages[r.message_id].content_type == "input_csat"
        assert r.contact_id in account.contacts
    for e in account.reporting_events.values():
        assert e.conversation_id in account.conversations
    for s in account.sla_events.values():
        assert s.applied_sla_id in account.applied_slas


def test_ids_rise_with_time_and_display_ids_are_unique(account: Account) -> None:
    for rows in (account.conversations, account.messages, account.contacts, account.csat_responses):
        ids = list(rows)
        assert ids == sorted(ids)
    created = [m.created_at for m in account.messages.values()]
    assert created == sorted(created)
    display_ids = [c.display_id for c in account.conversations.values()]
    assert len(set(display_ids)) == len(display_ids)
    assert {c.id for c in account.conversations.values()}.isdisjoint(display_ids)
    phones = [c.phone_number for c in account.contacts.values() if c.phone_number]
    emails = [c.email for c in account.contacts.values() if c.email]
    assert len(set(phones)) == len(phones)
    assert len(set(emails)) == len(emails)


def test_the_first_reply_is_the_first_human_message(account: Account) -> None:
    replied = 0
    for c in account.conversations.values():
        people = written_by_a_person(account, c)
        if c.first_reply_created_at is None:
            assert not [m for m in people if is_human_reply(m)]
            continue
        replied += 1
        assert c.first_reply_created_at == people[0].created_at
    assert replied > 100


def test_waiting_since_is_the_first_unanswered_message(account: Account) -> None:
    for c in account.conversations.values():
        if c.status == "resolved":
            assert c.waiting_since is None
        elif c.waiting_since is not None:
            asked = [m.created_at for m in messages_of(account, c) if m.message_type == "incoming"]
            assert c.waiting_since in [*asked, c.created_at] or c.status == "open"
            answered = [m for m in messages_of(account, c) if is_human_reply(m) and m.created_at > c.waiting_since]
            assert not answered


def test_the_last_message_is_the_last_activity_and_edits_go_unnoticed(account: Account) -> None:
    edited = 0
    for c in account.conversations.values():
        last = messages_of(account, c)[-1]
        assert c.last_activity_at == last.created_at
        assert c.updated_at >= last.created_at
        edited += sum(m.updated_at > m.created_at and m.updated_at > c.updated_at for m in messages_of(account, c))
    assert edited > 5


def test_every_resolution_and_opening_has_its_events(world: World, account: Account) -> None:
    slug = next(slug for slug, tenant in world.tenants.items() if tenant.account is account)
    truth = world.truth(slug)
    happened = truth["events"].groupby("name").size()
    told = truth["reporting_events"].groupby("name").size()
    assert told["conversation_resolved"] == happened["resolved"]
    assert told["conversation_opened"] == happened["opened"]
    assert told.get("conversation_bot_resolved", 0) == happened.get("bot_resolved", 0)
    handed_off = truth["events"].query("name == 'handed_off'").conversation_id.nunique()
    assert told.get("conversation_bot_handoff", 0) == handed_off
    assert told["first_response"] == truth["conversations"].first_reply_at.notna().sum()
    last = truth["events"][truth["events"].name.isin(["resolved", "opened", "snoozed", "pending"])]
    final = last.groupby("conversation_id").name.last().replace("opened", "open")
    status = truth["conversations"].set_index("conversation_id").status
    assert (final == status.loc[final.index]).all()


def test_first_responses_are_cut_to_whole_seconds_from_the_last_opening(account: Account) -> None:
    events: dict[int, list[tuple[str, datetime]]] = {}
    checked = 0
    for e in account.reporting_events.values():
        assert e.value == (
            e.event_end_time.replace(microsecond=0) - e.event_start_time.replace(microsecond=0)
        ).total_seconds() or (e.name == "conversation_opened" and e.value == 0)
        assert e.value >= 0
        c = account.conversations[e.conversation_id]
        earlier = events.setdefault(c.id, [])
        if e.name == "first_response":
            opened = [at for name, at in earlier if name in ("conversation_opened", "conversation_bot_handoff")]
            by_bot = [at for name, at in earlier if name == "conversation_bot_resolved"]
            assert e.event_start_time == max(opened or by_bot or [c.created_at])
            assert e.event_end_time == c.first_reply_created_at
            checked += 1
        earlier.append((e.name, e.event_end_time))
    assert checked > 100


def test_activities_tell_the_status_only_from_4_16_on(world: World) -> None:
    for slug, tenant in world.tenants.items():
        activities = [m for m in tenant.account.messages.values() if m.message_type == "activity"]
        structured = [m for m in activities if "activity" in m.content_attributes]
        assert bool(structured) == (tenant.account.version >= (4, 16, 0)), slug
        assert any("marcada como resolvida por" in (m.content or "") for m in activities)


def test_the_account_has_the_awkward_rows_that_real_ones_have(world: World) -> None:
    box, clinic, beauty = (world.tenants[slug].account for slug in ("boxcentral", "sorriso", "bellapele"))
    for account in (box, clinic):
        messages = account.messages.values()
        assert any("automation_rule_id" in m.content_attributes for m in messages)
        assert any("campaign_id" in m.additional_attributes for m in messages)
        assert any(m.content_attributes.get("external_echo") for m in messages)
        assert any(m.content_attributes.get("deleted") for m in messages)
        assert any(m.status == "failed" and m.sender_type == "User" for m in messages)
        assert any(m.private for m in messages)
        assert any(m.content is None and m.attachments for m in messages)
        assert any(c.assignee_agent_bot_id for c in account.conversations.values())
    snoozed = [
        h
        for tenant in world.tenants.values()
        for h in tenant.simulation.chatwoot.journal.happenings
        if h.name == "snoozed"
    ]
    assert len(snoozed) > 30
    for account in (box, clinic, beauty):
        assert account.former_users
        senders = {m.sender_id for m in account.messages.values() if m.sender_type == "User"}
        assert senders & set(account.former_users)
        statuses = {c.status for c in account.conversations.values()}
        assert {"open", "resolved"} <= statuses
        assert {m.message_type for m in account.messages.values()} == {"incoming", "outgoing", "activity", "template"}
        assert any(not c.phone_number and not c.email for c in account.contacts.values())
        assert account.csat_responses
        assert any(r.updated_at > r.created_at for r in account.csat_responses.values())
    assert any(m.message_type == "outgoing" and m.content_type == "input_csat" for m in box.messages.values())
    assert any(m.content_type == "incoming_email" for m in clinic.messages.values())
    assert clinic.applied_slas
    assert {a.sla_status for a in clinic.applied_slas.values()} >= {"hit", "missed"}
    assert not box.applied_slas
    assert {e.event_type for e in clinic.sla_events.values()} == {"frt", "nrt", "rt"}


# one thing at a time


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
    activity = [m for m in messages_of(desk.account, conversation) if m.message_type == "activity"][0]
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
    assert desk.account.now == datetime(2026, 11, 16, 12, 15, tzinfo=UTC)  # due 12:10:00.3, seen by the next run
    desk.sla.run()
    assert applied.sla_status == "active_with_misses"
    assert [e.event_type for e in desk.account.sla_events.values()] == ["frt"]
    desk.agent_writes(conversation, user(desk), "Oi")
    desk.change_status(conversation, "resolved", user(desk))
    later(desk, 300)
    desk.sla.run()
    assert applied.sla_status == "missed"


def test_opening_hours_close_at_night_and_on_closed_dates() -> None:
    hours = OpeningHours("America/Sao_Paulo", week_hours(("08:00", "18:00")), closed={datetime(2026, 11, 20).date()})
    thursday = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)  # 17:00 there; Friday is a holiday
    assert hours.is_open(thursday)
    assert hours.add_open_seconds(thursday, 7200) == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert hours.open_seconds(thursday, datetime(2026, 11, 23, 12, 0, tzinfo=UTC)) == 7200
    assert hours.next_open(datetime(2026, 11, 21, tzinfo=UTC)) == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
