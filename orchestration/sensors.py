"""tenants.yaml becomes partitions: whoever is new in it is added, and synced for the first time, within a minute."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import dagster as dg

from funil.settings import load_settings
from funil.tenants import TenantsFile, load_tenants
from orchestration.dead_runs import bury_dead_runs
from orchestration.partitions import PARTITIONS_NAME, TENANTS, cut_ranges
from orchestration.workspace import Workspace

SECONDS_BETWEEN = 30


@dg.sensor(
    name="tenants",
    job_name="tick",
    minimum_interval_seconds=SECONDS_BETWEEN,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Keeps partitions and the warehouse's settings in step with tenants.yaml. A tenant that left the file keeps "
    "its partition and its data, and is not asked for any more.",
)
def tenants_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    bury_dead_runs(context.instance)
    settings = load_settings()
    file = load_tenants(settings.tenants_path)
    have = context.instance.get_dynamic_partitions(PARTITIONS_NAME)
    new = sorted({tenant.slug for tenant in file.tenants} - set(have))
    cursor, refused = _store(file, context.cursor)
    requests = [
        dg.RunRequest(run_key=f"first:{_short(*tenants.keys)}", tags=tenants.tags)
        for tenants in cut_ranges([*have, *new], new, settings.tenants_per_run)
    ]
    broken = file.errors | refused
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[TENANTS.build_add_request(new)] if new else [],
        skip_reason=None
        if requests
        else " ".join(broken.values()) or f"{len(file.tenants)} tenants, none of them new.",
        cursor=cursor,
    )


def _store(file: TenantsFile, seen: str | None) -> tuple[str | None, dict[str, str]]:
    """Writes the settings to the warehouse if the file or the day is another than at the last look.

    The day, because the holidays ahead are among them. A tenant that is being synced just now is tried again.
    """
    now = _short(file.path.read_text(encoding="utf-8"), str(datetime.now(UTC).date()))
    if seen == now:
        return now, {}
    stored = Workspace().store_tenants()
    return (seen if stored.busy else now), stored.errors


def _short(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
