"""Between the raw messages and whoever reads them: what is to be analysed, and where the results go.

The analyzers know no database and the warehouse knows no analyzer: `update_analysis` is handed one, whichever it is. It looks
only at conversations that a sync has touched since it last looked, hands over those whose content, engine, model or prompt
version really changed, and stores results batch by batch, so that a kill loses no more than the batch in flight.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TypeVar

import psycopg

from funil.tenants import Tenant
from warehouse.connect import connect
from warehouse.load import load_rows
from warehouse.locks import lock_key, tenant_lock
from warehouse.sync_ids import take_sync_id

BATCH_CONVERSATIONS = 500

_SQL = Path(__file__).parent / "sql"
_CHANGED = (_SQL / "changed_conversations.sql").read_bytes()
_MESSAGES = (_SQL / "conversation_messages.sql").read_bytes()
_TABLE = "analysis.conversation_analysis"
_EVERYTHING = -1

_PROGRESS = """
select engine, model, prompt_version, vertical, timezone, read_to_sync_id from analysis.progress where tenant_id = %s
"""
_REMEMBER = """
insert into analysis.progress (tenant_id, engine, model, prompt_version, vertical, timezone, read_to_sync_id)
values (%s, %s, %s, %s, %s, %s, %s)
on conflict (tenant_id) do update
set engine = excluded.engine, model = excluded.model, prompt_version = excluded.prompt_version, vertical = excluded.vertical,
    timezone = excluded.timezone, read_to_sync_id = excluded.read_to_sync_id, updated_at = now()
"""
_KNOWN = """
select conversation_id, content_hash, engine, model, prompt_version
from analysis.conversation_analysis where tenant_id = %s and conversation_id = any(%s)
"""

_COLUMNS = (
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
    "prompt_tokens",
    "completion_tokens",
    "cost_usd",
    "latency_ms",
    "content_hash",
)


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


class _Hashed(Protocol):
    @property
    def conversation_id(self) -> str: ...
    @property
    def content_hash(self) -> str: ...


T = TypeVar("T", bound=_Hashed)
T_contra = TypeVar("T_contra", bound=_Hashed, contravariant=True)


class Reader(Protocol[T_contra]):
    """What `update_analysis` needs of an analyzer; its results have an attribute per column of the table."""

    @property
    def engine(self) -> str: ...
    @property
    def model(self) -> str | None: ...
    @property
    def prompt_version(self) -> str: ...
    def analyze(self, batch: Sequence[T_contra]) -> Sequence[_Hashed]: ...


@dataclass
class AnalysisSummary:
    """What one call did, in conversations; `seconds` is the time it took in all, `reading_seconds` the analyzer's."""

    tenant_id: str
    looked_at: int = 0
    analyzed: int = 0
    written: int = 0
    deleted: int = 0
    seconds: float = 0.0
    reading_seconds: float = 0.0


def update_analysis(
    dsn: str,
    tenant: Tenant,
    reader: Reader[T],
    transcript_of: Callable[[StoredConversation], T],
    *,
    batch_size: int = BATCH_CONVERSATIONS,
    progress: Callable[[int, int], None] | None = None,
) -> AnalysisSummary:
    """Brings the tenant's analysis up to date; `progress` is told how many conversations are done, and of how many.

    A second call for the same tenant waits for the first. The tenant's own lock is held only while a batch is written, so
    a slow reader keeps no sync waiting.
    """
    began = time.monotonic()
    summary = AnalysisSummary(tenant.slug)
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute(
            "select pg_advisory_lock(%s)", [lock_key("analysis", tenant.slug)]
        )  # goes with the connection
        _update(connection, tenant, reader, transcript_of, summary, batch_size, progress)
    summary.seconds = time.monotonic() - began
    return summary


class _Changed(NamedTuple):
    conversation_id: str
    chatwoot_id: int | None
    bot_id: str | None
    is_there: bool


