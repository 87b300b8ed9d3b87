"""What Dagster loads: all there, all described, cheaply."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from orchestration.dbt_manifest import load_manifest
from orchestration.dbt_models import DbtModels
from orchestration.definitions import build, defs
from orchestration.keys import BOT_TABLES, CHATWOOT_TABLES
from orchestration.partitions import TENANTS
from orchestration.schedules import TIMETABLE

ROOT = Path(__file__).resolve().parent.parent.parent
SNAPSHOT = Path(__file__).with_name("definitions.txt")
HEAVY = ("pandas", "numpy", "prophet", "sklearn", "openai", "matplotlib")


@pytest.fixture(scope="module")
def loaded() -> dg.Definitions:
    return build(load_manifest())


def inventory(loaded: dg.Definitions) -> str:
    graph = loaded.resolve_asset_graph()
    lines = ["assets"]
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        shape = "view" if node.is_virtual else "per tenant" if node.is_partitioned else "given"
        lines.append(f"  {key.to_user_string()}  [{node.group_name}, {shape}]")
    lines.append("jobs")
    lines += sorted(f"  {job.name}" for job in loaded.jobs or [])
    lines.append("schedules")
    lines += sorted(f"  {one.name}  {one.cron_schedule}  {one.execution_timezone}" for one in loaded.schedules or [])
    lines.append("sensors")
    lines += sorted(f"  {sensor.name}" for sensor in loaded.sensors or [])
    return "\n".join(lines) + "\n"


def test_assets_jobs_schedules_and_sensors_are_those_agreed_on(loaded: dg.Definitions) -> None:
    """After a change that is meant: FUNIL_WRITE_SNAPSHOTS=1 pytest tests/orchestration/test_definitions.py"""
    now = inventory(loaded)
    if os.environ.get("FUNIL_WRITE_SNAPSHOTS"):
        SNAPSHOT.write_text(now, encoding="utf-8")
    assert now == SNAPSHOT.read_text(encoding="utf-8")


def test_every_asset_says_what_it_is_and_whose(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, f"{key} has no description"
        assert node.group_name == ("chatwoot" if key.path[0] == "raw_chatwoot" else key.path[0].removeprefix("raw_"))
        assert node.owners, f"{key} has no owner"
        assert node.kinds, f"{key} has no kind"


def test_every_table_knows_its_columns(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        if key.path[0] == "marts":
            assert graph.get(key).metadata["dagster/column_schema"].columns, f"{key} shows no columns"


def test_what_is_worked_per_tenant_can_be_backfilled_in_one_run(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    partitioned = [graph.get(key) for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned]
    assert len(partitioned) > 40
    for node in partitioned:
        assert node.partitions_def == TENANTS
        assert node.backfill_policy == dg.BackfillPolicy.single_run(), node.key


def test_the_steps_of_a_tick_follow_each_other(loaded: dg.Definitions) -> None:
    """Also where only views stand between them, which are not part of the job."""
    from dagster._core.execution.api import create_execution_plan

    plan = create_execution_plan(loaded.resolve_job_def("tick"))
    levels = [sorted(step.key for step in level) for level in plan.get_steps_to_execute_by_level()]
    assert levels == [
        ["sync_bot", "sync_chatwoot"],
        ["analyze"],
        ["transform"],
        ["marts__data_quality_daily_nothing_is_doubtful", "predict", "score"],
        ["ops__tick"],
    ]


def test_a_backfill_of_chosen_tenants_takes_every_step(loaded: dg.Definitions, instance: dg.DagsterInstance) -> None:
    """Though views without partitions stand between raw tables and marts."""
    from dagster._core.execution.asset_backfill import AssetBackfillData

    graph = loaded.resolve_asset_graph()
    chosen = [key for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned]
    instance.add_dynamic_partitions("tenant", ["alpha", "beta", "gamma"])
    data = AssetBackfillData.from_asset_partitions(
        graph, ["alpha", "gamma"], chosen, instance, datetime.now(UTC).timestamp(), all_partitions=False
    )
    assert data.target_subset.asset_keys == set(chosen)


def test_raw_assets_are_the_warehouses_tables(warehouse: str) -> None:
    with psycopg.connect(warehouse) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_schema like 'raw%'"
        ).fetchall()
    assert sorted(tables) == sorted(
        [("raw_chatwoot", name) for name in CHATWOOT_TABLES] + [("raw_bot", name) for name in BOT_TABLES]
    )


def test_no_table_is_built_from_a_view_over_tables(loaded: dg.Definitions) -> None:
    """Views are made before the tables, or after them: one between two tables would not be there in time."""
    models = DbtModels(load_manifest())
    graph = loaded.resolve_asset_graph()
    late = {key for key, name in models.views.items() if name in models.last_views}
    for key in models.tables:
        assert not (graph.get(key).parent_keys & late), f"{key} reads a view over tables"


def test_every_schedule_starts_a_job_that_exists(loaded: dg.Definitions) -> None:
    assert {entry.job for entry in TIMETABLE} <= {job.name for job in loaded.jobs or []}
    assert all(one.default_status == dg.DefaultScheduleStatus.RUNNING for one in loaded.schedules or [])


def test_loading_needs_no_warehouse_and_none_of_the_heavy_libraries() -> None:
    code = f"""
import sys
from orchestration.definitions import defs
defs()
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    unreachable = "postgresql://nobody@127.0.0.1:9/nothing"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        env={**os.environ, "FUNIL_DATABASE_URL": unreachable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    [
        ("dg", "check", "defs"),
        ("dg", "list", "defs", "--json"),
        ("dagster", "definitions", "validate", "-w", "workspace.yaml"),
    ],
    ids=" ".join,
)
def test_dagsters_own_commands_find_the_definitions(command: tuple[str, ...], tmp_path: Path) -> None:
    binary = Path(sys.executable).with_name(command[0])
    if not binary.exists():
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [str(binary), *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "list" in command:
        assert '"marts/funnel_daily"' in done.stdout


def test_the_definitions_are_found_where_dg_looks() -> None:
    assert isinstance(defs(), dg.Definitions)
