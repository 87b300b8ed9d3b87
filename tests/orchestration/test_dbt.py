"""dbt as Dagster runs it: what is asked of it, in which environment, for whom, and what a person is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from orchestration.assets.transform import build_apart
from orchestration.dbt_environment import dbt_environment, project_hash
from orchestration.dbt_invocation import DbtOutcome, build_arguments, one_dbt_at_a_time, run_dbt
from orchestration.dbt_manifest import load_manifest
from orchestration.dbt_models import DbtModels
from orchestration.dbt_scope import changed_tenants
from tests.orchestration.conftest import House

TABLES = ['"raw_bot"."leads"', '"raw_chatwoot"."messages"']


def test_a_build_leaves_unit_tests_to_development() -> None:
    assert build_arguments(selector="tenant_tables") == [
        "build", "--selector", "tenant_tables", "--exclude-resource-type", "unit_test"
    ]  # fmt: skip
    assert build_arguments(models=["a", "b"])[:4] == ["build", "--select", "a", "b"]


def test_the_password_has_a_name_that_dbt_keeps_out_of_its_logs() -> None:
    environment = dbt_environment("postgresql://me:pass%40word@db.example.com:6543/house", tenants=["a", "b"])
    assert environment["FUNIL_DBT_HOST"] == "db.example.com"
    assert environment["FUNIL_DBT_PORT"] == "6543"
    assert environment["FUNIL_DBT_TENANTS"] == "a,b"
    assert [name for name, value in environment.items() if "pass@word" in value] == ["DBT_ENV_SECRET_FUNIL_PASSWORD"]


def test_a_unix_socket_is_a_host() -> None:
    assert (
        dbt_environment("postgresql://me@/house?host=/tmp/some%20where&port=1")["FUNIL_DBT_HOST"] == "/tmp/some where"
    )


def test_the_hash_follows_the_code_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "target").mkdir()
    model = tmp_path / "models" / "a.sql"
    model.write_text("select 1")
    first = project_hash(tmp_path)
    (tmp_path / "target" / "a.sql").write_text("select 1")
    (tmp_path / "models" / "notes.txt").write_text("...")
    assert project_hash(tmp_path) == first
    model.write_text("select 2")
    second = project_hash(tmp_path)
    model.rename(tmp_path / "models" / "b.sql")
    assert len({first, second, project_hash(tmp_path)}) == 3


@pytest.fixture
def built(house: House) -> House:
    """alpha and beta have rows, and a complete build of all of them by the code as it is."""
    with psycopg.connect(house.dsn) as connection:
        for slug in ("alpha", "beta"):
            lead(connection, slug, sync_id=5)
            build(connection, slug, to=5)
    return house


def lead(connection: psycopg.Connection, slug: str, *, sync_id: int) -> None:
    connection.execute(
        "insert into raw_bot.leads (tenant_id, id, status, created_at, updated_at, _sync_id)"
        " values (%s, %s, 'new', now(), now(), %s)",
        [slug, str(sync_id), sync_id],
    )


def settings(connection: psycopg.Connection, slug: str) -> None:
    connection.execute(
        "insert into config.tenants (tenant_id, name, vertical, timezone, locale, currency, country, holidays, owner_cost_per_month,"
        " has_chatwoot, has_bot, analyzer_engine, is_active, _sync_id) values (%s, %s, 'gym', 'America/Sao_Paulo',"
        " 'pt-BR', 'BRL', 'BR', 'public', 0, true, true, 'regex', true, 1) on conflict (tenant_id) do update"
        " set timezone = excluded.timezone",
        [slug, slug],
    )


def synced_before_the_build(connection: psycopg.Connection, slug: str, clock: str) -> None:
    connection.execute(
        "insert into ops.sync_runs (tenant_id, sync_id, source, mode, status, started_at, finished_at, source_clock)"
        " select %s, 4, 'bot', 'incremental', 'succeeded', min(started_at) - interval '1 hour',"
        " min(started_at) - interval '1 hour', %s from ops.builds where tenant_id = %s",
        [slug, clock, slug],
    )


def build(
    connection: psycopg.Connection, slug: str, *, to: int, code: str | None = None, complete: bool = True
) -> None:
    connection.execute(
        "insert into ops.builds (tenant_id, invocation_id, from_sync_id, to_sync_id, project_hash, completed_at)"
        " values (%s, gen_random_uuid()::text, 0, %s, %s, case when %s then clock_timestamp() end)",
        [slug, to, code or project_hash(), complete],
    )


def changed(house: House) -> list[str]:
    return changed_tenants(house.dsn, ["alpha", "beta", "gamma"], TABLES)


def test_a_tenant_without_any_build_has_to_be_built_and_the_others_not(built: House) -> None:
    assert changed(built) == ["gamma"]


def test_a_new_row_has_to_be_built(built: House) -> None:
    with psycopg.connect(built.dsn) as connection:
        lead(connection, "beta", sync_id=6)
    assert changed(built) == ["beta", "gamma"]


def test_a_build_that_did_not_complete_does_not_count(built: House) -> None:
    with psycopg.connect(built.dsn) as connection:
        lead(connection, "beta", sync_id=6)
        build(connection, "beta", to=6, complete=False)
    assert "beta" in changed(built)


def test_other_code_has_to_be_built(built: House) -> None:
    with psycopg.connect(built.dsn) as connection:
        build(connection, "alpha", to=5, code="another")
    assert changed(built) == ["alpha", "gamma"]


def test_a_deadline_that_passed_has_to_be_built_although_no_row_changed(built: House) -> None:
    with psycopg.connect(built.dsn) as connection:
        connection.execute("create table marts.fct_sla (tenant_id text, status text, due_at timestamptz)")
        for slug, clock in (("alpha", "09:04"), ("beta", "09:06")):
            settings(connection, slug)
            synced_before_the_build(connection, slug, "2026-03-02 09:00Z")
            connection.execute(
                "insert into marts.fct_sla values (%s, 'running', '2026-03-02 09:05Z'), (%s, 'met', '2026-03-02 09:00Z')",
                [slug, slug],
            )
            connection.execute(
                "insert into ops.sync_runs (tenant_id, sync_id, source, mode, status, source_clock)"
                " values (%s, 5, 'chatwoot', 'incremental', 'succeeded', %s)",
                [slug, f"2026-03-02 {clock}Z"],
            )
    assert changed(built) == ["beta", "gamma"]


def test_another_day_has_to_be_built_although_no_row_changed(built: House) -> None:
    """By the source's clock, where the tenant is: 02:30 in UTC is still yesterday in Sao Paulo."""
    with psycopg.connect(built.dsn) as connection:
        for slug, clock in (("alpha", "02:30"), ("beta", "03:30")):
            settings(connection, slug)
            synced_before_the_build(connection, slug, "2026-03-02 22:00Z")
            connection.execute(
                "insert into ops.sync_runs (tenant_id, sync_id, source, mode, status, source_clock, finished_at)"
                " values (%s, 5, 'bot', 'incremental', 'succeeded', %s, clock_timestamp())",
                [slug, f"2026-03-03 {clock}Z"],
            )
    assert changed(built) == ["beta", "gamma"]


