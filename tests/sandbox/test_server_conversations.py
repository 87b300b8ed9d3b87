"""A conversation as the API shows it: zeros for none, floats, ISO strings, keys left out."""

from __future__ import annotations

import pytest

from sandbox.server.serve import SandboxServer
from sandbox.world.records import Account, AppliedSla
from tests.sandbox.account import ANA, add_message, at, small_account
from tests.sandbox.conftest import Api

PENDING_WITH_BOT, OPEN, RESOLVED, SNOOZED, ANONYMOUS = 6, 4, 5, 7, 31


def test_the_id_is_the_display_id_and_events_carry_the_databases(api: Api) -> None:
    assert api.get(f"/conversations/{OPEN}")["id"] == OPEN
    assert {e["conversation_id"] for e in api.get(f"/conversations/{OPEN}/reporting_events")} == {1_000 + OPEN}
    assert api.answer(f"/conversations/{1_000 + OPEN}").status_code == 404


def test_none_is_zero_or_null_or_nothing(api: Api) -> None:
    pending = api.get(f"/conversations/{PENDING_WITH_BOT}")
    for name in ("first_reply_created_at", "agent_last_seen_at", "assignee_last_seen_at", "contact_last_seen_at"):
        assert pending[name] == 0
    assert api.get(f"/conversations/{OPEN}")["waiting_since"] == 0
    assert pending["snoozed_until"] is None
    assert api.get(f"/conversations/{SNOOZED}")["snoozed_until"] == "2026-03-20T09:00:00.000Z"
    assert pending["priority"] is None
    unassigned = api.get(f"/conversations/{ANONYMOUS}")["meta"]
    assert not {"assignee", "assignee_type", "team"} & unassigned.keys()


def test_times_are_whole_seconds_but_updated_at_has_microseconds(api: Api) -> None:
    shown = api.get(f"/conversations/{ANONYMOUS}")
    assert shown["created_at"] == shown["timestamp"] == shown["last_activity_at"] == int(at(12, 18).timestamp())
    assert shown["updated_at"] == pytest.approx(at(12, 18).timestamp(), abs=1e-6)
    assert isinstance(shown["updated_at"], float)


def test_the_assignee_is_an_agent_or_a_bot(api: Api) -> None:
    human = api.get(f"/conversations/{OPEN}")["meta"]
    assert (human["assignee_type"], human["assignee"]["id"], human["assignee"]["role"]) == ("User", ANA, "agent")
    bot = api.get(f"/conversations/{PENDING_WITH_BOT}")["meta"]
    assert (bot["assignee_type"], bot["assignee"]["name"]) == ("AgentBot", "Robo")
    assert "role" not in bot["assignee"]
    team = api.get(f"/conversations/{RESOLVED}")["meta"]["team"]
    assert (team["name"], team["is_member"]) == ("vendas", False)


def test_the_last_message_comes_along_in_the_push_shape(api: Api) -> None:
    shown = api.get("/conversations/8")
    (last,) = shown["messages"]
    assert last["message_type"] == 1
    assert last["private"] is True  # private notes count as last messages
    assert shown["last_non_activity_message"]["id"] == last["id"]
    assert last["updated_at"].endswith("Z")
    assert isinstance(last["created_at"], int)
    assert (last["sender_type"], last["sender_id"], last["sender"]["type"]) == ("User", 1, "user")
    assert last["conversation"]["contact_inbox"]["source_id"]


def test_an_activity_is_a_last_message_but_not_a_spoken_one(server: SandboxServer, api: Api) -> None:
    def join(account: Account) -> None:
        add_message(account, 1_000 + OPEN, "activity", at(15), "Ana entrou na conversa", None, None)

    server.change("box", join)
    shown = api.get(f"/conversations/{OPEN}")
    assert shown["messages"][0]["message_type"] == 2
    assert shown["messages"][0]["sender_type"] is None
    assert "sender" not in shown["messages"][0]
    assert shown["last_non_activity_message"]["message_type"] == 1


