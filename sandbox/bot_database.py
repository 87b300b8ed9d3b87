"""Puts a pretend bot's rows into a real PostgreSQL database, and its changes after the world has moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from sandbox.world.bot_records import TABLES, BotData

SCHEMA = Path(__file__).with_name("bot_schema.sql")
KEYS = {table: ["campaign_id", "cost_date"] if table == "campaign_costs" else ["id"] for table in TABLES}


def load_bot_database(dsn: str, bot: BotData) -> None:
    """Make the bot's tables anew in the database's public schema and fill them, in one transaction."""
    id_type = "bigint" if bot.id_type == "integer" else "uuid"
    with psycopg.connect(dsn) as connection:
        for table in reversed(TABLES):
            connection.execute(sql.SQL("drop table if exists {} cascade").format(sql.Identifier(table)))
        connection.execute(SCHEMA.read_text(encoding="utf-8").format(id=id_type).encode())
        for table, rows in bot.rows.items():
            _copy(connection, table, table, rows.values())
    # a query planner without statistics chooses badly, and autovacuum takes a minute to come by
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("analyze")


def apply_bot_changes(dsn: str, bot: BotData) -> int:
    """Bring a loaded database up to date with what changed since the end of the history; returns the rows written.

    May be repeated: rows that are already as they should be are not touched.
    """
    written = 0
    with psycopg.connect(dsn) as connection:
        for table in TABLES:
            rows = [bot.rows[table][key] for name, key in bot.changed if name == table]
            if rows:
                written += _upsert(connection, table, rows)
    return written


def _columns(table: str) -> list[str]:
    return [column.name for column in fields(TABLES[table])]


def _copy(connection: psycopg.Connection, table: str, into: str, rows: Iterable[Any]) -> None:
    columns = _columns(table)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(into), names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([getattr(row, column) for column in columns])


def _upsert(connection: psycopg.Connection, table: str, rows: list[Any]) -> int:
    staged = f"changed_{table}"
    target, source = sql.Identifier(table), sql.Identifier(staged)
    connection.execute(sql.SQL("create temp table {} (like {}) on commit drop").format(source, target))
    _copy(connection, table, staged, rows)
    columns = _columns(table)
    others = [column for column in columns if column not in KEYS[table]]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    result = connection.execute(
        sql.SQL(
            "insert into {target} as held ({names}) select {names} from {source}"
            " on conflict ({key}) do update set {changes} where ({held}) is distinct from ({new})"
        ).format(
            target=target,
            source=source,
            names=names,
            key=sql.SQL(", ").join(map(sql.Identifier, KEYS[table])),
            changes=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in others),
            held=sql.SQL(", ").join(sql.SQL("held.{}").format(sql.Identifier(c)) for c in others),
            new=sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(c)) for c in others),
        )
    )
    return result.rowcount