def test_views_of_the_project_are_made_before_tables_unless_they_read_some() -> None:
    models = DbtModels(load_manifest())
    assert "stg_chatwoot__messages" in models.first_views
    assert not set(models.first_views) & set(models.last_views)
    assert {*models.first_views, *models.last_views} == set(models.views.values())
    assert '"raw_chatwoot"."messages"' in models.synced_tables
    assert not any(name.startswith('"ops"') for name in models.synced_tables)


@pytest.mark.parametrize(
    ("at_fault", "failed", "most"),
    [
        pytest.param("", "", 1, id="nobody"),
        pytest.param("c", "c", 7, id="one"),
        pytest.param("ah", "ah", 13, id="one in each half"),
        pytest.param("abcdefgh", "abcdefgh", 5, id="the code"),
    ],
)
def test_a_build_that_fails_is_tried_without_those_at_fault(at_fault: str, failed: str, most: int) -> None:
    invocations: list[str] = []

    def build(tenants: Sequence[str]) -> DbtOutcome:
        invocations.append("".join(tenants))
        return DbtOutcome(errors={"m": "refused"} if set(tenants) & set(at_fault) else {})

    outcomes = list(build_apart("abcdefgh", build))
    assert "".join(sorted("".join(tenants) for tenants, outcome in outcomes if outcome.sentence)) == failed
    assert sorted("".join("".join(tenants) for tenants, _ in outcomes)) == list("abcdefgh"), "each once"
    assert len(invocations) <= most


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        pytest.param(DbtOutcome(built={"a": 1.0}, failed_tests=["t"]), None, id="a test of a leaf"),
        pytest.param(
            DbtOutcome(errors={"a": "no such column", "b": "x"}),
            "dbt could not build a (and 1 more): no such column",
            id="the database refused",
        ),
        pytest.param(
            DbtOutcome(failed_tests=["grain_a"], skipped=["c", "b"]),
            "The data test grain_a failed, so 2 tables that come after it were left as they were: b, c.",
            id="a test in the middle",
        ),
    ],
)
def test_what_a_person_is_told(outcome: DbtOutcome, sentence: str | None) -> None:
    assert outcome.sentence == sentence


def test_the_databases_words_reach_the_person(house: House) -> None:
    """Views over a warehouse in which a table is missing; others are made all the same."""
    with psycopg.connect(house.dsn) as connection:
        connection.execute("drop table raw_chatwoot.labels")
    environment = dbt_environment(house.dsn)
    with one_dbt_at_a_time(house.dsn):
        outcome = run_dbt(
            build_arguments(models=["stg_chatwoot__labels", "stg_chatwoot__teams"]),
            manifest=load_manifest(environment),
            environment=environment,
        )
    assert list(outcome.built) == ["stg_chatwoot__teams"]
    assert outcome.sentence is not None
    assert 'relation "raw_chatwoot.labels" does not exist' in outcome.sentence
    assert outcome.sentence.startswith("dbt could not build stg_chatwoot__labels: ")


def test_dbt_logs_in_once_per_thread_and_not_once_per_model(house: House) -> None:
    threads, models = 4, 24
    environment = dbt_environment(house.dsn) | {"FUNIL_DBT_THREADS": str(threads)}
    manifest = load_manifest(environment)
    views = DbtModels(manifest).first_views
    staging = [name for name in sorted(views) if name.startswith("stg_")][:models]
    before = logins(house.dsn)
    with one_dbt_at_a_time(house.dsn):
        outcome = run_dbt(build_arguments(models=staging), manifest=manifest, environment=environment)
    assert sorted(outcome.built) == staging
    assert len(staging) == models
    # beside the threads: who begins, who looks at what there is, and the lock of this test
    assert logins(house.dsn) - before <= threads + 5


def logins(dsn: str) -> int:
    """Into the warehouse, so far, this one too: the server counts them when they end."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        database = connection.info.dbname
        while True:
            others = "select count(*) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()"
            if connection.execute(others, [database]).fetchone() == (0,):
                break
        row = connection.execute("select sessions from pg_stat_database where datname = %s", [database]).fetchone()
    assert row is not None
    return int(row[0])
