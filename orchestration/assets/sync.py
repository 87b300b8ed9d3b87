"""The first step: what Chatwoot and the bot hold, into raw_chatwoot and raw_bot."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from enum import Enum
from typing import Literal

import dagster as dg

from funil.errors import FunilError
from funil.tenants import Tenant
from orchestration.keys import BOT_TABLES, CHATWOOT_TABLES, OWNER, Step, raw_key
from orchestration.partitions import TENANTS
from orchestration.retention import keep_retention
from orchestration.row_counts import changed_rows, count_rows
from orchestration.tenant_work import Worked, as_failure, work_tenants
from orchestration.workspace import Workspace
from warehouse.privacy.retention import Removed

CHATWOOT_ANCHOR = raw_key("chatwoot", "conversations")
BOT_ANCHOR = raw_key("bot", "leads")


class Reading(Enum):
    """How much of a source is read."""

    AUTO = "auto"  # everything the first time, what changed from then on
    RECONCILE = "reconcile"  # everything, and what is gone is marked as deleted
    SINCE = "since"  # again from a date of the tenant's calendar


class SyncConfig(dg.Config):
    """`since` (YYYY-MM-DD) goes with the reading SINCE."""

    reading: Reading = Reading.AUTO
    since: str | None = None

    @property
    def mode(self) -> Literal["auto", "reconcile", "since"]:
        return self.reading.value

    @property
    def from_date(self) -> date | None:
        if (self.reading is Reading.SINCE) != (self.since is not None):
            raise FunilError("The reading SINCE and a date 'since' go together: give both or neither.")
        try:
            return date.fromisoformat(self.since) if self.since else None
        except ValueError:
            raise FunilError(f"since is '{self.since}', which is no date. Write it as 2026-01-31.") from None


def _specs(source: str, tables: Mapping[str, str]) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            raw_key(source, table),
            description=description,
            group_name=source,
            kinds={"postgres"},
            owners=[OWNER],
            skippable=True,
        )
        for table, description in tables.items()
    ]


@dg.multi_asset(
    name=Step.SYNC_CHATWOOT.value,
    specs=_specs("chatwoot", CHATWOOT_TABLES),
    partitions_def=TENANTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def sync_chatwoot(
    context: dg.AssetExecutionContext, workspace: Workspace, config: SyncConfig
) -> Iterator[dg.MaterializeResult]:
    """One sync reads all of a tenant's Chatwoot, whichever of the tables were asked for."""
    from sources.chatwoot.sync import sync_chatwoot as sync

    def pull(tenant: Tenant, dsn: str, since: date | None) -> Worked:
        done = sync(tenant, dsn, mode=config.mode, since=since, run_id=context.run.run_id)
        return Worked(
            done.requests,
            done.rows_read,
            done.rows_written,
            done.rows_deleted,
            done.rows_rejected,
            _note(done.details.get("warnings", ()), done.rows_rejected),
            _tables(dsn, "chatwoot", CHATWOOT_TABLES, tenant.slug, done.sync_id),
        )

    yield from _sync(context, workspace, config, Step.SYNC_CHATWOOT, CHATWOOT_ANCHOR, pull)


@dg.multi_asset(
    name=Step.SYNC_BOT.value,
    specs=_specs("bot", BOT_TABLES),
    partitions_def=TENANTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def sync_bot(
    context: dg.AssetExecutionContext, workspace: Workspace, config: SyncConfig
) -> Iterator[dg.MaterializeResult]:
    """One sync reads all of a tenant's bot, whichever of the tables were asked for."""
    from sources.bot import sync_bot as sync

    def pull(tenant: Tenant, dsn: str, since: date | None) -> Worked:
        done = sync(tenant, dsn, mode=config.mode, since=since, run_id=context.run.run_id)
        return Worked(
            0,
            done.rows_read,
            done.rows_written,
            done.rows_deleted,
            done.rows_rejected,
            _note(done.warnings, done.rows_rejected),
            _tables(dsn, "bot", BOT_TABLES, tenant.slug, done.sync_id),
        )

    yield from _sync(context, workspace, config, Step.SYNC_BOT, BOT_ANCHOR, pull)


def _sync(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    config: SyncConfig,
    step: Step,
    anchor: dg.AssetKey,
    pull: Callable[[Tenant, str, date | None], Worked],
) -> Iterator[dg.MaterializeResult]:
    with as_failure():
        dsn, since = workspace.dsn, config.from_date
        refused = workspace.store_tenants().errors

    def work(tenant: Tenant) -> Worked:
        if tenant.slug in refused:
            raise FunilError(refused[tenant.slug])
        if (tenant.chatwoot if step is Step.SYNC_CHATWOOT else tenant.bot) is None:
            # done, and not skipped: a partition left out of a failed run would be shown as failed
            return Worked(note=f"this tenant has no {'Chatwoot' if step is Step.SYNC_CHATWOOT else 'bot'}")
        worked = pull(tenant, dsn, since)
        # a talk known to both sources is as old as its younger side
        if step is Step.SYNC_BOT or tenant.bot is None:
            return _without_older(worked, keep_retention(dsn, tenant, context.run.run_id), tenant.retention_months)
        return worked

    yield from work_tenants(context, workspace, step, anchor, work)


def _tables(
    dsn: str, source: str, tables: Mapping[str, str], tenant_id: str, sync_id: int
) -> dict[dg.AssetKey, dict[str, int]]:
    """What the sync changed in each table and, of those it changed, how many rows they hold now."""
    names = [(f"raw_{source}", table) for table in tables]
    changed = changed_rows(dsn, names, tenant_id, sync_id)
    held = count_rows(dsn, changed, [tenant_id])
    return {
        dg.AssetKey(name): {"rows_changed": changed.get(name, 0)}
        | ({"dagster/partition_row_count": held[name, tenant_id]} if name in changed else {})
        for name in names
    }


def _without_older(worked: Worked, removed: Removed | None, months: int) -> Worked:
    if removed is None or not removed.rows:
        return worked
    told = f"{sum(removed.rows.values()):,} rows are older than {months} months, and not kept"
    return replace(worked, note=" ".join(filter(None, (worked.note, told))))


def _note(warnings: Iterable[str], rejected: int) -> str | None:
    notes = [*warnings, *([f"{rejected} rows could not be stored: see ops.rejected_rows"] if rejected else [])]
    return " ".join(notes) or None
