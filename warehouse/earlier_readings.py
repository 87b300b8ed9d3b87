"""What an analyzer would have read in a talk at a past moment, before the rest of it was said.

A stored analysis is of the whole talk. Whoever learns from the past must not see what was said later, so talks that went
on after a moment are read once more, as far as they had gone, and those readings are kept: the past does not change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import psycopg

from warehouse.analysis import Reader, StoredConversation, StoredMessage, T
from warehouse.connect import connect

_SQL = Path(__file__).parent / "sql"
_INTERRUPTED = (_SQL / "interrupted_conversations.sql").read_bytes()
_MESSAGES = (_SQL / "conversation_messages.sql").read_bytes()
_AT_ONCE = 500
_COLUMNS = (
    "is_lead",
    "lead_probability",
    "visit_scheduled",
    "visit_at",
    "intent",
    "sentiment",
    "engine",
    "prompt_version",
    "content_hash",
)
_STORE = f"""
insert into analysis.earlier_readings (tenant_id, conversation_id, read_as_of, {", ".join(_COLUMNS)})
values (%s, %s, %s, {", ".join(["%s"] * len(_COLUMNS))})
on conflict (tenant_id, conversation_id, read_as_of) do update
set {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS)}
"""  # noqa: S608 - the names are ours


class _Cut(NamedTuple):
    conversation_id: str
    at: datetime


def update_earlier_readings(
    dsn: str,
    tenant_id: str,
    reader: Reader[T],
    transcript_of: Callable[[StoredConversation], T],
    moments: Sequence[datetime],
) -> int:
    """Reads every talk that went on after one of the moments as it stood then; returns how many were not yet."""
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        cuts, chatwoot_ids = _interrupted(connection, tenant_id, reader.prompt_version, moments)
        ids = sorted({cut.conversation_id for cut in cuts})
        for start in range(0, len(ids), _AT_ONCE):
            chunk = set(ids[start : start + _AT_ONCE])
            said = _messages(connection, tenant_id, chunk, chatwoot_ids)
            mine = [cut for cut in cuts if cut.conversation_id in chunk]
            results = reader.analyze([transcript_of(_as_it_stood(cut, said[cut.conversation_id])) for cut in mine])
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(
                    _STORE,
                    [
                        (tenant_id, cut.conversation_id, cut.at, *(getattr(result, column) for column in _COLUMNS))
                        for cut, result in zip(mine, results, strict=True)
                    ],
                )
    return len(cuts)


def _interrupted(
    connection: psycopg.Connection, tenant_id: str, prompt_version: str, moments: Sequence[datetime]
) -> tuple[list[_Cut], dict[str, int]]:
    parameters = {"tenant_id": tenant_id, "prompt_version": prompt_version, "moments": list(moments)}
    cuts, chatwoot_ids = [], {}
    for at, conversation_id, chatwoot_id in connection.execute(_INTERRUPTED, parameters):
        cuts.append(_Cut(conversation_id, at))
        if chatwoot_id is not None:
            chatwoot_ids[conversation_id] = chatwoot_id
    return cuts, chatwoot_ids


def _messages(
    connection: psycopg.Connection, tenant_id: str, conversation_ids: set[str], chatwoot_ids: dict[str, int]
) -> dict[str, list[StoredMessage]]:
    parameters = {
        "tenant_id": tenant_id,
        "chatwoot_ids": [chatwoot_ids[id] for id in conversation_ids if id in chatwoot_ids],
        "bot_ids": [id.removeprefix("bot-") for id in conversation_ids if id not in chatwoot_ids],
    }
    said: dict[str, list[StoredMessage]] = defaultdict(list)
    for conversation_id, *message in connection.execute(_MESSAGES, parameters):
        said[conversation_id].append(StoredMessage(*message))
    return said


def _as_it_stood(cut: _Cut, said: Sequence[StoredMessage]) -> StoredConversation:
    # the marts count in whole seconds
    until = tuple(message for message in said if message.sent_at.replace(microsecond=0) <= cut.at)
    return StoredConversation(cut.conversation_id, until)
