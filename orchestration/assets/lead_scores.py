"""What each open lead is worth, into ml.lead_scores."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from funil.tenants import Tenant
from orchestration.keys import LEAD_SCORES, MODEL_VERSIONS, OWNER, Step
from orchestration.leads import score_leads
from orchestration.partitions import TENANTS
from orchestration.plots import reasons_plot
from orchestration.tenant_work import Worked, work_tenants
from orchestration.workspace import Workspace

GOOD_FOR = timedelta(days=2)


class ScoreConfig(dg.Config):
    """`even_if_recent`: also where there are scores of yesterday or today."""

    even_if_recent: bool = False


@dg.multi_asset(
    name=Step.SCORE.value,
    specs=[
        dg.AssetSpec(
            LEAD_SCORES,
            deps=[
                dg.AssetKey(["marts", "fct_conversations"]),
                dg.AssetKey(["marts", "fct_leads"]),
                dg.AssetKey(["marts", "dim_contacts"]),
                dg.AssetKey(["intermediate", "int_conversation_events"]),
                MODEL_VERSIONS,
            ],
            description="Each open lead: how likely they are a customer within 30 days and the three things that moved "
            "that most, how likely they fall silent, when to write to them, and by which playbook. A lead is open for 90 "
            "days after their last word, until they are a customer.",
            group_name="ml",
            kinds={"python", "postgres", "scikitlearn"},
            owners=[OWNER],
            skippable=True,
        )
    ],
    partitions_def=TENANTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def lead_scores(
    context: dg.AssetExecutionContext, workspace: Workspace, config: ScoreConfig
) -> Iterator[dg.MaterializeResult]:
    """Made every night, and by a tick where there are none yet, or the nightly run missed a night."""

    def work(tenant: Tenant) -> Worked:
        done = score_leads(workspace.dsn, tenant, good_for=None if config.even_if_recent else GOOD_FOR)
        if done.note:
            return Worked(note=done.note)
        return Worked(
            rows_written=done.written,
            rows_deleted=done.deleted,
            tables={
                LEAD_SCORES: {
                    "dagster/partition_row_count": done.leads,
                    "rows_changed": done.written + done.deleted,
                    "expected_customers": round(done.expected_customers, 1),
                    "models": ", ".join(done.models),
                    **({"reasons": reasons_plot(done.reasons)} if done.reasons else {}),
                }
            },
        )

    yield from work_tenants(context, workspace, Step.SCORE, LEAD_SCORES, work)
