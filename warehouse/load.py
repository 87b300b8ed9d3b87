"""Landing rows: COPY into a temporary table, then an upsert that touches only what really changed.

All of it happens inside the caller's transaction. What PostgreSQL cannot take is kept in ops.rejected_rows, and the
rest of the batch goes on. There is no MERGE, and every statement names tenant_id, so that the tables may be
distributed by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql

from warehouse.clean import clean_column
from warehouse.rejected import Rejects, reason_of
from warehouse.table_shape import Column, TableShape, table_shape

CHUNK_ROWS = 10_000

Row = Mapping[str, Any]


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
    already stored keep their `_sync_id`. The rows may be a generator of any length: memory stays flat.
    """
    shape = table_shape(connection, table)
    landing = _Landing(connection, shape, _written_columns(shape, columns), tenant_id, sync_id)
    rejects = Rejects(connection, tenant_id, source, resource, sync_id)
    result = LoadResult()
    iterator = iter(rows)
    with connection.transaction():
        landing.prepare()
        has_rejects = rejects.exist()
        while chunk := list(islice(iterator, chunk_rows)):
            landing.check_names(chunk)
            kept, superseded = _last_of_each_key(shape, chunk)
            result.read += len(chunk)
            result.superseded += superseded
            _land(landing, rejects, kept, result, forget=has_rejects)
        landing.tell_inserted_from_updated(result)
    return result


def _land(landing: _Landing, rejects: Rejects, rows: Sequence[Row], result: LoadResult, *, forget: bool) -> None:
    """Lands the rows; if one of them is at fault, halves them until it stands alone, and keeps it as rejected."""
    try:
        with landing.connection.transaction():
            existing, written = landing.upsert(rows)
            if forget:
                rejects.forget(landing.shape, landing.temporary)
            landing.clear()
    except Exception as error:
        reason = reason_of(error)
        if reason is None:
            raise
        if len(rows) == 1:
            rejects.keep(landing.shape, rows[0], reason)
            result.rejected += 1
        else:
            middle = len(rows) // 2
            _land(landing, rejects, rows[:middle], result, forget=forget)
            _land(landing, rejects, rows[middle:], result, forget=forget)
        return
    result.inserted += len(rows) - existing
    result.updated += written - (len(rows) - existing)
    result.unchanged += len(rows) - written


class _Landing:
    """The statements that bring a chunk from COPY into its table."""

    def __init__(
        self, connection: psycopg.Connection, shape: TableShape, columns: Sequence[Column], tenant_id: str, sync_id: int
    ) -> None:
        self.connection, self.shape, self.columns = connection, shape, columns
        self.temporary = shape.temporary("load")
        self._tenant_id, self._sync_id = tenant_id, sync_id
        self._was_empty = False
        self._names = {column.name for column in shape.data} | {"tenant_id"}
        names = [sql.Identifier(column.name) for column in columns]
        keys = [sql.Identifier(column.name) for column in shape.key]
        compared = [sql.Identifier(column.name) for column in columns if not column.is_key]
        parts = {
            "target": shape.identifier,
            "load": self.temporary,
            "names": sql.SQL(", ").join(names),
            "values": sql.SQL(", ").join(_value(column) for column in columns),
            "keys": sql.SQL(", ").join(keys),
            "same_key": sql.SQL(" and ").join(sql.SQL("target.{0} = load.{0}").format(key) for key in keys),
            "changes": sql.SQL(", ").join(_changes(shape, compared)),
            "is_changed": sql.SQL(" or ").join(_is_changed(shape, compared)),
        }
        self._copy = sql.SQL("copy {load} ({names}) from stdin").format(**parts)
        self._create = sql.SQL(
            "create temporary table if not exists {load} on commit delete rows "
            "as select {all} from {target} with no data"
        ).format(all=sql.SQL(", ").join(sql.Identifier(column.name) for column in shape.data), **parts)
        self._clear = sql.SQL("truncate {load}").format(**parts)
        self._count = sql.SQL(
            "select count(*) from {load} as load inner join {target} as target on target.tenant_id = %s and {same_key}"
        ).format(**parts)
        self._upsert = sql.SQL(
            "insert into {target} as target (tenant_id, {names}, _sync_id) select %s, {values}, %s from {load} as load "
            "on conflict (tenant_id, {keys}) do update set {changes} where {is_changed}"
        ).format(**parts)

    def prepare(self) -> None:
        self.connection.execute(self._create)
        self.connection.execute(self._clear)
        self._was_empty = self._tenants_rows(limit=1) == 0

    def check_names(self, rows: Sequence[Row]) -> None:
        """Raises for a column the table lacks, or another tenant's row: mistakes of the caller, not of the source."""
        for row in rows:
            if not row.keys() <= self._names:
                raise ValueError(f"{self.shape.name} has no column {sorted(row.keys() - self._names)}")
            if row.get("tenant_id", self._tenant_id) != self._tenant_id:
                raise ValueError(f"a row of tenant {row['tenant_id']} among those of {self._tenant_id}")

    def upsert(self, rows: Sequence[Row]) -> tuple[int, int]:
        """How many of the rows were there already, and how many were written."""
        cleaned = [clean_column(column.type, [row.get(column.name) for row in rows]) for column in self.columns]
        with self.connection.cursor() as cursor:
            with cursor.copy(self._copy) as copy:
                for values in zip(*cleaned, strict=True):
                    copy.write_row(values)
            existing = 0
            if not self._was_empty:
                cursor.execute(self._count, [self._tenant_id])
                existing = int((cursor.fetchone() or (0,))[0])
            cursor.execute(self._upsert, [self._tenant_id, self._sync_id])
            return existing, cursor.rowcount

    def clear(self) -> None:
        self.connection.execute(self._clear)

    def tell_inserted_from_updated(self, result: LoadResult) -> None:
        """Where the tenant had no rows, they were not looked up chunk by chunk: what there is now was inserted."""
        if self._was_empty and result.inserted:
            written = result.inserted + result.updated
            result.inserted = self._tenants_rows()
            result.updated = written - result.inserted

    def _tenants_rows(self, limit: int | None = None) -> int:
        statement = sql.SQL("select count(*) from (select from {} where tenant_id = %s limit %s) as rows")
        row = self.connection.execute(statement.format(self.shape.identifier), [self._tenant_id, limit]).fetchone()
        return int(row[0]) if row else 0


