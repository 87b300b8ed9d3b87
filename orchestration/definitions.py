"""What Dagster loads. It reads dbt's manifest (made when the project has changed) and touches nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.assets.analysis import conversation_analysis
from orchestration.assets.forecast import demand_forecasts
from orchestration.assets.lead_models import lead_models
from orchestration.assets.reading_models import reading_models
from orchestration.assets.scores import scores
from orchestration.assets.sync import BOT_ANCHOR, CHATWOOT_ANCHOR, sync_bot, sync_chatwoot
from orchestration.assets.tick import tick_asset
from orchestration.assets.transform import ANCHOR as TRANSFORM_ANCHOR
from orchestration.assets.transform import transform_assets
from orchestration.checks import every_tenant_is_fresh, nothing_is_doubtful
from orchestration.dbt_manifest import load_manifest
from orchestration.dbt_models import DbtModels
from orchestration.erasure import erase_job
from orchestration.jobs import jobs
from orchestration.keys import ANALYSIS, FORECASTS, LEAD_SCORES, OWNER
from orchestration.purge import purge_job
from orchestration.retention import retention_job
from orchestration.schedules import schedules
from orchestration.sensors import tenants_sensor
from orchestration.workspace import Workspace


def build(manifest: Mapping[str, Any]) -> dg.Definitions:
    """The definitions over this dbt manifest."""
    models = DbtModels(manifest)
    return dg.Definitions(
        assets=[
            *_given(models),
            sync_chatwoot,
            sync_bot,
            conversation_analysis,
            reading_models,
            *transform_assets(models),
            demand_forecasts,
            lead_models,
            scores,
            tick_asset([CHATWOOT_ANCHOR, BOT_ANCHOR, ANALYSIS, TRANSFORM_ANCHOR, FORECASTS, LEAD_SCORES]),
        ],
        asset_checks=[every_tenant_is_fresh, nothing_is_doubtful],
        jobs=[*jobs(models), purge_job, erase_job, retention_job],
        schedules=schedules(),
        sensors=[tenants_sensor],
        resources={"workspace": Workspace()},
        # the steps of a tick are few and share what they loaded; a process for each would cost more than they do
        executor=dg.in_process_executor,
    )


def _given(models: DbtModels) -> list[dg.AssetSpec]:
    """Tables that models read and no asset makes: the tenants' settings, and what Funil notes about itself."""
    return [
        dg.AssetSpec(
            [source["schema"], source["name"]],
            description=" ".join(source["description"].split()),
            group_name=source["schema"],
            kinds={"postgres"},
            owners=[OWNER],
        )
        for source in models.sources_of("config", "ops")
    ]


@dg.definitions
def defs() -> dg.Definitions:
    return build(load_manifest())
