"""What a database's indexes would give: lookups and sorted orders over an account, kept until it changes."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import NAMESPACE_URL, uuid5

from sandbox.world.records import (
    Account,
    AppliedSla,
    Contact,
    Conversation,
    Inbox,
    Message,
    ReportingEvent,
    SlaEvent,
)

R = TypeVar("R")
REMEMBERED_ORDERS = 128


class Lazy(Generic[R]):
    """An attribute computed at first use, forgotten when the index is refreshed."""

    def __init__(self, build: Callable[[AccountIndex], R]) -> None:
        self._build = build

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: AccountIndex, owner: type) -> R:
        if self._name not in instance.built:
            instance.built[self._name] = self._build(instance)
        found: R = instance.built[self._name]
        return found


class AccountIndex:
    """Derived from the account at first need; thrown away by `refresh`, or when rows were added or removed.

    An edit in place that moves neither the clock nor a count needs a `refresh`.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.hidden_conversations: set[int] = set()
        self.built: dict[str, Any] = {}
        self._remembered: OrderedDict[Any, Any] = OrderedDict()
        self._seen = self._fingerprint()

    def refresh(self) -> None:
        self.built.clear()
        self._remembered.clear()
        self._seen = self._fingerprint()

    def refresh_if_changed(self) -> None:
        if self._fingerprint() != self._seen:
            self.refresh()

    def _fingerprint(self) -> tuple[Any, ...]:
        a = self.account
        return (
            a.now, len(a.conversations), len(a.messages), len(a.contacts), len(a.users), len(a.teams), len(a.inboxes),
            len(a.labels), len(a.csat_responses), len(a.reporting_events), len(a.applied_slas), len(a.sla_events),
            len(a.sla_policies), len(self.hidden_conversations),
        )  # fmt: skip

    def remember(self, key: Any, build: Callable[[], R]) -> R:
        """`build()` once per key until the account changes; the least recently used keys are dropped."""
        if key in self._remembered:
            self._remembered.move_to_end(key)
        else:
            self._remembered[key] = build()
            if len(self._remembered) > REMEMBERED_ORDERS:
                self._remembered.popitem(last=False)
        found: R = self._remembered[key]
        return found

    # conversations --------------------------------------------------------------------------------------------------

    def conversation(self, display_id: int) -> Conversation | None:
        if display_id in self.hidden_conversations:
            return None
        return self.account.conversations.get(self.account.by_display_id.get(display_id, -1))

    conversations: Lazy[list[Conversation]] = Lazy(
        lambda self: [c for c in self.account.conversations.values() if c.display_id not in self.hidden_conversations]
    )
    _by_updated_at: Lazy[list[Conversation]] = Lazy(lambda self: sorted(self.conversations, key=lambda c: c.updated_at))

    def conversations_updated_after(self, moment: datetime) -> Sequence[Conversation]:
        rows = self._by_updated_at
        return rows[bisect_right(rows, moment, key=lambda c: c.updated_at) :]

    conversations_of_contact: Lazy[dict[int, list[Conversation]]] = Lazy(
        lambda self: group(self.conversations, lambda c: c.contact_id)
    )

    def messages(self, conversation: Conversation) -> list[Message]:
        messages = self.account.messages
        return [messages[i] for i in self.account.messages_of.get(conversation.id, ()) if i in messages]

    events_of_conversation: Lazy[dict[int, list[ReportingEvent]]] = Lazy(
        lambda self: group(self.account.reporting_events.values(), lambda e: e.conversation_id)
    )
    applied_sla_of_conversation: Lazy[dict[int, AppliedSla]] = Lazy(
        lambda self: {applied.conversation_id: applied for applied in self.account.applied_slas.values()}
    )
    events_of_applied_sla: Lazy[dict[int, list[SlaEvent]]] = Lazy(
        lambda self: group(self.account.sla_events.values(), lambda e: e.applied_sla_id)
    )

    # contacts -------------------------------------------------------------------------------------------------------

    resolved_contacts: Lazy[list[Contact]] = Lazy(
        lambda self: [c for c in self.account.contacts.values() if c.email or c.phone_number or c.identifier]
    )

    def inboxes_of_contact(self, contact: Contact) -> list[Inbox]:
        """Chatwoot's contact_inboxes rows; here a contact is in the inboxes it has talked in."""
        ids = {c.inbox_id for c in self.conversations_of_contact.get(contact.id, ())}
        return [self.account.inboxes[i] for i in sorted(ids) if i in self.account.inboxes]

    custom_attributes: Lazy[dict[tuple[str, str], str]] = Lazy(lambda self: _custom_attribute_types(self))


def source_id(contact: Contact, inbox: Inbox) -> str:
    """The contact's name in a channel: the number's digits on WhatsApp, a UUID elsewhere."""
    if inbox.channel_type == "Channel::Whatsapp" and contact.phone_number:
        return contact.phone_number.lstrip("+")
    return str(uuid5(NAMESPACE_URL, f"contact-inbox/{inbox.id}/{contact.id}"))


def group(rows: Iterable[R], key: Callable[[R], int]) -> dict[int, list[R]]:
    grouped: dict[int, list[R]] = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    return dict(grouped)


def by_time_then_chance(messages: list[Message], rng: random.Random) -> list[Message]:
    """Messages by created_at; equal times in no particular order."""
    messages = sorted(messages, key=lambda m: m.created_at)
    start = 0
    for position in range(1, len(messages) + 1):
        if position == len(messages) or messages[position].created_at != messages[start].created_at:
            if position - start > 1:
                run = messages[start:position]
                rng.shuffle(run)
                messages[start:position] = run
            start = position
    return messages


def _custom_attribute_types(index: AccountIndex) -> dict[tuple[str, str], str]:
    """(attribute model, key) -> display type, read off the values in use: the account keeps no definitions."""
    types: dict[tuple[str, str], str] = {}
    for model, rows in (
        ("conversation_attribute", index.account.conversations.values()),
        ("contact_attribute", index.account.contacts.values()),
    ):
        for row in rows:
            for key, value in row.custom_attributes.items():
                if value is not None:
                    types.setdefault((model, key), _display_type(value))
    return dict(sorted(types.items()))


def _display_type(value: Any) -> str:
    if isinstance(value, bool):
        return "checkbox"
    if isinstance(value, (int, float)):
        return "number"
    try:
        datetime.fromisoformat(str(value))
        return "date"
    except ValueError:
        return "link" if str(value).startswith(("http://", "https://")) else "text"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
