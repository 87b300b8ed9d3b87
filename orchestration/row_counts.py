"""How many rows a tenant has in the warehouse's tables, and how many of them its last sync changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from psycopg import sql

from warehouse.connect import connect

Table = tuple[str, ...]
"""Schema and name."""


def count_rows(dsn: str, tables: Iterable[Table], tenants: Collection[str]) -> dict[tuple[Table, str], int]:
    """Rows by table and tenant, those marked as deleted included; a tenant without rows is not in it."""
    parts = [
        sql.SQL(
            "select {}, {}, tenant_id, count(*) from {} where tenant_id = any(%(tenants)s) group by tenant_id"
        ).format(sql.Literal(table[0]), sql.Literal(table[1]), sql.Identifier(*table))
        for table in tables
    ]
    if not parts or not tenants:
        return {}
    with connect(dsn) as connection:
        rows = connection.execute(sql.SQL(" union all ").join(parts), {"tenants": list(tenants)}).fetchall()
    return {((schema, name), tenant_id): count for schema, name, tenant_id, count in rows}


def changed_rows(dsn: str, tables: Iterable[Table], tenant_id: str, sync_id: int) -> dict[Table, int]:
    """How many rows of each table a sync wrote or marked as deleted; tables it left alone are not in it."""
    parts = [
        sql.SQL(
            "select {}, {}, count(*) from {} where tenant_id = %(tenant)s and _sync_id = %(sync)s having count(*) > 0"
        ).format(sql.Literal(table[0]), sql.Literal(table[1]), sql.Identifier(*table))
        for table in tables
    ]
    with connect(dsn) as connection:
        rows = connection.execute(sql.SQL(" union all ").join(parts), {"tenant": tenant_id, "sync": sync_id}).fetchall()
    return {(schema, name): count for schema, name, count in rows}
