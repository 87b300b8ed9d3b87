"""Contacts: those with an e-mail, a phone or an identifier from their own list, the anonymous from conversations.

A contact has no `updated_at`, so an incremental sync sees the new ones (newest first, until older than the last sync)
and those whose conversations changed; other edits wait for the reconciliation. The watermark "contacts" holds
`synced_until` and, during a first read, the page to go on with.
"""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

from sources.chatwoot import rows as read
from sources.chatwoot.client import CONTACTS_PER_PAGE, ContactOrder, Page, Row
from sources.chatwoot.deletions import Vanished, gone_for_certain
from sources.chatwoot.paging import BEGINNING, WALKS, CountedWalk
from sources.chatwoot.values import BadRow, required_moment
from sources.chatwoot.work import OVERLAP, Work

RESOURCE = "contacts"
TABLE = "raw_chatwoot.contacts"
PAGES_PER_BATCH = 20
_ORDERS: tuple[ContactOrder, ...] = (
    "created_at",
    "-created_at",
    "last_activity_at",
    "-last_activity_at",
    "name",
    "-name",
)


def sync_contacts(work: Work) -> None:
    state = work.sync.watermark(RESOURCE) or {}
    if work.mode == "reconcile" or "synced_until" not in state:
        walk = _read_all(work, state)
        if work.mode == "reconcile":
            _bury_missing(work, walk)
    else:
        _read_newest(work, state)


def _read_all(work: Work, state: dict[str, Any]) -> CountedWalk:
    def fetch(number: int, order: int) -> Page:
        return work.client.contacts(number, _ORDERS[order % len(_ORDERS)])

    crawl = state.get("crawl") if work.mode != "reconcile" else None
    crawl = crawl or {"clock": work.clock.isoformat(), "page": None}
    walk = CountedWalk(fetch, CONTACTS_PER_PAGE, seen=_listed(work, crawl), first_page=crawl["page"])
    pages = iter(walk)
    while chunk := list(itertools.islice(pages, PAGES_PER_BATCH)):
        page = max(min(number for number, _ in chunk) - 1, 1)
        reached = state if work.mode == "reconcile" else {"crawl": {**crawl, "page": page}}
        _land(work, [raw for _, raws in chunk for raw in raws], reached)
        work.progress(RESOURCE, len(walk.seen), max(walk.total, len(walk.seen)))
    _land(work, [], {"synced_until": crawl["clock"]})
    return walk


def _listed(work: Work, crawl: dict[str, Any]) -> set[int]:
    """The contacts an interrupted first read has landed: those that the list would show."""
    if crawl["page"] is None:
        return set()
    return {int(row[0]) for row in work.rows(_IDENTIFIED)}


def _read_newest(work: Work, state: dict[str, Any]) -> None:
    since = datetime.fromisoformat(state["synced_until"]) - OVERLAP
    if work.since is not None:
        since = min(since, work.since)
    found: dict[int | str, Row] = {}
    for _ in range(WALKS):
        total: int | None = None
        for number in itertools.count(1):
            page = work.client.contacts(number, "-created_at")
            found.update({raw.get("id", f"{number}/{place}"): raw for place, raw in enumerate(page.rows)})
            moved = total is not None and page.total is not None and page.total < total
            total = page.total
            if moved or len(page.rows) < CONTACTS_PER_PAGE or _oldest(page.rows) < since:
                break
        if not moved:
            break
    _land(work, list(found.values()), {"synced_until": work.clock.isoformat()})


def _oldest(raws: list[Row]) -> datetime:
    def created(raw: Row) -> datetime | None:
        try:
            return required_moment(raw, "created_at")
        except BadRow:
            return None

    return min(filter(None, map(created, raws)), default=BEGINNING)


def _land(work: Work, raws: list[Row], watermark: dict[str, Any]) -> None:
    with work.sync.batch() as batch:
        rows = work.parse(RESOURCE, raws, lambda raw: read.contact(raw, work.tenant.country))
        batch.load(TABLE, {row["id"]: row for row in rows}.values())
        work.land_rejected(batch)
        batch.set_watermark(RESOURCE, watermark)


def _bury_missing(work: Work, walk: CountedWalk) -> None:
    """Contacts that are in no list and in no conversation: merged or deleted, unless the server says otherwise.

    An anonymous contact without a conversation is in no list either, so those are only believed gone when asked for.
    """
    known = {int(row[0]): bool(row[1]) for row in work.rows(_KNOWN)}
    missing = {key for key, in_conversation in known.items() if not in_conversation and key not in walk.seen}
    if not missing:
        return
    work.guard(RESOURCE, len(known), len(known) - len(missing))
    identified = {int(row[0]) for row in work.rows(_IDENTIFIED)}
    gone, back = gone_for_certain(work, Vanished(missing & identified, walk.complete), work.client.contact)
    silent, still_there = gone_for_certain(work, Vanished(missing - identified, whole=False), work.client.contact)
    with work.sync.batch() as batch:
        rows = work.parse(RESOURCE, [*back, *still_there], lambda raw: read.contact(raw, work.tenant.country))
        batch.load(TABLE, rows)
        if gone | silent:
            batch.mark_deleted(TABLE, absent=sorted(gone | silent))
        work.land_rejected(batch)


_IDENTIFIED = """
    select id
    from raw_chatwoot.contacts
    where tenant_id = %s and _deleted_at is null
        and (coalesce(email, '') <> '' or coalesce(phone_number, '') <> '' or coalesce(identifier, '') <> '')
"""
_KNOWN = """
    select c.id, exists (
        select from raw_chatwoot.conversations v
        where v.tenant_id = c.tenant_id and v.contact_id = c.id and v._deleted_at is null
    )
    from raw_chatwoot.contacts c
    where c.tenant_id = %s and c._deleted_at is null
"""