def test_the_unread_count_stops_at_ten(server: SandboxServer, api: Api) -> None:
    def chat(account: Account) -> None:
        for second in range(30):
            add_message(account, 1_000 + OPEN, "incoming", at(15, second=second), "?", "Contact", OPEN)

    assert api.get(f"/conversations/{OPEN}")["unread_count"] == 1
    server.change("box", chat)
    assert api.get(f"/conversations/{OPEN}")["unread_count"] == 10

    def read(account: Account) -> None:
        account.conversations[1_000 + OPEN].agent_last_seen_at = at(15, second=26)

    server.change("box", read)
    assert api.get(f"/conversations/{OPEN}")["unread_count"] == 3


def test_whatsapp_can_be_answered_for_a_day(server: SandboxServer, api: Api) -> None:
    assert api.get("/conversations/6")["can_reply"] is False
    assert api.get("/conversations/4")["can_reply"] is True  # the site, always

    def write(account: Account) -> None:
        add_message(account, 1_006, "incoming", account.now, "oi", "Contact", 6)

    server.change("box", write)
    assert api.get("/conversations/6")["can_reply"] is True


def test_slas_are_shown_where_the_edition_has_them(server: SandboxServer, api: Api) -> None:
    missed = api.get("/conversations/5")
    assert missed["sla_policy_id"] == 1
    assert missed["applied_sla"]["sla_status"] == "missed"
    assert missed["applied_sla"]["sla_rt_due_at"] == missed["created_at"] + 86_400
    assert [e["event_type"] for e in missed["sla_events"]] == ["frt"]
    none = api.get("/conversations/4")
    assert none["sla_events"] == []
    assert "applied_sla" not in none

    def block(account: Account) -> None:
        account.contacts[5].blocked = True

    server.change("box", block)
    blocked = api.get("/conversations/5")
    assert (blocked["sla_policy_id"], blocked["applied_sla"], blocked["sla_events"]) == (None, None, [])
    assert blocked["muted"] is True


def test_the_community_edition_has_no_slas_nor_events() -> None:
    with SandboxServer.for_accounts({"box": small_account(version=(4, 12, 0), enterprise=False)}) as community:
        api = Api(community)
        shown = api.get("/conversations/5")
        assert not {"applied_sla", "sla_events"} & shown.keys()
        assert "custom_role_id" not in shown["meta"]["assignee"]
        for path in ("/reporting_events", "/applied_slas", "/sla_policies", "/conversations/5/reporting_events"):
            assert api.answer(path).status_code == 404


def test_due_times_are_since_4_16() -> None:
    with SandboxServer.for_accounts({"box": small_account(version=(4, 15, 0))}) as older:
        assert "sla_frt_due_at" not in Api(older).get("/conversations/5")["applied_sla"]


def test_due_times_skip_closed_hours_where_the_policy_says_so(server: SandboxServer, api: Api) -> None:
    # talk 15 begins on Friday the 6th at 12:00:15 UTC in the WhatsApp inbox, open from 8 to 18 in Sao Paulo (UTC-3)
    def apply(account: Account) -> None:
        policy = account.sla_policies[1]
        policy.only_during_business_hours = True
        policy.first_response_time_threshold, policy.resolution_time_threshold = 3_600.0, 10 * 3_600.0
        account.applied_slas[15] = AppliedSla(15, 1, 1_015, "active", at(6), at(6))

    server.change("box", apply)
    shown = api.get("/conversations/15")
    assert shown["inbox_id"] == 1
    start = shown["created_at"]
    assert shown["applied_sla"]["sla_frt_due_at"] == start + 3_600
    # nine hours less fifteen seconds are left on Friday; the rest is on Monday morning
    assert shown["applied_sla"]["sla_rt_due_at"] == int(at(9, 12, 0).timestamp()) + 15


def test_deletes_are_silent(server: SandboxServer, api: Api) -> None:
    def delete(account: Account) -> None:
        del account.conversations[1_004], account.by_display_id[4]

    server.change("box", delete)
    assert api.answer("/conversations/4").json() == {"error": "Resource could not be found"}
    assert api.answer("/conversations/4/messages").status_code == 404
    assert api.get("/conversations", status="all")["data"]["meta"]["all_count"] == 30


def test_a_contacts_conversations_are_not_paged(api: Api) -> None:
    assert [c["id"] for c in api.get("/contacts/5/conversations")["payload"]] == [5]
