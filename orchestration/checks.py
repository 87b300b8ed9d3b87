"""Is every tenant's data fresh? One check for all of them: Dagster's own freshness knows assets, not partitions."""

from pathlib import Path

import dagster as dg
from psycopg.rows import dict_row

from orchestration.keys import FRESHNESS
from orchestration.workspace import Workspace
from warehouse.connect import connect

MOST_NAMED = 20
_LATE = (Path(__file__).parent / "sql" / "late_tenants.sql").read_bytes()


@dg.asset_check(
    asset=FRESHNESS,
    name="every_tenant_is_fresh",
    description="No source of any tenant is late, failing or never synced. Names those that are.",
)
def every_tenant_is_fresh(context: dg.AssetCheckExecutionContext, workspace: Workspace) -> dg.AssetCheckResult:
    with connect(workspace.dsn) as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_LATE).fetchall()
    late = [row for row in rows if row["status"] != "fresh"]
    lines = [
        f"| {row['tenant_id']} | {row['source']} | {row['status']} | {row['lag']} | {row['last_error'] or ''} |"
        for row in late
    ]
    more = [f"and {len(late) - MOST_NAMED} more"] if len(late) > MOST_NAMED else []
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(late)} of {len(rows)} sources are not fresh: "
        + ", ".join(f"{row['tenant_id']} ({row['source']}: {row['status']})" for row in late[:MOST_NAMED])
        if late
        else f"All {len(rows)} sources are fresh.",
        metadata={
            "sources": len(rows),
            "not_fresh": len(late),
            "late": dg.MetadataValue.md(
                "\n".join(
                    [
                        "| tenant | source | status | since last success | why |",
                        "|---|---|---|---|---|",
                        *lines[:MOST_NAMED],
                        *more,
                    ]
                )
            ),
        },
    )
