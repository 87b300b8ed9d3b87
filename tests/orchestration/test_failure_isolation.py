"""One tenant's failure stays its own, whichever way a run was launched.

The steps are the real helper's, over work that fails on demand; the instance and its runs are real, and what the UI
would show is read the way the UI reads it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock

import dagster as dg
import pytest

from funil.errors import FunilError
from funil.tenants import Tenant
from orchestration.assets.tick import tick_asset
from orchestration.keys import TICK, Step
from orchestration.partitions import PARTITION_TAG, TENANTS, TenantRange
from orchestration.progress import Progress, listening
from orchestration.step_results import read_results
from orchestration.tenant_work import LOGS_ITS_OWN_EVENTS, Worked, work_tenants
from orchestration.workspace import Workspace
from tests.orchestration.conftest import House, add_keys, bot_tenant

SYNC_A, SYNC_B = dg.AssetKey(["raw", "a"]), dg.AssetKey(["raw", "b"])
MART = dg.AssetKey(["marts", "m"])
KEYS = ("alpha", "beta", "gamma", "delta")
SENTENCE = "Tenant 'beta': Chatwoot refused chatwoot.api_token. Give an administrator's access token."


@dataclass
class Script:
    """Who fails in which step, and who was worked on."""

    fails: dict[Step, dict[str, Exception]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def work(self, step: Step) -> Callable[[Tenant], Worked]:
        def work(tenant: Tenant) -> Worked:
            with self._lock:
                self.seen.append((step, tenant.slug))
            time.sleep(self.seconds)
            if error := self.fails.get(step, {}).get(tenant.slug):
                raise error
            return Worked(rows_read=2, rows_written=1, tables={SYNC_A: {"dagster/partition_row_count": 7}})

        return work

    def worked(self, step: Step) -> list[str]:
        return sorted(slug for seen, slug in self.seen if seen == step)


def build(script: Script) -> dg.Definitions:
    def step(name: Step, keys: Sequence[dg.AssetKey], deps: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
        @dg.multi_asset(
            name=name.value,
            specs=[dg.AssetSpec(key, deps=deps, skippable=True) for key in keys],
            partitions_def=TENANTS,
            backfill_policy=dg.BackfillPolicy.single_run(),
            can_subset=True,
        )
        def asset(context: dg.AssetExecutionContext, workspace: Workspace) -> Iterator[dg.MaterializeResult]:
            yield from work_tenants(context, workspace, name, keys[0], script.work(name))

        return asset

    return dg.Definitions(
        assets=[
            step(Step.SYNC_CHATWOOT, [SYNC_A, SYNC_B], []),
            step(Step.TRANSFORM, [MART], [SYNC_A]),
            tick_asset([SYNC_A, MART]),
        ],
        jobs=[
            dg.define_asset_job("tick", selection=dg.AssetSelection.all()),
            dg.define_asset_job("only_sync", selection=dg.AssetSelection.assets(SYNC_A, SYNC_B)),
        ],
        resources={"workspace": Workspace()},
        executor=dg.in_process_executor,
    )


def run(
    script: Script, instance: dg.DagsterInstance, keys: Sequence[str], job: str = "tick"
) -> dg.ExecuteInProcessResult:
    return (
        build(script)
        .resolve_job_def(job)
        .execute_in_process(instance=instance, tags=TenantRange(tuple(keys)).tags, raise_on_error=False)
    )


def shown(instance: dg.DagsterInstance, key: dg.AssetKey) -> tuple[set[str], set[str]]:
    """The partitions the UI shows as materialized and as failed."""
    from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

    status = get_and_update_asset_status_cache_value(instance, key, TENANTS, instance)
    assert status is not None
    failed = set(status.deserialize_failed_partition_subsets(TENANTS).get_partition_keys())
    return set(status.deserialize_materialized_partition_subsets(TENANTS).get_partition_keys()) - failed, failed


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    data = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert data[-1].user_failure_data is not None
    return str(data[-1].user_failure_data.description)


@pytest.fixture
def tenants(house: House, instance: dg.DagsterInstance) -> House:
    house.write_tenants(*KEYS)
    add_keys(instance, KEYS)
    return house


def test_everybody_well(tenants: House, instance: dg.DagsterInstance) -> None:
    result = run(Script(), instance, KEYS)
    assert result.success
    for key in (SYNC_A, SYNC_B, MART, TICK):
        assert shown(instance, key) == (set(KEYS), set())
    materialization = instance.get_latest_materialization_event(SYNC_A).asset_materialization  # type: ignore[union-attr]
    assert materialization.metadata["dagster/partition_row_count"].value == 7  # type: ignore[union-attr]


def test_the_healthy_go_on_and_the_run_ends_failed_naming_the_other(
    tenants: House, instance: dg.DagsterInstance
) -> None:
    script = Script(fails={Step.SYNC_CHATWOOT: {"beta": FunilError(SENTENCE)}})
    result = run(script, instance, KEYS)
    healthy = set(KEYS) - {"beta"}
    assert not result.success
    assert failure_of(result) == f"1 tenant failed (3 did not):\nbeta: {SENTENCE}"
    assert script.worked(Step.TRANSFORM) == sorted(healthy)
    for key in (SYNC_A, SYNC_B, MART, TICK):
        assert shown(instance, key) == (healthy, {"beta"}), key
    assert read_results(tenants.dsn, [result.run_id]).failures() == {"beta": SENTENCE}


def test_a_failure_in_a_later_step_is_told_too(tenants: House, instance: dg.DagsterInstance) -> None:
    script = Script(fails={Step.TRANSFORM: {"gamma": ZeroDivisionError("division by zero")}})
    result = run(script, instance, KEYS)
    assert "gamma: ZeroDivisionError: division by zero." in failure_of(result)
    assert shown(instance, SYNC_A) == (set(KEYS), set())
    assert shown(instance, MART) == (set(KEYS) - {"gamma"}, {"gamma"})


def test_a_tenant_that_recovers_is_shown_well_again(tenants: House, instance: dg.DagsterInstance) -> None:
    run(Script(fails={Step.SYNC_CHATWOOT: {"beta": FunilError(SENTENCE)}}), instance, KEYS)
    assert run(Script(), instance, KEYS).success
    for key in (SYNC_A, MART, TICK):
        assert shown(instance, key) == (set(KEYS), set())


def test_when_nobody_is_left_the_step_fails_at_once(tenants: House, instance: dg.DagsterInstance) -> None:
    script = Script(fails={Step.SYNC_CHATWOOT: {key: FunilError(f"{key} is down.") for key in KEYS}})
    result = run(script, instance, KEYS)
    assert failure_of(result).startswith("4 tenants failed:\nalpha: alpha is down.")
    assert script.worked(Step.TRANSFORM) == []
    for key in (SYNC_A, MART, TICK):
        assert shown(instance, key) == (set(), set(KEYS))


def test_those_who_failed_earlier_are_named_when_the_last_one_fails(
    tenants: House, instance: dg.DagsterInstance
) -> None:
    script = Script(
        fails={
            Step.SYNC_CHATWOOT: {key: FunilError(f"{key} is down.") for key in KEYS[1:]},
            Step.TRANSFORM: {"alpha": FunilError("alpha is odd.")},
        }
    )
    told = failure_of(run(script, instance, KEYS))
    assert all(f"{key}: {key} is" in told for key in KEYS)


def test_a_single_partition_launched_by_hand(tenants: House, instance: dg.DagsterInstance) -> None:
    script = Script(fails={Step.SYNC_CHATWOOT: {"beta": FunilError(SENTENCE)}})
    assert run(script, instance, ["alpha"]).success
    failed = run(script, instance, ["beta"])
    assert failed.dagster_run.tags[PARTITION_TAG] == "beta"
    assert SENTENCE in failure_of(failed)
    assert shown(instance, MART) == ({"alpha"}, {"beta"})


def test_a_run_without_the_gate_fails_in_the_step(tenants: House, instance: dg.DagsterInstance) -> None:
    script = Script(fails={Step.SYNC_CHATWOOT: {"beta": FunilError(SENTENCE)}})
    result = run(script, instance, KEYS, job="only_sync")
    assert SENTENCE in failure_of(result)
    assert shown(instance, SYNC_A) == (set(KEYS) - {"beta"}, {"beta"})


def test_a_selection_whose_step_the_gate_does_not_wait_for_fails_in_the_step(
    tenants: House, instance: dg.DagsterInstance
) -> None:
    script = Script(fails={Step.SYNC_CHATWOOT: {"beta": FunilError(SENTENCE)}})
    result = (
        build(script)
        .resolve_job_def("tick")
        .execute_in_process(
            instance=instance,
            tags=TenantRange(KEYS).tags,
            asset_selection=[SYNC_B, TICK],
            raise_on_error=False,
        )
    )
    assert not result.success
    assert shown(instance, SYNC_B) == (set(KEYS) - {"beta"}, {"beta"})


def test_a_broken_entry_fails_its_tenant_and_a_removed_one_is_left_out(
    house: House, instance: dg.DagsterInstance
) -> None:
    house.write_tenants("alpha", bot_tenant("beta") | {"colour": "red"}, "gamma")  # delta is gone
    add_keys(instance, KEYS)
    script = Script()
    result = run(script, instance, KEYS)
    assert script.worked(Step.SYNC_CHATWOOT) == ["alpha", "gamma"]
    assert failure_of(result).startswith("1 tenant failed (2 did not):\nbeta: ")
    assert "colour" in failure_of(result)
    assert "delta" not in failure_of(result)


def test_a_removed_tenant_alone_is_refused(house: House, instance: dg.DagsterInstance) -> None:
    house.write_tenants("alpha")
    add_keys(instance, ["alpha", "gone"])
    assert "has no tenant 'gone' any more" in failure_of(run(Script(), instance, ["gone"]))


def test_re_executing_the_end_of_a_run_remembers_who_failed_before(
    tenants: House, instance: dg.DagsterInstance
) -> None:
    first = run(Script(fails={Step.SYNC_CHATWOOT: {"beta": FunilError(SENTENCE)}}), instance, KEYS)
    repeated.seen.clear()
    with dg.execute_job(
        dg.reconstructable(repeated_job),
        instance=instance,
        tags=TenantRange(KEYS).tags,
        reexecution_options=dg.ReexecutionOptions.from_failure(first.run_id, instance),
    ) as result:
        failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert repeated.seen == [], "only the end is done again"
    assert SENTENCE in str(failures[0].user_failure_data)


def test_re_executing_all_of_a_run_forgets_what_failed_in_it(tenants: House, instance: dg.DagsterInstance) -> None:
    first = run(Script(fails={Step.SYNC_CHATWOOT: {"beta": FunilError(SENTENCE)}}), instance, KEYS)
    with dg.execute_job(
        dg.reconstructable(repeated_job),
        instance=instance,
        tags=TenantRange(KEYS).tags,
        reexecution_options=dg.ReexecutionOptions(first.run_id),
    ) as result:
        assert result.success
    assert shown(instance, MART) == (set(KEYS), set())


repeated = Script()


def repeated_job() -> dg.JobDefinition:
    return build(repeated).resolve_job_def("tick")


def test_tenants_are_worked_at_the_same_time(
    tenants: House, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Progress] = []
    with listening(events.append):
        start = time.monotonic()
        run(Script(seconds=2), instance, KEYS, job="only_sync")
        seconds = time.monotonic() - start
    assert sum(event.seconds for event in events) >= 8
    assert seconds < 8
    assert sorted(event.tenant_id for event in events if event.state == "succeeded") == sorted(KEYS)


def test_dagsters_name_for_an_output_without_materialization_is_still_the_same() -> None:
    from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION

    assert LOGS_ITS_OWN_EVENTS == SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION
