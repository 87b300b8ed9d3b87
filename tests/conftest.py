"""Fixtures for every test: real PostgreSQL databases, made from a migrated template and dropped afterwards.

warehouse       the address of a migrated database on the embedded server
empty_database  the same, with nothing in it
each_server     the address of a migrated database, once on the embedded server and once on the system's PostgreSQL;
                skips the second, saying so, where none is installed
home            a FUNIL_HOME of the test's own
long_tests      whether FUNIL_LONG_TESTS asks for the long variants
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from funil.settings import load_settings
from tests import servers

LONG = os.environ.get("FUNIL_LONG_TESTS", "") not in ("", "0")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    servers.begin_session()
    if config.option.basetemp is None:  # whole installations live there, with servers of their own
        config.option.basetemp = str(servers.session_directory() / "tmp")


def pytest_unconfigure(config: pytest.Config) -> None:
    servers.end_session()


@pytest.fixture(scope="session")
def embedded_server() -> servers.Server:
    """The test session's embedded server."""
    return servers.embedded_server()


@pytest.fixture(scope="session", params=["embedded", "system"])
def postgres_server(request: pytest.FixtureRequest, embedded_server: servers.Server) -> servers.Server:
    """Each server there is to test on."""
    if request.param == "embedded":
        return embedded_server
    server = servers.system_server()
    if server is None:
        pytest.skip(
            f"no system PostgreSQL {servers.OLDEST_VERSION} or later is installed: tested on the embedded one only"
        )
    return server


@pytest.fixture
def warehouse(embedded_server: servers.Server) -> Iterator[str]:
    """The address of a migrated database of the test's own."""
    url = embedded_server.create(migrated=True)
    yield url
    embedded_server.drop(url)


@pytest.fixture
def empty_database(embedded_server: servers.Server) -> Iterator[str]:
    """The address of an empty database of the test's own."""
    url = embedded_server.create(migrated=False)
    yield url
    embedded_server.drop(url)


@pytest.fixture
def each_server(postgres_server: servers.Server) -> Iterator[str]:
    """The address of a migrated database of the test's own, on each server there is to test on."""
    url = postgres_server.create(migrated=True)
    yield url
    postgres_server.drop(url)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A FUNIL_HOME of the test's own."""
    monkeypatch.setenv("FUNIL_HOME", str(tmp_path))
    load_settings.cache_clear()
    yield tmp_path
    load_settings.cache_clear()


@pytest.fixture(scope="session")
def long_tests() -> bool:
    """Whether to try more and for longer."""
    return LONG
