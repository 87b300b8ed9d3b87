"""While every mart is made anew and swapped for the old one, whoever reads sees all of their rows and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.dbt.conftest import Examples
from tests.dbt.readers import Reader, readable, rows_of
from warehouse.access import Kind

pytestmark = pytest.mark.xdist_group("dbt_examples")

# a table and a view that secretaries read their own of, a view over a table, a view over what others write
FEW = ("fct_replies", "dim_inboxes", "tenant_freshness", "dim_tenants", "lead_scores")


@dataclass
class Loop:
    """A login that asks the same of its marts over and over, by a new connection now and then."""

    reader: Reader
    expected: Mapping[str, list[tuple[Any, ...]]]
    """What it should see of each mart: rows by tenant."""
    stop: Event
    rounds: int = 0
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        while not self.stop.is_set() and not self.wrong:
            with self.reader.connect() as connection:
                connection.prepare_threshold = 1  # plans outlive the tables they were made for
                for _ in range(3):
                    self._ask(connection)
            self.rounds += 1

    def _ask(self, connection: psycopg.Connection) -> None:
        for mart, expected in self.expected.items():
            query = sql.SQL("select tenant_id, count(*) from {} group by 1 order by 1").format(
                sql.Identifier("marts", mart)
            )
            try:
                seen = connection.execute(query).fetchall()
            except psycopg.Error as error:
                seen = [(type(error).__name__, str(error))]
            if seen != expected:
                self.wrong.append(f"{self.reader.kind} reads {seen} of {mart}, not {expected}")


def test_swapping_marts_shows_nobody_a_foreign_row_nor_hides_their_own(
    told: Examples, readers: Mapping[Kind, Reader], long_tests: bool
) -> None:
    project, times = (told.project, 50) if long_tests else (told.project.cut_down_to(*FEW), 1)
    marts = {model["name"] for model in project.models}
    stop = Event()
    loops = []
    with psycopg.connect(told.project.url) as owner:
        for reader in readers.values():
            expected = {}
            for model in readable(told.project, reader.kind):
                if model["name"] in marts:
                    query = sql.SQL("select tenant_id, count(*) from {} where {} group by 1 order by 1").format(
                        sql.Identifier("marts", model["name"]), rows_of(reader.kind, reader.agent_id, model)
                    )
                    expected[model["name"]] = owner.execute(query).fetchall()
            loops.append(Loop(reader, expected, stop))
        before = _relations(owner)
    threads = [Thread(target=loop.run) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        for _ in range(times):
            project.run("run", "--selector", "shared_views")
            project.run_tables("--full-refresh")
            project.run("run", "--selector", "views_over_tables")
            if any(loop.wrong for loop in loops):
                break
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not [wrong for loop in loops for wrong in loop.wrong]
    assert all(loop.rounds > times for loop in loops), {loop.reader.kind: loop.rounds for loop in loops}
    with psycopg.connect(told.project.url) as owner:
        swapped = {name for name, oid in _relations(owner).items() if name in marts and before[name] != oid}
    assert swapped == {model["name"] for model in project.models if model["schema"] == "marts"}


def _relations(owner: psycopg.Connection) -> dict[str, int]:
    return dict(
        owner.execute(
            "select relname, oid::bigint from pg_class where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v')"
        ).fetchall()
    )
