"""Which conversations a list shows, in which order, and how many there are (Chatwoot's ConversationFinder)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.server import errors
from sandbox.server.endpoint import Call
from sandbox.server.index import source_id
from sandbox.server.ordering import Ordered
from sandbox.server.times import ruby_to_i
from sandbox.world.records import Conversation

PAGE_SIZE = 25
PRIORITIES = {"low": 0, "medium": 1, "high": 2, "urgent": 3}
LAST = float("inf")

SortKey = Callable[[Conversation], Any]


def _priority(sign: int) -> Callable[[Conversation], float]:
    return lambda c: sign * PRIORITIES[c.priority] if c.priority else LAST


def _waiting(sign: int) -> Callable[[Conversation], float]:
    return lambda c: sign * c.waiting_since.timestamp() if c.waiting_since else LAST


def _activity(c: Conversation) -> float:
    return c.last_activity_at.timestamp()


def _created(c: Conversation) -> float:
    return c.created_at.timestamp()


# no order ends with the id: equal keys come out as they like
SORT_KEYS: dict[str, SortKey] = {
    "last_activity_at_asc": _activity,
    "last_activity_at_desc": lambda c: -_activity(c),
    "created_at_asc": _created,
    "created_at_desc": lambda c: -_created(c),
    "priority_asc": lambda c: (_priority(1)(c), -_activity(c)),
    "priority_desc": lambda c: (_priority(-1)(c), -_activity(c)),
    "waiting_since_asc": lambda c: (_waiting(1)(c), _created(c)),
    "waiting_since_desc": lambda c: (_waiting(-1)(c), _created(c)),
    "priority_desc_created_at_asc": lambda c: (_priority(-1)(c), _created(c)),
}
SORT_KEYS |= {
    "latest": SORT_KEYS["last_activity_at_desc"],
    "sort_on_created_at": SORT_KEYS["created_at_asc"],
    "sort_on_priority": SORT_KEYS["priority_desc"],
    "sort_on_waiting_since": SORT_KEYS["waiting_since_asc"],
}
DEFAULT_SORT = "last_activity_at_desc"


@dataclass(frozen=True, slots=True)
class Query:
    """The filters that also bound the counts."""

    viewer_id: int | None
    inbox_ids: frozenset[int] | None
    status: str
    inbox_id: str | None
    team_id: int | None
    labels: tuple[str, ...] | None
    source_id: str | None
    q: str | None
    conversation_type: str | None


@dataclass(frozen=True, slots=True)
class Found:
    rows: list[Conversation]
    mine_count: int
    unassigned_count: int

    @property
    def counts(self) -> dict[str, int]:
        return {
            "mine_count": self.mine_count,
            "assigned_count": len(self.rows) - self.unassigned_count,
            "unassigned_count": self.unassigned_count,
            "all_count": len(self.rows),
        }


def query_of(call: Call) -> Query:
    team = call.param("team_id")
    if team is not None and ruby_to_i(team) not in call.account.teams:
        raise errors.not_found()
    labels = call.params("labels")
    return Query(
        viewer_id=call.viewer.user_id,
        inbox_ids=call.viewer.inbox_ids,
        status=call.param("status") or "open",
        inbox_id=call.param("inbox_id"),
        team_id=ruby_to_i(team) if team else None,
        labels=tuple(labels) if labels else None,
        source_id=call.param("source_id"),
        q=call.param("q"),
        conversation_type=call.param("conversation_type"),
    )


def find(call: Call, query: Query) -> Found:
    def search() -> Found:
        matches = matcher(call, query)
        return counted((c for c in call.installation.index.conversations if matches(c)), query.viewer_id)

    return call.installation.index.remember(query, search)


def counted(rows: Iterable[Conversation], viewer_id: int | None) -> Found:
    found = list(rows)
    return Found(
        found,
        sum(1 for c in found if viewer_id is not None and c.assignee_id == viewer_id),
        sum(1 for c in found if c.assignee_id is None),  # a bot's conversation counts as unassigned
    )


def matcher(call: Call, query: Query) -> Callable[[Conversation], bool]:
    conditions: list[Callable[[Conversation], bool]] = []
    if query.inbox_ids is not None:
        allowed = query.inbox_ids
        conditions.append(lambda c: c.inbox_id in allowed)
    if query.inbox_id is not None:
        conditions.append(lambda c: str(c.inbox_id) == query.inbox_id)
    if query.conversation_type == "unattended":
        conditions.append(lambda c: c.first_reply_created_at is None or c.waiting_since is not None)
    elif query.conversation_type in ("mention", "participating"):
        conditions.append(lambda c: False)  # nobody is mentioned or takes part here
    if query.q is None and query.status != "all":
        conditions.append(lambda c: c.status == query.status)
    if query.team_id is not None:
        conditions.append(lambda c: c.team_id == query.team_id)
    if query.labels is not None:
        wanted = set(query.labels)
        conditions.append(lambda c: not wanted.isdisjoint(c.labels))
    if query.q is not None:
        needle = query.q.lower()
        conditions.append(lambda c: _speaks_of(call, c, needle))
    if query.source_id is not None:
        conditions.append(lambda c: _source_id_of(call, c) == query.source_id)
    return lambda c: all(condition(c) for condition in conditions)


def _speaks_of(call: Call, conversation: Conversation, needle: str) -> bool:
    return any(
        needle in (message.content or "").lower()
        for message in call.installation.index.messages(conversation)
        if message.message_type in ("incoming", "outgoing")
    )


def _source_id_of(call: Call, conversation: Conversation) -> str | None:
    contact = call.account.contacts.get(conversation.contact_id)
    inbox = call.account.inboxes.get(conversation.inbox_id)
    return source_id(contact, inbox) if contact and inbox else None


def assigned(call: Call) -> Callable[[Conversation], bool] | None:
    """`assignee_type` narrows the rows, not the counts; None keeps them all."""
    viewer_id = call.viewer.user_id
    conditions: dict[str, Callable[[Conversation], bool]] = {
        "me": lambda c: c.assignee_id == viewer_id,
        "unassigned": lambda c: c.assignee_id is None,
        "assigned": lambda c: c.assignee_id is not None,
    }
    return conditions.get(call.param("assignee_type") or "")


def page_of(call: Call, query: Query, found: Found) -> list[Conversation]:
    index, rng = call.installation.index, call.installation.rng
    sort = call.param("sort_by") or DEFAULT_SORT
    key = SORT_KEYS.get(sort, SORT_KEYS[DEFAULT_SORT])
    if sort == "unread":
        key = _unread_first(call)
    narrowed = assigned(call)
    within = call.param("updated_within")
    if within is not None and call.account.version >= (3, 6, 0):
        recent = index.conversations_updated_after(call.account.now - timedelta(seconds=ruby_to_i(within)))
        matches = matcher(call, query)
        rows = (c for c in recent if matches(c) and (narrowed is None or narrowed(c)))
        return Ordered(rows, key).all(rng)

    def sort_all() -> Ordered[Conversation]:
        return Ordered((c for c in found.rows if narrowed is None or narrowed(c)), key)

    ordered = index.remember((query, call.param("assignee_type"), sort), sort_all)
    return ordered.slice(call.offset(PAGE_SIZE), PAGE_SIZE, rng)


def _unread_first(call: Call) -> SortKey:
    def key(conversation: Conversation) -> tuple[bool, float]:
        seen = conversation.agent_last_seen_at
        unread = any(
            message.message_type == "incoming" and (seen is None or message.created_at > seen)
            for message in call.installation.index.messages(conversation)
        )
        return (not unread, -_activity(conversation))

    return key
