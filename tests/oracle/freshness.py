"""tenant_freshness: when each source was last read, and whether that is too long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from tests.oracle.facts import Facts

LATE_AFTER = timedelta(hours=3)
COLUMNS = ["tenant_id", "source", "last_success_at", "last_event_at", "lag_seconds", "status", "last_error"]


def tenant_freshness(facts: Facts, looked_at: datetime) -> pd.DataFrame:
    """One row per source that the tenant has."""
    rows = []
    for source in facts.sources:
        runs = facts.sync_runs[facts.sync_runs["source"] == source].sort_values("sync_id").itertuples(index=False)
        ended = [run for run in runs if run.status != "running"]
        succeeded = max((run.finished_at for run in ended if run.status == "succeeded"), default=None)
        lag = None if succeeded is None else round((looked_at - succeeded).total_seconds())
        failed = bool(ended) and ended[-1].status == "failed"
        status = "never" if lag is None else "late" if lag > LATE_AFTER.total_seconds() else "fresh"
        rows.append(
            (
                *(facts.tenant_id, source, succeeded, facts.last_events.get(source), lag),
                *("failed" if failed else status, ended[-1].error if failed else None),
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)
