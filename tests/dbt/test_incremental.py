"""An incremental build is the full one, only cheaper."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

import psycopg
import pytest

from tests.conftest import LONG
from tests.dbt.histories import BookingLeavesAGoneLead, History
from tests.dbt.project import CODE, DbtFailed, Project
from tests.dbt.raw import NINE, Raw, after

pytestmark = pytest.mark.xdist_group("dbt_incremental")

HISTORIES, TICKS = (200, 8) if LONG else (24, 3)
SOME_TABLES = ("int_people", "int_status_changes", "fct_conversations", "sla_daily")


def contents(project: Project) -> dict[str, dict[tuple[object, ...], int]]:
    """Every row of every incremental table, with how often it is there."""
    with psycopg.connect(project.url) as connection:
        connection.execute("set timezone to 'UTC'")
        found: dict[str, dict[tuple[object, ...], int]] = {}
        for table in project.tables:
            rows = connection.execute(f"select t::text, count(*) from {table} as t group by t::text".encode())
            found[table] = {(row[0],): int(row[1]) for row in rows}
        return found


def assert_same(one: Project, other: Project, *, at_least: int = 1000) -> None:
    mine, theirs = contents(one), contents(other)
    problems = []
    for table, rows in mine.items():
        extra = sorted(str(row) for row, count in rows.items() if theirs[table].get(row) != count)
        missing = sorted(str(row) for row, count in theirs[table].items() if rows.get(row) != count)
        if extra or missing:
            problems.append(
                f"{table}: {len(extra)} rows of the incremental build and {len(missing)} of the full one differ\n"
                + "\n".join(
                    [f"  incremental {row}" for row in extra[:4]] + [f"  full        {row}" for row in missing[:4]]
                )
            )
    assert not problems, "\n".join(problems)
    assert sum(map(len, mine.values())) > at_least, "next to nothing was made"


def live(project: Project, histories: list[History], step: int) -> None:
    """One tick of every history, in one database."""
    with psycopg.connect(project.url) as connection:
        for history in histories:
            history.sync_id += 1
            raw = Raw(connection, history.tenant_id, history.sync_id)
            if step == 0:
                history.begin(raw)
            else:
                history.tick(raw)
            raw.publish(history.clock, source=history.random.choice(["chatwoot", "chatwoot", "bot"]))


def test_incremental_equals_full_refresh_on_random_histories(new_project: Callable[[], Project]) -> None:
    """Each history is a tenant; the same histories are lived in two databases, one of which is always built anew.

    The short variant builds anew at the end only. A third of the histories have ended by each tick, so what is compared are
    tables left alone since the first tick, since the second, and those of the last.
    """
    incremental, full = new_project(), new_project()
    lives = {
        project.url: [*map(History, range(HISTORIES)), BookingLeavesAGoneLead(HISTORIES)]
        for project in (incremental, full)
    }
    choices = random.Random(5)
    for step in range(TICKS + 1):
        alive = [seed for seed in range(HISTORIES + 1) if LONG or step <= seed % TICKS + 1]

        def live_on(alive: list[int] = alive, step: int = step) -> None:
            for project in (incremental, full):
                live(project, [lives[project.url][seed] for seed in alive], step)

        live_on()
        # builds that do not reach the end, or not all tenants, must not lose anything for the next
        if step and choices.random() < 0.5:
            incremental.run("run", "--select", *SOME_TABLES)
            live_on()
        if step and choices.random() < 0.5:
            some = choices.sample(lives[incremental.url], HISTORIES // 3)
            incremental.run_tables(FUNIL_DBT_TENANTS=",".join(history.tenant_id for history in some))
        if LONG or step == TICKS:
            # with its tests, which look at what this tick may have changed
            incremental.build_tables()
            full.run_tables("--full-refresh")
            assert_same(incremental, full)
        else:
            incremental.run_tables()
    incremental.run("test", "--selector", "tenant_tables", "--exclude-resource-type", "unit_test")


def test_a_new_day_and_a_new_month_begin_for_all_where_they_stand_for_one_already(
    new_project: Callable[[], Project],
) -> None:
    """A booking of the day after Chatwoot's last sync; then nothing moves but the clock."""
    incremental, full = new_project(), new_project()
    for project in (incremental, full):
        with psycopg.connect(project.url) as connection:
            raw = Raw(connection, "days").tenant()
            raw.lead("a")
            raw.booking("1", "a", status="attended", value=Decimal(100), booked_at=NINE)
            raw.booking("2", "a", status="attended", value=Decimal(30), currency="USD", booked_at=after(days=4))
            raw.booking("3", "a", status="attended", value=Decimal(30), booked_at=after(days=6))
            raw.publish(after(days=3))
            raw = Raw(connection, "months").tenant()
            raw.lead("a")
            raw.booking("1", "a", booked_at=NINE, procedure="cleaning")
            raw.booking("2", "a", booked_at=after(days=30), procedure="whitening")
            raw.publish(after(days=29))
    incremental.run_tables()
    for project in (incremental, full):
        with psycopg.connect(project.url) as connection:
            Raw(connection, "days", 2).publish(after(days=6))
            Raw(connection, "months", 2).publish(after(days=30))
    incremental.run_tables()
    full.run_tables("--full-refresh")
    assert_same(incremental, full, at_least=40)


