"""A rebuild that is owed: rows that went without a trace leave nothing for an incremental build to follow."""

from __future__ import annotations

import psycopg
from psycopg import sql

# A tenant that was never built is built whole. A build under way finds no row to call complete.
_NEVER_BUILT = "delete from ops.builds where tenant_id = %s"
_NOTES = ("intermediate.build_changes", "intermediate.build_scope")


def owe_rebuild(connection: psycopg.Connection, tenant_id: str) -> None:
    """Has the tenant's next build make all its rows anew, in the caller's transaction."""
    connection.execute(_NEVER_BUILT, [tenant_id])
    for table in _NOTES:
        found = connection.execute("select to_regclass(%s) is not null", [table]).fetchone()
        if found and found[0]:
            connection.execute(
                sql.SQL("delete from {} where tenant_id = %s").format(sql.Identifier(*table.split("."))), [tenant_id]
            )
