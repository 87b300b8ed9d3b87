"""Forgetting: Dagster's event log grows with every run and is never shortened by Dagster itself.

What is kept: every run and its outcome; for `DAYS_OF_LOGS`, what its steps said; for `DAYS_OF_ASSETS`, every materialization
and check; and for ever, the latest of each partition, because that is its state.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import psycopg

from orchestration.workspace import Workspace, open_warehouse

DAYS_OF_LOGS = 30
DAYS_OF_ASSETS = 180

_SQL = Path(__file__).parent / "sql"
# what is deleted at a time: a long transaction would keep others from cleaning up
BATCH = 20_000


@dg.op(
    name="purge_events",
    description=f"Deletes from Dagster's log what steps said more than {DAYS_OF_LOGS} days ago, and materializations older "
    f"than {DAYS_OF_ASSETS} days but for the latest of each partition; and reports of runs as old as those.",
)
def purge_events(context, workspace: Workspace) -> None:  # type: ignore[no-untyped-def]  # Dagster wants it bare
    warehouse = open_warehouse(workspace.settings)
    with warehouse.connect() as connection:
        reports = connection.execute(
            "delete from ops.tenant_steps where finished_at < now() - make_interval(days => %s)", [DAYS_OF_ASSETS]
        ).rowcount
    events = purge(warehouse.dagster_dsn)
    context.log.info(f"{events} events and {reports} reports of steps were old enough to go.")
    context.add_output_metadata({"events": events, "reports": reports})


def purge(dagster_dsn: str) -> int:
    """Deletes old events of the Dagster instance in this database; returns how many."""
    statement = (_SQL / "old_events.sql").read_bytes()
    parameters = {"log_days": DAYS_OF_LOGS, "asset_days": DAYS_OF_ASSETS, "batch": BATCH}
    deleted = 0
    with psycopg.connect(dagster_dsn, autocommit=True) as connection:
        found = connection.execute("select to_regclass('event_logs') is not null").fetchone()
        while found and found[0] and (count := connection.execute(statement, parameters).rowcount):
            deleted += count
    return deleted


@dg.job(
    name="purge",
    description="Shortens Dagster's event log.",
    executor_def=dg.in_process_executor,
)
def purge_job() -> None:
    purge_events()
