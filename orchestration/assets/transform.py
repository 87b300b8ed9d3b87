"""dbt as two asset functions: the views all tenants share, and the tables that are built per tenant."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from funil.errors import FunilError
from orchestration.dbt_environment import dbt_environment
from orchestration.dbt_invocation import ALWAYS, DbtOutcome, build_arguments, one_dbt_at_a_time, run_dbt
from orchestration.dbt_models import DbtModels
from orchestration.dbt_scope import changed_tenants
from orchestration.dbt_translator import TRANSLATOR
from orchestration.dbt_views import ensure_views, note_views, views_are_current
from orchestration.keys import Step
from orchestration.partitions import TENANTS
from orchestration.plots import plots_of
from orchestration.row_counts import count_rows
from orchestration.tenant_work import StepOfRun, Worked, as_failure, without_materialization
from orchestration.workspace import Workspace

# one dbt at a time: the pool has one place (see instance.py)
POOL = "dbt"
ANCHOR = dg.AssetKey(["marts", "fct_conversations"])


class TransformConfig(dg.Config):
    """`rebuild`: make the tenants' rows anew, whether or not anything changed. `test_all_rows`: afterwards, of all tenants."""

    rebuild: bool = False
    test_all_rows: bool = False


def transform_assets(models: DbtModels) -> list[dg.AssetsDefinition]:
    @dbt_assets(
        manifest=models.manifest,
        select="config.materialized:view",
        dagster_dbt_translator=TRANSLATOR,
        name="shared_views",
        pool=POOL,
    )
    def shared_views(context: dg.AssetExecutionContext, workspace: Workspace) -> Iterator[Any]:
        """Views, made when the code changes: a tick does so by itself; this makes them at any time."""
        with as_failure():
            for part in ("before tables", "after tables"):
                outcome = ensure_views(context, models, workspace.dsn, part, even_if_current=True)
                yield from outcome.checks if outcome else ()
            yield from without_materialization(context)

    @dbt_assets(
        manifest=models.manifest,
        select="config.materialized:incremental",
        dagster_dbt_translator=TRANSLATOR,
        name=Step.TRANSFORM.value,
        partitions_def=TENANTS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
    )
    def tenant_tables(
        context: dg.AssetExecutionContext, workspace: Workspace, config: TransformConfig
    ) -> Iterator[Any]:
        """All of the run's tenants in one invocation of dbt; none, where nothing changed."""
        with as_failure():
            run = StepOfRun(context, workspace, Step.TRANSFORM, ANCHOR)
            checks = [*_build(context, workspace, config, models, run)]
            if config.test_all_rows:
                checks += _test_all_rows(context, workspace, models)
            yield from _merged(checks)
            yield from run.finish()

    return [shared_views, tenant_tables]


def _build(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    config: TransformConfig,
    models: DbtModels,
    run: StepOfRun,
) -> Iterator[dg.AssetCheckResult]:
    tenants = [tenant.slug for tenant in run.tenants]
    if not tenants:
        return
    dsn = workspace.dsn
    # a hand-picked selection is built as asked: only a whole build can tell what is up to date
    whole = context.selected_asset_keys >= models.tables.keys()
    changed = changed_tenants(dsn, tenants, models.synced_tables) if whole and not config.rebuild else tenants
    # starting dbt costs as much as making the views
    with_views = whole and bool(changed) and not views_are_current(models, dsn)
    if not with_views:
        ensure_views(context, models, dsn, "before tables")
    for tenant_id in sorted(set(tenants) - set(changed)):
        run.succeeded(tenant_id, Worked(note="nothing has changed since the last build"))
    if not changed:
        return
    for tenant_id in changed:
        run.began(tenant_id)
    start = time.monotonic()
    asked = {key: models.tables[key] for key in sorted(context.selected_asset_keys)}
    tables = build_arguments(selector="tenant_tables") if whole else build_arguments(models=sorted(asked.values()))

    def build(tenants: Sequence[str]) -> DbtOutcome:
        nonlocal with_views
        outcome = run_dbt(
            build_arguments() if with_views else tables,
            manifest=models.manifest,
            environment=dbt_environment(dsn, tenants=tenants, rebuild=config.rebuild),
            context=context,
        )
        if with_views:
            note_views(context, models, dsn, outcome)
            with_views = False
        return outcome

    with one_dbt_at_a_time(dsn):
        outcomes = list(build_apart(changed, build))
    seconds = time.monotonic() - start
    ensure_views(context, models, dsn, "after tables")
    for built, outcome in outcomes:
        if outcome.sentence:
            for tenant_id in built:
                run.failed(tenant_id, FunilError(outcome.sentence), seconds)
        else:
            for tenant_id, worked in _describe(dsn, asked, built, outcome).items():
                run.succeeded(tenant_id, worked, seconds)
    yield from (check for _, outcome in outcomes for check in outcome.checks)


