"""When things run by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import dagster as dg

from funil.settings import load_settings
from funil.tenants import load_tenants
from orchestration.jobs import RUN_CONFIG
from orchestration.partitions import PARTITIONS_NAME, TenantRange, cut_ranges

TIMEZONE = "America/Sao_Paulo"


class Timetable(NamedTuple):
    job: str
    cron: str
    per_tenant: bool
    description: str


TIMETABLE = (
    Timetable("tick", "0 * * * *", True, "Every hour: sync, analyze, transform and predict what changed."),
    Timetable("freshness", "50 * * * *", False, "Every hour: which tenants are late?"),
    Timetable("forecast", "15 3 * * *", True, "Every night: demand forecasts anew."),
    Timetable("scoring", "45 3 * * *", True, "Every night: what each open lead is worth, and what may come in."),
    Timetable(
        "training", "15 4 * * 0", False, "Every week: the models that score leads, learned from what has come true."
    ),
    Timetable(
        "reconcile", "30 3 * * 0", True, "Every week: read everything again, for what the sources do not announce."
    ),
    Timetable("retention", "0 5 * * 0", False, "Every week: remove what is older than the tenants want it kept."),
    Timetable("purge", "30 5 * * 0", False, "Every week: forget old events of Dagster's, and old reports of runs."),
)

_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def schedules() -> list[dg.ScheduleDefinition]:
    return [_per_tenant(entry) if entry.per_tenant else _plain(entry) for entry in TIMETABLE]


def tenant_ranges(instance: dg.DagsterInstance) -> list[TenantRange]:
    """The tenants of tenants.yaml as ranges of the instance's keys; one whose entry is broken fails, and is seen to."""
    settings = load_settings()
    file = load_tenants(settings.tenants_path)
    wanted = {tenant.slug for tenant in file.tenants} | file.errors.keys()
    return cut_ranges(instance.get_dynamic_partitions(PARTITIONS_NAME), wanted, settings.tenants_per_run)


def _plain(entry: Timetable) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=entry.job,
        job_name=entry.job,
        cron_schedule=entry.cron,
        execution_timezone=TIMEZONE,
        description=entry.description,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def _per_tenant(entry: Timetable) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=entry.job,
        job_name=entry.job,
        cron_schedule=entry.cron,
        execution_timezone=TIMEZONE,
        description=entry.description,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def per_tenant(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        ranges = tenant_ranges(context.instance)
        busy = _unfinished(context.instance, entry.job)
        free = [tenants for tenants in ranges if not busy & set(tenants.keys)]
        for tenants in free:
            yield dg.RunRequest(
                run_key=f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}:{tenants.keys[0]}",
                run_config=RUN_CONFIG.get(entry.job, {}),
                tags=tenants.tags,
            )
        if not free:
            yield dg.SkipReason("The runs asked for before have not ended." if ranges else "There are no tenants.")

    return per_tenant


def _unfinished(instance: dg.DagsterInstance, job: str) -> set[str]:
    """The tenants that runs of this job still have to do: they are not asked for a second time."""
    keys = instance.get_dynamic_partitions(PARTITIONS_NAME)
    return {
        key
        for run in instance.get_runs(dg.RunsFilter(job_name=job, statuses=_UNFINISHED))
        for key in TenantRange.of_tags(run.tags, keys).keys
    }
