"""The weekly removal of what tenants no longer want kept."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from funil.tenants import RETENTION_MONTHS, Tenant
from orchestration.erasure import finish_erasures
from orchestration.tenant_work import TenantsFailed, sentence_of
from orchestration.workspace import Workspace
from warehouse.connect import connect
from warehouse.privacy.retention import Removed, remove_older

# those that have left tenants.yaml too: their data stays, but not for ever
_TENANTS = "select tenant_id, timezone from config.tenants order by tenant_id"


_READ_WHOLE = "select exists (select from ops.sync_runs where tenant_id = %s and run_id = %s and mode <> 'incremental')"


def keep_retention(dsn: str, tenant: Tenant, run_id: str) -> Removed | None:
    """Removes what this run brought back by reading a source whole; None if it read only what had changed."""
    with connect(dsn) as connection:
        if connection.execute(_READ_WHOLE, [tenant.slug, run_id]).fetchone() != (True,):
            return None
    return remove_older(dsn, tenant.slug, timezone=tenant.timezone, months=tenant.retention_months)


@dg.op(
    name="remove_old_rows",
    description="Removes, tenant by tenant, what is older than its retention_months, and says how many rows of which table. "
    "Finishes erasures that were interrupted, too.",
)
def remove_old_rows(context, workspace: Workspace) -> None:  # type: ignore[no-untyped-def]  # Dagster wants it bare
    finish_erasures(workspace.settings, say=context.log.info)
    failures: dict[str, str] = {}
    metadata: dict[str, dg.MetadataValue] = {}
    for tenant_id, timezone, months in _tenants(context, workspace):
        try:
            removed = remove_older(workspace.dsn, tenant_id, timezone=timezone, months=months)
        except Exception as error:
            failures[tenant_id] = sentence_of(error)
            continue
        if removed.rows:
            metadata[tenant_id] = dg.MetadataValue.json(
                {"before": removed.cutoff.isoformat(), "rows": dict(sorted(removed.rows.items()))}
            )
        context.log.info(f"{tenant_id}: {sum(removed.rows.values()):,} rows were older than {months} months.")
    context.add_output_metadata(metadata)
    if failures:
        raise TenantsFailed(failures)


def _tenants(context: dg.OpExecutionContext, workspace: Workspace) -> Iterator[tuple[str, str, int]]:
    file = workspace.tenants()
    months = {tenant.slug: tenant.retention_months for tenant in file.tenants}
    with connect(workspace.dsn) as connection:
        stored = connection.execute(_TENANTS).fetchall()
    for tenant_id, timezone in stored:
        if tenant_id in file.errors:
            context.log.warning(
                f"{tenant_id} is left out, for nobody knows its retention_months: {file.errors[tenant_id]}"
            )
        else:
            yield tenant_id, timezone, months.get(tenant_id, RETENTION_MONTHS)


@dg.job(
    name="retention",
    description="Removes what is older than the tenants want it kept (retention_months in tenants.yaml).",
    executor_def=dg.in_process_executor,
)
def retention_job() -> None:
    remove_old_rows()
