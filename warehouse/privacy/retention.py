"""Nothing is kept for longer than a tenant wants: what is older goes, in small transactions.

A conversation goes whole, once nobody has written in it for so long; one known to Chatwoot and to the bot counts as one. A
booking goes by the day it was for, a campaign's cost by its own day: revenue without its cost, or cost without its revenue,
would be a return nobody had. A contact or a lead goes when nothing of theirs is left and they are as old themselves.
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import psycopg

from warehouse.audit import note
from warehouse.connect import connect
from warehouse.locks import lock_key, tenant_lock
from warehouse.privacy.footprint import Footprint
from warehouse.privacy.identities import Identity
from warehouse.privacy.person import Person
from warehouse.privacy.rebuild import owe_rebuild
from warehouse.privacy.removal import remove

TALKS_AT_ONCE, ROWS_AT_ONCE = 1000, 5000
ACTOR = "retention"

_OLD_TALKS = """
with
    chatwoot as (
        select id, greatest(created_at, last_activity_at) as last_at
        from raw_chatwoot.conversations
        where tenant_id = %(tenant_id)s
    ),

    bot as (
        select b.id, b.chatwoot_conversation_id, greatest(b.started_at, b.ended_at, b.handoff_at, said.last_at) as last_at
        from raw_bot.conversations as b
        left join
            (
                select conversation_id, max(created_at) as last_at
                from raw_bot.conversation_messages
                where tenant_id = %(tenant_id)s
                group by conversation_id
            ) as said
            on said.conversation_id = b.id
        where b.tenant_id = %(tenant_id)s
    )

select 'chatwoot', c.id::text
from chatwoot as c
where
    c.last_at < %(cutoff)s
    and not exists (select from bot as b where b.chatwoot_conversation_id = c.id and b.last_at >= %(cutoff)s)
union all
select 'bot', b.id
from bot as b
where
    b.last_at < %(cutoff)s
    and not exists (select from chatwoot as c where c.id = b.chatwoot_conversation_id and c.last_at >= %(cutoff)s)
limit %(limit)s
"""
_OLD_PEOPLE = """
select 'contact', c.id::text
from raw_chatwoot.contacts as c
where
    c.tenant_id = %(tenant_id)s
    and coalesce(greatest(c.created_at, c.last_activity_at), '-infinity') < %(cutoff)s
    and not exists (
        select from raw_chatwoot.conversations as v where v.tenant_id = c.tenant_id and v.contact_id = c.id
    )
union all
select 'lead', l.id
from raw_bot.leads as l
where
    l.tenant_id = %(tenant_id)s
    and greatest(l.created_at, l.updated_at, l.converted_at) < %(cutoff)s
    and not exists (select from raw_bot.conversations as b where b.tenant_id = l.tenant_id and b.lead_id = l.id)
    and not exists (select from raw_bot.procedure_bookings as b where b.tenant_id = l.tenant_id and b.lead_id = l.id)
    and not exists (select from raw_bot.lead_interactions as i where i.tenant_id = l.tenant_id and i.lead_id = l.id)
limit %(limit)s
"""
# what has a time of its own, or a conversation that is not stored
_OLD_ROWS = {
    "raw_bot.procedure_bookings": "greatest(booked_at, scheduled_for) < %(cutoff)s",
    "ml.booking_states": (
        "known_at < %(cutoff)s and not exists (select from raw_bot.procedure_bookings as b "
        "where b.tenant_id = old.tenant_id and b.id = old.booking_id)"
    ),
    "raw_bot.lead_interactions": "created_at < %(cutoff)s",
    "raw_bot.campaign_costs": "cost_date < %(day)s",
    "ops.rejected_rows": "last_seen_at < %(cutoff)s",
    **{
        f"raw_chatwoot.{table}": (
            "created_at < %(cutoff)s and not exists (select from raw_chatwoot.conversations as c "
            "where c.tenant_id = old.tenant_id and c.id = old.conversation_id)"
        )
        for table in ("messages", "csat_survey_responses", "reporting_events", "applied_slas", "sla_events")
    },
    **{
        f"raw_bot.{table}": (
            "created_at < %(cutoff)s and not exists (select from raw_bot.conversations as c "
            "where c.tenant_id = old.tenant_id and c.id = old.conversation_id)"
        )
        for table in ("conversation_messages", "llm_interactions", "feedback")
    },
}
_DELETE = """
delete from {table} as stored
using (select ctid from {table} as old where tenant_id = %(tenant_id)s and {where} limit %(limit)s) as found
where stored.tenant_id = %(tenant_id)s and stored.ctid = found.ctid
"""


@dataclass
class Removed:
    """What a tenant no longer has: rows by table, of before `cutoff`."""

    tenant_id: str
    cutoff: datetime
    rows: Counter[str] = field(default_factory=Counter)


def cutoff_of(timezone: str, months: int, now: datetime) -> datetime:
    """The tenant's midnight so many months ago; of a month with fewer days the last."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    day = min(today.day, calendar.monthrange(year, month + 1)[1])
    return datetime.combine(today.replace(year=year, month=month + 1, day=day), time(), ZoneInfo(timezone)).astimezone(
        UTC
    )


