"""How a step works the tenants of a run, and how one tenant's failure stays its own.

The only place that knows. To Dagster a step has worked or failed, and after a failed one it runs nothing of what comes
next, for any tenant. So a step here

- works its tenants concurrently, in threads;
- leaves out those who failed in an earlier step of the run, so that they keep yesterday's rows;
- logs a materialization for each healthy tenant itself, and hands Dagster outputs that materialize nothing, because an
  output would mark every partition of the run;
- keeps each tenant's outcome in the warehouse, and lets the run go on.

The last asset of a tick (`assets/tick.py`) reads those outcomes and fails the run, naming who failed. Dagster then
shows their partitions as failed: they were planned, and never materialized, in a run that failed. Where that asset is
not part of the run, or where nobody is left to go on with, the step itself fails.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from queue import SimpleQueue
from threading import Thread
from typing import Any

import dagster as dg

from funil.errors import FunilError
from funil.tenants import Tenant, TenantsFile
from orchestration.keys import TICK, Step
from orchestration.materializations import Materializations
from orchestration.progress import Progress, tell
from orchestration.step_results import StepResult, lineage_of, read_results, record
from orchestration.workspace import Workspace
from warehouse.quoted import without_values

# An output with this key in its metadata is stored without a materialization. Dagster's own name for it, meant for
# observable sources that log their own events, which is what happens here.
LOGS_ITS_OWN_EVENTS = "__source_asset_observation__"


@dataclass(frozen=True)
class Worked:
    """What a step did to one tenant; `tables` are the metadata of single assets, by key."""

    requests: int = 0
    rows_read: int = 0
    rows_written: int = 0
    rows_deleted: int = 0
    rows_rejected: int = 0
    note: str | None = None
    tables: Mapping[dg.AssetKey, Mapping[str, Any]] = field(default_factory=dict)


class TenantsFailed(dg.Failure):
    """Some tenants failed; the sentence of each is the description."""

    def __init__(self, failures: Mapping[str, str], *, healthy: int = 0) -> None:
        sentences = "\n".join(f"{tenant_id}: {sentence}" for tenant_id, sentence in sorted(failures.items()))
        done = f" ({healthy} did not)" if healthy else ""
        count = f"{len(failures)} tenant{'s' if len(failures) > 1 else ''} failed{done}:"
        super().__init__(f"{count}\n{sentences}", metadata={"failed": sorted(failures)}, allow_retries=False)


def work_tenants(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    step: Step,
    anchor: dg.AssetKey,
    work: Callable[[Tenant], Worked],
) -> Iterator[dg.MaterializeResult]:
    """One step of a run: `work` is called for each tenant, several at a time; whatever it raises is that tenant's.

    `anchor` is the asset of the step that the tick's last asset waits for.
    """
    with as_failure():
        run = StepOfRun(context, workspace, step, anchor)
        for tenant, outcome, seconds in _concurrently(
            work, run.tenants, workspace.settings.tenant_concurrency, lambda tenant: run.began(tenant.slug)
        ):
            if isinstance(outcome, Worked):
                run.succeeded(tenant.slug, outcome, seconds)
            else:
                run.failed(tenant.slug, outcome, seconds)
        yield from run.finish()


class StepOfRun:
    """The bookkeeping of one step. For steps that take their tenants one by one, `work_tenants` does it."""

    def __init__(
        self, context: dg.AssetExecutionContext, workspace: Workspace, step: Step, anchor: dg.AssetKey
    ) -> None:
        self._context, self._dsn, self._step, self._anchor = context, workspace.dsn, step, anchor
        self._failures: dict[str, str] = {}
        self._succeeded: list[str] = []
        self._materializations = Materializations(context)
        self._earlier = read_results(self._dsn, lineage_of(context)).failures(before=step)
        self.tenants: list[Tenant] = []
        """Those to work on."""
        self._sort_out(workspace.tenants())

    def _sort_out(self, file: TenantsFile) -> None:
        known = {tenant.slug: tenant for tenant in file.tenants}
        gone = []
        for slug in self._context.partition_keys:
            if slug in self._earlier:
                self._context.log.info(f"{slug} is left out: it failed in an earlier step of this run.")
            elif slug in known:
                self.tenants.append(known[slug])
            elif slug in file.errors:
                self.failed(slug, FunilError(file.errors[slug]))
            else:
                gone.append(slug)
                self._context.log.warning(f"{slug} is left out: {file.path} has no such tenant any more.")
        if len(gone) == len(self._context.partition_keys):
            raise TenantsFailed(
                {slug: f"{file.path} has no tenant '{slug}' any more. Its data stays as it is." for slug in gone}
            )

    def began(self, tenant_id: str) -> None:
        tell(Progress(self._step, tenant_id, "started"))

    def succeeded(self, tenant_id: str, worked: Worked, seconds: float = 0.0) -> None:
        """The tenant is done: its partitions are materialized."""
        self._keep(
            StepResult(
                tenant_id,
                self._step,
                "succeeded",
                seconds,
                requests=worked.requests,
                rows_read=worked.rows_read,
                rows_written=worked.rows_written,
                rows_deleted=worked.rows_deleted,
                rows_rejected=worked.rows_rejected,
                note=worked.note,
            )
        )
        self._succeeded.append(tenant_id)
        common = {"seconds": round(seconds, 3)} | ({"note": worked.note} if worked.note else {})
        self._materializations.add(
            dg.AssetMaterialization(
                asset_key=key, partition=tenant_id, metadata={**common, **worked.tables.get(key, {})}
            )
            for key in sorted(self._context.selected_asset_keys)
        )
        tell(Progress(self._step, tenant_id, "succeeded", seconds))

    def failed(self, tenant_id: str, error: BaseException, seconds: float = 0.0) -> None:
        """The tenant failed: nothing of it is materialized, and later steps leave it out."""
        sentence = sentence_of(error)
        if not isinstance(error, FunilError):
            self._context.log.error(without_values("".join(traceback.format_exception(error))))
        self._context.log.error(f"{tenant_id}: {sentence}")
        self._keep(StepResult(tenant_id, self._step, "failed", seconds, error=sentence))
        self._failures[tenant_id] = sentence
        tell(Progress(self._step, tenant_id, "failed", seconds, sentence))

    def finish(self) -> Iterator[dg.MaterializeResult]:
        """Lets the run go on, or fails the step: if nobody is left, or nobody else would fail the run."""
        self._materializations.store()
        if self._failures and not (self._succeeded and self._ends_in_a_tick()):
            raise TenantsFailed({**self._failures, **self._earlier}, healthy=len(self._succeeded))
        yield from without_materialization(self._context)

    def _ends_in_a_tick(self) -> bool:
        """Whether the asset that fails the run comes after this step in it."""
        job = self._context.job_def.graph
        return job.has_node_named(TICK.to_python_identifier()) and self._anchor in self._context.selected_asset_keys

    def _keep(self, result: StepResult) -> None:
        record(self._dsn, self._context.run.run_id, [result])


def without_materialization(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """The outputs of a step that has logged its materializations itself: what comes after it may start."""
    depends_on = {spec.key: {dep.asset_key for dep in spec.deps} for spec in context.assets_def.specs}
    for key in TopologicalSorter(depends_on).static_order():  # as Dagster wants them
        if key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key, metadata={LOGS_ITS_OWN_EVENTS: True})


def sentence_of(error: BaseException) -> str:
    """What a person reads of an error."""
    if isinstance(error, FunilError):
        return str(error)
    first_line = without_values(str(error).strip().partition("\n")[0])
    return f"{type(error).__name__}: {first_line}. This is not an error Funil knows; the run's log has its traceback."


class as_failure:
    """Inside it, an error a person can mend fails the step with its sentence instead of a traceback."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FunilError):
            raise dg.Failure(str(error), allow_retries=False) from None


def _concurrently(
    work: Callable[[Tenant], Worked], tenants: Iterable[Tenant], at_once: int, began: Callable[[Tenant], None]
) -> Iterator[tuple[Tenant, Worked | BaseException, float]]:
    """Calls `work` for several tenants at a time and gives each one's outcome as it comes.

    The threads are daemons: a run that is interrupted does not wait for a sync to end (which may be killed anywhere).
    """
    waiting: SimpleQueue[Tenant | None] = SimpleQueue()
    outcomes: SimpleQueue[tuple[Tenant, Worked | BaseException, float]] = SimpleQueue()
    count = 0
    for tenant in tenants:
        waiting.put(tenant)
        count += 1

    def labour() -> None:
        while (tenant := waiting.get()) is not None:
            began(tenant)
            start = time.monotonic()
            try:
                outcome: Worked | BaseException = work(tenant)
            except BaseException as error:
                outcome = error
            outcomes.put((tenant, outcome, time.monotonic() - start))

    labourers = min(at_once, count)
    for number in range(labourers):
        waiting.put(None)
        Thread(target=labour, name=f"tenants-{number}", daemon=True).start()
    for _ in range(count):
        yield outcomes.get()
