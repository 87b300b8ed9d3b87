"""Marking as deleted what the source no longer has. The rows stay: their `_sync_id` tells the models what vanished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from warehouse.clean import NUL
from warehouse.table_shape import TableShape, table_shape

Key = Sequence[Any] | str | int


def mark_deleted(
    connection: psycopg.Connection,
    table: str,
    *,
    tenant_id: str,
    sync_id: int,
    present: Iterable[Key] | None = None,
    absent: Iterable[Key] | None = None,
    where: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> int:
    """Sets `_deleted_at` on the tenant's rows that are `absent`, or that are not among `present`; returns how many.

    A key is the primary key without tenant_id: a tuple, or the bare value where it is one column. `where` narrows which
    rows are judged at all: an SQL condition over `target` with psycopg's named parameters (`target.inbox_id = %(id)s`).
    """
    if (present is None) == (absent is None):
        raise ValueError("give either the keys that are present or those that are absent")
    shape = table_shape(connection, table)
    keys = shape.temporary("keys")
    with connection.transaction():
        _copy_keys(connection, shape, keys, present if present is not None else absent or ())
        same = sql.SQL(" and ").join(
            sql.SQL("keys.{0} = target.{0}::text").format(sql.Identifier(column.name)) for column in shape.key
        )
        statement = sql.SQL(
            "update {target} as target set _deleted_at = now(), _sync_id = %(_sync_id)s, _synced_at = now() "
            "where target.tenant_id = %(_tenant_id)s and target._deleted_at is null and ({where}) "
            "and {exists} (select from {keys} as keys where {same})"
        ).format(
            target=shape.identifier,
            where=sql.SQL(where or "true"),  # the caller's own words; values are parameters
            exists=sql.SQL("exists" if present is None else "not exists"),
            keys=keys,
            same=same,
        )
        cursor = connection.execute(statement, {**(parameters or {}), "_sync_id": sync_id, "_tenant_id": tenant_id})
        return cursor.rowcount


def _copy_keys(
    connection: psycopg.Connection, shape: TableShape, temporary: sql.Identifier, keys: Iterable[Key]
) -> None:
    """As text, so that a key the column's type could not take is a key that matches nothing."""
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(column.name)) for column in shape.key)
    connection.execute(
        sql.SQL("create temporary table if not exists {} ({}) on commit delete rows").format(temporary, columns)
    )
    connection.execute(sql.SQL("truncate {}").format(temporary))
    with connection.cursor() as cursor, cursor.copy(sql.SQL("copy {} from stdin").format(temporary)) as copy:
        for key in keys:
            values = [key] if isinstance(key, str | int) else key
            texts = [str(value).replace(NUL, "") for value in values]
            if len(texts) != len(shape.key):
                raise ValueError(f"a key of {shape.name} is {', '.join(column.name for column in shape.key)}")
            if all(_is_text(text) for text in texts):
                copy.write_row(texts)
    connection.execute(sql.SQL("analyze {}").format(temporary))


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which no stored row can hold
        return False
    return True
