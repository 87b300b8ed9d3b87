"""The last step: what is likely to come, into ml.demand_forecasts."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from funil.tenants import Tenant
from ml.versions import SEASONAL_NAIVE
from orchestration.keys import FORECASTS, OWNER, Step
from orchestration.partitions import TENANTS
from orchestration.tenant_work import Worked, work_tenants
from orchestration.workspace import Workspace
from warehouse.forecasts import DemandSeries, update_forecasts


class ForecastConfig(dg.Config):
    """`even_if_recent`: also where there is a forecast of yesterday or today."""

    even_if_recent: bool = False


@dg.multi_asset(
    name=Step.PREDICT.value,
    specs=[
        dg.AssetSpec(
            FORECASTS,
            deps=[
                dg.AssetKey(["marts", "fct_conversations"]),
                dg.AssetKey(["marts", "fct_bookings"]),
                dg.AssetKey(["intermediate", "int_conversation_events"]),
            ],
            description="Conversations, customers' messages and bookings expected in the coming 30 days, by hour and by "
            "day, with an 80 % interval and how good such a forecast would have been. A seasonal-naive baseline: the "
            "mean of the same slot of the last four weeks.",
            group_name="ml",
            kinds={"python", "postgres"},
            owners=[OWNER],
            skippable=True,
        )
    ],
    partitions_def=TENANTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def demand_forecasts(
    context: dg.AssetExecutionContext, workspace: Workspace, config: ForecastConfig
) -> Iterator[dg.MaterializeResult]:
    """Made every night, and by a tick where there is none yet."""

    def work(tenant: Tenant) -> Worked:
        done = update_forecasts(
            workspace.dsn, tenant, seasonal_naive, version=SEASONAL_NAIVE, even_if_recent=config.even_if_recent
        )
        return Worked(
            rows_written=done.rows_written,
            note=done.note,
            tables={FORECASTS: {"rows_changed": done.rows_written, "series_forecast": done.forecast}},
        )

    yield from work_tenants(context, workspace, Step.PREDICT, FORECASTS, work)


def seasonal_naive(demand: DemandSeries) -> list[dict[str, Any]]:
    """The demand as a DataFrame through ml; loads pandas, and so only where something is forecast."""
    import pandas as pd

    from ml.seasonal_naive import forecast

    counts = pd.Series(demand.counts, dtype=float)
    observed = pd.DataFrame({"starts_at": pd.DatetimeIndex(demand.starts, tz="UTC"), "count": counts})
    predicted = forecast(observed, grain=demand.grain, timezone=demand.timezone, now=pd.Timestamp(demand.now))
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in predicted.to_dict("records")
    ]
