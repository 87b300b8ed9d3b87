"""One parsed project, and one database in which every worked example is a tenant, built once."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.dbt import examples, examples_of_isolation, examples_of_time  # noqa: F401 - which tells its own among them
from tests.dbt.examples_of_isolation import AGENTS
from tests.dbt.project import Project, nodes_of
from tests.dbt.raw import Raw, after
from tests.dbt.readers import Reader, only_mine, reader
from tests.servers import Server, lock, session_directory
from warehouse.access import Kind
from warehouse.access.roles import ensure_group, tenant_role


@pytest.fixture(scope="session")
def with_views(embedded_server: Server) -> Project:
    """The project on a database that has its shared views, to make others like it: made once per test session."""
    folder = session_directory() / "dbt"
    made = folder / "project.pickle"
    with lock(folder / "lock"):
        if not made.exists():
            project = Project.parse(embedded_server.create(migrated=True), folder)
            project.build_views()
            made.write_bytes(pickle.dumps(project))
    return pickle.loads(made.read_bytes())  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def new_project(
    tmp_path_factory: pytest.TempPathFactory, embedded_server: Server, with_views: Project
) -> Iterator[Callable[[], Project]]:
    """Makes the project on a database of its own, with its shared views built."""
    made: list[Project] = []

    def make() -> Project:
        made.append(with_views.on(embedded_server.copy(with_views.url), tmp_path_factory.mktemp("dbt")))
        return made[-1]

    yield make
    for project in made:
        embedded_server.drop(project.url)


@dataclass
class Examples:
    """The examples' database."""

    project: Project

    def rows(self, tenant_id: str, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query in which `{t}` stands for the condition that picks the example's tenant."""
        with psycopg.connect(self.project.url) as connection:
            connection.execute("set timezone to 'UTC'")
            text = query.replace("{t}", f"tenant_id = '{tenant_id}'")
            return connection.execute(text.encode()).fetchall()

    def row(self, tenant_id: str, query: str) -> tuple[Any, ...]:
        rows = self.rows(tenant_id, query)
        assert len(rows) == 1, rows
        return rows[0]

    def column(self, tenant_id: str, query: str) -> Sequence[Any]:
        return [row[0] for row in self.rows(tenant_id, query)]


@pytest.fixture(scope="session")
def told(new_project: Callable[[], Project]) -> Examples:
    """Every worked example, told as raw rows and built by one dbt invocation."""
    project = new_project()
    with psycopg.connect(project.url) as connection:
        for tenant_id, tell in examples.ALL.items():
            raw = Raw(connection, tenant_id)
            raw.tenant()
            clock = tell(raw)
            raw.publish(clock or after(days=30))
    result = project.build_tables()
    doubtful = [each.node.name for each in nodes_of(result) if each.status not in ("success", "pass")]
    assert not doubtful, f"the examples are in order, yet these tests warn: {doubtful}"
    project.build_views_over_tables()
    return Examples(project)


@dataclass
class Alone:
    """The examples' database once more, with no other tenant's rows in it."""

    urls: Mapping[bool, str]
    """By whether other agents' rows are gone as well."""


@pytest.fixture(scope="session")
def alone(told: Examples, embedded_server: Server) -> Iterator[Alone]:
    made = Alone({narrow: embedded_server.copy(told.project.url) for narrow in (False, True)})
    for narrow, url in made.urls.items():
        with psycopg.connect(url) as owner:
            only_mine(owner, told.project, AGENTS[0] if narrow else None)
    yield made
    for url in made.urls.values():
        embedded_server.drop(url)


@pytest.fixture(scope="session")
def readers(told: Examples, alone: Alone) -> Iterator[Mapping[Kind, Reader]]:
    """A login of each kind on the examples' database, of the tenant `MINE`; the secretary is the first of its agents."""
    with psycopg.connect(told.project.url, autocommit=True) as owner:
        for tenant_id in examples.ALL:  # as storing a tenant's settings does
            ensure_group(owner, tenant_role(tenant_id))
    with ExitStack() as leaving:
        yield {kind: leaving.enter_context(reader(told.project.url, kind, AGENTS[0])) for kind in Kind}
