"""`funil demo`: the sandbox's tenants, end to end, on a machine where nothing runs yet."""

from __future__ import annotations

import time

from funil.cli.console import err, out
from funil.cli.headline import headline_table
from funil.cli.run import show, tick
from funil.cli.sandbox import sandbox_running
from funil.cli.workspace import open_workspace
from funil.errors import FunilError
from funil.settings import load_settings

LOOK_NEXT = """\
Look next:
  make ui                           runs, schedules and backfills in Dagster
  psql "$(.venv/bin/funil db url)"  the marts, for any BI tool too
  .venv/bin/funil sandbox advance   let the world go on; then: .venv/bin/funil run
PostgreSQL keeps running; '.venv/bin/funil db stop' stops it."""


def run_demo(scale: float | None, seed: int | None, engine: str | None) -> int:
    """Returns 0 only if every tenant reached the marts."""
    settings = load_settings()
    if not settings.uses_sandbox:
        raise FunilError(
            f"The demo would mix its pretend tenants with those of {settings.tenants_path}. Give it a place of its own: "
            "FUNIL_HOME=/tmp/funil-demo FUNIL_TENANTS=/tmp/funil-demo/sandbox/tenants.yaml funil demo"
        )
    err.print("Starting PostgreSQL ...")
    workspace = open_workspace()
    err.print("Starting the sandbox: Chatwoot and the bots of three pretend tenants ...")
    with sandbox_running(workspace, scale=scale, seed=seed, engine=engine):
        err.print("Running the pipeline ...")
        began = time.monotonic()
        outcomes = tick(workspace)
        seconds = time.monotonic() - began
    code = show(outcomes)
    done = [outcome.tenant_id for outcome in outcomes if not outcome.failed]
    if done:
        out.print(headline_table(workspace.warehouse.dsn, done))
    written = sum(outcome.rows_written for outcome in outcomes)
    out.print(f"{written:,} rows written in {seconds:.0f} s.")
    if code == 0:
        out.print(LOOK_NEXT, soft_wrap=True, markup=False)
    return code
