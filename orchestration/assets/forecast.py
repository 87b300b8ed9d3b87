"""The last step: what is likely to come, and what came otherwise than expected."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from funil.tenants import Tenant
from ml.versions import DEMAND_FORECAST
from orchestration.demand import Forecasters
from orchestration.forecast_plots import plots_of
from orchestration.keys import ANOMALIES, BACKTESTS, FORECASTS, OWNER, STAFFING, STAFFING_HOURS, STAFFING_PLANS, Step
from orchestration.partitions import TENANTS
from orchestration.staffing import Planned, plan_week
from orchestration.staffing_plot import staffing_plot
from orchestration.tenant_work import Worked, work_tenants
from orchestration.workspace import Workspace
from warehouse.anomalies import Compared, Detector, Found, update_anomalies
from warehouse.forecasts import update_forecasts


class ForecastConfig(dg.Config):
    """`even_if_recent`: also where there is a forecast of yesterday or today. `anomaly_threshold`: the z-score from which
    on something is told."""

    even_if_recent: bool = False
    anomaly_threshold: float = 2.5


_MARTS = [
    dg.AssetKey(["marts", "fct_conversations"]),
    dg.AssetKey(["marts", "fct_bookings"]),
    dg.AssetKey(["intermediate", "int_conversation_events"]),
]


_OF_STAFFING = (
    "The coming week's plan of who works when, as a whole: what it costs, and whether the people there are keep what is "
    "promised; if not, by how much they fall short. For tenants with `staffing` in tenants.yaml.",
    "Each hour of the plan: conversations expected, people needed for them by Erlang C, people there, how long customers wait.",
    "Each shift of the plan: who, from when until when.",
)


@dg.multi_asset(
    name=Step.PREDICT.value,
    specs=[
        dg.AssetSpec(
            FORECASTS,
            deps=_MARTS,
            description="Conversations, customers' messages and bookings expected in the coming 30 days, by hour and by "
            "day, with an 80 % interval and how good such a forecast was on days it had not seen. Prophet, boosted trees, "
            "their average, or a simple baseline: whichever the backtest of the series chose.",
            group_name="ml",
            kinds={"python", "postgres"},
            owners=[OWNER],
            skippable=True,
        ),
        dg.AssetSpec(
            BACKTESTS,
            deps=_MARTS,
            description="How every model tried on a series did on days it had not seen, and which of them answers.",
            group_name="ml",
            kinds={"python", "postgres"},
            owners=[OWNER],
            skippable=True,
        ),
        dg.AssetSpec(
            ANOMALIES,
            deps=[*_MARTS, FORECASTS],
            description="When conversations, customers' messages or bookings were far more or far fewer than forecast: a "
            "robust z-score of windows of 3 hours to a fortnight, low to critical, one row per episode. Looked at once an hour.",
            group_name="ml",
            kinds={"python", "postgres"},
            owners=[OWNER],
            skippable=True,
        ),
        *(
            dg.AssetSpec(
                key,
                deps=[
                    FORECASTS,
                    dg.AssetKey(["marts", "fct_conversations"]),
                    dg.AssetKey(["intermediate", "int_opening_hours"]),
                ],
                description=description,
                group_name="ml",
                kinds={"python", "postgres"},
                owners=[OWNER],
                skippable=True,
            )
            for key, description in zip(STAFFING, _OF_STAFFING, strict=True)
        ),
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
            workspace.dsn, tenant, forecasters, version=DEMAND_FORECAST, even_if_recent=config.even_if_recent
        )
        seen = update_anomalies(workspace.dsn, tenant, detector(config.anomaly_threshold))
        planned = plan_week(workspace.dsn, tenant)
        plots: Mapping[str, Any] = plots_of(workspace.dsn, tenant) if done.forecast else {}
        return Worked(
            rows_written=done.rows_written + seen.rows_written + planned.changed,
            note=done.note,
            tables={
                FORECASTS: {
                    "rows_changed": done.rows_written,
                    "series_forecast": done.forecast,
                    **{name: plot for name, plot in plots.items() if name == "forecast"},
                },
                BACKTESTS: {name: plot for name, plot in plots.items() if name == "backtest"},
                ANOMALIES: {"rows_changed": seen.rows_written, "episodes_told": seen.told},
                **staffing_metadata(planned),
            },
        )

    with Forecasters(len(context.partition_keys)) as forecasters:
        yield from work_tenants(context, workspace, Step.PREDICT, FORECASTS, work)


def staffing_metadata(planned: Planned) -> dict[dg.AssetKey, dict[str, Any]]:
    """What the UI shows of a plan: numbers and a picture, and nobody's name."""
    if planned.plan is None:
        return {key: {"note": planned.note} for key in STAFFING}
    made = planned.plan
    metadata: dict[dg.AssetKey, dict[str, Any]] = {
        key: {"dagster/partition_row_count": planned.rows[key.path[-1]]} for key in STAFFING
    }
    metadata[STAFFING_PLANS] |= {
        "is_feasible": made.is_feasible,
        "people_hours_short": made.hours_short,
        "people_short_in_the_worst_hour": made.extra_people,
        "cost": round(made.cost, 2),
        "shifts": len(made.shifts),
    }
    metadata[STAFFING_HOURS]["week"] = staffing_plot(made)
    return metadata


def detector(threshold: float) -> Detector:
    """What finds the episodes of a series, through ml."""

    def detect(compared: Compared, metrics: int) -> Sequence[Found]:
        import numpy as np

        from ml.anomalies import episodes

        return [
            Found(one.start, one.end - 1, one.direction, one.observed, one.expected, one.z, one.severity)
            for one in episodes(
                np.asarray(compared.observed),
                np.asarray(compared.expected),
                slots_per_day=24 if compared.grain == "hour" else 1,
                metrics=metrics,
                threshold=threshold,
            )
        ]

    return detect
