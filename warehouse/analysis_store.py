"""The tables of the analysis: what is known of a conversation, where a result goes, what is to be looked at again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import psycopg

from warehouse.load import load_rows
from warehouse.locks import tenant_lock
from warehouse.sync_ids import take_sync_id

_TABLE = "analysis.conversation_analysis"
EVERYTHING = -1

_PROGRESS = "select asked_of, vertical, timezone, read_to_sync_id from analysis.progress where tenant_id = %s"
_REMEMBER = """
insert into analysis.progress (tenant_id, asked_of, vertical, timezone, read_to_sync_id) values (%s, %s, %s, %s, %s)
on conflict (tenant_id) do update
set asked_of = excluded.asked_of, vertical = excluded.vertical, timezone = excluded.timezone,
    read_to_sync_id = excluded.read_to_sync_id, updated_at = now()
"""
_KNOWN = """
select conversation_id, content_hash, asked_of, engine || '/' || coalesce(model, '-') || '/' || prompt_version, messages,
    fallback_reason
from analysis.conversation_analysis where tenant_id = %s and conversation_id = any(%s)
"""
_IS_DUE = "select exists (select from analysis.due_again where tenant_id = %s and due_at <= now())"
_DUE = """
insert into analysis.due_again (tenant_id, conversation_id, reason, due_at)
select %(tenant_id)s, conversation_id, %(reason)s, due_at
from unnest(%(conversation_ids)s::text[], %(due_at)s::timestamptz[]) as given (conversation_id, due_at)
on conflict (tenant_id, conversation_id) do update set reason = excluded.reason, due_at = excluded.due_at
"""

COLUMNS = (
    "is_lead",
    "lead_probability",
    "visit_scheduled",
    "visit_at",
    "intent",
    "sentiment",
    "contact_name",
    "goal",
    "condition",
    "handoff_reason",
    "reasoning",
    "suggested_reply",
    "engine",
    "model",
    "prompt_version",
    "asked_of",
    "fallback_reason",
    "confidence",
    "messages",
    "requests",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "cost_usd",
    "latency_ms",
    "content_hash",
)


class Result(Protocol):
    """What is stored of a result: an attribute per column, and what is looked at on the way."""

    @property
    def conversation_id(self) -> str: ...
    @property
    def content_hash(self) -> str: ...
    @property
    def fallback_reason(self) -> str | None: ...
    @property
    def requests(self) -> int: ...
    @property
    def cost_usd(self) -> float: ...


class Known(NamedTuple):
    """What a conversation's present analysis was made of, and by whom."""

    content_hash: str
    asked_of: str
    answered_by: str
    messages: int
    fallback_reason: str | None


class Setting(NamedTuple):
    """Everything but the messages that decides what an analysis says."""

    asked_of: str
    vertical: str
    timezone: str


class AnalysisStore:
    """The analysis of one tenant."""

    def __init__(self, connection: psycopg.Connection, tenant_id: str) -> None:
        self._connection, self._tenant_id = connection, tenant_id

    def newest_sync(self) -> int:
        """The last sync whose rows are all there."""
        row = self._connection.execute(
            "select last_sync_id from ops.sync_counters where tenant_id = %s", [self._tenant_id]
        ).fetchone()
        return int(row[0]) if row else 0

    def looked_at_to(self, setting: Setting) -> int:
        """Up to which sync the conversations have been looked at with this very setting; -1 for none."""
        row = self._connection.execute(_PROGRESS, [self._tenant_id]).fetchone()
        return int(row[-1]) if row is not None and Setting(*row[:-1]) == setting else EVERYTHING

    def remember(self, setting: Setting, sync_id: int) -> None:
        self._connection.execute(_REMEMBER, [self._tenant_id, *setting, sync_id])

    def known(self, conversation_ids: Sequence[str]) -> dict[str, Known]:
        rows = self._connection.execute(_KNOWN, [self._tenant_id, list(conversation_ids)]).fetchall()
        return {conversation_id: Known(*rest) for conversation_id, *rest in rows}

    def is_anything_due(self) -> bool:
        row = self._connection.execute(_IS_DUE, [self._tenant_id]).fetchone()
        return bool(row and row[0])

    def put_off(self, until: Mapping[str, datetime]) -> None:
        """Conversations with few new messages, and when they are to be read all the same."""
        self._due("few_new_messages", until)

    def settle(self, conversation_ids: Iterable[str]) -> None:
        """They have been looked at: they are due no longer."""
        if ids := list(conversation_ids):
            self._connection.execute(
                "delete from analysis.due_again where tenant_id = %s and conversation_id = any(%s)",
                [self._tenant_id, ids],
            )

    def save(self, results: Sequence[Result]) -> int:
        """Stores the results in one transaction; how many rows were written."""
        rows = (
            {"conversation_id": result.conversation_id} | {column: getattr(result, column) for column in COLUMNS}
            for result in results
        )
        away = [result.conversation_id for result in results if result.fallback_reason == "unavailable"]
        with tenant_lock(self._connection, self._tenant_id), self._connection.transaction():
            loaded = load_rows(
                self._connection,
                _TABLE,
                rows,
                tenant_id=self._tenant_id,
                sync_id=take_sync_id(self._connection, self._tenant_id),
                source="analysis",
                resource="conversation_analysis",
            )
            self.settle(result.conversation_id for result in results)
            if away:
                self._due("unavailable", dict.fromkeys(away, self._now()))
        return loaded.written

    def delete(self, conversation_ids: Sequence[str]) -> int:
        """Takes away the analyses of conversations that are gone."""
        with tenant_lock(self._connection, self._tenant_id), self._connection.transaction():
            take_sync_id(self._connection, self._tenant_id)
            deleted = self._connection.execute(
                "delete from analysis.conversation_analysis where tenant_id = %s and conversation_id = any(%s)",
                [self._tenant_id, list(conversation_ids)],
            )
            self.settle(conversation_ids)
        return deleted.rowcount

    def _due(self, reason: str, due_at: Mapping[str, Any]) -> None:
        if due_at:
            parameters = {
                "tenant_id": self._tenant_id,
                "reason": reason,
                "conversation_ids": list(due_at),
                "due_at": list(due_at.values()),
            }
            self._connection.execute(_DUE, parameters)

    def _now(self) -> datetime:
        row = self._connection.execute("select now()").fetchone()
        assert row is not None
        now: datetime = row[0]
        return now
