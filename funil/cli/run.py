"""`funil run`: a tick in this process, a line of progress while it works, a row per tenant when it is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from funil.cli.console import err, out
from funil.cli.sandbox import sandbox_if_used
from funil.cli.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from orchestration.progress import Progress as Event
    from orchestration.run import TenantOutcome

STEPS = {
    "sync_chatwoot": "reading Chatwoot",
    "sync_bot": "reading the bot",
    "analyze": "reading conversations",
    "transform": "building marts",
    "predict": "forecasting",
    "score": "scoring leads",
}


def run_tenants(slugs: Sequence[str], *, full_refresh: bool, since: date | None) -> int:
    """Runs a tick and prints what became of each tenant; returns 1 if any of them failed."""
    workspace = open_workspace()
    with sandbox_if_used(workspace):
        outcomes = tick(workspace, slugs, full_refresh=full_refresh, since=since)
    return show(outcomes)


def tick(
    workspace: Workspace, slugs: Sequence[str] = (), *, full_refresh: bool = False, since: date | None = None
) -> list[TenantOutcome]:
    """A tick with a progress bar: a step of a tenant is a unit."""
    from orchestration.run import run_tick

    file = workspace.tenants()
    count = len(slugs) or len(file.tenants)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("starting", total=count * len(STEPS))

        def show_event(event: Event) -> None:
            if event.state == "started":
                bar.update(task, description=f"{event.tenant_id}: {STEPS[event.step]}")
            elif event.state == "working":
                so_far = f"{STEPS[event.step]}, {event.done:,} of {event.total:,}"
                bar.update(task, description=f"{event.tenant_id}: {so_far}")
            else:
                bar.advance(task)

        return run_tick(slugs, full_refresh=full_refresh, since=since, progress=show_event)


def show(outcomes: Sequence[TenantOutcome]) -> int:
    """The row per tenant and, below, the sentence of each that failed; returns the exit code."""
    table = Table("tenant", "")
    for heading in ("requests", "rows read", "written", "rejected", "seconds"):
        table.add_column(heading, justify="right")
    for outcome in outcomes:
        table.add_row(
            outcome.tenant_id,
            "[red]failed[/]" if outcome.failed else "[green]done[/]",
            f"{outcome.requests:,}",
            f"{outcome.rows_read:,}",
            f"{outcome.rows_written:,}",
            f"{outcome.rows_rejected:,}",
            f"{outcome.seconds:.1f}",
        )
    out.print(table)
    failed = [outcome for outcome in outcomes if outcome.failed]
    for outcome in failed:
        err.print(f"[red]{outcome.tenant_id}[/]: {escape(outcome.sentence or '')}", soft_wrap=True)
    if any(outcome.rows_rejected for outcome in outcomes):
        err.print("Rows that could not be stored are in ops.rejected_rows, each with its reason.")
    return 1 if failed else 0
