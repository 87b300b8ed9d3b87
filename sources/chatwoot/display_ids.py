"""Which conversation a reporting event speaks of: from the database's id to the display id.

The API never says both together for the whole account, so the display id is deduced where exactly one conversation
fits, remembered in `conversations.db_id`, and asked for, conversation by conversation, where several do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from psycopg.rows import dict_row

from sources.chatwoot.client import Row
from sources.chatwoot.errors import NotFound
from sources.chatwoot.values import whole
from sources.chatwoot.work import Work

CANDIDATES = (Path(__file__).parent / "display_ids.sql").read_text(encoding="utf-8")
ASK_AT_MOST = 5
ASK_AT_MOST_IN_A_FULL_READ = 200


class Fit(NamedTuple):
    """A conversation that a database id may stand for, and what speaks for it."""

    display_id: int
    by_creation: bool
    by_reply: bool


def known_display_ids(work: Work, db_ids: Iterable[int | None]) -> dict[int, int]:
    """Display ids by database id, of those found out before."""
    asked = sorted(db_id for db_id in set(db_ids) if db_id is not None)
    return {int(row[0]): int(row[1]) for row in work.rows(_KNOWN, asked)}


def deduce_display_ids(work: Work, events: Sequence[Row]) -> dict[int, int]:
    """Display ids by database id, where only one conversation fits what the events say of it."""
    return _only_ones(_fits(work, events))


def resolve_display_ids(work: Work) -> None:
    """Takes up all events that still lack their conversation; asks only about those of which this sync has news."""
    events = _unresolved(work)
    if not events:
        return
    news = {event["conversation_db_id"] for event in events if event.pop("_sync_id") == work.sync.sync_id}
    known = known_display_ids(work, (event["conversation_db_id"] for event in events))
    fits = _fits(work, [event for event in events if event["conversation_db_id"] not in known])
    found = _only_ones(fits)
    found |= _asked(work, {db_id: fit for db_id, fit in fits.items() if db_id in news and db_id not in found})
    mended = [
        {**event, "conversation_id": display_id}
        for event in events
        if (display_id := (known | found).get(event["conversation_db_id"])) is not None
    ]
    if mended:
        with work.sync.batch() as batch:
            remember_display_ids(work, found)
            batch.load("raw_chatwoot.reporting_events", mended)


def remember_display_ids(work: Work, found: Mapping[int, int]) -> None:
    """Writes the database ids beside the conversations; called inside a batch."""
    if found:
        parameters = {
            "tenant_id": work.tenant_id,
            "sync_id": work.sync.sync_id,
            "db_ids": list(found),
            "ids": list(found.values()),
        }
        work.sync.connection.execute(_REMEMBER, parameters)


def _fits(work: Work, events: Sequence[Row]) -> dict[int, list[Fit]]:
    events = [event for event in events if event["conversation_db_id"] is not None]
    parameters = {
        "tenant_id": work.tenant_id,
        "db_ids": [event["conversation_db_id"] for event in events],
        "names": [event["name"] for event in events],
        "inbox_ids": [event["inbox_id"] for event in events],
        "starts": [event["event_start_time"] for event in events],
        "ends": [event["event_end_time"] for event in events],
    }
    fits: dict[int, list[Fit]] = defaultdict(list)
    if events:
        with work.sync.connection.cursor() as cursor:
            for db_id, *fit in cursor.execute(CANDIDATES, parameters).fetchall():
                fits[db_id].append(Fit(*fit))
    return fits


def _only_ones(fits: Mapping[int, Sequence[Fit]]) -> dict[int, int]:
    """The database ids that only one conversation fits, and that are the only ones to fit it."""
    found: dict[int, int] = {}
    taken: set[int] = set()
    left = {db_id: _best(candidates) for db_id, candidates in fits.items()}
    while True:
        single = {db_id: ids - taken for db_id, ids in left.items() if db_id not in found and len(ids - taken) == 1}
        claims: dict[int, list[int]] = defaultdict(list)
        for db_id, ids in single.items():
            claims[next(iter(ids))].append(db_id)
        fresh = {db_ids[0]: display_id for display_id, db_ids in claims.items() if len(db_ids) == 1}
        if not fresh:
            return found
        found |= fresh
        taken |= set(fresh.values())


def _best(candidates: Sequence[Fit]) -> set[int]:
    """Creation speaks louder than the first reply, which older versions did not keep; both together loudest."""
    both = {fit.display_id for fit in candidates if fit.by_creation and fit.by_reply}
    created = {fit.display_id for fit in candidates if fit.by_creation}
    return both or created or {fit.display_id for fit in candidates}


def _asked(work: Work, fits: Mapping[int, Sequence[Fit]]) -> dict[int, int]:
    """Asks conversations that may be the one for their own events, which tells their database id."""
    limit = ASK_AT_MOST_IN_A_FULL_READ if work.reads_all else ASK_AT_MOST
    display_ids = sorted({fit.display_id for candidates in fits.values() for fit in candidates})[:limit]

    def look(display_id: int) -> list[Row]:
        try:
            return work.client.conversation_reporting_events(display_id)
        except NotFound:
            return []

    answers = work.all([partial(look, display_id) for display_id in display_ids])
    found: dict[int, int] = {}
    for display_id, events in zip(display_ids, answers, strict=True):
        for event in events:
            db_id = whole(event.get("conversation_id"), "conversation_id")
            if db_id is not None:
                found[db_id] = display_id
    return {db_id: display_id for db_id, display_id in found.items() if db_id in fits}


def _unresolved(work: Work) -> list[dict[str, Any]]:
    with work.sync.connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_UNRESOLVED, [work.tenant_id]).fetchall()


_KNOWN = "select db_id, id from raw_chatwoot.conversations where tenant_id = %s and db_id = any(%s)"
_REMEMBER = """
    update raw_chatwoot.conversations as conversation
    set db_id = found.db_id, _sync_id = %(sync_id)s, _synced_at = now()
    from unnest(%(db_ids)s::bigint [], %(ids)s::bigint []) as found (db_id, id)
    where conversation.tenant_id = %(tenant_id)s and conversation.id = found.id and conversation.db_id is null
"""
_UNRESOLVED = """
    select
        id, name, value, value_in_business_hours, event_start_time, event_end_time, inbox_id, user_id,
        conversation_db_id, conversation_id, created_at, _sync_id
    from raw_chatwoot.reporting_events
    where tenant_id = %s and conversation_id is null and conversation_db_id is not null and _deleted_at is null
"""