def remove_older(dsn: str, tenant_id: str, *, timezone: str, months: int, now: datetime | None = None) -> Removed:
    """Removes what is older than the tenant's months; a sync or a build waits for one transaction at most.

    Other rows follow from what was removed: the tenant's next build makes its tables anew.
    """
    with connect(dsn, autocommit=True) as connection:
        row = connection.execute("select now()").fetchone()
        assert row is not None
        removed = Removed(tenant_id, cutoff_of(timezone, months, now or row[0]))
        parameters = {"tenant_id": tenant_id, "cutoff": removed.cutoff}
        while _talks(connection, removed, parameters):
            pass
        parameters["day"] = removed.cutoff.astimezone(ZoneInfo(timezone)).date()
        for table, condition in _OLD_ROWS.items():
            while _rows(connection, removed, table, condition, parameters):
                pass
        while _people(connection, removed, parameters):
            pass
        if removed.rows:
            note(
                connection,
                ACTOR,
                "retention",
                f"older than {months} months",
                tenant_id=tenant_id,
                before=removed.cutoff.isoformat(),
                rows=dict(removed.rows),
            )
    return removed


def _talks(connection: psycopg.Connection, removed: Removed, parameters: dict[str, object]) -> bool:
    with _turn(connection, removed.tenant_id):
        found = _identities(connection, _OLD_TALKS, parameters, TALKS_AT_ONCE)
        if found:
            removed.rows += remove(
                connection, Footprint.of(connection, Person(removed.tenant_id), talks=found), also_built=False
            )
            owe_rebuild(connection, removed.tenant_id)
    return len(found) == TALKS_AT_ONCE


def _people(connection: psycopg.Connection, removed: Removed, parameters: dict[str, object]) -> bool:
    with _turn(connection, removed.tenant_id):
        found = _identities(connection, _OLD_PEOPLE, parameters, TALKS_AT_ONCE)
        if found:
            people = Person(
                removed.tenant_id,
                frozenset(int(id) for kind, id in found if kind == "contact"),
                frozenset(id for kind, id in found if kind == "lead"),
            )
            removed.rows += remove(connection, Footprint.of(connection, people), also_built=False)
            owe_rebuild(connection, removed.tenant_id)
    return len(found) == TALKS_AT_ONCE


def _rows(
    connection: psycopg.Connection, removed: Removed, table: str, condition: str, parameters: dict[str, object]
) -> bool:
    statement = _DELETE.format(table=table, where=condition)  # of our own words
    with _turn(connection, removed.tenant_id):
        count = connection.execute(statement.encode(), {**parameters, "limit": ROWS_AT_ONCE}).rowcount
        if count:
            removed.rows[table] += count
            owe_rebuild(connection, removed.tenant_id)
    return count == ROWS_AT_ONCE


@contextmanager
def _turn(connection: psycopg.Connection, tenant_id: str) -> Iterator[None]:
    """One transaction, while neither a build nor a sync of the tenant is under way."""
    connection.execute("select pg_advisory_lock(%s)", [lock_key("dbt")])
    try:
        with tenant_lock(connection, tenant_id), connection.transaction():
            yield
    finally:
        connection.execute("select pg_advisory_unlock(%s)", [lock_key("dbt")])


def _identities(
    connection: psycopg.Connection, query: str, parameters: dict[str, object], limit: int
) -> list[Identity]:
    return connection.execute(query.encode(), {**parameters, "limit": limit}).fetchall()
