"""Between the raw messages and whoever reads them: what is to be analysed, and where the results go.

The analyzers know no database and the warehouse knows no analyzer: `update_analysis` is handed one, whichever it is. It looks
only at conversations that a sync has touched since it last looked (or that are due again), hands over those whose content or
reader really changed, and stores each group of results before it asks for the next: a kill loses no more than what is in
flight, and what has been stored is never paid for again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar

import psycopg

from funil.tenants import Tenant
from warehouse.analysis_store import EVERYTHING, AnalysisStore, Known, Result, Setting
from warehouse.connect import connect
from warehouse.conversations import (
    StoredConversation,
    StoredMessage,
    changed_conversations,
    read_conversations,
)
from warehouse.locks import lock_key

__all__ = [
    "AnalysisSummary",
    "Reader",
    "StoredConversation",
    "StoredMessage",
    "conversations_to_read",
    "update_analysis",
]

CHUNK_CONVERSATIONS = 200
SILENCE = timedelta(days=1)
"""After so long without a message a conversation is read again, however few new messages it has."""


class Hashed(Protocol):
    """What `update_analysis` needs of a transcript."""

    @property
    def conversation_id(self) -> str: ...
    @property
    def content_hash(self) -> str: ...


T = TypeVar("T", bound=Hashed)
T_contra = TypeVar("T_contra", bound=Hashed, contravariant=True)


class Reader(Protocol[T_contra]):
    """What `update_analysis` needs of an analyzer."""

    @property
    def version(self) -> str: ...
    @property
    def prompt_version(self) -> str: ...
    def analyze(self, batch: Sequence[T_contra]) -> Sequence[Result]:
        """A result per transcript, in order."""
        ...

    def read(self, items: Iterable[T_contra]) -> Iterator[Sequence[Result]]:
        """A result per item, in groups as they come; takes items only while it is asked for a group."""
        ...

    def still_stands(self, transcript: T_contra, asked_of: str, answered_by: str) -> bool:
        """Whether an earlier result of the same content is as good as a new one."""
        ...


@dataclass
class AnalysisSummary:
    """What one call did, in conversations; `seconds` is the time it took in all."""

    tenant_id: str
    looked_at: int = 0
    analyzed: int = 0
    put_off: int = 0
    written: int = 0
    deleted: int = 0
    requests: int = 0
    cost_usd: float = 0.0
    fallbacks: Counter[str] = field(default_factory=Counter)
    """Why the rules stood in for another engine, and how often."""
    seconds: float = 0.0


def update_analysis(
    dsn: str,
    tenant: Tenant,
    reader: Reader[T],
    transcript_of: Callable[[StoredConversation], T],
    *,
    everything: bool = False,
    chunk: int = CHUNK_CONVERSATIONS,
    progress: Callable[[int, int], None] | None = None,
) -> AnalysisSummary:
    """Brings the tenant's analysis up to date; `progress` is told how many conversations are done, and of how many.

    `everything` looks at all conversations, and has those read again that the rules read in another engine's place, whatever
    the reason was. A second call for the same tenant waits for the first. The tenant's own lock is held only while results are
    written, so a slow reader keeps no sync waiting.
    """
    began = time.monotonic()
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute(
            "select pg_advisory_lock(%s)", [lock_key("analysis", tenant.slug)]
        )  # goes with the connection
        store = AnalysisStore(connection, tenant.slug)
        setting = Setting(reader.version, tenant.vertical, tenant.timezone)
        # before looking, so that what a sync publishes meanwhile is looked at next time
        newest = store.newest_sync()
        after = EVERYTHING if everything else store.looked_at_to(setting)
        summary = AnalysisSummary(tenant.slug)
        if after < newest or store.is_anything_due():
            looks = _looks(connection, store, tenant, reader, transcript_of, after, everything=everything, chunk=chunk)
            _Update(store, reader, summary, progress).run(looks)
            store.remember(setting, newest)
    summary.seconds = time.monotonic() - began
    return summary


def conversations_to_read(
    dsn: str, tenant: Tenant, reader: Reader[T], transcript_of: Callable[[StoredConversation], T], *, everything: bool
) -> Iterator[T]:
    """What `update_analysis` would have the reader read, one by one; nothing is written."""
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        store = AnalysisStore(connection, tenant.slug)
        setting = Setting(reader.version, tenant.vertical, tenant.timezone)
        after = EVERYTHING if everything else store.looked_at_to(setting)
        looks = _looks(
            connection, store, tenant, reader, transcript_of, after, everything=everything, chunk=CHUNK_CONVERSATIONS
        )
        for look in looks:
            yield from look.stale


@dataclass
class _Look(Generic[T]):
    """Some conversations, and what becomes of each."""

    total: int
    """Of all conversations that are looked at, in this look and others."""
    gone: list[str] = field(default_factory=list)
    stands: list[str] = field(default_factory=list)
    put_off: dict[str, datetime] = field(default_factory=dict)
    stale: list[T] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.stands) + len(self.put_off) + len(self.stale)


def _looks(
    connection: psycopg.Connection,
    store: AnalysisStore,
    tenant: Tenant,
    reader: Reader[T],
    transcript_of: Callable[[StoredConversation], T],
    after: int,
    *,
    everything: bool,
    chunk: int,
) -> Iterator[_Look[T]]:
    """Looks at what changed, chunk by chunk, as they are asked for."""

    def would_say_the_same(transcript: T, before: Known) -> bool:
        """A server that was away is always asked again."""
        again = before.fallback_reason is not None if everything else before.fallback_reason == "unavailable"
        return not again and reader.still_stands(transcript, before.asked_of, before.answered_by)

    for changed in changed_conversations(connection, tenant.slug, after, chunk=chunk):
        known = store.known([item.conversation_id for item in changed])
        look: _Look[T] = _Look(changed[0].total)
        for item in changed:
            if not item.is_there:
                look.stands.append(item.conversation_id)
                if item.conversation_id in known:
                    look.gone.append(item.conversation_id)
        for conversation in read_conversations(connection, tenant.slug, changed):
            transcript = transcript_of(conversation)
            before = known.get(conversation.conversation_id)
            if before is None or not would_say_the_same(transcript, before):
                look.stale.append(transcript)
            elif before.content_hash == transcript.content_hash:
                look.stands.append(conversation.conversation_id)
            elif (due_at := _put_off_until(conversation, before, tenant.analyzer.min_new_messages)) is not None:
                look.put_off[conversation.conversation_id] = due_at
            else:
                look.stale.append(transcript)
        yield look


def _put_off_until(conversation: StoredConversation, before: Known, min_new_messages: int) -> datetime | None:
    """When a conversation that has gone on is read, if not now. An edit or a deletion is read at once."""
    new = len(conversation.messages) - before.messages
    if not 0 < new < min_new_messages:
        return None
    due_at = conversation.messages[-1].sent_at + SILENCE
    return due_at if due_at > datetime.now(UTC) else None


@dataclass
class _Update(Generic[T]):
    store: AnalysisStore
    reader: Reader[T]
    summary: AnalysisSummary
    progress: Callable[[int, int], None] | None
    _done: int = 0
    _total: int = 0

    def run(self, looks: Iterable[_Look[T]]) -> None:
        for results in self.reader.read(self._to_read(looks)):
            self.summary.written += self.store.save(results)
            for result in results:
                self.summary.analyzed += 1
                self.summary.requests += result.requests
                self.summary.cost_usd += result.cost_usd
                if result.fallback_reason is not None:
                    self.summary.fallbacks[result.fallback_reason] += 1
            self._advance(len(results))

    def _to_read(self, looks: Iterable[_Look[T]]) -> Iterator[T]:
        """Those whose analysis does not stand any more, taken by the reader in this thread; the others are done with here."""
        for look in looks:
            self._total = look.total
            self.summary.looked_at += len(look)
            if look.gone:
                self.summary.deleted += self.store.delete(look.gone)
            self.store.settle(look.stands)
            self.store.put_off(look.put_off)
            self.summary.put_off += len(look.put_off)
            self._advance(len(look.stands) + len(look.put_off))
            yield from look.stale

    def _advance(self, conversations: int) -> None:
        if conversations and self.progress is not None:
            self._done += conversations
            self.progress(self._done, self._total)
