"""Messages: 20, 100 or 1,000 at once, an id for a cursor and created_at for an order."""

from __future__ import annotations

import pytest

from sandbox.server.serve import SandboxServer
from sandbox.world.records import Account, Message
from tests.sandbox.account import AGENT_TOKEN, ANA, add_message, at
from tests.sandbox.conftest import Api

TALK = 31  # has one message of its own
MANY = 1_500


@pytest.fixture
def first_id(server: SandboxServer) -> int:
    """The talk gets 1,500 more messages, one a second; the id of the first of all."""

    def chat(account: Account) -> int:
        for number in range(MANY):
            moment = at(13, minute=number // 60 % 60, hour=number // 3600, second=number % 60)
            add_message(account, 1_000 + TALK, "incoming", moment, f"linha {number}", "Contact", TALK)
        return account.messages_of[1_000 + TALK][0]

    return server.change("box", chat)


def ids(answer: dict[str, list[dict[str, int]]]) -> list[int]:
    return [message["id"] for message in answer["payload"]]


def test_the_newest_twenty_ascending(api: Api, first_id: int) -> None:
    last = first_id + MANY
    assert ids(api.get(f"/conversations/{TALK}/messages")) == list(range(last - 19, last + 1))
    assert ids(api.get(f"/conversations/{TALK}/messages", before=last - 5)) == list(range(last - 25, last - 5))


def test_after_gives_a_hundred_and_leaves_its_own_out(api: Api, first_id: int) -> None:
    assert ids(api.get(f"/conversations/{TALK}/messages", after=0)) == list(range(first_id, first_id + 100))
    assert ids(api.get(f"/conversations/{TALK}/messages", after=first_id))[0] == first_id + 1


def test_after_with_before_gives_a_thousand_and_includes_its_own(api: Api, first_id: int) -> None:
    window = ids(api.get(f"/conversations/{TALK}/messages", after=first_id, before=first_id + 10_000))
    assert window == list(range(first_id, first_id + 1_000))
    exact = ids(api.get(f"/conversations/{TALK}/messages", after=first_id + 7, before=first_id + 9))
    assert exact == [first_id + 7, first_id + 8]


def test_ids_need_not_follow_time(server: SandboxServer, api: Api, first_id: int) -> None:
    def import_history(account: Account) -> None:
        add_message(account, 1_000 + TALK, "incoming", at(1), "de antes", "Contact", TALK)

    server.change("box", import_history)
    newest = first_id + MANY + 1
    assert ids(api.get(f"/conversations/{TALK}/messages", after=0))[0] == newest
    # walking on from the largest id seen would now skip everything else
    assert ids(api.get(f"/conversations/{TALK}/messages", after=newest)) == []
    assert newest not in ids(api.get(f"/conversations/{TALK}/messages"))


def test_equal_times_have_no_order(server: SandboxServer, api: Api) -> None:
    def chat(account: Account) -> None:
        for _ in range(10):
            add_message(account, 1_000 + TALK, "incoming", at(14), "?", "Contact", TALK)

    server.change("box", chat)
    orders = {tuple(ids(api.get(f"/conversations/{TALK}/messages"))) for _ in range(6)}
    assert len(orders) > 1


def test_internal_messages_can_be_left_out(api: Api) -> None:
    everything = api.get("/conversations/5/messages")["payload"]
    public = api.get("/conversations/5/messages", filter_internal_messages="true")["payload"]
    assert {(m["message_type"], m["private"]) for m in everything} == {
        (0, False),
        (1, False),
        (1, True),
        (2, False),
        (3, False),
    }
    assert {(m["message_type"], m["private"]) for m in public} == {(0, False), (1, False), (3, False)}


def test_a_message_has_neither_updated_at_nor_sender_type(api: Api) -> None:
    messages = api.get("/conversations/6/messages")["payload"]
    assert all(
        not {"updated_at", "sender_type", "sender_id", "account_id", "additional_attributes"} & m.keys()
        for m in messages
    )
    assert all(isinstance(m["created_at"], int) for m in messages)
    assert {m["conversation_id"] for m in messages} == {6}
    assert [m["sender"]["type"] for m in messages] == ["contact", "agent_bot"]
    assert "sender" not in next(m for m in api.get("/conversations/5/messages")["payload"] if m["message_type"] == 2)


def test_attachments_are_shown_only_where_there_are_some(server: SandboxServer, api: Api) -> None:
    def attach(account: Account) -> Message:
        location = {"id": 1, "file_type": "location", "coordinates_lat": -23.5, "data_url": None}
        return add_message(account, 1_031, "incoming", at(15), "", "Contact", 31, attachments=[location])

    sent = server.change("box", attach)
    *others, last = api.get("/conversations/31/messages")["payload"]
    assert (last["attachments"][0]["message_id"], last["attachments"][0]["data_url"]) == (sent.id, None)
    assert all("attachments" not in message for message in others)


def test_the_seen_times_are_iso_here(server: SandboxServer, api: Api) -> None:
    def see(account: Account) -> None:
        account.conversations[1_004].agent_last_seen_at = at(15)

    server.change("box", see)
    meta = api.get("/conversations/4/messages")["meta"]
    assert (meta["agent_last_seen_at"], meta["assignee_last_seen_at"]) == ("2026-03-15T12:00:00.123Z", None)
    assert meta["contact"]["type"] == "contact"
    assert "assignee" not in api.get("/conversations/31/messages")["meta"]


def test_a_soft_deleted_message_has_lost_its_text_and_moved_nothing(server: SandboxServer, api: Api) -> None:
    before = api.get("/conversations/4")["updated_at"]

    def delete(account: Account) -> None:
        message = account.messages[account.messages_of[1_004][0]]
        message.content, message.content_attributes = "This message was deleted", {"deleted": True}
        message.updated_at = account.now

    server.change("box", delete)
    assert api.get("/conversations/4/messages")["payload"][0]["content_attributes"] == {"deleted": True}
    assert api.get("/conversations/4")["updated_at"] == before


def test_agents_are_refused_the_messages_of_other_inboxes(server: SandboxServer) -> None:
    agent = Api(server, token=AGENT_TOKEN)
    assert agent.answer("/conversations/6/messages").status_code == 200
    refused = agent.answer("/conversations/4/messages")
    assert (refused.status_code, refused.json()) == (401, {"error": "You are not authorized to do this action"})


def test_a_removed_agent_is_no_agent_any_more_and_still_the_sender(server: SandboxServer, api: Api) -> None:
    def remove(account: Account) -> None:
        account.former_users[ANA] = account.users.pop(ANA)

    server.change("box", remove)
    assert ANA not in [agent["id"] for agent in api.get("/agents")]
    senders = [
        message["sender"]["id"]
        for conversation in api.conversations(status="all")
        for message in api.get(f"/conversations/{conversation['id']}/messages", after=0)["payload"]
        if message.get("sender", {}).get("type") == "user"
    ]
    assert ANA in senders
