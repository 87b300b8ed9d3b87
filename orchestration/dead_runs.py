"""Runs whose process was killed: Dagster watches over those it launched, and these are the ones it did not.

A run inside the command line's process says which process that is. If nobody noticed its death it would count as running
for ever, keep its place among the runs at once, and keep dbt's pool.
"""

from __future__ import annotations

import os
import socket

import dagster as dg

TAG = "funil/process"
_UNFINISHED = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


def this_process() -> str:
    """This process, in a way that another with the same number is not taken for it."""
    import psutil

    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.2f}"


def bury_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Marks as failed the runs whose process of this machine is gone; returns their ids."""
    buried = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        process = run.tags.get(TAG)
        if process and not _lives(process):
            instance.report_run_failed(run, "The process that worked on this run ended before the run did.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            buried.append(run.run_id)
    return buried


def _lives(process: str) -> bool:
    import psutil

    host, number, created = process.rsplit(":", 2)
    if host != socket.gethostname():
        return True  # who knows
    try:
        return f"{psutil.Process(int(number)).create_time():.2f}" == created
    except psutil.NoSuchProcess:
        return False