class _Setting(NamedTuple):
    """Everything but the messages that decides what an analysis says."""

    engine: str
    model: str | None
    prompt_version: str
    vertical: str
    timezone: str


def _update(
    connection: psycopg.Connection,
    tenant: Tenant,
    reader: Reader[T],
    transcript_of: Callable[[StoredConversation], T],
    summary: AnalysisSummary,
    batch_size: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    setting = _Setting(reader.engine, reader.model, reader.prompt_version, tenant.vertical, tenant.timezone)
    # before looking, so that what a sync publishes meanwhile is looked at next time
    newest = _newest_sync(connection, tenant.slug)
    after = _looked_at_to(connection, tenant.slug, setting)
    if after >= newest:
        return
    changed = [
        _Changed(*row) for row in connection.execute(_CHANGED, {"tenant_id": tenant.slug, "after": after}).fetchall()
    ]
    if not changed:
        return
    summary.looked_at = len(changed)
    for done in range(0, len(changed), batch_size):
        chunk = changed[done : done + batch_size]
        transcripts = [transcript_of(conversation) for conversation in _conversations(connection, tenant.slug, chunk)]
        known = _known(connection, tenant.slug, [item.conversation_id for item in chunk])
        mine = setting[:3]
        stale = [item for item in transcripts if known.get(item.conversation_id) != (item.content_hash, *mine)]
        reading = time.monotonic()
        results = reader.analyze(stale) if stale else []
        summary.reading_seconds += time.monotonic() - reading
        summary.analyzed += len(stale)
        gone = [item.conversation_id for item in chunk if not item.is_there and item.conversation_id in known]
        if results or gone:
            _write(connection, tenant.slug, results, gone, summary)
        if progress is not None:
            progress(done + len(chunk), len(changed))
    connection.execute(_REMEMBER, [tenant.slug, *setting, newest])


def _newest_sync(connection: psycopg.Connection, tenant_id: str) -> int:
    row = connection.execute("select last_sync_id from ops.sync_counters where tenant_id = %s", [tenant_id]).fetchone()
    return int(row[0]) if row else 0


def _looked_at_to(connection: psycopg.Connection, tenant_id: str, setting: _Setting) -> int:
    """Up to which sync the conversations have been looked at with this very setting."""
    row = connection.execute(_PROGRESS, [tenant_id]).fetchone()
    return int(row[-1]) if row is not None and _Setting(*row[:-1]) == setting else _EVERYTHING


def _conversations(
    connection: psycopg.Connection, tenant_id: str, chunk: Sequence[_Changed]
) -> Iterator[StoredConversation]:
    there = [item for item in chunk if item.is_there]
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


def _known(
    connection: psycopg.Connection, tenant_id: str, conversation_ids: Sequence[str]
) -> dict[str, tuple[str, str, str | None, str]]:
    """What each conversation's present analysis was made of: content hash, engine, model, prompt version."""
    rows = connection.execute(_KNOWN, [tenant_id, list(conversation_ids)]).fetchall()
    return {conversation_id: (content_hash, *made_by) for conversation_id, content_hash, *made_by in rows}


def _write(
    connection: psycopg.Connection,
    tenant_id: str,
    results: Sequence[_Hashed],
    gone: Sequence[str],
    summary: AnalysisSummary,
) -> None:
    rows = (
        {"conversation_id": result.conversation_id} | {column: getattr(result, column) for column in _COLUMNS}
        for result in results
    )
    with tenant_lock(connection, tenant_id), connection.transaction():
        sync_id = take_sync_id(connection, tenant_id)
        loaded = load_rows(
            connection,
            _TABLE,
            rows,
            tenant_id=tenant_id,
            sync_id=sync_id,
            source="analysis",
            resource="conversation_analysis",
        )
        deleted = connection.execute(
            "delete from analysis.conversation_analysis where tenant_id = %s and conversation_id = any(%s)",
            [tenant_id, list(gone)],
        ).rowcount
    summary.written += loaded.written
    summary.deleted += deleted
