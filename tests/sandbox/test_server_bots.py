"""The bots' databases follow the world that is served."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import yaml

from sandbox.server.serve import SandboxServer
from tests.servers import Server

WORLD: dict[str, Any] = {
    "seed": 3,
    "scale": 0.05,
    "end": datetime(2026, 3, 2, 15, tzinfo=UTC),
    "slugs": ["boxcentral", "bellapele"],
}


@pytest.fixture
def bot_dsn(embedded_server: Server) -> Iterator[str]:
    """A template in which the tenant's slug ends a database's name; the name is the test's own, for tests run at once."""
    database = embedded_server.url(f"sandbox_{uuid4().hex[:12]}_boxcentral")
    yield database.replace("_boxcentral", "_{slug}")
    embedded_server.drop(database)


def messages(dsn: str) -> tuple[int, int]:
    """How many there are, and in which file they lie: a table made anew lies in another."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select count(*), pg_relation_filenode('conversation_messages') from conversation_messages"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_they_are_created_filled_and_moved_on(tmp_path: Path, bot_dsn: str) -> None:
    dsn = bot_dsn.replace("{slug}", "boxcentral")
    with SandboxServer.open(tmp_path, bot_dsn=bot_dsn, **WORLD) as server:
        bot = server.world.tenants["boxcentral"].bot
        assert bot is not None
        count, file = messages(dsn)
        assert count == len(bot.rows["conversation_messages"]) > 0
        box, bella = yaml.safe_load((tmp_path / "tenants.yaml").read_text(encoding="utf-8"))["tenants"]
        assert box["bot"] == {"database_url": dsn, "schema": "public"}
        assert "bot" not in bella
        server.advance(hours=72)
        advanced, same_file = messages(dsn)
        assert advanced == len(bot.rows["conversation_messages"]) > count
        assert same_file == file
    with SandboxServer.open(tmp_path, bot_dsn=bot_dsn):
        assert messages(dsn) == (advanced, file)  # what is up to date is left alone


def test_rows_of_a_later_world_are_taken_back(tmp_path: Path, bot_dsn: str) -> None:
    dsn = bot_dsn.replace("{slug}", "boxcentral")
    with SandboxServer.open(tmp_path / "one", bot_dsn=bot_dsn, **WORLD) as server:
        before = messages(dsn)[0]
        server.advance(hours=72)
    with SandboxServer.open(tmp_path / "two", bot_dsn=bot_dsn, **WORLD):
        assert messages(dsn)[0] == before
