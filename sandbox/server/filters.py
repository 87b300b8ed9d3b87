"""`POST .../conversations/filter` and `.../contacts/filter`, over the grammar in conditions.py."""

from __future__ import annotations

from typing import Any

from sandbox.server.conditions import CONTACTS, CONVERSATIONS, Grammar, Rows, predicate
from sandbox.server.contacts import shown_page
from sandbox.server.encoding import dumps
from sandbox.server.endpoint import Call
from sandbox.server.finder import DEFAULT_SORT, PAGE_SIZE, SORT_KEYS, Found, counted
from sandbox.server.ordering import Ordered, unordered
from sandbox.world.records import Contact, Conversation


def filter_conversations(call: Call) -> Any:
    payload = _payload(call)

    def find() -> tuple[Found, Ordered[Conversation]]:
        matches = _predicate(call, payload, CONVERSATIONS)
        rows = (c for c in call.installation.index.conversations if call.viewer.sees(c) and matches(c))
        found = counted(rows, call.viewer.user_id)
        return found, Ordered(found.rows, SORT_KEYS[DEFAULT_SORT])

    key = ("filter", call.viewer.user_id, call.viewer.inbox_ids, dumps(payload))
    found, ordered = call.installation.index.remember(key, find)
    rows = ordered.slice(call.offset(PAGE_SIZE), PAGE_SIZE, call.installation.rng)
    counts = found.counts
    del counts["assigned_count"]
    serializer = call.installation.serializer
    return {"meta": counts, "payload": [serializer.conversation(c, call.viewer.user_id) for c in rows]}


def filter_contacts(call: Call) -> Any:
    payload = _payload(call)

    def find() -> Ordered[Contact]:
        matches = _predicate(call, payload, CONTACTS)
        return unordered([c for c in call.installation.index.resolved_contacts if matches(c)])

    return shown_page(call, call.installation.index.remember(("filter contacts", dumps(payload)), find))


def _payload(call: Call) -> Any:
    body = call.json()
    return body.get("payload") if isinstance(body, dict) else None


def _predicate(call: Call, payload: Any, grammar: Grammar) -> Any:
    account = call.account
    attributes = call.installation.index.custom_attributes
    return predicate(payload, grammar, Rows(account.now, account.version, account.contacts, attributes))
