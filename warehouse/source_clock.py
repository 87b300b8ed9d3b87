"""The sources' own clocks: until when a tenant is known. Never this machine's."""

from __future__ import annotations

from datetime import datetime

import psycopg

# of a source that has been silent for long nobody waits
_CLOCK = """
with
    clocks as (
        select source, max(source_clock) as clock
        from ops.sync_runs
        where tenant_id = %s and status = 'succeeded'
        group by source
    )

select min(clock) from clocks where clock > (select max(clock) from clocks) - interval '2 days'
"""


def source_clock(connection: psycopg.Connection, tenant_id: str) -> datetime | None:
    """Until when all of the tenant's sources have been seen, by their own clocks: what came later is known only in part.

    None before the first sync.
    """
    row = connection.execute(_CLOCK.encode(), [tenant_id]).fetchone()
    return row[0] if row else None
