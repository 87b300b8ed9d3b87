"""Sync ids: one rising number per tenant, by which incremental models know what changed.

`ops.sync_counters.last_sync_id` is the highest id whose rows are all there to be read: a sync of several transactions
moves it when it ends, not when it begins. So whoever reads "everything up to last_sync_id" and comes back for
"everything after it" misses nothing, whatever was under way in between. All of these want the tenant's lock to be
held.
"""

from __future__ import annotations

import psycopg

_NEXT = """
select greatest(
    coalesce((select last_sync_id from ops.sync_counters where tenant_id = %(tenant_id)s), 0),
    coalesce((select max(sync_id) from ops.sync_runs where tenant_id = %(tenant_id)s), 0)
) + 1
"""

_PUBLISH = """
insert into ops.sync_counters as counter (tenant_id, last_sync_id) values (%(tenant_id)s, %(sync_id)s)
on conflict (tenant_id) do update set last_sync_id = greatest(counter.last_sync_id, excluded.last_sync_id)
"""


def next_sync_id(connection: psycopg.Connection, tenant_id: str) -> int:
    """The id the tenant's next sync will have. It is taken once it is published, or noted in ops.sync_runs."""
    row = connection.execute(_NEXT, {"tenant_id": tenant_id}).fetchone()
    assert row is not None
    return int(row[0])


def publish_sync_id(connection: psycopg.Connection, tenant_id: str, sync_id: int) -> None:
    """Says that every row of this sync is there."""
    connection.execute(_PUBLISH, {"tenant_id": tenant_id, "sync_id": sync_id})


def take_sync_id(connection: psycopg.Connection, tenant_id: str) -> int:
    """An id for rows written in the caller's present transaction, in which it is published too.

    Whoever writes in several transactions takes an id in each.
    """
    sync_id = next_sync_id(connection, tenant_id)
    publish_sync_id(connection, tenant_id, sync_id)
    return sync_id
