"""For which tenants dbt has anything to do: since their last complete build a row changed, an SLA ran out or a day began."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from orchestration.dbt_environment import project_hash
from warehouse.connect import connect

_OVERDUE = (Path(__file__).parent / "sql" / "overdue_tenants.sql").read_bytes()
_ANOTHER_DAY = (Path(__file__).parent / "sql" / "another_day.sql").read_bytes()
_LAST_BUILD = """
select tenant_id, to_sync_id, coalesce(project_hash, %(hash)s)
from (
    select distinct on (tenant_id) tenant_id, to_sync_id, project_hash
    from ops.builds
    where tenant_id = any(%(tenants)s) and completed_at is not null
    order by tenant_id, completed_at desc
) as last_builds
"""


def changed_tenants(dsn: str, tenants: Collection[str], synced_tables: Sequence[str]) -> list[str]:
    """Of these tenants, those whose tables are older than their rows, the code, a deadline that passed or the present day."""
    code = project_hash()
    with connect(dsn) as connection:
        newest: dict[str, int | None] = dict(connection.execute(_newest(synced_tables), [list(tenants)]).fetchall())
        builds = connection.execute(_LAST_BUILD, {"tenants": list(tenants), "hash": code}).fetchall()
        current = {tenant_id for tenant_id, to, hash in builds if hash == code and to >= (newest.get(tenant_id) or 0)}
        current -= _overdue(connection, current)
        current -= {tenant_id for (tenant_id,) in connection.execute(_ANOTHER_DAY, {"tenants": list(current)})}
    return sorted(set(tenants) - current)


def _overdue(connection: psycopg.Connection, tenants: Collection[str]) -> set[str]:
    """Those of which a running SLA was due by the time of the latest sync."""
    if connection.execute("select to_regclass('marts.fct_sla') is null").fetchone() == (True,):
        return set()
    return {tenant_id for (tenant_id,) in connection.execute(_OVERDUE, {"tenants": list(tenants)})}


def _newest(tables: Sequence[str]) -> sql.Composed:
    """The newest sync id among each tenant's rows: an index look-up per table and tenant."""
    look_ups = sql.SQL(", ").join(
        sql.SQL("(select max(_sync_id) from {} where tenant_id = tenants.tenant_id)").format(_relation(table))
        for table in tables
    )
    return sql.SQL("select tenant_id, greatest({}) from unnest(%s::text[]) as tenants(tenant_id)").format(look_ups)


def _relation(quoted: str) -> sql.Identifier:
    return sql.Identifier(*(part.strip('"') for part in quoted.split(".")))
