"""The second step: what each conversation was about, into analysis.conversation_analysis."""

from collections.abc import Iterator

import dagster as dg

from funil.tenants import Tenant
from orchestration.keys import ANALYSIS, OWNER, Step, raw_key
from orchestration.partitions import TENANTS
from orchestration.row_counts import count_rows
from orchestration.tenant_work import Worked, work_tenants
from orchestration.workspace import Workspace


@dg.multi_asset(
    name=Step.ANALYZE.value,
    specs=[
        dg.AssetSpec(
            ANALYSIS,
            deps=[
                raw_key("chatwoot", "conversations"),
                raw_key("chatwoot", "messages"),
                raw_key("bot", "conversations"),
                raw_key("bot", "conversation_messages"),
            ],
            description="What an analyzer read in each conversation: lead or not, visit agreed, intent, sentiment. Read "
            "again only when what was said, the analyzer, its model or its prompt changed.",
            group_name="analysis",
            kinds={"python", "postgres"},
            owners=[OWNER],
            skippable=True,
        )
    ],
    partitions_def=TENANTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def conversation_analysis(context: dg.AssetExecutionContext, workspace: Workspace) -> Iterator[dg.MaterializeResult]:
    """Each tenant's own analyzer reads the conversations that changed."""
    from orchestration.analyze_tenant import analyze_tenant

    def work(tenant: Tenant) -> Worked:
        done, notes = analyze_tenant(workspace.dsn, tenant, context.log.info)
        for note in notes:
            context.log.warning(f"{tenant.slug}: {note}")
        held = count_rows(workspace.dsn, [tuple(ANALYSIS.path)], [tenant.slug]) if done.written or done.deleted else {}
        return Worked(
            requests=done.requests,
            rows_read=done.analyzed,
            rows_written=done.written,
            rows_deleted=done.deleted,
            note=" ".join(notes) or None,
            tables={
                ANALYSIS: {
                    "engine": tenant.analyzer.engine,
                    "looked_at": done.looked_at,
                    "analyzed": done.analyzed,
                    "put_off": done.put_off,
                    "requests": done.requests,
                    "cost_usd": round(done.cost_usd, 6),
                    "read_by_regex_instead": dict(done.fallbacks),
                    "rows_changed": done.written + done.deleted,
                    **dict.fromkeys(["dagster/partition_row_count"] if held else [], sum(held.values())),
                }
            },
        )

    yield from work_tenants(context, workspace, Step.ANALYZE, ANALYSIS, work)
