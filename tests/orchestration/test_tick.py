"""A tick from the sources to the marts, over a pretend world, through the instance that the UI shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from funil.settings import load_settings
from orchestration.definitions import defs
from orchestration.instance import open_instance
from orchestration.keys import ANALYSIS, FORECASTS, TICK, Step
from orchestration.partitions import TenantRange
from orchestration.progress import Progress
from orchestration.run import TenantOutcome, run_tick
from orchestration.workspace import open_warehouse
from tests.end_to_end.installation import Installation
from tests.end_to_end.pretend import PretendWorlds
from tests.orchestration.test_failure_isolation import shown

pytestmark = pytest.mark.xdist_group("tick")  # one installation for all of them

GYM, CLINIC, BEAUTY = "boxcentral_7", "sorriso_7", "bellapele_7"
FUNNEL, REPLIES = dg.AssetKey(["marts", "funnel_daily"]), dg.AssetKey(["marts", "fct_replies"])
MESSAGES, LEADS = dg.AssetKey(["raw_chatwoot", "messages"]), dg.AssetKey(["raw_bot", "leads"])
EVERYWHERE = (MESSAGES, LEADS, ANALYSIS, FUNNEL, FORECASTS, TICK)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PretendWorlds]:
    home: Path = tmp_path_factory.mktemp("tick") / "home"
    installation = Installation(home)
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FUNIL_HOME", str(home))
        environment.setenv("FUNIL_TENANTS", str(installation.tenants_file))
        environment.delenv("FUNIL_DATABASE_URL", raising=False)
        load_settings.cache_clear()
        with PretendWorlds(installation, (7,), 0.02, end) as worlds:
            yield worlds
    load_settings.cache_clear()
    installation.stop()


@pytest.fixture(scope="module")
def instance(worlds: PretendWorlds) -> Iterator[dg.DagsterInstance]:
    settings = load_settings()
    with open_instance(settings, open_warehouse(settings)) as instance:
        yield instance


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def first(worlds: PretendWorlds, told: list[Progress]) -> dict[str, TenantOutcome]:
    return by_tenant(run_tick(progress=told.append))


def by_tenant(outcomes: list[TenantOutcome]) -> dict[str, TenantOutcome]:
    return {outcome.tenant_id: outcome for outcome in outcomes}


def count(worlds: PretendWorlds, statement: str) -> int:
    with psycopg.connect(worlds.installation.url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])


def metadata_of(instance: dg.DagsterInstance, key: dg.AssetKey, tenant_id: str) -> dict[str, object]:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, asset_partitions=[tenant_id]), limit=1
    ).records
    assert records[0].asset_materialization is not None
    return {name: value.value for name, value in records[0].asset_materialization.metadata.items()}


def test_every_tenant_goes_through_every_step(first: dict[str, TenantOutcome], told: list[Progress]) -> None:
    assert {key: outcome.sentence for key, outcome in first.items()} == dict.fromkeys((GYM, CLINIC, BEAUTY))
    for outcome in first.values():
        assert [step.step for step in outcome.steps] == [step.value for step in Step]
        assert outcome.rows_written > 100
        assert outcome.seconds > 0
    assert first[BEAUTY].requests > 0
    ends = [(event.tenant_id, event.step) for event in told if event.state == "succeeded"]
    assert sorted(ends) == sorted((key, step) for key in first for step in Step)


def test_the_ui_shows_every_partition_with_what_it_holds(
    first: dict[str, TenantOutcome], instance: dg.DagsterInstance, worlds: PretendWorlds
) -> None:
    for key in EVERYWHERE:
        assert shown(instance, key) == ({GYM, CLINIC, BEAUTY}, set()), key
    for key, table in ((MESSAGES, "raw_chatwoot.messages"), (FUNNEL, "marts.funnel_daily")):
        held = count(worlds, f"select count(*) from {table} where tenant_id = '{CLINIC}'")
        assert metadata_of(instance, key, CLINIC)["dagster/partition_row_count"] == held
    assert "this tenant has no bot" in str(metadata_of(instance, LEADS, BEAUTY)["note"])
    assert "data:image/png;base64," in str(metadata_of(instance, FUNNEL, CLINIC)["funnel"])
    assert "data:image/png;base64," in str(metadata_of(instance, REPLIES, CLINIC)["response_times"])
    assert "| transform |" in str(metadata_of(instance, TICK, CLINIC)["report"])


def test_views_are_made_once_and_data_tests_are_checks(
    first: dict[str, TenantOutcome], instance: dg.DagsterInstance
) -> None:
    view = dg.AssetKey(["staging", "stg_chatwoot__messages"])
    assert len(instance.fetch_materializations(view, limit=10).records) == 1
    [run] = instance.get_runs(dg.RunsFilter(job_name="tick"))
    checks = [
        event.asset_check_evaluation_data
        for event in (record.dagster_event for record in instance.all_logs(run.run_id))
        if event and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    assert len(checks) > 30
    assert [check.check_name for check in checks if not check.passed] == []


def test_again_with_nothing_changed_nothing_is_written_and_dbt_is_not_run(
    first: dict[str, TenantOutcome], worlds: PretendWorlds
) -> None:
    builds = count(worlds, "select count(*) from ops.builds")
    again = by_tenant(run_tick())
    assert {key: (outcome.rows_written, outcome.failed) for key, outcome in again.items()} == dict.fromkeys(
        first, (0, False)
    )
    assert max(outcome.requests for outcome in again.values()) <= 15
    assert count(worlds, "select count(*) from ops.builds") == builds


def test_only_the_tenants_named_are_worked(first: dict[str, TenantOutcome]) -> None:
    assert [outcome.tenant_id for outcome in run_tick([BEAUTY])] == [BEAUTY]


def by_hand(
    instance: dg.DagsterInstance, tenants: list[str], assets: list[dg.AssetKey] | None = None
) -> dg.ExecuteInProcessResult:
    """What the button 'Materialize' starts."""
    return (
        defs()
        .resolve_implicit_global_asset_job_def()
        .execute_in_process(
            instance=instance,
            tags=TenantRange(tuple(tenants)).tags,
            asset_selection=assets or [MESSAGES, ANALYSIS, FUNNEL, TICK],
            raise_on_error=False,
        )
    )


def test_one_mart_of_one_tenant_by_hand(
    first: dict[str, TenantOutcome], instance: dg.DagsterInstance, worlds: PretendWorlds
) -> None:
    with psycopg.connect(worlds.installation.url) as connection:
        connection.execute("delete from marts.funnel_daily where tenant_id = %s", [CLINIC])
        connection.execute("drop view staging.stg_chatwoot__teams cascade")  # is made again on the way
    assert by_hand(instance, [CLINIC], [FUNNEL]).success
    assert metadata_of(instance, FUNNEL, CLINIC)["dagster/partition_row_count"] == 0, "nothing had changed upstream"


def test_a_value_that_a_table_refuses_fails_its_tenant_only_and_a_full_refresh_makes_the_others_whole(
    first: dict[str, TenantOutcome], worlds: PretendWorlds, instance: dg.DagsterInstance
) -> None:
    with psycopg.connect(worlds.installation.url) as connection:
        connection.execute("delete from marts.funnel_daily where tenant_id = %s", [CLINIC])
        # only rows that are not there yet are written
        connection.execute("delete from marts.fct_leads where tenant_id = %s", [GYM])
        connection.execute(
            f"alter table marts.fct_leads add constraint refused check (tenant_id <> '{GYM}') not valid".encode()
        )
    outcomes = by_tenant(run_tick([GYM, CLINIC], full_refresh=True))
    assert [key for key, outcome in outcomes.items() if outcome.failed] == [GYM]
    assert "dbt could not build fct_leads" in str(outcomes[GYM].sentence)
    assert "Failing row" not in str(outcomes[GYM].sentence), "it holds people's names"
    assert shown(instance, FUNNEL) == ({CLINIC, BEAUTY}, {GYM})
    assert count(worlds, f"select count(*) from marts.funnel_daily where tenant_id = '{CLINIC}'") > 0
    with psycopg.connect(worlds.installation.url) as connection:
        connection.execute("alter table marts.fct_leads drop constraint refused")


def checked(instance: dg.DagsterInstance) -> dict[str, dg.AssetCheckEvaluation]:
    """What the job of freshness finds, by the name of the check."""
    result = defs().resolve_job_def("freshness").execute_in_process(instance=instance)
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def test_late_tenants_are_named_by_the_freshness_check(
    first: dict[str, TenantOutcome], instance: dg.DagsterInstance, worlds: PretendWorlds
) -> None:
    check = checked(instance)["every_tenant_is_fresh"]
    assert check.passed, check.description
    with psycopg.connect(worlds.installation.url) as connection:
        connection.execute(
            "update ops.sync_runs set finished_at = finished_at - interval '2 days' where tenant_id = %s", [GYM]
        )
    check = checked(instance)["every_tenant_is_fresh"]
    assert not check.passed
    assert check.description is not None
    assert f"{GYM} (chatwoot: late)" in check.description
    assert CLINIC not in check.description


def test_tenants_with_doubtful_data_of_late_are_named_by_a_warning(
    first: dict[str, TenantOutcome], instance: dg.DagsterInstance, worlds: PretendWorlds
) -> None:
    doubt = """
        insert into marts.data_quality_daily (tenant_id, date_day, check_name, subject, problems)
        select tenant_id, clock_date - %s, 'rejected_row', 'bot.leads', 3 from intermediate.int_clocks where tenant_id = %s
    """
    with psycopg.connect(worlds.installation.url) as connection:
        connection.execute("delete from marts.data_quality_daily")
        connection.execute(doubt, [7, GYM])
    assert checked(instance)["nothing_is_doubtful"].passed, "that was more than a week ago"
    with psycopg.connect(worlds.installation.url) as connection:
        connection.execute(doubt, [6, CLINIC])
    check = checked(instance)["nothing_is_doubtful"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.description == f"Doubtful rows in the last 7 days, of 1 tenants: {CLINIC}"
    assert check.metadata["problems"].value == 3


def test_an_error_of_a_person_is_told_before_anything_runs(first: dict[str, TenantOutcome]) -> None:
    from funil.errors import FunilError

    with pytest.raises(FunilError, match="no tenant 'nobody'"):
        run_tick(["nobody"])
    with pytest.raises(FunilError, match="--since"):
        run_tick(full_refresh=True, since=datetime.now(UTC).date())
