"""Satisfaction surveys (CSAT). An answer may be changed for 14 days and nothing tells, so 15 days are read again.

This is the first thing a sync asks for: it is an administrator's list, so a token that lost its role fails here, before
the shorter lists it now sees elsewhere could be taken for deletions.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sources.chatwoot import rows as read
from sources.chatwoot.client import ROWS_PER_PAGE, Row
from sources.chatwoot.paging import BEGINNING, END, ids_of, read_upwards
from sources.chatwoot.work import Work

RESOURCE = "csat_survey_responses"
TABLE = "raw_chatwoot.csat_survey_responses"
ANSWERS_CHANGE_FOR = timedelta(days=15)
PAGES_PER_BATCH = 40


def sync_surveys(work: Work) -> None:
    """Reads the answers that may have changed. Starts the sync's clock."""
    state = work.sync.watermark(RESOURCE) or {}
    since = BEGINNING
    if work.mode != "reconcile" and "read_until" in state:
        since = datetime.fromisoformat(state["read_until"]) - ANSWERS_CHANGE_FOR
        if work.since is not None:
            since = min(since, work.since)
    pages = read_upwards(work.client.csat_survey_responses, since, END, ROWS_PER_PAGE)
    first = next(pages)
    work.start_clock()
    chunk, shown = [first], ids_of(first)
    for page in pages:
        chunk.append(page)
        shown |= ids_of(page)
        if len(chunk) == PAGES_PER_BATCH:
            _land(work, chunk, None if work.mode == "reconcile" else "last")
            chunk = []
    if work.mode == "reconcile":
        _bury_missing(work, shown)
    _land(work, chunk, "clock")


def _land(work: Work, pages: list[list[Row]], read_until: str | None) -> None:
    rows = work.parse(RESOURCE, (raw for page in pages for raw in page), read.csat_survey_response)
    with work.sync.batch() as batch:
        batch.load(TABLE, rows)
        work.land_rejected(batch)
        if read_until == "clock":
            batch.set_watermark(RESOURCE, {"read_until": work.clock.isoformat()})
        elif read_until == "last" and rows:
            batch.set_watermark(RESOURCE, {"read_until": max(row["created_at"] for row in rows).isoformat()})


def _bury_missing(work: Work, shown: set[int]) -> None:
    known = {int(row[0]) for row in work.rows(_UNDELETED)}
    if known <= shown:
        return
    work.guard("survey answers", len(known), len(known & shown))
    with work.sync.batch() as batch:
        batch.mark_deleted(TABLE, absent=sorted(known - shown))


_UNDELETED = "select id from raw_chatwoot.csat_survey_responses where tenant_id = %s and _deleted_at is null"
