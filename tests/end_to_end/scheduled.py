"""What the daemon does at a schedule's tick: `python -m tests.end_to_end.scheduled reconcile`.

The schedule is asked for its runs, and each is executed as asked for, in this process. Exit 1 if one of them fails.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import dagster as dg

from orchestration import definitions


def main(schedule_name: str) -> int:
    everything = definitions.defs() if callable(definitions.defs) else definitions.defs
    schedule = everything.resolve_schedule_def(schedule_name)
    with dg.DagsterInstance.get() as instance:
        context = dg.build_schedule_context(
            instance=instance,
            repository_def=everything.get_repository_def(),
            scheduled_execution_time=datetime.now(UTC),
        )
        requests = schedule.evaluate_tick(context).run_requests or []
        assert requests, f"the schedule {schedule_name} asked for no run"
        job = everything.resolve_job_def(schedule.job_name)
        runs = [
            job.execute_in_process(
                instance=instance, run_config=request.run_config, tags=dict(request.tags), raise_on_error=False
            )
            for request in requests
        ]
    return 0 if all(run.success for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
