"""`funil analyze estimate` and `funil analyze backfill`: what reading would cost, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from funil.cli.console import err, out
from funil.cli.sandbox import sandbox_if_used
from funil.cli.workspace import Workspace, open_workspace
from funil.errors import FunilError
from funil.tenants import Tenant

if TYPE_CHECKING:
    from orchestration.progress import Progress as Event


def show_estimate(slugs: Sequence[str], *, everything: bool) -> None:
    """Prints a row per tenant."""
    workspace = open_workspace()
    _estimate(workspace, _tenants(workspace, slugs), everything=everything)


def backfill_tenants(slugs: Sequence[str], *, yes: bool) -> int:
    """Shows the estimate, asks, reads; returns 1 if a tenant failed or the person said no."""
    from orchestration.analyze_tenant import analyze_tenant
    from orchestration.progress import listening

    workspace = open_workspace()
    tenants = _tenants(workspace, slugs)
    _estimate(workspace, tenants, everything=True)
    if not yes and not typer.confirm("Read them now?"):
        return 1
    failed = 0
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with sandbox_if_used(workspace), Progress(*columns, console=err) as bar:
        for tenant in tenants:
            task = bar.add_task(tenant.slug, total=None)

            def show(event: Event, task: object = task) -> None:
                if event.state == "working":
                    bar.update(task, completed=event.done, total=event.total)  # type: ignore[arg-type]

            try:
                with listening(show):
                    done, notes = analyze_tenant(workspace.warehouse.dsn, tenant, lambda text: None, everything=True)
            except FunilError as error:
                err.print(f"[red]{tenant.slug}[/]: {escape(str(error))}", soft_wrap=True)
                failed += 1
                continue
            finally:
                bar.stop_task(task)
            out.print(
                f"{tenant.slug}: {done.analyzed:,} read, {done.requests:,} requests, {done.cost_usd:.4f} USD",
                soft_wrap=True,
            )
            for note in notes:
                err.print(f"{tenant.slug}: {escape(note)}", soft_wrap=True)
    return 1 if failed else 0


def _tenants(workspace: Workspace, slugs: Sequence[str]) -> list[Tenant]:
    file = workspace.tenants()
    return [file.named(slug) for slug in slugs] if slugs else file.tenants


def _estimate(workspace: Workspace, tenants: Sequence[Tenant], *, everything: bool) -> None:
    from analyzers.prices import load_prices
    from orchestration.analyze_tenant import estimate_tenant

    table = Table("tenant", "engine", "model")
    for heading in ("to read", "questions", "tokens in", "of them cached", "tokens out", "USD", "left this month"):
        table.add_column(heading, justify="right")
    for tenant in tenants:
        estimate, left = estimate_tenant(workspace.warehouse.dsn, tenant, everything=everything)
        asks = tenant.analyzer.engine != "regex"
        table.add_row(
            tenant.slug,
            tenant.analyzer.engine,
            (tenant.analyzer.model or load_prices().default_model) if asks else "",
            f"{estimate.conversations:,}",
            f"{estimate.questions:,}",
            f"{estimate.prompt_tokens:,}",
            f"{estimate.cached_tokens:,}",
            f"{estimate.completion_tokens:,}",
            f"{estimate.cost_usd:.4f}",
            "no limit" if left is None else f"{left:.2f}",
        )
    out.print(table)
    out.print(f"Estimated from the length of the texts, at the prices of {load_prices().read_on}.", soft_wrap=True)
