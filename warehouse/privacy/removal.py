"""Taking a person's rows away, wherever they are."""

from __future__ import annotations

from collections import Counter

import psycopg

from warehouse.privacy.footprint import Footprint
from warehouse.privacy.rejects import delete_rejected_rows

REJECTED = "ops.rejected_rows"

_LIVE_TALKS = """
select count(*) from raw_chatwoot.conversations where tenant_id = %s and id = any(%s) and _deleted_at is null
"""
# the server has so many more conversations than are stored: no reason to read them all again
_SURPLUS = """
update ops.sync_state
set watermark = jsonb_set(watermark, '{surplus}', to_jsonb((watermark ->> 'surplus')::bigint + %s))
where tenant_id = %s and source = 'chatwoot' and resource = 'conversations' and watermark ? 'surplus'
"""


def remove(connection: psycopg.Connection, footprint: Footprint, *, also_built: bool = True) -> Counter[str]:
    """Deletes a person's rows, in the caller's transaction; how many went from each table.

    What dbt made of them goes at once if `also_built`, else with the next build.
    """
    tenant_id, talks = footprint.person.tenant_id, footprint.parameters["chatwoot"]
    live = connection.execute(_LIVE_TALKS, [tenant_id, talks]).fetchone()
    removed = footprint.delete(also_built=also_built)
    removed[REJECTED] += delete_rejected_rows(connection, tenant_id, footprint.identities.__contains__)
    if live and live[0]:
        connection.execute(_SURPLUS, [live[0], tenant_id])
    return +removed
