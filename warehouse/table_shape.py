"""What the loader must know of a table, read once per connection."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql

LOADER_COLUMNS = frozenset({"tenant_id", "_sync_id", "_synced_at", "_deleted_at"})

_COLUMNS = """
select a.attname,
       format_type(a.atttypid, a.atttypmod),
       a.attnotnull,
       case when a.attnotnull then pg_get_expr(d.adbin, d.adrelid) end,
       coalesce(a.attnum = any (i.indkey), false)
from pg_attribute as a
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_index as i on i.indrelid = a.attrelid and i.indisprimary
where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""


_CHECKS = """
select pg_get_expr(c.conbin, c.conrelid), array_agg(a.attname::text order by a.attnum)
from pg_constraint as c
inner join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
where c.conrelid = to_regclass(%s) and c.contype = 'c'
group by c.oid
order by c.conname
"""


@dataclass(frozen=True, slots=True)
class Check:
    """A check constraint: an SQL expression over columns, false for rows it refuses."""

    expression: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    is_required: bool
    default: str | None
    """What a required column gets where a row says nothing."""
    is_key: bool


@dataclass(frozen=True)
class TableShape:
    """A table keyed by tenant_id and more, with the loader's own columns beside the source's."""

    name: str
    columns: tuple[Column, ...]

    @property
    def data(self) -> tuple[Column, ...]:
        """The columns that callers fill."""
        return tuple(column for column in self.columns if column.name not in LOADER_COLUMNS)

    @property
    def key(self) -> tuple[Column, ...]:
        """The primary key without tenant_id."""
        return tuple(column for column in self.data if column.is_key)

    def has(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(*self.name.split("."))

    def temporary(self, purpose: str) -> sql.Identifier:
        """The name of this table's temporary companion."""
        return sql.Identifier("pg_temp", f"{purpose}_{self.name.replace('.', '_')}"[:63])


_known: WeakKeyDictionary[psycopg.Connection, dict[str, TableShape]] = WeakKeyDictionary()


def table_shape(connection: psycopg.Connection, table: str) -> TableShape:
    """The shape of `schema.table`; asked of the server once per connection."""
    shapes = _known.setdefault(connection, {})
    if table not in shapes:
        rows = connection.execute(_COLUMNS, [table]).fetchall()
        shape = TableShape(table, tuple(Column(*row) for row in rows))
        if not any(column.name == "tenant_id" and column.is_key for column in shape.columns) or not shape.key:
            raise ValueError(f"{table} is no table of the warehouse keyed by tenant_id and more")
        shapes[table] = shape
    return shapes[table]


def check_constraints(connection: psycopg.Connection, table: str) -> list[Check]:
    """The table's check constraints."""
    rows = connection.execute(_CHECKS, [table]).fetchall()
    return [Check(expression, tuple(columns)) for expression, columns in rows]
