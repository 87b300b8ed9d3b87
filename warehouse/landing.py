"""The statements that bring a chunk of rows from COPY into its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from psycopg import sql

from warehouse.clean import clean_column
from warehouse.table_shape import Column, TableShape

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Statements:
    """What lands rows in some columns of a table, ready to be sent: putting it together takes longer than a small load."""

    create: bytes
    clear: bytes
    copy: bytes
    compare: bytes
    upsert_all: bytes
    upsert_changed: bytes
    stored_rows: bytes


@cache
def _statements(shape: TableShape, columns: tuple[Column, ...]) -> _Statements:
    names = [sql.Identifier(column.name) for column in columns]
    keys = [sql.Identifier(column.name) for column in shape.key]
    compared = [sql.Identifier(column.name) for column in columns if not column.is_key]
    parts = {
        "target": shape.identifier,
        "load": shape.temporary("load"),
        "names": sql.SQL(", ").join(names),
        "excluded_names": sql.SQL(", ").join(sql.SQL("excluded.{}").format(name) for name in names),
        "keys": sql.SQL(", ").join(keys),
        "same_key": sql.SQL(" and ").join(sql.SQL("target.{0} = excluded.{0}").format(key) for key in keys),
        "changes": sql.SQL(", ").join(_changes(shape, compared)),
        "is_changed": sql.SQL(" or ").join(_is_changed(shape, compared)),
        "all": sql.SQL(", ").join(sql.Identifier(column.name) for column in shape.data),
    }
    values = (sql.SQL("{} as {}").format(_value(column), sql.Identifier(column.name)) for column in columns)
    parts["wanted"] = sql.SQL("select {names} from {load} as load").format(
        names=sql.SQL(", ").join(values), load=parts["load"]
    )
    upsert = sql.SQL(
        "insert into {target} as target (tenant_id, {names}, _sync_id) "
        "select %(tenant_id)s, {excluded_names}, %(sync_id)s from ({wanted}) as excluded {only} "
        "on conflict (tenant_id, {keys}) do update set {changes} where {is_changed}"
    )
    only_changed = sql.SQL(
        "left join {target} as target on target.tenant_id = %(tenant_id)s and {same_key} "
        "where target.tenant_id is null or {is_changed}"
    ).format(**parts)

    def ready(statement: str) -> bytes:
        return sql.SQL(statement).format(**parts).as_bytes()

    return _Statements(
        create=ready(
            "create temporary table if not exists {load} on commit delete rows as select {all} from {target} with no data"
        ),
        clear=ready("truncate {load}"),
        copy=ready("copy {load} ({names}) from stdin"),
        # What is stored already is looked up before it is written: an upsert that changes nothing still locks the row,
        # which is a write.
        compare=ready(
            "select count(*) filter (where target.tenant_id is null), "
            "count(*) filter (where target.tenant_id is not null and ({is_changed})) "
            "from ({wanted}) as excluded left join {target} as target on target.tenant_id = %(tenant_id)s and {same_key}"
        ),
        upsert_all=upsert.format(only=sql.SQL(""), **parts).as_bytes(),
        upsert_changed=upsert.format(only=only_changed, **parts).as_bytes(),
        stored_rows=ready("select count(*) from (select from {target} where tenant_id = %s limit %s) as rows"),
    )


class Landing:
    """One tenant's way into one table; `columns` are those that are written."""

    def __init__(
        self, connection: psycopg.Connection, shape: TableShape, columns: Sequence[Column], tenant_id: str, sync_id: int
    ) -> None:
        self.connection, self.shape, self.columns = connection, shape, columns
        self.temporary = shape.temporary("load")
        self.was_empty = False
        self._tenant_id, self._sync_id = tenant_id, sync_id
        self._names = {column.name for column in shape.data} | {"tenant_id"}
        self._statements = _statements(shape, tuple(columns))

    def prepare(self) -> None:
        self.connection.execute(self._statements.create)
        self.connection.execute(self._statements.clear)
        self.was_empty = self.stored_rows(limit=1) == 0

    def check_names(self, rows: Sequence[Row]) -> None:
        """Raises for a column the table lacks, or another tenant's row: mistakes of the caller, not of the source."""
        for row in rows:
            if not row.keys() <= self._names:
                raise ValueError(f"{self.shape.name} has no column {sorted(row.keys() - self._names)}")
            if row.get("tenant_id", self._tenant_id) != self._tenant_id:
                raise ValueError(f"a row of tenant {row['tenant_id']} among those of {self._tenant_id}")

    def upsert(self, rows: Sequence[Row]) -> tuple[int, int]:
        """How many of the rows were inserted and how many updated."""
        cleaned = [clean_column(column.type, [row.get(column.name) for row in rows]) for column in self.columns]
        with self.connection.cursor() as cursor:
            with cursor.copy(self._statements.copy) as copy:
                for values in zip(*cleaned, strict=True):
                    copy.write_row(values)
            parameters = {"tenant_id": self._tenant_id, "sync_id": self._sync_id}
            if self.was_empty:
                cursor.execute(self._statements.upsert_all, parameters)
                return cursor.rowcount, 0
            cursor.execute(self._statements.compare, parameters)
            new, changed = cursor.fetchone() or (0, 0)
            if new or changed:
                upsert = self._statements.upsert_all if new == len(rows) else self._statements.upsert_changed
                cursor.execute(upsert, parameters)
            return new, changed

    def clear(self) -> None:
        self.connection.execute(self._statements.clear)

    def stored_rows(self, limit: int | None = None) -> int:
        """How many rows the tenant has in the table."""
        row = self.connection.execute(self._statements.stored_rows, [self._tenant_id, limit]).fetchone()
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
