"""The headline figures of each tenant, read from the marts as a BI tool would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from rich.table import Table

QUERY = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


def headline_table(dsn: str, tenant_ids: Sequence[str]) -> Table:
    """A table with a row per tenant; a figure that does not exist for a tenant is a dash, never 0."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        rows = connection.execute(QUERY.encode(), {"tenants": list(tenant_ids)}).fetchall()
    table = Table(title="Headline figures, whole history")
    table.add_column("tenant")
    for heading in (
        "conversations",
        "people",
        "leads",
        "customers",
        "conversion",
        "revenue",
        "ROI",
        "first reply",
        "in SLA",
        "NPS",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: dict[str, Any]) -> list[str]:
    conversion = row["customers"] / row["contacts"] if row["contacts"] else None
    return [
        row["tenant_name"],
        f"{row['conversations']:,}",
        f"{row['contacts']:,}",
        f"{row['leads']:,}",
        f"{row['customers']:,}",
        _optional(conversion, "{:.1%}"),
        f"{row['currency']} {row['revenue']:,.0f}",
        _optional(row["roi_pct"], "{:,.0f} %"),
        _duration(row["median_first_response_seconds"]),
        _optional(row["first_response_compliance"], "{:.1%}"),
        _optional(row["nps"], "{:+.0f}"),
    ]


def _optional(value: float | None, pattern: str) -> str:
    return "-" if value is None else pattern.format(value)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
