"""The jobs: what a schedule, the command line or a person starts by name."""

from __future__ import annotations

from typing import Any

import dagster as dg

from orchestration.assets.sync import Reading
from orchestration.checks import every_tenant_is_fresh, nothing_is_doubtful
from orchestration.dbt_models import DbtModels
from orchestration.keys import (
    ANALYSIS,
    BOT_TABLES,
    CHATWOOT_TABLES,
    DEMAND,
    MODEL_VERSIONS,
    READING_MODELS,
    SCORES,
    TICK,
    Step,
    raw_key,
)

TICK_JOB = "tick"


def jobs(models: DbtModels) -> list[Any]:
    """A tenant's tick and its variations all end in the asset that fails the run if a tenant failed."""
    raw = [raw_key("chatwoot", name) for name in CHATWOOT_TABLES] + [raw_key("bot", name) for name in BOT_TABLES]
    whole_tick = dg.AssetSelection.assets(*raw, ANALYSIS, *models.tables, *DEMAND, *SCORES, TICK)
    return [
        dg.define_asset_job(
            TICK_JOB, whole_tick, description="Sync what changed, analyze it, transform it, predict what is due."
        ),
        dg.define_asset_job(
            "reconcile",
            whole_tick,
            config=RUN_CONFIG["reconcile"],
            description="A tick that reads the sources whole, and marks as deleted what they no longer have.",
        ),
        dg.define_asset_job(
            "forecast",
            dg.AssetSelection.assets(*DEMAND, TICK),
            config=RUN_CONFIG["forecast"],
            description="Demand forecasts anew.",
        ),
        dg.define_asset_job(
            "scoring",
            dg.AssetSelection.assets(*SCORES, TICK),
            config=RUN_CONFIG["scoring"],
            description="What each open lead is worth, and what may come in, anew.",
        ),
        dg.define_asset_job(
            "training",
            dg.AssetSelection.assets(MODEL_VERSIONS, READING_MODELS),
            description="The models that score leads and those that read conversations, learned from what has come true and what "
            "people have labelled. All tenants together.",
        ),
        dg.define_asset_job(
            "views",
            dg.AssetSelection.assets(*models.views),
            description="The views all tenants share. A tick makes them when the code has changed; this does so now.",
        ),
        dg.define_asset_job(
            "freshness",
            dg.AssetSelection.checks(every_tenant_is_fresh, nothing_is_doubtful),
            description="Which tenants are late, and whose data is doubtful?",
        ),
    ]


def tick_config(*, reading: Reading = Reading.AUTO, since: str | None = None, rebuild: bool = False) -> dict[str, Any]:
    """Run config of the tick and its variations."""
    sync = {"config": {"reading": reading.name} | ({"since": since} if since else {})}
    return {
        "ops": {
            Step.SYNC_CHATWOOT.value: sync,
            Step.SYNC_BOT.value: sync,
            Step.TRANSFORM.value: {"config": {"rebuild": rebuild, "test_all_rows": reading == Reading.RECONCILE}},
        }
    }


# What makes these jobs differ from a tick. A run asked for without any config does not get its job's, so a schedule says it.
RUN_CONFIG: dict[str, dict[str, Any]] = {
    "reconcile": tick_config(reading=Reading.RECONCILE),
    "scoring": {"ops": {Step.SCORE.value: {"config": {"even_if_recent": True}}}},
    "forecast": {"ops": {Step.PREDICT.value: {"config": {"even_if_recent": True}}}},
}
