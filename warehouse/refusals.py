"""Finding, in a batch that PostgreSQL refused, the rows at fault and why: all of them at once.

The batch is copied as text, and each value is offered to its column's type, then each row to its table's constraints. So a
source with one bad row in a thousand, or with nothing but bad rows, costs about the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.adapt import PyFormat, Transformer

from warehouse.clean import clean_column
from warehouse.rejected import reason_of
from warehouse.table_shape import Column, TableShape, check_constraints

_TRY_CAST = """
create or replace function {name}(value text) returns text language plpgsql as $$
declare
    fit {type};
begin
    fit := value;
    return null;
exception
    when others then return sqlerrm;
end
$$
"""


class RefusedBatch:
    """A batch under suspicion. Its temporary table of texts lives until the transaction ends."""

    def __init__(self, connection: psycopg.Connection, shape: TableShape, columns: Sequence[Column]) -> None:
        self._connection = connection
        self._shape = shape
        self._columns = columns
        self._texts = shape.temporary("texts")

    def refusals(self, rows: Sequence[Any]) -> dict[int, str]:
        """The positions of the rows at fault, each with its reason. Empty if each row on its own would be taken."""
        refused = self._by_python(rows)
        self._copy_texts(rows, refused)
        for find in (self._by_type, self._by_constraint):
            found = find()
            self._connection.execute(sql.SQL("delete from {} where _row = any (%s)").format(self._texts), [list(found)])
            refused |= found
        return refused

    def _by_python(self, rows: Sequence[Any]) -> dict[int, str]:
        """What has no form PostgreSQL could be sent: half a surrogate pair, an object for a text column."""
        found: dict[int, str] = {}
        writer = Transformer(self._connection)
        for position, row in enumerate(rows):
            for column in self._columns:
                try:
                    [value] = clean_column(column.type, [row.get(column.name)])
                    if value is not None:
                        writer.get_dumper(value, PyFormat.TEXT).dump(value)
                except Exception as error:
                    reason = reason_of(error)
                    if reason is None:
                        raise
                    found.setdefault(position, f"{column.name}: {reason}")
        return found

    def _copy_texts(self, rows: Sequence[Any], without: dict[int, str]) -> None:
        names = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(column.name)) for column in self._columns)
        create = sql.SQL("create temporary table if not exists {} (_row integer, {}) on commit drop")
        self._connection.execute(sql.SQL("drop table if exists {}").format(self._texts))
        self._connection.execute(create.format(self._texts, names))
        kept = [(position, row) for position, row in enumerate(rows) if position not in without]
        cleaned = [clean_column(column.type, [row.get(column.name) for _, row in kept]) for column in self._columns]
        with (
            self._connection.cursor() as cursor,
            cursor.copy(sql.SQL("copy {} from stdin").format(self._texts)) as copy,
        ):
            for (position, _), *values in zip(kept, *cleaned, strict=True):
                copy.write_row((position, *values))

    def _by_type(self) -> dict[int, str]:
        typed = [column for column in self._columns if column.type != "text"]
        offers = []
        for number, type_name in enumerate(sorted({column.type for column in typed})):
            name = sql.Identifier("pg_temp", f"refusal_{number}")
            self._connection.execute(
                sql.SQL(_TRY_CAST).format(name=name, type=sql.SQL(type_name))  # a type's name from the catalogue
            )
            offers += [
                sql.SQL("({}, {}({}))").format(sql.Literal(column.name), name, sql.Identifier(column.name))
                for column in typed
                if column.type == type_name
            ]
        if not offers:
            return {}
        statement = sql.SQL(
            "select _row, offer.name, offer.reason from {}, lateral (values {}) as offer (name, reason) "
            "where offer.reason is not null order by _row desc, offer.name desc"
        ).format(self._texts, sql.SQL(", ").join(offers))
        return {row: f"{column}: {reason}" for row, column, reason in self._connection.execute(statement)}

    def _by_constraint(self) -> dict[int, str]:
        here = {column.name for column in self._columns}
        required = [column.name for column in self._columns if column.is_required]
        conditions: list[sql.Composable] = [
            sql.SQL("({}, 'it is missing', {} is null)").format(sql.Literal(name), sql.Identifier(name))
            for name in required
        ]
        for check in check_constraints(self._connection, self._shape.name):
            if here.issuperset(check.columns):
                shown = sql.SQL(" || ', ' || ").join(
                    sql.SQL("coalesce({}::text, 'null')").format(sql.Identifier(name)) for name in check.columns
                )
                conditions.append(
                    sql.SQL("({}, format('%%s is against the rule %%s', {}, {}::text), not ({}))").format(
                        sql.Literal(", ".join(check.columns)),
                        shown,
                        sql.Literal(check.expression),
                        sql.SQL(check.expression),
                    )
                )
        if not conditions:
            return {}
        statement = sql.SQL(
            "select _row, rule.name, rule.reason from (select _row, {} from {} offset 0) as target, "
            "lateral (values {}) as rule (name, reason, broken) where rule.broken order by _row desc, rule.name desc"
        ).format(
            sql.SQL(", ").join(_typed(column) for column in self._columns), self._texts, sql.SQL(", ").join(conditions)
        )
        found = self._connection.execute(statement, [])
        return {row: f"{name}: {reason}" for row, name, reason in found}


def _typed(column: Column) -> sql.Composable:
    name = sql.Identifier(column.name)
    cast = sql.SQL("{}::{}").format(name, sql.SQL(column.type))
    if column.default is not None:
        cast = sql.SQL("coalesce({}, {})").format(cast, sql.SQL(column.default))
    return sql.SQL("{} as {}").format(cast, name)
