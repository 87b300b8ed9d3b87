"""The pretend account is one that Chatwoot could have made: its rows agree with each other by Chatwoot's rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.world.records import Account, Conversation, Message
from sandbox.world.world import World

pytestmark = pytest.mark.xdist_group("world_chatwoot")  # one world for all of them

END = datetime(2026, 11, 16, 15, tzinfo=UTC)


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
        if account.contacts[c.contact_id].blocked:
            assert c.status == "resolved", "and stays so, whatever is written"
        elif c.status == "resolved":
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
