"""A conversation's messages: the cursor is the id, the order is created_at, and the two need not agree."""

from __future__ import annotations

from typing import Any

from sandbox.server.conversations import conversation_of
from sandbox.server.endpoint import Call
from sandbox.server.index import by_time_then_chance
from sandbox.server.times import iso, ruby_to_i
from sandbox.world.records import Message

LATEST = 20
AFTER = 100
BETWEEN = 1000


def list_messages(call: Call) -> Any:
    conversation = conversation_of(call)
    account, serializer = call.account, call.installation.serializer
    messages = call.installation.index.messages(conversation)
    if call.param("filter_internal_messages"):
        messages = [m for m in messages if not m.private and m.message_type != "activity"]
    messages = page_of(call, messages)
    contact = account.contacts.get(conversation.contact_id)
    meta: dict[str, Any] = {
        "labels": conversation.labels,
        "additional_attributes": conversation.additional_attributes,
        "contact": serializer.contact_push(contact) if contact else None,
    }
    assignee = account.users.get(conversation.assignee_id or -1)
    if assignee is not None:
        meta["assignee"] = serializer.user_push(assignee)
    meta["agent_last_seen_at"] = iso(conversation.agent_last_seen_at)
    meta["assignee_last_seen_at"] = iso(conversation.assignee_last_seen_at)
    return {"meta": meta, "payload": [serializer.message(m, conversation.display_id) for m in messages]}


def page_of(call: Call, messages: list[Message]) -> list[Message]:
    after, before = call.param("after"), call.param("before")
    rng = call.installation.rng
    if after is not None and before is not None:
        low, high = ruby_to_i(after), ruby_to_i(before)
        between = [m for m in messages if low <= m.id < high]  # with `before`, `after` is inclusive
        return by_time_then_chance(between, rng)[:BETWEEN]
    if after is not None:
        return by_time_then_chance([m for m in messages if m.id > ruby_to_i(after)], rng)[:AFTER]
    if before is not None:
        messages = [m for m in messages if m.id < ruby_to_i(before)]
    return by_time_then_chance(messages, rng)[-LATEST:]
