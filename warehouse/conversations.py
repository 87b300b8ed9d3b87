"""What was said, as the raw tables hold it: the conversations that may have changed, and their messages in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import psycopg

_SQL = Path(__file__).parent / "sql"
_CHANGED = (_SQL / "changed_conversations.sql").read_bytes()
_MESSAGES = (_SQL / "conversation_messages.sql").read_bytes()


class StoredMessage(NamedTuple):
    """One thing that was said."""

    speaker: Literal["customer", "human", "bot"]
    content: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation as the warehouse holds it, by its id in the marts."""

    conversation_id: str
    messages: tuple[StoredMessage, ...]


class Changed(NamedTuple):
    """A conversation to look at; `total` is how many there are to look at in all."""

    conversation_id: str
    chatwoot_id: int | None
    bot_id: str | None
    is_there: bool
    total: int


def changed_conversations(
    connection: psycopg.Connection, tenant_id: str, after_sync_id: int, *, chunk: int
) -> Iterator[list[Changed]]:
    """The conversations touched after a sync, or due again, chunk by chunk; the connection is free for others between."""
    with connection.cursor(name="changed_conversations", withhold=True) as cursor:
        cursor.execute(_CHANGED, {"tenant_id": tenant_id, "after": after_sync_id})
        while rows := cursor.fetchmany(chunk):
            yield [Changed(*row) for row in rows]


def read_conversations(
    connection: psycopg.Connection, tenant_id: str, changed: Sequence[Changed]
) -> Iterator[StoredConversation]:
    """Those of them that are there, with their messages."""
    there = [item for item in changed if item.is_there]
    parameters = {
        "tenant_id": tenant_id,
        "chatwoot_ids": [item.chatwoot_id for item in there if item.chatwoot_id is not None],
        "bot_ids": [item.bot_id for item in there if item.bot_id is not None],
    }
    said: dict[str, list[StoredMessage]] = {item.conversation_id: [] for item in there}
    for conversation_id, *message in connection.execute(_MESSAGES, parameters):
        said[conversation_id].append(StoredMessage(*message))
    for conversation_id, messages in said.items():
        yield StoredConversation(conversation_id, tuple(messages))
