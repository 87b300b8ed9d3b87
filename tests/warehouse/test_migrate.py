"""The schema is brought up to date once, by however many at once, and quickly when there is nothing to do."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from funil.errors import FunilError
from tests.servers import Server
from warehouse.migrate import MIGRATIONS, migrate, pending, revisions


def test_migrating_twice_changes_nothing(postgres_server: Server) -> None:
    url = postgres_server.create(migrated=False)
    try:
        assert pending(url) == list(revisions())
        assert migrate(url) == list(revisions())
        assert pending(url) == []
        assert migrate(url) == []
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "select count(*) from information_schema.tables where table_schema = 'raw_bot'"
            ).fetchone()
        assert row == (9,)
    finally:
        postgres_server.drop(url)


def test_many_at_once_migrate_once(empty_database: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        applied = list(pool.map(migrate, [empty_database] * 8))
    assert sorted(applied, key=len) == [[]] * 7 + [list(revisions())]


def test_with_nothing_to_do_it_is_quick_and_imports_no_alembic(warehouse: str) -> None:
    program = (
        "import sys, time; from warehouse.migrate import migrate\n"
        "def took(): start = time.perf_counter(); migrate(sys.argv[1]); return time.perf_counter() - start\n"
        # the best of several: a busy machine is not what is measured
        "print(min(took() for _ in range(5))); assert 'alembic' not in sys.modules and 'sqlalchemy' not in sys.modules"
    )
    output = subprocess.run([sys.executable, "-c", program, warehouse], capture_output=True, text=True, check=True)
    assert float(output.stdout) < 0.1
    assert output.stderr == ""


def test_a_failed_migration_leaves_nothing_behind(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        connection.execute("create schema ops")
        connection.execute("create table ops.builds (mine text)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        schemas = connection.execute(
            "select schema_name from information_schema.schemata where schema_name ~ 'raw|ops'"
        )
        assert schemas.fetchall() == [("ops",)]


def test_a_warehouse_of_a_newer_funil_is_left_alone(warehouse: str) -> None:
    with psycopg.connect(warehouse) as connection:
        connection.execute("update ops.schema_version set version_num = '9999'")
    with pytest.raises(FunilError, match=r"newer Funil .*9999.*Update"):
        migrate(warehouse)


def test_a_user_who_may_not_create_is_told_so(embedded_server: Server, empty_database: str) -> None:
    role = "reader_" + empty_database.partition("test_")[2][:12]
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(f"create role {role} login")
    try:
        with pytest.raises(FunilError, match="FUNIL_DATABASE_URL"):
            migrate(empty_database.replace("//funil@", f"//{role}@"))
    finally:
        with psycopg.connect(empty_database, autocommit=True) as connection:
            connection.execute(f"drop role {role}")


def test_each_migration_is_a_script_and_a_file_of_its_name() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    chain = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(chain)) == revisions()
    scripts = {file.stem for file in Path(MIGRATIONS, "versions").glob("0*.py")}
    assert scripts == {file.stem for file in Path(MIGRATIONS, "sql").glob("*.sql")}


def test_every_key_starts_with_the_tenant(warehouse: str) -> None:
    with psycopg.connect(warehouse) as connection:
        odd = connection.execute(
            "select c.oid::regclass::text from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
            "left join pg_index as i on i.indrelid = c.oid and i.indisprimary "
            "left join pg_attribute as a on a.attrelid = c.oid and a.attnum = i.indkey[0] "
            "where c.relkind = 'r' and n.nspname in ('config', 'raw_chatwoot', 'raw_bot', 'analysis', 'ml', 'ops') "
            "and a.attname is distinct from 'tenant_id'"
        ).fetchall()
    # what is known of the whole warehouse, and not of a tenant
    assert sorted(odd) == [
        ("analysis.reading_models",),
        ("ops.audit_log",),
        ("ops.schema_version",),
        ("ops.view_builds",),
    ]