def _test_all_rows(
    context: dg.AssetExecutionContext, workspace: Workspace, models: DbtModels
) -> list[dg.AssetCheckResult]:
    """A build tests the rows it may have changed. This finds what is wrong with the others, and tells again what still is."""
    with one_dbt_at_a_time(workspace.dsn):
        outcome = run_dbt(
            ["test", "--selector", "tenant_tables", *ALWAYS],
            manifest=models.manifest,
            environment=dbt_environment(workspace.dsn),
            context=context,
        )
    return outcome.checks


def build_apart(
    tenants: Sequence[str], build: Callable[[Sequence[str]], DbtOutcome]
) -> Iterator[tuple[Sequence[str], DbtOutcome]]:
    """Builds all tenants at once and, if that fails, those whose rows are not at fault without the others.

    A value that a table refuses fails the table for all tenants that are built with it. So a failed build is tried again
    in halves, down to the tenant at fault. If both halves fail of the same, and so does one tenant of each by itself, it is
    the code, and everybody's.
    """
    yield from _apart(tenants, build(tenants), build)


def _apart(
    tenants: Sequence[str], outcome: DbtOutcome, build: Callable[[Sequence[str]], DbtOutcome]
) -> Iterator[tuple[Sequence[str], DbtOutcome]]:
    if outcome.sentence is None or len(tenants) == 1:
        yield tenants, outcome
        return
    middle = len(tenants) // 2
    halves = [(half, build(half)) for half in (tenants[:middle], tenants[middle:])]
    if all(its.at_fault == outcome.at_fault for _, its in halves) and all(
        build(half[:1]).at_fault == outcome.at_fault for half, _ in halves if len(half) > 1
    ):
        yield tenants, outcome
        return
    for half, its in halves:
        yield from _apart(half, its, build)


def _merged(checks: Iterable[dg.AssetCheckResult]) -> Iterable[dg.AssetCheckResult]:
    """One result per check: of several builds, the one that found something."""
    merged: dict[tuple[dg.AssetKey | None, str | None], dg.AssetCheckResult] = {}
    for check in checks:
        place = (check.asset_key, check.check_name)
        if place not in merged or not check.passed:
            merged[place] = check
    return merged.values()


def _describe(
    dsn: str, tables: dict[dg.AssetKey, str], tenants: Sequence[str], outcome: DbtOutcome
) -> dict[str, Worked]:
    """What is now in each table, per tenant, and the pictures a person looks for."""
    rows = count_rows(dsn, [tuple(key.path) for key in tables], tenants)
    note = f"{len(outcome.failed_tests)} data tests failed" if outcome.failed_tests else None
    described = {}
    for tenant_id in tenants:
        metadata: dict[dg.AssetKey, dict[str, Any]] = {
            key: {
                "dagster/partition_row_count": rows.get((tuple(key.path), tenant_id), 0),
                # dbt builds a table for all tenants of the run at once
                "build_seconds": round(outcome.built.get(name, 0.0), 3),
            }
            for key, name in tables.items()
        }
        for key, plot in plots_of(dsn, tenant_id, only=tables.keys()).items():
            metadata[key] |= plot
        described[tenant_id] = Worked(note=note, tables=metadata)
    return described
