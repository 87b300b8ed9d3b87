"""Conversations, with their messages, their people and their SLAs: the heart of a sync.

Pages of conversations are listed by this thread while the pool reads the messages of those that changed; a few pages at
a time are landed in one transaction, together with the place to go on from. An unchanged conversation costs nothing.

The watermark "conversations" holds `synced_until`, the server's clock at the start of the last sync that read all that
changed; during a first sync `crawl` instead: that clock, and the page to go on with; and `surplus`, how many more
conversations the server counted then than are stored (rejected ones, or fewer than none where some were deleted): a
higher surplus means that the server has conversations which are not here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sources.chatwoot import rows as read
from sources.chatwoot.client import Row
from sources.chatwoot.deletions import Vanished, bury_conversations, gone_for_certain
from sources.chatwoot.errors import NotFound
from sources.chatwoot.listing import ChangedSince, walk_all
from sources.chatwoot.messages import read_messages
from sources.chatwoot.paging import BEGINNING, ids_of
from sources.chatwoot.slas import slas_of
from sources.chatwoot.work import OVERLAP, Work
from warehouse.sync import Batch

RESOURCE = "conversations"
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
class Read:
    """A page on its way: its raw rows, what they parse to, and the messages being read, by display id."""

    raws: list[Row]
    rows: list[Row]
    messages: dict[int, Future[list[Row] | None]]


@dataclass
class Result:
    """`changed` conversations had their messages read."""

    changed: int = 0


def sync_conversations(work: Work) -> Result:
    """Brings conversations, messages, their contacts and SLAs up to the server's clock."""
    state = work.sync.watermark(RESOURCE) or {}
    if work.mode == "first":
        crawl = state.get("crawl")
        read_so_far = _crawl(work, crawl)
        if crawl is None:
            return read_so_far
        # the crawl was begun by an earlier sync: what changed since then is still to be read
        state = work.sync.watermark(RESOURCE) or {}
        return Result(read_so_far.changed + _changed(work, state).changed)
    if work.mode == "reconcile":
        return _reconcile(work)
    return _changed(work, state)


def _crawl(work: Work, crawl: dict[str, Any] | None) -> Result:
    """Everything, for the first time; resumed where a killed sync had got to."""
    resumed = crawl is not None
    crawl = crawl or {"clock": work.clock.isoformat(), "page": None}
    landed = {int(row[0]) for row in work.rows(_UNDELETED)} if resumed else set()
    walk = walk_all(work, seen=landed, first_page=crawl["page"])
    landing = _Landing(work, force_since=None if resumed else BEGINNING, total=lambda: walk.total)
    for number, raws in walk:
        landing.add(raws, {"crawl": {**crawl, "page": max(number - 1, 1)}})
    landing.finish()
    _set_synced(work, datetime.fromisoformat(crawl["clock"]), walk.total)
    return Result(landing.changed)


def _changed(work: Work, state: dict[str, Any]) -> Result:
    synced_until = datetime.fromisoformat(state["synced_until"])
    since = synced_until - OVERLAP if work.since is None else min(work.since, synced_until - OVERLAP)
    changed = ChangedSince(work, since)
    landing = _Landing(work, force_since=work.since, trusted_until=synced_until, total=lambda: landing.added)
    for raws in changed:
        landing.add(raws, None)
    landing.finish()
    total = changed.total
    if not changed.listed_all and total - _count(work) > state["surplus"]:
        # the server has conversations that are not here: imported with old dates, or skipped at a page's edge
        walk = walk_all(work)
        for _, raws in walk:
            landing.add(raws, None)
        landing.finish()
        total = walk.total
    _set_synced(work, work.clock, total)
    work.sync.details["conversations_read_by"] = changed.way
    return Result(landing.changed)


def _reconcile(work: Work) -> Result:
    """Everything again; what the server no longer has is marked as deleted."""
    walk = walk_all(work)
    landing = _Landing(work, force_since=BEGINNING, total=lambda: walk.total)
    for _, raws in walk:
        landing.add(raws, None)
    landing.finish()
    known = {int(row[0]) for row in work.rows(_UNDELETED)}
    vanished = Vanished(known - walk.seen, whole=walk.complete)
    if vanished.ids:
        work.guard("conversations", len(known), len(known & walk.seen))
    gone, back = gone_for_certain(work, vanished, work.client.conversation)
    landing.add(back, None)
    landing.finish()
    with work.sync.batch() as batch:
        bury_conversations(batch, gone)
    _set_synced(work, work.clock, walk.total)
    return Result(landing.changed)


