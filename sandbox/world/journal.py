"""What really happened in one account, written down as it happens: the truth is told from here, not from the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

MessageKind = Literal["customer", "human", "bot", "automation", "campaign", "template", "note", "activity"]
EventName = Literal["created", "handed_off", "opened", "resolved", "bot_resolved", "snoozed", "pending"]
By = Literal["user", "bot", "contact", "automation", "system"]


@dataclass(slots=True)
class Happening:
    """A conversation changed state; `conversation_id` is the database's."""

    conversation_id: int
    name: EventName
    at: datetime
    by: By
    user_id: int | None


@dataclass(slots=True)
class Journal:
    message_kinds: dict[int, MessageKind] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    began_by: dict[int, Literal["customer", "agent", "campaign"]] = field(default_factory=dict)
    first_ratings: dict[int, int] = field(default_factory=dict)
    human_replies: set[int] = field(default_factory=set)
    """Conversations (database ids) in which a human has written to the customer."""
