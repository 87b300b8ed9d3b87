"""What each report metric counts or averages, and over which conversations: the dimensions are those of today."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sandbox.server import errors
from sandbox.server.endpoint import Call
from sandbox.world.records import Conversation, ReportingEvent

AVERAGES = {
    "avg_first_response_time": "first_response",
    "avg_resolution_time": "conversation_resolved",
    "reply_time": "reply_time",
}
COUNTS = (
    "conversations_count",
    "incoming_messages_count",
    "outgoing_messages_count",
    "resolutions_count",
    "bot_resolutions_count",
    "bot_handoffs_count",
)


class Scope:
    """The account, or one agent, inbox, label or team of it."""

    def __init__(self, call: Call, type_: str | None = None) -> None:
        self.account = call.account
        self.index = call.installation.index
        self.business_hours = call.param("business_hours") == "true"
        self.type = type_ or call.param("type")
        self.id = call.param("id")
        self.conversations = [c for c in self.index.conversations if self._membership()(c)]
        self._ids = {c.id for c in self.conversations}

    def _membership(self) -> Callable[[Conversation], bool]:
        label = self.account.labels.get(int(self.id)) if self.type == "label" and self.id else None
        conditions: dict[str | None, Callable[[Conversation], bool]] = {
            "account": lambda c: True,
            "agent": lambda c: str(c.assignee_id) == self.id,
            "inbox": lambda c: str(c.inbox_id) == self.id,
            "team": lambda c: str(c.team_id) == self.id,
            "label": lambda c: label is not None and label.title in c.labels,
        }
        if self.type not in conditions:
            raise errors.internal_error()
        return conditions[self.type]

    def value(self, event: ReportingEvent) -> float:
        return float((event.value_in_business_hours if self.business_hours else event.value) or 0)

    def events(self, name: str, since: datetime, until: datetime) -> Iterator[ReportingEvent]:
        """By the moment the row was written, half-open."""
        for event in self.account.reporting_events.values():
            if event.name == name and since <= event.created_at < until and self._has(event):
                yield event

    def _has(self, event: ReportingEvent) -> bool:
        if self.type == "agent":
            return str(event.user_id) == self.id
        return self.type == "account" or event.conversation_id in self._ids

    def measured(self, metric: str, since: datetime, until: datetime) -> Iterator[tuple[ReportingEvent, float]]:
        for event in self.events(AVERAGES[metric], since, until):
            yield event, self.value(event)

    def counted(self, metric: str, since: datetime, until: datetime) -> Iterator[datetime]:
        """The moment of each thing that counts."""
        if metric == "conversations_count":
            yield from (c.created_at for c in self.conversations if since <= c.created_at < until)
        elif metric in ("incoming_messages_count", "outgoing_messages_count"):
            yield from self._messages(metric.removesuffix("_messages_count"), since, until)
        elif metric == "resolutions_count":
            yield from (event.created_at for event in self.events("conversation_resolved", since, until))
        elif metric == "bot_resolutions_count":
            handed_off: set[Any] = set()
            if self.account.version >= (4, 14, 0):
                handed_off = {e.conversation_id for e in self.events("conversation_bot_handoff", since, until)}
            for event in self.events("conversation_bot_resolved", since, until):
                if event.conversation_id not in handed_off:
                    yield event.created_at
        elif metric == "bot_handoffs_count":
            seen: set[int] = set()
            for event in self.events("conversation_bot_handoff", since, until):
                if event.conversation_id not in seen:
                    seen.add(event.conversation_id)
                    yield event.created_at

    def _messages(self, message_type: str, since: datetime, until: datetime) -> Iterator[datetime]:
        """Private notes, automation and bots count as well; an agent's are the ones they sent."""
        for message in self.account.messages.values():
            if message.message_type != message_type or not since <= message.created_at < until:
                continue
            if self.type == "agent":
                if message.sender_type == "User" and str(message.sender_id) == self.id:
                    yield message.created_at
            elif self.type == "account" or message.conversation_id in self._ids:
                yield message.created_at


def average(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