@pytest.fixture(scope="module")
def small(new_project: Callable[[], Project]) -> Project:
    """Two tenants with a talk each, built; what a build is does not depend on how many tables there are."""
    project = new_project().cut_down_to("int_people", "fct_conversations", "sla_daily")
    with psycopg.connect(project.url) as connection:
        for tenant_id in ("one", "other"):
            raw = Raw(connection, tenant_id).tenant(first_response=60)
            raw.contact(1)
            raw.conversation(1, 1, first_reply_created_at=after(9))
            raw.message(1, 1, after(1), "customer")
            raw.message(2, 1, after(9), "human")
            raw.publish(after(hours=1))
    project.run_tables()
    return project


def builds(project: Project) -> list[tuple[object, ...]]:
    with psycopg.connect(project.url) as connection:
        return connection.execute(
            "select tenant_id, from_sync_id, to_sync_id, completed_at is not null, project_hash from ops.builds"
            " order by started_at, tenant_id"
        ).fetchall()


def versions(project: Project) -> set[tuple[object, ...]]:
    """The identity of every stored row: it changes when a row is written again."""
    with psycopg.connect(project.url) as connection:
        return {
            (table, *row)
            for table in project.tables
            for row in connection.execute(f"select tenant_id, xmin::text, ctid::text from {table}".encode())
        }


def edit(project: Project, tenant_id: str, sync_id: int) -> None:
    with psycopg.connect(project.url) as connection:
        raw = Raw(connection, tenant_id, sync_id)
        raw.message(sync_id * 100, 1, after(minutes=sync_id), "customer")
        raw.publish(after(hours=sync_id))


def customer_messages(project: Project) -> list[tuple[object, ...]]:
    with psycopg.connect(project.url) as connection:
        return connection.execute(
            "select tenant_id, customer_messages from marts.fct_conversations order by tenant_id"
        ).fetchall()


def test_the_life_of_builds(small: Project) -> None:
    """What is built, from where, and when a build counts: told in one go, for each build takes seconds."""
    assert builds(small) == [("one", 0, 1, True, CODE), ("other", 0, 1, True, CODE)]

    # nothing changed: nothing is written
    before = versions(small)
    small.run_tables()
    assert versions(small) == before
    assert builds(small)[2:] == [("one", 1, 1, True, CODE), ("other", 1, 1, True, CODE)]

    # one tenant asked for: the other is not touched, though it changed too
    edit(small, "one", 2)
    edit(small, "other", 2)
    small.run_tables(FUNIL_DBT_TENANTS="one")
    assert customer_messages(small) == [("one", 2), ("other", 1)]
    assert {row for row in versions(small) if row[1] == "other"} == {row for row in before if row[1] == "other"}
    small.run_tables()
    assert customer_messages(small) == [("one", 2), ("other", 2)]
    assert builds(small)[-2:] == [("one", 2, 2, True, CODE), ("other", 1, 2, True, CODE)]

    # a selection of models, or a failure, advances nothing
    edit(small, "one", 3)
    small.run("run", "--select", "fct_conversations+")
    broken = "alter table marts.fct_conversations add constraint broken check (customer_messages < 0) not valid"
    with psycopg.connect(small.url) as connection:
        connection.execute(broken)
    with pytest.raises(DbtFailed):
        small.run_tables()
    assert [row[3] for row in builds(small)[-4:]] == [False, False, False, False]
    with psycopg.connect(small.url) as connection:
        connection.execute("alter table marts.fct_conversations drop constraint broken")
    small.run_tables()
    assert customer_messages(small) == [("one", 3), ("other", 2)]
    assert builds(small)[-2:] == [("one", 2, 3, True, CODE), ("other", 2, 2, True, CODE)]

    # another project, or the wish to rebuild, takes the tenant's whole slice again
    small.run_tables(FUNIL_DBT_PROJECT_HASH="a")
    small.run_tables(FUNIL_DBT_PROJECT_HASH="b", FUNIL_DBT_TENANTS="one")
    assert builds(small)[-1] == ("one", 0, 3, True, "b")
    small.run_tables(FUNIL_DBT_REBUILD="1", FUNIL_DBT_TENANTS="other")
    assert builds(small)[-1] == ("other", 0, 2, True, CODE)
    small.run_tables()
    assert builds(small)[-1] == ("other", 2, 2, True, CODE)

    # a rebuild that did not reach the end is owed
    small.run("run", "--select", "int_people", FUNIL_DBT_REBUILD="1", FUNIL_DBT_TENANTS="other")
    small.run_tables()
    assert builds(small)[-1] == ("other", 0, 2, True, CODE)

    # a sync whose rows are not all there belongs to the next build
    with psycopg.connect(small.url) as connection:
        Raw(connection, "one", 4).message(999, 1, after(minutes=50), "customer")
    small.run_tables()
    assert customer_messages(small)[0] == ("one", 3)
    with psycopg.connect(small.url) as connection:
        Raw(connection, "one", 4).publish()
    small.run_tables()
    assert customer_messages(small)[0] == ("one", 4)
    with psycopg.connect(small.url) as connection:
        assert connection.execute("select count(*) from intermediate.build_scope").fetchone() == (0,)

    # what comes out the same is not written again, whatever was computed
    before = versions(small)
    with psycopg.connect(small.url) as connection:
        raw = Raw(connection, "one", 5)
        raw.message(5, 1, after(minutes=51), "note")
        raw.publish()
    small.run_tables()
    small.run_tables(FUNIL_DBT_REBUILD="1")
    assert versions(small) == before


def test_shared_views_leave_no_build_behind(small: Project) -> None:
    before = builds(small)
    small.build_views()
    assert builds(small) == before
