"""What each step did to each tenant, in `ops.tenant_steps`.

It is in the warehouse and not in memory, because the steps of a run may be processes of their own, and because a
re-execution has to know what became of the steps it does not repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import dagster as dg
from psycopg.rows import class_row

from orchestration.keys import Step
from warehouse.connect import connect

_SQL = Path(__file__).parent / "sql"
_RECORD = (_SQL / "record_step.sql").read_bytes()
_LATEST = (_SQL / "latest_steps.sql").read_bytes()
_ORDER = {step.value: position for position, step in enumerate(Step)}


@dataclass(frozen=True)
class StepResult:
    """One step, one tenant."""

    tenant_id: str
    step: str
    status: str  # succeeded | failed
    seconds: float = 0.0
    requests: int = 0
    rows_read: int = 0
    rows_written: int = 0
    rows_deleted: int = 0
    rows_rejected: int = 0
    note: str | None = None
    error: str | None = None

    @property
    def failed(self) -> bool:
        return self.status == "failed"


@dataclass(frozen=True)
class RunResults:
    """What became of every tenant in a run."""

    results: Sequence[StepResult] = field(default_factory=tuple)

    def by_tenant(self) -> Mapping[str, list[StepResult]]:
        """Each tenant's steps, in the order of a tick."""
        found: dict[str, list[StepResult]] = {}
        for result in sorted(self.results, key=lambda result: (result.tenant_id, _ORDER[result.step])):
            found.setdefault(result.tenant_id, []).append(result)
        return found

    def failures(self, before: Step | None = None) -> dict[str, str]:
        """The tenants that failed (in a step before this one), each with the sentence of its first failure."""
        return {
            tenant_id: failed[0].error or "It failed without saying why."
            for tenant_id, steps in self.by_tenant().items()
            if (failed := [r for r in steps if r.failed and (before is None or _ORDER[r.step] < _ORDER[before])])
        }


def record(dsn: str, run_id: str, results: Iterable[StepResult]) -> None:
    """Keeps what a step did."""
    with connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(_RECORD, [asdict(result) | {"run_id": run_id} for result in results])


def read_results(dsn: str, run_ids: Sequence[str]) -> RunResults:
    """What became of every tenant in a run; with several runs, newest first, the newest that did a step counts."""
    with connect(dsn) as connection, connection.cursor(row_factory=class_row(StepResult)) as cursor:
        return RunResults(cursor.execute(_LATEST, {"run_ids": list(run_ids)}).fetchall())


def lineage_of(context: dg.AssetExecutionContext) -> list[str]:
    """This run, and the ones it re-executes, newest first."""
    run_ids, run = [context.run.run_id], context.run
    while run.parent_run_id and (parent := context.instance.get_run_by_id(run.parent_run_id)):
        run_ids.append(parent.run_id)
        run = parent
    return run_ids
