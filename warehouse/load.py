"""Landing rows: COPY into a temporary table, then an upsert that touches only what really changed.

All of it happens inside the caller's transaction. What PostgreSQL cannot take is kept in ops.rejected_rows, and the
rest of the batch goes on. There is no MERGE, and every statement names tenant_id, so that the tables may be
distributed by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import psycopg

from warehouse.landing import Landing, Row
from warehouse.privacy.forgotten import Forgotten
from warehouse.refusals import RefusedBatch
from warehouse.rejected import Rejects, reason_of
from warehouse.table_shape import Column, TableShape, table_shape

CHUNK_ROWS = 10_000


@dataclass(slots=True)
class LoadResult:
    """What became of the rows: `read` is the sum of the others."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    superseded: int = 0
    """Rows followed by another of the same key, which won."""
    erased: int = 0
    """Rows of people who were erased: not stored."""

    @property
    def written(self) -> int:
        return self.inserted + self.updated

    def __add__(self, other: LoadResult) -> LoadResult:
        return LoadResult(
            self.read + other.read,
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
            self.superseded + other.superseded,
            self.erased + other.erased,
        )


def load_rows(
    connection: psycopg.Connection,
    table: str,
    rows: Iterable[Row],
    *,
    tenant_id: str,
    sync_id: int,
    source: str,
    resource: str,
    columns: Collection[str] | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> LoadResult:
    """Inserts, updates and un-deletes `rows` (column -> value) of one tenant in `schema.table`.

    A row's missing columns become null (or the default of a required column). With `columns`, only those are written,
    beside the key: the others keep what they hold. Of several rows with one key the last wins. Rows that say what is
    already stored keep their `_sync_id`. Rows of people whom the tenant has erased are left out and counted. The rows may be
    a generator of any length: memory stays flat.
    """
    shape = table_shape(connection, table)
    landing = Landing(connection, shape, _written_columns(shape, columns), tenant_id, sync_id)
    rejects = Rejects(connection, tenant_id, source, resource, sync_id)
    result = LoadResult()
    iterator = iter(rows)
    with connection.transaction():
        landing.prepare()
        has_rejects = rejects.exist()
        forgotten = Forgotten.of(connection, tenant_id)
        while chunk := list(islice(iterator, chunk_rows)):
            landing.check_names(chunk)
            wanted = forgotten.without_theirs(table, chunk) if forgotten else chunk
            result.read += len(chunk)
            result.erased += len(chunk) - len(wanted)
            kept, superseded = _last_of_each_key(shape, wanted)
            result.superseded += superseded
            _land(landing, rejects, kept, result, forget=has_rejects)
        if landing.was_empty and result.inserted:
            # Not looked up chunk by chunk: of what was written, that which there is now was inserted.
            written, result.inserted = result.inserted, landing.stored_rows()
            result.updated += written - result.inserted
    return result


def _land(landing: Landing, rejects: Rejects, rows: Sequence[Row], result: LoadResult, *, forget: bool) -> None:
    """Lands the rows; if PostgreSQL refuses them, keeps those at fault as rejected and lands the rest."""
    try:
        with landing.connection.transaction():
            inserted, updated = landing.upsert(rows)
            if forget:
                rejects.forget(landing.shape, landing.temporary)
            landing.clear()
    except Exception as error:
        reason = reason_of(error)
        if reason is None:
            raise
        refused = RefusedBatch(landing.connection, landing.shape, landing.columns).refusals(rows)
        if len(rows) == 1:
            refused = refused or {0: reason}
        rejects.keep(landing.shape, [(rows[position], why) for position, why in refused.items()])
        result.rejected += len(refused)
        rest = [row for position, row in enumerate(rows) if position not in refused]
        # What only shows among others, or in an index: halved until it stands alone.
        middle = len(rest) if refused else len(rest) // 2
        for part in (rest[:middle], rest[middle:]):
            if part:
                _land(landing, rejects, part, result, forget=forget)
        return
    result.inserted += inserted
    result.updated += updated
    result.unchanged += len(rows) - inserted - updated


def _written_columns(shape: TableShape, columns: Collection[str] | None) -> Sequence[Column]:
    if columns is None:
        return shape.data
    if unknown := set(columns) - {column.name for column in shape.data}:
        raise ValueError(f"{shape.name} has no column {sorted(unknown)}")
    return [column for column in shape.data if column.is_key or column.name in columns]


def _last_of_each_key(shape: TableShape, rows: Sequence[Row]) -> tuple[Sequence[Row], int]:
    names = [column.name for column in shape.key]
    keys = list(zip(*([row.get(name) for row in rows] for name in names), strict=True))
    try:
        if len(set(keys)) == len(rows):  # nearly always
            return rows, 0
    except TypeError:  # an object for a key: that row will be refused
        keys = [tuple(map(str, key)) for key in keys]
    last: dict[tuple[Any, ...], Row] = {}
    without_key: list[Row] = []
    for key, row in zip(keys, rows, strict=True):
        if None in key:
            without_key.append(row)
        else:
            last.pop(key, None)
            last[key] = row
    return [*last.values(), *without_key], len(rows) - len(last) - len(without_key)
