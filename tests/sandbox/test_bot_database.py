"""A real PostgreSQL holds exactly what the pretend bot holds, at first and after each advance."""

from __future__ import annotations

from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql

from sandbox.bot_database import apply_bot_changes, load_bot_database
from sandbox.world.bot_records import TABLES, BotData
from sandbox.world.world import World

END = datetime(2026, 11, 16, 15, tzinfo=UTC)


def stored(dsn: str, table: str) -> list[tuple[Any, ...]]:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in fields(TABLES[table]))
    with psycopg.connect(dsn) as connection:
        connection.execute("set timezone to 'UTC'")
        return connection.execute(sql.SQL("select {} from {}").format(columns, sql.Identifier(table))).fetchall()


def assert_holds(dsn: str, bot: BotData) -> None:
    for table, rows in bot.rows.items():
        found = sorted(
            tuple(str(v) if v.__class__.__name__ == "UUID" else v for v in row) for row in stored(dsn, table)
        )
        assert found == sorted(map(astuple, rows.values())), table


@pytest.mark.parametrize("slug", ["boxcentral", "sorriso"])
def test_the_database_holds_the_bots_rows_and_follows_its_changes(slug: str, empty_database: str) -> None:
    world = World.generate(9, 0.2, END, slugs=[slug])
    bot = world.tenants[slug].bot
    assert bot is not None
    load_bot_database(empty_database, bot)
    assert_holds(empty_database, bot)
    assert apply_bot_changes(empty_database, bot) == 0

    world.advance(30)
    assert apply_bot_changes(empty_database, bot) > 0
    assert_holds(empty_database, bot)
    assert apply_bot_changes(empty_database, bot) == 0, "nothing is written twice"

    load_bot_database(empty_database, bot)
    assert_holds(empty_database, bot)


def test_ids_are_integers_of_one_bot_and_uuids_of_the_other(empty_database: str) -> None:
    world = World.generate(9, 0.05, END, slugs=["boxcentral", "sorriso"])
    for slug, expected in (("boxcentral", "bigint"), ("sorriso", "uuid")):
        bot = world.tenants[slug].bot
        assert bot is not None
        load_bot_database(empty_database, bot)
        with psycopg.connect(empty_database) as connection:
            types = connection.execute(
                "select distinct data_type from information_schema.columns"
                " where table_schema = 'public' and column_name in ('id', 'lead_id', 'conversation_id', 'campaign_id')"
            ).fetchall()
        assert types == [(expected,)]
