"""Tables of ml that say one thing of a tenant at a time: the next run's rows take the place of the last one's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from warehouse.load import load_rows
from warehouse.locks import tenant_lock
from warehouse.sync_ids import take_sync_id
from warehouse.table_shape import table_shape


@dataclass(frozen=True)
class Stored:
    """Rows that differ from what was there, and rows that are not there any more."""

    written: int = 0
    deleted: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(self.written + other.written, self.deleted + other.deleted)


def replace_rows(
    connection: psycopg.Connection, tenant_id: str, tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Stored]:
    """Makes each `ml.<table>` say this of the tenant, all at once: a row whose key is not among the rows goes."""
    stored = {}
    with tenant_lock(connection, tenant_id), connection.transaction():
        sync_id = take_sync_id(connection, tenant_id)
        for table, rows in tables.items():
            name = f"ml.{table}"
            loaded = load_rows(
                connection, name, rows, tenant_id=tenant_id, sync_id=sync_id, source="ml", resource=table
            )
            others = _count(connection, name, tenant_id) - loaded.inserted - loaded.updated - loaded.unchanged
            stored[table] = Stored(loaded.written, _delete_others(connection, name, tenant_id, rows) if others else 0)
    return stored


def _count(connection: psycopg.Connection, table: str, tenant_id: str) -> int:
    shape = table_shape(connection, table)
    query = sql.SQL("select count(*) from {} where tenant_id = %s").format(shape.identifier)
    row = connection.execute(query, [tenant_id]).fetchone()
    return int(row[0]) if row else 0


def _delete_others(
    connection: psycopg.Connection, table: str, tenant_id: str, rows: Sequence[Mapping[str, Any]]
) -> int:
    shape = table_shape(connection, table)
    keys = [sql.Identifier(column.name) for column in shape.key]
    given = [sql.SQL("%s::{}[]").format(sql.SQL(column.type)) for column in shape.key]
    delete = sql.SQL("delete from {} where tenant_id = %s and ({}) not in (select * from unnest({}))").format(
        shape.identifier, sql.SQL(", ").join(keys), sql.SQL(", ").join(given)
    )
    values = [[row[column.name] for row in rows] for column in shape.key]
    return connection.execute(delete, [tenant_id, *values]).rowcount
