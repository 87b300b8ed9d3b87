"""The end of a tick: one report per tenant, and the verdict on the run."""

from collections.abc import Iterator, Sequence

import dagster as dg

from orchestration.keys import OWNER, TICK
from orchestration.materializations import Materializations
from orchestration.partitions import TENANTS
from orchestration.step_results import StepResult, lineage_of, read_results
from orchestration.tenant_work import TenantsFailed, as_failure, without_materialization
from orchestration.workspace import Workspace


def tick_asset(after: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset that ends every job over tenants, given the anchors of the steps it waits for."""

    @dg.multi_asset(
        name=TICK.to_python_identifier(),
        specs=[
            dg.AssetSpec(
                TICK,
                deps=after,
                group_name="ops",
                kinds={"python"},
                owners=[OWNER],
                description="What the last tick did for a tenant, step by step. Fails the run if any of its tenants "
                "failed, naming them; the healthy ones are done all the same.",
            )
        ],
        partitions_def=TENANTS,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def tick(context: dg.AssetExecutionContext, workspace: Workspace) -> Iterator[dg.MaterializeResult]:
        with as_failure():
            results = read_results(workspace.dsn, lineage_of(context))
            failures = {key: text for key, text in results.failures().items() if key in context.partition_keys}
            healthy = {
                tenant_id: steps
                for tenant_id, steps in results.by_tenant().items()
                if tenant_id in context.partition_keys and tenant_id not in failures
            }
            materializations = Materializations(context)
            materializations.add(
                dg.AssetMaterialization(asset_key=TICK, partition=tenant_id, metadata=report_of(steps))
                for tenant_id, steps in healthy.items()
            )
            materializations.store()
            if failures:
                raise TenantsFailed(failures, healthy=len(healthy))
            yield from without_materialization(context)

    return tick


def report_of(steps: Sequence[StepResult]) -> dict[str, dg.MetadataValue]:
    """What a tick did for one tenant, as a table and as totals that Dagster can plot."""
    lines = [
        "| step | seconds | requests | read | written | deleted | rejected | |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
        *(
            f"| {step.step} | {step.seconds:.1f} | {step.requests} | {step.rows_read} | {step.rows_written} "
            f"| {step.rows_deleted} | {step.rows_rejected} | {step.note or ''} |"
            for step in steps
        ),
    ]
    totals = {
        name: sum(getattr(step, name) for step in steps)
        for name in ("requests", "rows_read", "rows_written", "rows_deleted", "rows_rejected")
    }
    return {
        "report": dg.MetadataValue.md("\n".join(lines)),
        "seconds": dg.MetadataValue.float(round(sum(step.seconds for step in steps), 3)),
        **{name: dg.MetadataValue.int(total) for name, total in totals.items()},
    }
