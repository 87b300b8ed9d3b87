"""Dagster's own storage: in PostgreSQL, without a secret in its files, cheap, and shortened in time."""

import os
import subprocess
import sys
from collections.abc import Iterator

import dagster as dg
import psycopg
import pytest

from funil.settings import load_settings
from orchestration.dead_runs import TAG, bury_dead_runs, this_process
from orchestration.instance import open_instance
from orchestration.partitions import PARTITIONS_NAME, TENANTS
from orchestration.purge import DAYS_OF_ASSETS, DAYS_OF_LOGS, purge
from orchestration.workspace import open_warehouse
from tests.orchestration.conftest import House, add_keys

KEY = dg.AssetKey(["raw", "a"])


@dg.asset(key=KEY, partitions_def=TENANTS)
def small(context: dg.AssetExecutionContext) -> None:
    context.log.info("working")


@pytest.fixture
def stored(house: House) -> Iterator[dg.DagsterInstance]:
    """The instance as `funil run` opens it."""
    settings = load_settings()
    with open_instance(settings, open_warehouse(settings)) as instance:
        add_keys(instance, ["alpha", "beta"])
        yield instance


def materialize(instance: dg.DagsterInstance, key: str) -> str:
    return dg.materialize([small], instance=instance, partition_key=key).run_id


def events(house: House, where: str = "true") -> int:
    with psycopg.connect(dagster_dsn()) as connection:
        row = connection.execute(f"select count(*) from event_logs where {where}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def dagster_dsn() -> str:
    return open_warehouse(load_settings()).dagster_dsn


def test_runs_are_in_postgresql_and_the_settings_hold_no_address(stored: dg.DagsterInstance, house: House) -> None:
    run_id = materialize(stored, "alpha")
    with psycopg.connect(dagster_dsn()) as connection:
        runs = connection.execute("select run_id, status from runs").fetchall()
    assert runs == [(run_id, "SUCCESS")]
    for name in ("dagster.yaml", "in_process.yaml"):
        text = (house.home / "dagster" / name).read_text()
        assert "postgresql:" not in text
        assert "password" not in text


def test_another_process_finds_the_same_instance_by_its_home_alone(stored: dg.DagsterInstance, house: House) -> None:
    """As dagster-daemon, dagster-webserver and every run the daemon launches do."""
    run_id = materialize(stored, "alpha")
    code = "import dagster as dg; i = dg.DagsterInstance.get(); print(*(r.run_id for r in i.get_runs()), i.telemetry_enabled)"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "DAGSTER_HOME": str(house.home / "dagster")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [run_id, "False"]


def test_storage_keeps_its_connections(stored: dg.DagsterInstance) -> None:
    count = "select sum(sessions) from pg_stat_database where datname = current_database()"
    with psycopg.connect(dagster_dsn(), autocommit=True) as connection:

        def sessions() -> int:
            connection.execute("select pg_stat_clear_snapshot()")
            row = connection.execute(count.encode()).fetchone()
            assert row is not None
            return int(row[0])

        materialize(stored, "alpha")
        before = sessions()
        for _ in range(3):
            materialize(stored, "beta")
        assert sessions() - before <= 3, "a run logs some thirty events"


def test_no_retries_by_dagster_and_no_telemetry(stored: dg.DagsterInstance) -> None:
    assert stored.run_retries_enabled is False
    assert stored.telemetry_enabled is False
    assert stored.event_log_storage.supports_global_concurrency_limits
    assert stored.get_concurrency_config().pool_config.default_pool_limit == 1


def test_old_logs_go_and_what_state_a_partition_is_in_stays(stored: dg.DagsterInstance, house: House) -> None:
    for key in ("alpha", "beta", "alpha"):
        materialize(stored, key)
    old = f"now() at time zone 'utc' - interval '{DAYS_OF_LOGS + 1} days'"
    with psycopg.connect(dagster_dsn(), autocommit=True) as connection:
        connection.execute(f'update event_logs set "timestamp" = {old}'.encode())
    assert purge(dagster_dsn()) > 0
    assert events(house, "dagster_event_type not like 'ASSET_%'") == 0
    assert events(house, "dagster_event_type = 'ASSET_MATERIALIZATION'") == 3
    with psycopg.connect(dagster_dsn(), autocommit=True) as connection:
        connection.execute(
            f"""update event_logs set "timestamp" = "timestamp" - interval '{DAYS_OF_ASSETS} days'""".encode()
        )
    purge(dagster_dsn())
    assert events(house, "dagster_event_type = 'ASSET_MATERIALIZATION'") == 2, "the latest of each partition"
    assert purge(dagster_dsn()) == 0
    assert stored.get_materialized_partitions(KEY) == {"alpha", "beta"}
    assert len(stored.get_runs()) == 3


def test_recent_events_stay(stored: dg.DagsterInstance, house: House) -> None:
    materialize(stored, "alpha")
    before = events(house)
    assert purge(dagster_dsn()) == 0
    assert events(house) == before


def test_purging_before_dagster_has_ever_run_is_nothing_to_do(house: House) -> None:
    assert purge(dagster_dsn()) == 0


def test_a_run_whose_process_was_killed_is_noticed(stored: dg.DagsterInstance) -> None:
    with subprocess.Popen([sys.executable, "-c", f"{_SAY_WHO}; input()"], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        other = process.stdout.readline().strip()
        running = {
            whose: stored.add_run(dg.DagsterRun(job_name="tick", tags={TAG: whose}, status=dg.DagsterRunStatus.STARTED))
            for whose in (other, this_process(), "elsewhere:1:1.00")
        }
        assert bury_dead_runs(stored) == []
        process.kill()
    assert bury_dead_runs(stored) == [running[other].run_id]
    assert stored.get_run_by_id(running[other].run_id).status == dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
    assert bury_dead_runs(stored) == []


_SAY_WHO = "from orchestration.dead_runs import this_process; print(this_process(), flush=True)"


def test_partitions_are_kept_in_the_order_they_were_added(stored: dg.DagsterInstance) -> None:
    """On which cutting ranges relies."""
    add_keys(stored, ["zeta", "eta"])
    assert stored.get_dynamic_partitions(PARTITIONS_NAME) == ["alpha", "beta", "zeta", "eta"]
