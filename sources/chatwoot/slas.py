"""SLAs: the policies, and how each conversation fares under its own.

A conversation's object shows its SLA whatever its state, where the account has the feature; it is read whenever the
conversation is listed. A job judges SLAs every five minutes without touching the conversation: what it met shows in the
overlap of the next sync, what it missed in a list of its own, which is asked about conversations still being judged.
An edition without SLAs answers 404; the watermark "slas" remembers that until the next full read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sources.chatwoot import rows as read
from sources.chatwoot.client import Row
from sources.chatwoot.errors import NotFound
from sources.chatwoot.paging import BEGINNING, SECOND, ids_of, read_unordered
from sources.chatwoot.values import BadRow, required_object, required_whole
from sources.chatwoot.work import Work

RESOURCE = "slas"
TABLE = "raw_chatwoot.applied_slas"
EVENTS = "raw_chatwoot.sla_events"
# what an incremental sync asks at most about SLAs still being judged, the youngest first
WINDOWS = 3
STILL_JUDGED_FOR = timedelta(days=30)
FULL_PAGE = 20


def slas_of(work: Work, conversations: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The applied SLAs, and their events, that conversation objects show."""
    shown = [
        {
            "applied_sla": raw["applied_sla"],
            "sla_events": raw.get("sla_events") or [],
            "conversation": {"id": raw["id"]},
        }
        for raw in conversations
        if raw.get("applied_sla")  # left out where none is applied, null where the contact is blocked
    ]
    return _parse(work, shown)


def sync_slas(work: Work) -> None:
    state = work.sync.watermark(RESOURCE) or {}
    full = work.reads_all or work.mode == "since" or not state
    if state.get("absent") and not full:
        return
    if full or _has_new_policy(work):
        try:
            policies = work.client.sla_policies()
        except NotFound:
            _note_absence(work)
            return
        with work.sync.batch() as batch:
            batch.load("raw_chatwoot.sla_policies", work.parse("sla_policies", policies, read.sla_policy))
            batch.mark_deleted("raw_chatwoot.sla_policies", present=ids_of(policies))
            work.land_rejected(batch)
            batch.set_watermark(RESOURCE, {"policies": len(policies)})
        state = {"policies": len(policies)}
    if state.get("policies"):
        _sync_missed(work, full)


def _note_absence(work: Work) -> None:
    work.sync.details["slas"] = "this Chatwoot has none (they are part of the enterprise edition)"
    with work.sync.batch() as batch:
        batch.set_watermark(RESOURCE, {"absent": True})


def _has_new_policy(work: Work) -> bool:
    return next(iter(work.rows(_NEW_POLICY)), None) is not None


def _sync_missed(work: Work, full: bool) -> None:
    raws: list[Row] = []
    for since, until in _since_the_first(work) if full else _still_judged(work):
        try:
            for page in read_unordered(work.client.applied_slas, since, until):
                raws.extend(page)
        except NotFound:
            _note_absence(work)
            return
    if not raws:
        return
    applied, events = _parse(work, raws)
    with work.sync.batch() as batch:
        batch.load(TABLE, applied)
        batch.load(EVENTS, events)
        work.land_rejected(batch)


def _since_the_first(work: Work) -> list[tuple[datetime, datetime]]:
    earliest = next(work.rows(_EARLIEST))[0]
    return [(earliest, work.clock + timedelta(days=1))] if earliest else []


def _still_judged(work: Work) -> Iterator[tuple[datetime, datetime]]:
    """Spans of time with the SLAs that may still be missed, each expected to fit into one answer."""
    missed_known: list[tuple[datetime, bool]] = [
        (row[0], bool(row[1])) for row in work.rows(_JUDGED, work.clock - STILL_JUDGED_FOR)
    ]
    spans = 0
    until: datetime | None = None
    since = BEGINNING
    expected = 0
    for created_at, running in missed_known:  # youngest first
        expected += 1
        if until is not None and expected > FULL_PAGE:
            yield since, until
            spans, until = spans + 1, None
            if spans == WINDOWS:
                return
        if running:
            if until is None:
                until, expected = created_at + SECOND, 1
            since = created_at
    if until is not None:
        yield since, until


def _parse(work: Work, shown: list[Row]) -> tuple[list[Row], list[Row]]:
    """From `{applied_sla, conversation, sla_events}` objects, as the list of the missed has them."""
    applied: dict[int, Row] = {}
    events: dict[int, Row] = {}

    def read_one(raw: Row) -> None:
        conversation = required_whole(required_object(raw, "conversation"), "id")
        row = read.applied_sla(required_object(raw, "applied_sla"), conversation)
        applied[row["id"]] = row
        found: Any = raw.get("sla_events") or []
        if not isinstance(found, list):
            raise BadRow("'sla_events' is not a list")
        for event in work.parse("sla_events", found, lambda event: read.sla_event(event, row["id"], conversation)):
            events[event["id"]] = event

    work.parse("applied_slas", shown, read_one)
    return list(applied.values()), list(events.values())


_EARLIEST = "select min(created_at) from raw_chatwoot.conversations where tenant_id = %s"
_NEW_POLICY = """
    select 1
    from raw_chatwoot.conversations c
    where c.tenant_id = %s and c._deleted_at is null and c.sla_policy_id is not null
        and not exists (
            select from raw_chatwoot.sla_policies p
            where p.tenant_id = c.tenant_id and p.id = c.sla_policy_id and p._deleted_at is null
        )
    limit 1
"""
# met ones are not in the server's list, so they do not count towards what fits into an answer
_JUDGED = """
    select created_at, sla_status in ('active', 'active_with_misses')
    from raw_chatwoot.applied_slas
    where tenant_id = %s and created_at >= %s and sla_status <> 'hit' and _deleted_at is null
    order by created_at desc
"""