def _value(column: Column) -> sql.Composable:
    name = sql.SQL("load.{}").format(sql.Identifier(column.name))
    if column.default is None:
        return name
    return sql.SQL("coalesce({}, {})").format(name, sql.SQL(column.default))  # from the catalogue


def _changes(shape: TableShape, compared: Sequence[sql.Identifier]) -> list[sql.Composable]:
    changes: list[sql.Composable] = [sql.SQL("{0} = excluded.{0}").format(name) for name in compared]
    changes.append(sql.SQL("_sync_id = excluded._sync_id"))
    if shape.has("_synced_at"):
        changes.append(sql.SQL("_synced_at = now()"))
    if shape.has("_deleted_at"):
        changes.append(sql.SQL("_deleted_at = null"))
    return changes


def _is_changed(shape: TableShape, compared: Sequence[sql.Identifier]) -> list[sql.Composable]:
    conditions: list[sql.Composable] = []
    if compared:
        mine = sql.SQL(", ").join(sql.SQL("target.{}").format(name) for name in compared)
        theirs = sql.SQL(", ").join(sql.SQL("excluded.{}").format(name) for name in compared)
        conditions.append(sql.SQL("row({}) is distinct from row({})").format(mine, theirs))
    if shape.has("_deleted_at"):
        conditions.append(sql.SQL("target._deleted_at is not null"))
    return conditions or [sql.SQL("false")]


def _written_columns(shape: TableShape, columns: Collection[str] | None) -> Sequence[Column]:
    if columns is None:
        return shape.data
    if unknown := set(columns) - {column.name for column in shape.data}:
        raise ValueError(f"{shape.name} has no column {sorted(unknown)}")
    return [column for column in shape.data if column.is_key or column.name in columns]


def _last_of_each_key(shape: TableShape, rows: Sequence[Row]) -> tuple[Sequence[Row], int]:
    names = [column.name for column in shape.key]
    last: dict[tuple[str, ...], Row] = {}
    without_key: list[Row] = []
    for row in rows:
        key = tuple([str(row.get(name)) for name in names])
        if "None" in key:
            without_key.append(row)
        else:
            last.pop(key, None)
            last[key] = row
    if len(last) + len(without_key) == len(rows):
        return rows, 0
    return [*last.values(), *without_key], len(rows) - len(last) - len(without_key)
