"""The second step: what each conversation was about, into analysis.conversation_analysis."""

from collections.abc import Iterator

import dagster as dg

from funil.errors import FunilError
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
    from analyzers import AnalyzerSettingsError, Transcript, TranscriptMessage, build_analyzer
    from warehouse.analysis import StoredConversation, update_analysis

    def work(tenant: Tenant) -> Worked:
        def transcript_of(conversation: StoredConversation) -> Transcript:
            return Transcript(
                tenant.slug,
                conversation.conversation_id,
                tenant.vertical,
                tenant.timezone,
                tuple(TranscriptMessage(*message) for message in conversation.messages),
            )

        try:
            analyzer = build_analyzer(tenant.analyzer)
            done = update_analysis(workspace.dsn, tenant, analyzer, transcript_of)
        except AnalyzerSettingsError as error:
            raise FunilError(f"Tenant '{tenant.slug}': {error}") from None
        held = count_rows(workspace.dsn, [tuple(ANALYSIS.path)], [tenant.slug]) if done.written or done.deleted else {}
        return Worked(
            rows_read=done.analyzed,
            rows_written=done.written,
            rows_deleted=done.deleted,
            tables={
                ANALYSIS: {
                    "engine": analyzer.engine,
                    "looked_at": done.looked_at,
                    "analyzed": done.analyzed,
                    "rows_changed": done.written + done.deleted,
                    **dict.fromkeys(["dagster/partition_row_count"] if held else [], sum(held.values())),
                }
            },
        )

    yield from work_tenants(context, workspace, Step.ANALYZE, ANALYSIS, work)
