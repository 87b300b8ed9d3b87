"""A bot's database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.sources.bot.pretend_bot import create_bot


@pytest.fixture
def bot_database(embedded_server: servers.Server) -> Iterator[str]:
    """An empty database."""
    url = embedded_server.create(migrated=False)
    yield url
    embedded_server.drop(url)


@pytest.fixture
def bot(bot_database: str) -> str:
    """A bot with 60 leads and what belongs to them."""
    create_bot(bot_database)
    return bot_database
