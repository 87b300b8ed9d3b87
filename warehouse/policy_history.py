"""Service-level policies as history: a new threshold holds from now on, and what was before stays as it was."""

from __future__ import annotations

from collections.abc import Collection
from typing import LiteralString

import psycopg

Values = tuple[str | None, ...]

# Not before anything the sources have already told: what has been judged stays judged as it was. A tenant's first
# policies hold since ever, so that its past is measured too.
_MOMENT: LiteralString = """
select case
    when exists (select 1 from config.sla_policies where tenant_id = %(tenant_id)s)
    then greatest(
        now(),
        (select max(source_clock) from ops.sync_runs where tenant_id = %(tenant_id)s and status = 'succeeded')
    )::text
    else '-infinity'
end
"""

# One that began at this very moment was never in force.
_FORGET: LiteralString = """
delete from config.sla_policies
where tenant_id = %s and metric = %s and inbox_id = %s::bigint and priority = %s
    and valid_to is null and valid_from >= %s::timestamptz
"""

_END: LiteralString = """
update config.sla_policies set valid_to = %s::timestamptz, _sync_id = %s, _synced_at = now()
where tenant_id = %s and metric = %s and inbox_id = %s::bigint and priority = %s and valid_to is null
"""

_BEGIN: LiteralString = """
insert into config.sla_policies
    (tenant_id, metric, inbox_id, priority, threshold_seconds, business_hours_only, valid_from, _sync_id)
values (%s, %s, %s::bigint, %s, %s::bigint, %s::boolean, %s::timestamptz, %s)
"""


def change_policies(
    connection: psycopg.Connection,
    tenant_id: str,
    *,
    ended: Collection[Values],
    begun: Collection[Values],
    sync_id: int,
) -> None:
    """Ends and begins policies, all at one moment.

    Each is (metric, inbox_id, priority, threshold_seconds, business_hours_only) as text; a changed one is ended and
    begun.
    """
    if not ended and not begun:
        return
    row = connection.execute(_MOMENT, {"tenant_id": tenant_id}).fetchone()
    assert row is not None
    moment = str(row[0])
    for policy in sorted(ended, key=str):
        connection.execute(_FORGET, [tenant_id, *policy[:3], moment])
        connection.execute(_END, [moment, sync_id, tenant_id, *policy[:3]])
    for policy in sorted(begun, key=str):
        connection.execute(_BEGIN, [tenant_id, *policy, moment, sync_id])
