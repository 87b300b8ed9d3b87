"""The conversation endpoints, except for messages and filter."""

from __future__ import annotations

from typing import Any

from sandbox.server import errors
from sandbox.server.endpoint import Call
from sandbox.server.finder import find, page_of, query_of
from sandbox.world.records import Conversation


def list_conversations(call: Call) -> Any:
    query = query_of(call)
    found = find(call, query)
    payload = [_shown(call, c) for c in page_of(call, query, found)]
    return {"data": {"meta": found.counts, "payload": payload}}


def count_conversations(call: Call) -> Any:
    return {"meta": find(call, query_of(call)).counts}


def show_conversation(call: Call) -> Any:
    return _shown(call, conversation_of(call))


def conversation_labels(call: Call) -> Any:
    return {"payload": conversation_of(call).labels}


def conversation_reporting_events(call: Call) -> Any:
    conversation = conversation_of(call)
    events = call.installation.index.events_of_conversation.get(conversation.id, [])
    return [call.installation.serializer.reporting_event(event) for event in sorted(events, key=lambda e: e.created_at)]


def conversations_of_contact(call: Call) -> Any:
    contact = call.account.contacts.get(call.path_id("contact_id"))
    if contact is None:
        raise errors.not_found()
    rows = [c for c in call.installation.index.conversations_of_contact.get(contact.id, ()) if call.viewer.sees(c)]
    rows.sort(key=lambda c: c.last_activity_at, reverse=True)
    return {"payload": [_shown(call, c) for c in rows[:20]]}


def conversation_of(call: Call) -> Conversation:
    conversation = call.installation.index.conversation(call.path_id("conversation_id"))
    if conversation is None:
        raise errors.not_found()
    if not call.viewer.sees(conversation):
        raise errors.not_allowed()
    return conversation


def _shown(call: Call, conversation: Conversation) -> Any:
    return call.installation.serializer.conversation(conversation, call.viewer.user_id)
