"""Is every tenant's data fresh, and in order? One check for all of them: Dagster's own freshness knows assets, not partitions."""

from pathlib import Path

import dagster as dg
from psycopg.rows import dict_row

from orchestration.keys import DATA_QUALITY, FRESHNESS
from orchestration.workspace import Workspace
from warehouse.connect import connect

MOST_NAMED = 20
DAYS_LOOKED_AT = 7
_SQL = Path(__file__).parent / "sql"
_LATE = (_SQL / "late_tenants.sql").read_bytes()
_DOUBTFUL = (_SQL / "doubtful_data.sql").read_bytes()


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


@dg.asset_check(
    asset=DATA_QUALITY,
    name="nothing_is_doubtful",
    description=f"No tenant's last {DAYS_LOOKED_AT} days hold rows to distrust. A warning: nothing is mended, nobody is stopped.",
)
def nothing_is_doubtful(context: dg.AssetCheckExecutionContext, workspace: Workspace) -> dg.AssetCheckResult:
    with connect(workspace.dsn) as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_DOUBTFUL, {"days": DAYS_LOOKED_AT}).fetchall()
    lines = [f"| {row['tenant_id']} | {row['check_name']} | {row['subject']} | {row['problems']} |" for row in rows]
    more = [f"and {len(rows) - MOST_NAMED} more"] if len(rows) > MOST_NAMED else []
    tenants = sorted({row["tenant_id"] for row in rows})
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Doubtful rows in the last {DAYS_LOOKED_AT} days, of {len(tenants)} tenants: "
        + ", ".join(tenants[:MOST_NAMED])
        if rows
        else f"Nothing doubtful in anybody's last {DAYS_LOOKED_AT} days.",
        metadata={
            "problems": sum(row["problems"] for row in rows),
            "tenants": len(tenants),
            "doubtful": dg.MetadataValue.md(
                "\n".join(
                    ["| tenant | check | table | rows |", "|---|---|---|---|", *lines[:MOST_NAMED], *more],
                )
            ),
        },
    )
