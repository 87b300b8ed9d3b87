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

from funil.tenants import Tenant
from warehouse.analysis_store import AnalysisStore, Known, Result, Setting
from warehouse.connect import connect
from warehouse.conversations import (
    Changed,
    StoredConversation,
    StoredMessage,
    changed_conversations,
    read_conversations,
)
from warehouse.locks import lock_key

__all__ = ["AnalysisSummary", "Reader", "StoredConversation", "StoredMessage", "update_analysis"]

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
    chunk: int = CHUNK_CONVERSATIONS,
    progress: Callable[[int, int], None] | None = None,
) -> AnalysisSummary:
    """Brings the tenant's analysis up to date; `progress` is told how many conversations are done, and of how many.

    A second call for the same tenant waits for the first. The tenant's own lock is held only while results are written, so
    a slow reader keeps no sync waiting.
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
        after = store.looked_at_to(setting)
        summary = AnalysisSummary(tenant.slug)
        if after < newest or store.is_anything_due():
            looks = changed_conversations(connection, tenant.slug, after, chunk=chunk)
            to_read = (
                (part, list(read_conversations(connection, tenant.slug, part))) for part in looks
            )  # taken by the reader, in this thread
            update = _Update(store, reader, transcript_of, tenant.analyzer.min_new_messages, summary, progress)
            update.run(to_read)
            store.remember(setting, newest)
    summary.seconds = time.monotonic() - began
    return summary


@dataclass
class _Update(Generic[T]):
    store: AnalysisStore
    reader: Reader[T]
    transcript_of: Callable[[StoredConversation], T]
    min_new_messages: int
    summary: AnalysisSummary
    progress: Callable[[int, int], None] | None
    _done: int = 0
    _total: int = 0

    def run(self, to_look_at: Iterable[tuple[list[Changed], list[StoredConversation]]]) -> None:
        for results in self.reader.read(self._to_read(to_look_at)):
            self.summary.written += self.store.save(results)
            for result in results:
                self.summary.analyzed += 1
                self.summary.requests += result.requests
                self.summary.cost_usd += result.cost_usd
                if result.fallback_reason is not None:
                    self.summary.fallbacks[result.fallback_reason] += 1
            self._advance(len(results))

    def _to_read(self, to_look_at: Iterable[tuple[list[Changed], list[StoredConversation]]]) -> Iterator[T]:
        """Those whose analysis does not stand any more; the others are done with here."""
        for changed, conversations in to_look_at:
            self._total = changed[0].total
            self.summary.looked_at += len(changed)
            known = self.store.known([item.conversation_id for item in changed])
            if gone := [
                item.conversation_id for item in changed if not item.is_there and item.conversation_id in known
            ]:
                self.summary.deleted += self.store.delete(gone)
            stands: list[str] = [item.conversation_id for item in changed if not item.is_there]
            until: dict[str, datetime] = {}
            stale: list[T] = []
            for conversation in conversations:
                transcript = self.transcript_of(conversation)
                before = known.get(conversation.conversation_id)
                if before is None or not self._asked_the_same(transcript, before):
                    stale.append(transcript)
                elif before.content_hash == transcript.content_hash:
                    stands.append(conversation.conversation_id)
                elif (due_at := self._put_off_until(conversation, before)) is not None:
                    until[conversation.conversation_id] = due_at
                else:
                    stale.append(transcript)
            self.store.settle(stands)
            self.store.put_off(until)
            self.summary.put_off += len(until)
            self._advance(len(stands) + len(until))
            yield from stale

    def _asked_the_same(self, transcript: T, before: Known) -> bool:
        """Whether asking again could only give what is there; a server that was away is asked again."""
        return before.fallback_reason != "unavailable" and self.reader.still_stands(
            transcript, before.asked_of, before.answered_by
        )

    def _put_off_until(self, conversation: StoredConversation, before: Known) -> datetime | None:
        """When a conversation that has gone on is read, if not now. An edit or a deletion is read at once."""
        new = len(conversation.messages) - before.messages
        if not 0 < new < self.min_new_messages:
            return None
        due_at = conversation.messages[-1].sent_at + SILENCE
        return due_at if due_at > datetime.now(UTC) else None

    def _advance(self, conversations: int) -> None:
        if conversations and self.progress is not None:
            self._done += conversations
            self.progress(self._done, self._total)
