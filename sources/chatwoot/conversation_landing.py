"""Landing conversations with their messages, their people and their SLAs.

The thread that lists pages adds them here; the pool reads the messages of those that changed meanwhile, and a few pages
at a time are landed in one transaction, with the watermark that holds from then on. An unchanged conversation costs no
request.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sources.chatwoot import rows as read
from sources.chatwoot.client import Row
from sources.chatwoot.deletions import bury_conversations
from sources.chatwoot.errors import NotFound
from sources.chatwoot.messages import read_messages
from sources.chatwoot.paging import BEGINNING, ids_of
from sources.chatwoot.slas import slas_of
from sources.chatwoot.work import Work
from warehouse.privacy.forgotten import Forgotten
from warehouse.sync import Batch

RESOURCE = "conversations"
TABLE = "raw_chatwoot.conversations"
# conversations of a transaction: enough to make COPY worth it, few enough to lose little to a kill
BATCH = 50
# an answer's whole seconds against a message in the same second
SAME_SECOND = timedelta(seconds=5)


class Known(NamedTuple):
    """What is stored of a conversation, as far as it tells whether something happened since."""

    status: str
    updated_at: datetime | None
    last_activity_at: datetime
    first_reply_created_at: datetime | None
    waiting_since: datetime | None


@dataclass
class _Page:
    """A page on its way: its raw rows, what they parse to, which of them are stored, and the messages being read."""

    raws: list[Row]
    rows: list[Row]
    stored: set[int]
    messages: dict[int, Future[list[Row] | None]]
    watermark: dict[str, Any] | None


class ConversationLanding:
    """Pages of raw conversations in; transactions with all that belongs to them out."""

    def __init__(
        self,
        work: Work,
        *,
        force_since: datetime | None,
        total: Callable[[], int],
        trusted_until: datetime | None = None,
    ) -> None:
        self._work = work
        # whatever was touched since then is read again, also what looks unchanged
        self._force_since = force_since
        self._total = total
        # a server without updated_at says whole seconds only: what was active up to the last sync is read again
        self._trusted_until = trusted_until
        self._waiting: deque[_Page] = deque()
        self._landed = 0
        self.added = 0
        self.changed = 0

    def add(self, raws: list[Row], watermark: dict[str, Any] | None = None) -> None:
        """Starts reading the messages of the page; lands pages once a transaction's worth is waiting.

        `watermark` is what holds once this page, and all before it, have landed.
        """
        work = self._work
        rows = work.parse(RESOURCE, raws, read.conversation)
        stored = {key: Known(*values) for key, *values in work.rows(_STORED, [row["id"] for row in rows])}
        forgotten = Forgotten.of(work.sync.connection, work.tenant_id)
        messages = {
            row["id"]: work.pool.submit(_messages_or_none, work, row["id"])
            for row in rows
            if not self._is_unchanged(row, stored.get(row["id"]))
            # what people wrote who were erased is not even asked for
            and not (forgotten and forgotten.owns(TABLE, row))
        }
        self.added += len(rows)
        self._waiting.append(_Page(raws, rows, set(stored), messages, watermark))
        if sum(len(page.rows) for page in self._waiting) >= 2 * BATCH:
            self._land(leave=BATCH)

    def finish(self) -> None:
        """Lands what is left."""
        self._land(leave=0)

    def _is_unchanged(self, row: Row, known: Known | None) -> bool:
        """Whether nothing happened to the conversation that could have changed its messages."""
        if known is None or known != Known(*(row[name] for name in Known._fields)):
            return False
        touched = max(row["updated_at"] or BEGINNING, row["last_activity_at"])
        if self._force_since is not None and touched >= self._force_since:
            return False
        if row["updated_at"] is not None or self._trusted_until is None:
            return True
        return bool(row["last_activity_at"] < self._trusted_until - SAME_SECOND)

    def _land(self, leave: int) -> None:
        pages: list[_Page] = []
        while self._waiting and sum(len(page.rows) for page in self._waiting) > leave:
            pages.append(self._waiting.popleft())
        if not pages:
            return
        found = {key: future.result() for page in pages for key, future in page.messages.items()}
        with self._work.sync.batch() as batch:
            self._write(batch, pages, found)
            if (watermark := pages[-1].watermark) is not None:
                batch.set_watermark(RESOURCE, watermark)
        self.changed += len(found)
        self._landed += sum(len(page.rows) for page in pages)
        self._work.progress(RESOURCE, self._landed, max(self._total(), self._landed))

    def _write(self, batch: Batch, pages: Sequence[_Page], found: dict[int, list[Row] | None]) -> None:
        work = self._work
        gone = {key for key, messages in found.items() if messages is None}
        rows = {row["id"]: row for page in pages for row in page.rows if row["id"] not in gone}
        kept = [raw for page in pages for raw in page.raws if isinstance(raw, dict) and raw.get("id") in rows]
        if rows:
            # people first: of somebody who was erased, and has come as a new contact, nothing else is stored then
            senders = work.parse("contacts", (raw["meta"]["sender"] for raw in kept), self._contact)
            batch.load("raw_chatwoot.contacts", {row["id"]: row for row in senders}.values())
            # not db_id, which is found out elsewhere
            batch.load(TABLE, rows.values(), columns=set().union(*rows.values()))
        self._write_messages(batch, found, set().union(*(page.stored for page in pages)))
        applied, events = slas_of(work, kept)
        if applied:
            batch.load("raw_chatwoot.applied_slas", applied)
        if events:
            batch.load("raw_chatwoot.sla_events", events)
        bury_conversations(batch, gone)
        work.land_rejected(batch)

    def _write_messages(self, batch: Batch, found: dict[int, list[Row] | None], stored: set[int]) -> None:
        """The messages of each conversation are all there are, so what is stored beyond them is gone."""
        shown = [message for messages in found.values() for message in messages or ()]
        if shown:
            batch.load("raw_chatwoot.messages", self._work.parse("messages", shown, read.message))
        read_again = sorted(key for key, messages in found.items() if messages is not None and key in stored)
        if read_again:
            batch.mark_deleted(
                "raw_chatwoot.messages",
                present=ids_of(shown),
                where="target.conversation_id = any(%(read_again)s)",
                parameters={"read_again": read_again},
            )

    def _contact(self, raw: Row) -> Row:
        return read.contact(raw, self._work.tenant.country)


_STORED = """
    select id, status, updated_at, last_activity_at, first_reply_created_at, waiting_since
    from raw_chatwoot.conversations
    where tenant_id = %s and id = any(%s) and _deleted_at is null
"""


def _messages_or_none(work: Work, display_id: int) -> list[Row] | None:
    """The messages; None where the conversation has gone since it was listed."""
    try:
        return read_messages(work.client, display_id)
    except NotFound:
        return None
