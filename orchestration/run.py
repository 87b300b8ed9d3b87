"""One tick, here and now: the job the schedule runs, in this process, for `funil run` and `funil demo`.

It is a run of the Dagster instance like any other, so the UI shows it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funil.errors import FunilError
from funil.settings import load_settings
from funil.tenants import load_tenants
from orchestration.dead_runs import TAG, bury_dead_runs, this_process
from orchestration.instance import open_instance
from orchestration.partitions import PARTITIONS_NAME, TenantRange, cut_ranges
from orchestration.progress import Listener, listening
from orchestration.step_results import StepResult, read_results
from orchestration.workspace import open_warehouse

if TYPE_CHECKING:
    import dagster as dg


@dataclass(frozen=True)
class TenantOutcome:
    """What a tick did for one tenant; `sentence` says why it failed."""

    tenant_id: str
    steps: Sequence[StepResult] = field(default_factory=tuple)
    sentence: str | None = None

    @property
    def failed(self) -> bool:
        return self.sentence is not None

    @property
    def seconds(self) -> float:
        """The time its steps took; steps of several tenants overlap."""
        return sum(step.seconds for step in self.steps)

    @property
    def requests(self) -> int:
        return sum(step.requests for step in self.steps)

    @property
    def rows_read(self) -> int:
        return sum(step.rows_read for step in self.steps)

    @property
    def rows_written(self) -> int:
        """Also those marked as deleted."""
        return sum(step.rows_written + step.rows_deleted for step in self.steps)

    @property
    def rows_rejected(self) -> int:
        return sum(step.rows_rejected for step in self.steps)

    @property
    def notes(self) -> list[str]:
        return [step.note for step in self.steps if step.note]


def run_tick(
    tenants: Sequence[str] = (),
    *,
    full_refresh: bool = False,
    since: date | None = None,
    progress: Listener | None = None,
) -> list[TenantOutcome]:
    """A tick for these tenants (all, if none is named), in as many runs as the schedule would ask for, one after another.

    `full_refresh` reconciles with the sources and builds the tenants' tables anew; `since` reads again from a date. What
    dbt says on stdout goes to FUNIL_HOME/logs. Raises FunilError for what concerns all tenants, or names none of them.
    """
    if full_refresh and since:
        raise FunilError("--full-refresh reads everything already: leave --since out.")
    settings = load_settings()
    file = load_tenants(settings.tenants_path)
    for slug in tenants:
        if slug not in file.errors:
            file.named(slug)
    wanted = list(dict.fromkeys(tenants)) or [*(tenant.slug for tenant in file.tenants), *file.errors]
    broken = {slug: TenantOutcome(slug, sentence=file.errors[slug]) for slug in wanted if slug in file.errors}
    outcomes: dict[str, TenantOutcome] = {}
    work = [slug for slug in wanted if slug not in broken]
    if work:
        warehouse = open_warehouse(settings)
        with (
            open_instance(settings, warehouse) as instance,
            listening(progress),
            stdout_to(settings.home / "logs"),
        ):
            bury_dead_runs(instance)
            job, config = _tick(warehouse.dsn, full_refresh, since)
            for part in _ranges(instance, work, settings.tenants_per_run):
                outcomes |= _run(instance, job, config, part, warehouse.dsn)
    return [(outcomes | broken)[slug] for slug in wanted]


def _tick(dsn: str, full_refresh: bool, since: date | None) -> tuple[dg.JobDefinition, dict[str, Any]]:
    """The job and its config. Dagster and dbt are loaded here, after everything that fails quickly."""
    from orchestration.assets.sync import Reading
    from orchestration.dbt_environment import dbt_environment
    from orchestration.dbt_manifest import load_manifest
    from orchestration.definitions import build
    from orchestration.jobs import TICK_JOB, tick_config

    job = build(load_manifest(dbt_environment(dsn))).resolve_job_def(TICK_JOB)
    reading = Reading.RECONCILE if full_refresh else Reading.SINCE if since else Reading.AUTO
    config = tick_config(reading=reading, since=since.isoformat() if since else None, rebuild=full_refresh)
    # what happens is in the instance, and what a person needs is in the outcomes
    return job, {**config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _ranges(instance: dg.DagsterInstance, work: Sequence[str], at_most: int) -> list[TenantRange]:
    """The tenants as ranges of the instance's keys, new ones added as the sensor would."""
    have = instance.get_dynamic_partitions(PARTITIONS_NAME)
    if new := sorted(set(work) - set(have)):
        instance.add_dynamic_partitions(PARTITIONS_NAME, new)
    return cut_ranges([*have, *new], work, at_most)


def _run(
    instance: dg.DagsterInstance, job: dg.JobDefinition, config: dict[str, Any], part: TenantRange, dsn: str
) -> dict[str, TenantOutcome]:
    result = job.execute_in_process(
        instance=instance, run_config=config, tags={**part.tags, TAG: this_process()}, raise_on_error=False
    )
    results = read_results(dsn, [result.run_id])
    failures, steps = results.failures(), results.by_tenant()
    if not result.success and not failures:
        # not a tenant's: nobody is known to be well
        failures = dict.fromkeys(part.keys, _why(result))
    return {key: TenantOutcome(key, steps.get(key, ()), failures.get(key)) for key in part.keys}


def _why(result: dg.ExecuteInProcessResult) -> str:
    """The sentence of a run that failed for all."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data and data.user_failure_data.description:
                return data.user_failure_data.description
            if data.error:
                return (data.error.cause or data.error).message.strip()
    return "The run failed; the Dagster UI shows where."


@contextlib.contextmanager
def stdout_to(folder: Path) -> Iterator[None]:
    """Keeps what dbt says out of the terminal."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.log").open("w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
        yield
