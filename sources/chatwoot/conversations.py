"""Conversations, with their messages, their people and their SLAs: the heart of a sync.

This file decides which conversations to look at; `conversation_landing.py` reads the messages of those that changed and
lands them, together with the place to go on from.

The watermark "conversations" holds `synced_until`, the server's clock at the start of the last sync that read all that
changed; during a first sync `crawl` instead: that clock, and the page to go on with; and `surplus`, how many more
conversations the server counted then than are stored (rejected ones, or fewer than none where some were deleted): a
higher surplus means that the server has conversations which are not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sources.chatwoot.conversation_landing import RESOURCE, ConversationLanding
from sources.chatwoot.deletions import Vanished, bury_conversations, gone_for_certain
from sources.chatwoot.listing import ChangedSince, walk_all
from sources.chatwoot.paging import BEGINNING
from sources.chatwoot.work import OVERLAP, Work


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
    landing = ConversationLanding(work, force_since=None if resumed else BEGINNING, total=lambda: walk.total)
    for number, raws in walk:
        landing.add(raws, {"crawl": {**crawl, "page": max(number - 1, 1)}})
    landing.finish()
    _set_synced(work, datetime.fromisoformat(crawl["clock"]), walk.total)
    return Result(landing.changed)


def _changed(work: Work, state: dict[str, Any]) -> Result:
    synced_until = datetime.fromisoformat(state["synced_until"])
    since = synced_until - OVERLAP if work.since is None else min(work.since, synced_until - OVERLAP)
    changed = ChangedSince(work, since)
    landing = ConversationLanding(work, force_since=work.since, trusted_until=synced_until, total=lambda: landing.added)
    for raws in changed:
        landing.add(raws)
    landing.finish()
    total = changed.total
    if not changed.listed_all and total - _count(work) > state["surplus"]:
        # the server has conversations that are not here: imported with old dates, or skipped at a page's edge
        walk = walk_all(work)
        for _, raws in walk:
            landing.add(raws)
        landing.finish()
        total = walk.total
    _set_synced(work, work.clock, total)
    work.sync.details["conversations_read_by"] = changed.way
    return Result(landing.changed)


def _reconcile(work: Work) -> Result:
    """Everything again; what the server no longer has is marked as deleted."""
    walk = walk_all(work)
    landing = ConversationLanding(work, force_since=BEGINNING, total=lambda: walk.total)
    for _, raws in walk:
        landing.add(raws)
    landing.finish()
    known = {int(row[0]) for row in work.rows(_UNDELETED)}
    vanished = Vanished(known - walk.seen, whole=walk.complete)
    if vanished.ids:
        work.guard("conversations", len(known), len(known & walk.seen))
    gone, back = gone_for_certain(work, vanished, work.client.conversation)
    landing.add(back)
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
