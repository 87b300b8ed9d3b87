"""What the bot's database really holds, against what `tables.py` asks for."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import errors

from funil.tenants import Tenant
from sources.bot.errors import BotError
from sources.bot.tables import TABLES, BotTable

_COLUMNS = (Path(__file__).parent / "columns.sql").read_text(encoding="utf-8").encode()

# columns of the bot's own that are not carried along in `extra`
_SECRET = re.compile(
    r"(^|_)(token|secret|password|passwd|pwd|hash|salt|hmac|api_?key|private_?key|credentials?)$", re.I
)
_UNREADABLE_TYPES = {"bytea", "tsvector", "vector", "halfvec", "sparsevec", "xml"}


@dataclass(frozen=True)
class FoundTable:
    """A table that is there: which of its columns fill ours, and which go into `extra`."""

    table: BotTable
    columns: frozenset[str]
    extra: tuple[str, ...]
    # the table has an `updated_at` of its own although ours need not: a change is seen by it, however old the row
    announces: bool


@dataclass(frozen=True)
class FoundSchema:
    """The tables to read, in order, and a sentence for each thing that is missing but not necessary."""

    tables: tuple[FoundTable, ...]
    warnings: tuple[str, ...]


def inspect_schema(connection: psycopg.Connection, tenant: Tenant) -> FoundSchema:
    """Raises BotError when something necessary is missing, unreadable or of a type that cannot be trusted."""
    assert tenant.bot is not None
    schema = tenant.bot.schema_name
    names = [table.name for table in TABLES]
    try:
        rows = connection.execute(_COLUMNS, {"schema": schema, "tables": names}).fetchall()
        usable = connection.execute(
            "select has_schema_privilege(oid, 'usage') from pg_catalog.pg_namespace where nspname = %s", [schema]
        ).fetchone()
    except errors.InsufficientPrivilege:
        rows, usable = [], (False,)
    where = f"Tenant '{tenant.slug}': the bot's database"
    if usable is None:
        raise BotError(f"{where} has no schema '{schema}'; correct bot.schema.")
    if not usable[0]:
        raise BotError(f"{where} does not let this user into schema '{schema}'; grant usage on it.")

    types: dict[str, dict[str, str]] = defaultdict(dict)
    hidden: dict[str, set[str]] = defaultdict(set)
    for table_name, column_name, type_name, readable in rows:
        if readable:
            types[table_name][column_name] = type_name
        else:
            hidden[table_name].add(column_name)

    found: list[FoundTable] = []
    warnings: list[str] = []
    for table in TABLES:
        if not types[table.name]:
            problem = "may not be read by this user: grant select on it" if hidden[table.name] else "is missing"
            if table.required:
                raise BotError(f"{where} lacks what Funil needs: {schema}.{table.name} {problem}.")
            warnings.append(f"{schema}.{table.name} {problem}; nothing is read from it.")
            continue
        found.append(_match(table, types[table.name], hidden[table.name], where, schema, warnings))
    return FoundSchema(tuple(found), tuple(warnings))


def _match(
    table: BotTable, types: dict[str, str], hidden: set[str], where: str, schema: str, warnings: list[str]
) -> FoundTable:
    name = f"{schema}.{table.name}"
    for column in table.required_columns:
        if column not in types:
            problem = "may not be read by this user" if column in hidden else "is missing"
            raise BotError(f"{where}: the column {name}.{column} {problem}, and Funil cannot do without it.")
    if absent := [column for column in table.optional_columns if column not in types]:
        warnings.append(f"{name} has no {' and no '.join(absent)}; read as null.")
    for column in table.columns:
        if column in types:
            _check_type(table, column, types[column], where, name)

    spare = [column for column in types if column not in table.columns]
    dropped = [column for column in spare if _SECRET.search(column) or types[column] in _UNREADABLE_TYPES]
    if dropped:
        warnings.append(f"{name}: {', '.join(dropped)} left out, as secret or not text.")
    return FoundTable(
        table=table,
        columns=frozenset(types).intersection(table.columns),
        extra=tuple(column for column in spare if column not in dropped),
        announces=table.cursor == "created_at" and types.get("updated_at") == "timestamp with time zone",
    )


def _check_type(table: BotTable, column: str, type_name: str, where: str, name: str) -> None:
    if column in table.timestamps and type_name != "timestamp with time zone":
        raise BotError(
            f"{where}: {name}.{column} is of type {type_name}, which does not say in which time zone; "
            f"make it timestamptz, or read a view that says {column} at time zone '...'."
        )
    if column in table.dates and type_name != "date":
        raise BotError(f"{where}: {name}.{column} is of type {type_name} and must be a date.")