_UNDELETED = "select id from raw_chatwoot.conversations where tenant_id = %s and _deleted_at is null"


_COUNT = "select count(*) from raw_chatwoot.conversations where tenant_id = %s and _deleted_at is null"


def _count(work: Work) -> int:
    return next(int(row[0]) for row in work.rows(_COUNT))


def _set_synced(work: Work, clock: datetime, total: int) -> None:
    with work.sync.batch() as batch:
        batch.set_watermark(RESOURCE, {"synced_until": clock.isoformat(), "surplus": total - _count(work)})


class _Landing:
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
        self._waiting: deque[tuple[Read, dict[str, Any] | None]] = deque()
        self.added = 0
        self.changed = 0
        self._landed = 0

    def add(self, raws: list[Row], watermark: dict[str, Any] | None) -> None:
        """Starts reading the messages of the page; lands pages once a transaction's worth is waiting.

        `watermark` is what holds once this page, and all before it, have landed.
        """
        rows = self._work.parse(RESOURCE, raws, read.conversation)
        unchanged = self._unchanged(rows)
        messages = {
            row["id"]: self._work.pool.submit(_messages_or_none, self._work, row["id"])
            for row in rows
            if row["id"] not in unchanged
        }
        self.added += len(rows)
        self._waiting.append((Read(raws, rows, messages), watermark))
        if sum(len(page.rows) for page, _ in self._waiting) >= 2 * BATCH:
            self._land(BATCH)

    def finish(self) -> None:
        """Lands what is left."""
        self._land(0)

    def _land(self, leave: int) -> None:
        pages: list[Read] = []
        watermark: dict[str, Any] | None = None
        while self._waiting and sum(len(page.rows) for page, _ in self._waiting) > leave:
            page, watermark = self._waiting.popleft()
            pages.append(page)
        if not pages:
            return
        found = {key: future.result() for page in pages for key, future in page.messages.items()}
        with self._work.sync.batch() as batch:
            self._write(batch, pages, found)
            if watermark is not None:
                batch.set_watermark(RESOURCE, watermark)
        self.changed += len(found)
        self._landed += sum(len(page.rows) for page in pages)
        self._work.progress(RESOURCE, self._landed, max(self._total(), self._landed))

    def _write(self, batch: Batch, pages: Iterable[Read], found: dict[int, list[Row] | None]) -> None:
        work = self._work
        gone = {key for key, messages in found.items() if messages is None}
        rows = {row["id"]: row for page in pages for row in page.rows if row["id"] not in gone}
        raws = [raw for page in pages for raw in page.raws]
        kept = [raw for raw in raws if isinstance(raw, dict) and raw.get("id") in rows]
        if rows:
            # not db_id, which is found out elsewhere
            batch.load("raw_chatwoot.conversations", rows.values(), columns=set().union(*rows.values()))
        senders = work.parse("contacts", (raw["meta"]["sender"] for raw in kept), self._contact)
        batch.load("raw_chatwoot.contacts", {row["id"]: row for row in senders}.values())
        shown = [message for messages in found.values() for message in messages or ()]
        batch.load("raw_chatwoot.messages", work.parse("messages", shown, read.message))
        read_whole = sorted(key for key, messages in found.items() if messages is not None)
        if read_whole:
            batch.mark_deleted(
                "raw_chatwoot.messages",
                present=ids_of(shown),
                where="target.conversation_id = any(%(read_whole)s)",
                parameters={"read_whole": read_whole},
            )
        applied, events = slas_of(work, kept)
        batch.load("raw_chatwoot.applied_slas", applied)
        batch.load("raw_chatwoot.sla_events", events)
        bury_conversations(batch, gone)
        work.land_rejected(batch)

    def _contact(self, raw: Row) -> Row:
        return read.contact(raw, self._work.tenant.country)

    def _unchanged(self, rows: list[Row]) -> set[int]:
        """The conversations of this page to which nothing happened that could have changed their messages."""
        if self._force_since is not None:
            rows = [
                row for row in rows if max(row["updated_at"] or BEGINNING, row["last_activity_at"]) < self._force_since
            ]
        stored = {key: Known(*values) for key, *values in self._work.rows(_STORED, [row["id"] for row in rows])}
        return {row["id"] for row in rows if self._is_unchanged(row, stored.get(row["id"]))}

    def _is_unchanged(self, row: Row, known: Known | None) -> bool:
        if known is None or known != Known(*(row[name] for name in Known._fields)):
            return False
        if row["updated_at"] is not None or self._trusted_until is None:
            return True
        return bool(row["last_activity_at"] < self._trusted_until - SAME_SECOND)


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
