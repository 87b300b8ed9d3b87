"""What each open lead is worth, and what is estimated of money: revenue to come, budgets, customers, prices."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from funil.tenants import Tenant
from orchestration.estimates import Estimated, estimate
from orchestration.keys import (
    BUDGET_ALLOCATIONS,
    CUSTOMER_VALUES,
    LEAD_SCORES,
    MODEL_VERSIONS,
    OWNER,
    PRICE_RESPONSES,
    REVENUE_FORECASTS,
    SCORES,
    Step,
)
from orchestration.leads import Scored, score_leads
from orchestration.partitions import TENANTS
from orchestration.plots import reasons_plot, revenue_plot
from orchestration.tenant_work import Worked, work_tenants
from orchestration.workspace import Workspace

GOOD_FOR = timedelta(days=2)
DESCRIPTIONS = {
    LEAD_SCORES: "Each open lead: how likely they are a customer within 30 days and the three things that moved that most, how "
    "likely they fall silent, when to write to them, and by which playbook. A lead is open for 90 days after their last word, "
    "until they are a customer.",
    REVENUE_FORECASTS: "Revenue of this month and the five after it, with an 80 % interval: what is booked already, as far as "
    "people usually come, and what usually comes on top.",
    BUDGET_ALLOCATIONS: "How the present marketing budget would bring most customers, as far as costs and customers of the past "
    "year can tell; where they cannot, it says so.",
    CUSTOMER_VALUES: "What a customer is worth in the first year, by the channel they came by, with an 80 % interval.",
    PRICE_RESPONSES: "Whether people who booked come less at a higher price, where prices really varied.",
}
MARTS = ("fct_conversations", "fct_leads", "dim_contacts", "fct_bookings", "fct_campaign_costs")


class ScoreConfig(dg.Config):
    """`even_if_recent`: also where there are scores of yesterday or today."""

    even_if_recent: bool = False


@dg.multi_asset(
    name=Step.SCORE.value,
    specs=[
        dg.AssetSpec(
            key,
            deps=[
                *(dg.AssetKey(["marts", name]) for name in MARTS),
                dg.AssetKey(["intermediate", "int_conversation_events"]),
                *([MODEL_VERSIONS] if key == LEAD_SCORES else []),
            ],
            description=description,
            group_name="ml",
            kinds={"python", "postgres"},
            owners=[OWNER],
            skippable=True,
        )
        for key, description in DESCRIPTIONS.items()
    ],
    partitions_def=TENANTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def scores(
    context: dg.AssetExecutionContext, workspace: Workspace, config: ScoreConfig
) -> Iterator[dg.MaterializeResult]:
    """Made every night, and by a tick where there are none yet, or the nightly run missed a night."""

    def work(tenant: Tenant) -> Worked:
        good_for = None if config.even_if_recent else GOOD_FOR
        leads = score_leads(workspace.dsn, tenant, good_for=good_for)
        money = estimate(workspace.dsn, tenant, good_for=good_for)
        return Worked(
            rows_written=leads.written + sum(money.changed.values()),
            rows_deleted=leads.deleted,
            note=leads.note,
            tables={LEAD_SCORES: _of_leads(leads), **_of_money(money)},
        )

    yield from work_tenants(context, workspace, Step.SCORE, LEAD_SCORES, work)


def _of_leads(done: Scored) -> dict[str, Any]:
    if done.note:
        return {"note": done.note}
    return {
        "dagster/partition_row_count": done.leads,
        "rows_changed": done.written + done.deleted,
        "expected_customers": round(done.expected_customers, 1),
        "models": ", ".join(done.models),
        **({"reasons": reasons_plot(done.reasons)} if done.reasons else {}),
    }


def _of_money(done: Estimated) -> dict[dg.AssetKey, dict[str, Any]]:
    metadata: dict[dg.AssetKey, dict[str, Any]] = {
        key: {"dagster/partition_row_count": done.rows[table], "rows_changed": done.changed[table]}
        for key in SCORES
        if (table := key.path[-1]) in done.rows
    }
    if done.revenue:
        metadata[REVENUE_FORECASTS]["revenue"] = revenue_plot(done.revenue)
    return metadata
