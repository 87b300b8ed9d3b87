"""Reporting events: Chatwoot's own record of first responses, resolutions, hand-offs and re-openings.

Read by `created_at`, since the last sync, oldest part first, so that the watermark "reporting_events" (`read_until`) is
also where an interrupted first read goes on. An edition without them answers 404; that is said once and remembered
(`absent`) until the next full read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sources.chatwoot import rows as read
from sources.chatwoot.client import ROWS_PER_PAGE, Row
from sources.chatwoot.display_ids import (
    deduce_display_ids,
    known_display_ids,
    remember_display_ids,
    resolve_display_ids,
)
from sources.chatwoot.errors import NotFound
from sources.chatwoot.paging import BEGINNING, END, ids_of, read_downwards
from sources.chatwoot.work import OVERLAP, Work

RESOURCE = "reporting_events"
TABLE = "raw_chatwoot.reporting_events"
# events of one span, read page by page; spans are read at the same time
EVENTS_PER_SPAN = 400


def sync_reporting_events(work: Work) -> None:
    """Lands the new events and finds out which conversations they speak of."""
    state = work.sync.watermark(RESOURCE) or {}
    if state.get("absent") and not work.reads_all:
        return
    try:
        _read(work, state)
    except NotFound:
        work.warn("this Chatwoot has no reporting events: they are part of the enterprise edition since 4.8.0")
        with work.sync.batch() as batch:
            batch.set_watermark(RESOURCE, {**state, "absent": True})
        return
    resolve_display_ids(work)


def _read(work: Work, state: dict[str, Any]) -> None:
    since = BEGINNING
    if work.mode != "reconcile" and "read_until" in state:
        since = datetime.fromisoformat(state["read_until"]) - OVERLAP
        if work.since is not None:
            since = min(since, work.since)
    newest = work.client.reporting_events(1, since, END)
    total = newest.total or 0
    shown: set[int] = set()
    if total <= len(newest.rows):
        shown |= _land(work, newest.rows, work.clock if work.mode != "reconcile" else None)
    else:
        spans = _spans(work, since, total)
        reads = {span: work.pool.submit(_read_span, work, *span) for span in spans}
        try:
            for (_, until), answer in reads.items():
                reached = None if work.mode == "reconcile" else min(until, work.clock)
                shown |= _land(work, answer.result(), reached)
                work.progress(RESOURCE, len(shown), max(total, len(shown)))
        finally:
            for answer in reads.values():
                answer.cancel()
    if work.mode == "reconcile":
        _bury_missing(work, shown, total)
        _land(work, [], work.clock)


def _spans(work: Work, since: datetime, total: int) -> list[tuple[datetime, datetime]]:
    """[since, now) in parts of a few hundred events each, were they spread evenly; the last one is open."""
    parts = -(-total // EVENTS_PER_SPAN)
    earliest = max(since, next(work.rows(_EARLIEST))[0] or since)
    step = max((work.clock - earliest) / parts, timedelta(seconds=1))
    edges = [(earliest + step * part).replace(microsecond=0) for part in range(1, parts)]
    edges = [since, *(edge for edge in edges if since < edge < work.clock), END]
    return list(itertools.pairwise(edges))


def _read_span(work: Work, since: datetime, until: datetime) -> list[Row]:
    pages: Iterator[list[Row]] = read_downwards(work.client.reporting_events, since, until, ROWS_PER_PAGE)
    return [raw for page in pages for raw in page]


def _land(work: Work, raws: list[Row], read_until: datetime | None) -> set[int]:
    rows = work.parse(RESOURCE, raws, read.reporting_event)
    known = known_display_ids(work, (row["conversation_db_id"] for row in rows))
    found = deduce_display_ids(work, [row for row in rows if row["conversation_db_id"] not in known])
    for row in rows:
        row["conversation_id"] = (known | found).get(row["conversation_db_id"])
    with work.sync.batch() as batch:
        remember_display_ids(work, found)
        batch.load(TABLE, rows)
        work.land_rejected(batch)
        if read_until is not None:
            batch.set_watermark(RESOURCE, {"read_until": read_until.isoformat()})
    return ids_of(raws)


def _bury_missing(work: Work, shown: set[int], total: int) -> None:
    """The guard of the other lists would be wrong here: an agent who leaves takes all events credited to them along.
    That the server's own count was read is what makes the list whole."""
    known = {int(row[0]) for row in work.rows(_UNDELETED)}
    if known <= shown or len(shown) < total:
        return
    with work.sync.batch() as batch:
        batch.mark_deleted(TABLE, absent=sorted(known - shown))


_EARLIEST = "select min(created_at) from raw_chatwoot.conversations where tenant_id = %s"
_UNDELETED = "select id from raw_chatwoot.reporting_events where tenant_id = %s and _deleted_at is null"
