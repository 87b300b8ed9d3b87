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
    """A row per figure, a column per tenant; a figure that does not exist for a tenant is a dash, never 0.

    Conversion is customers of all people; the first response is the median.
    """
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        rows = connection.execute(QUERY.encode(), {"tenants": list(tenant_ids)}).fetchall()
    table = Table("whole history")
    for row in rows:
        table.add_column(row["tenant_name"], justify="right")
    columns = [_figures(row) for row in rows]
    for name in columns[0] if columns else ():
        table.add_row(name, *(column[name] for column in columns))
    return table


def _figures(row: dict[str, Any]) -> dict[str, str]:
    knows_customers = row["customers"] is not None and row["contacts"]
    conversion = row["customers"] / row["contacts"] if knows_customers else None
    return {
        "conversations": f"{row['conversations']:,}",
        "people": f"{row['contacts']:,}",
        "leads": f"{row['leads']:,}",
        "customers": _optional(row["customers"], "{:,}"),
        "conversion": _optional(conversion, "{:.1%}"),
        "revenue": _optional(row["revenue"], row["currency"] + " {:,.0f}"),
        "campaign ROI": _optional(row["roi_pct"], "{:,.0f} %"),
        "first response": _duration(row["median_first_response_seconds"]),
        "... within SLA": _optional(row["first_response_compliance"], "{:.1%}"),
        "NPS": _optional(row["nps"], "{:+.0f}"),
    }


def _optional(value: Any, pattern: str) -> str:
    return "-" if value is None else pattern.format(value)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
