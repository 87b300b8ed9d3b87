"""SLAs: the policies, and how each conversation fares under its own.

A conversation's object shows its SLA whatever its state, where the account has the feature; it is read whenever the
conversation is listed. A job judges SLAs every five minutes without touching the conversation: what was met at its end
shows in the overlap of the next sync, what was missed in a list of its own, which is asked where a threshold ran out
since the last sync. An edition without SLAs answers 404; the watermark "slas" remembers that until the next full read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sources.chatwoot import rows as read
from sources.chatwoot.client import Row
from sources.chatwoot.errors import NotFound
from sources.chatwoot.paging import SECOND, ids_of, read_unordered
from sources.chatwoot.values import BadRow, required_object, required_whole
from sources.chatwoot.work import OVERLAP, Work

RESOURCE = "slas"
TABLE = "raw_chatwoot.applied_slas"
EVENTS = "raw_chatwoot.sla_events"
DUE = (Path(__file__).parent / "slas_due.sql").read_text(encoding="utf-8")
# of the server's 25 rows to an answer, how many are reckoned with
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
    try:
        if full or _has_new_policy(work):
            state = _sync_policies(work, state)
        if state["policies"]:
            _sync_missed(work, state)
    except NotFound:
        work.warn("this Chatwoot has no SLAs: they are part of the enterprise edition")
        with work.sync.batch() as batch:
            batch.set_watermark(RESOURCE, {"absent": True})


def _sync_policies(work: Work, state: dict[str, Any]) -> dict[str, Any]:
    policies = work.client.sla_policies()
    state = {**state, "absent": False, "policies": len(policies)}
    with work.sync.batch() as batch:
        batch.load("raw_chatwoot.sla_policies", work.parse("sla_policies", policies, read.sla_policy))
        batch.mark_deleted("raw_chatwoot.sla_policies", present=ids_of(policies))
        work.land_rejected(batch)
        batch.set_watermark(RESOURCE, state)
    return state


def _has_new_policy(work: Work) -> bool:
    return next(iter(work.rows(_NEW_POLICY)), None) is not None


def _sync_missed(work: Work, state: dict[str, Any]) -> None:
    raws: list[Row] = []
    for since, until in _all_spans(work) if work.reads_all else _due_spans(work, state):
        for page in read_unordered(work.client.applied_slas, since, until):
            raws.extend(page)
    applied, events = _parse(work, raws)
    with work.sync.batch() as batch:
        batch.load(TABLE, applied)
        batch.load(EVENTS, events)
        work.land_rejected(batch)
        batch.set_watermark(RESOURCE, {**state, "judged_until": work.clock.isoformat()})


def _all_spans(work: Work) -> list[tuple[datetime, datetime]]:
    """Everything, where conversations do not show their SLAs (the account's feature is off); nothing where they do."""
    earliest, shown = next(work.rows(_EARLIEST))
    return [(earliest, work.clock + timedelta(days=1))] if earliest and not shown else []


def _due_spans(work: Work, state: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    """Spans of time with the SLAs that may have been missed since the last sync, each to fit into one answer.

    `judged_until` is the last sync's clock; the job that judges runs some minutes late.
    """
    judged_until = datetime.fromisoformat(state["judged_until"]) if "judged_until" in state else work.clock
    running = work.rows(DUE, judged_until - OVERLAP, work.clock)
    spans: list[tuple[datetime, datetime, int]] = []
    for created_at, missed_before in running:  # youngest first; how many of the server's list are younger
        if spans and missed_before - spans[-1][2] < FULL_PAGE:
            spans[-1] = (created_at, *spans[-1][1:])
        else:
            spans.append((created_at, created_at + SECOND, missed_before))
    return [(since, until) for since, until, _ in spans]


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


_EARLIEST = """
    select min(created_at), exists (select from raw_chatwoot.applied_slas a where a.tenant_id = min(c.tenant_id))
    from raw_chatwoot.conversations c
    where c.tenant_id = %s
"""
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
