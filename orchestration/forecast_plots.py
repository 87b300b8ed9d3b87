"""What a person wants to see of a forecast: what is expected beside what came, and whether it beats the simple answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from funil.tenants import Tenant
from orchestration.pictures import BLUE, GREY, ORANGE, new_figure, picture, tidy
from warehouse.connect import connect

_SQL = Path(__file__).parent / "sql"


def plots_of(dsn: str, tenant: Tenant) -> dict[str, dg.MetadataValue]:
    """Of one tenant's forecasts, as metadata; nothing where there is none."""
    days = _rows(dsn, "forecast_and_past", tenant)
    tried = _rows(dsn, "forecast_backtests", tenant)
    plots = {}
    if days:
        plots["forecast"] = picture(_forecast(days))
    if tried:
        plots["backtest"] = picture(_backtest(tried))
    return plots


def _rows(dsn: str, query: str, tenant: Tenant) -> list[tuple[Any, ...]]:
    with connect(dsn) as connection:
        return connection.execute(
            (_SQL / f"{query}.sql").read_bytes(), {"tenant_id": tenant.slug, "timezone": tenant.timezone}
        ).fetchall()


def _forecast(rows: Sequence[tuple[Any, ...]]) -> Any:
    """Conversations of each day: dots as they came, a line as expected, and where four of five should lie."""
    figure = new_figure()
    axes = figure.subplots()
    days = [row[0] for row in rows]
    axes.fill_between(days, [row[3] for row in rows], [row[4] for row in rows], color=GREY, alpha=0.4, lw=0)
    axes.plot(days, [row[2] for row in rows], color=BLUE, lw=1)
    axes.plot(days, [row[1] for row in rows], color=ORANGE, ls="", marker=".", ms=4)
    axes.set_ylim(bottom=0)
    axes.set_title(
        f"conversations a day: expected (line, 80 % interval) and as they came; by {rows[-1][5]}", fontsize=8
    )
    return tidy(figure, dated=axes, left=0.07)


def _backtest(rows: Sequence[tuple[Any, ...]]) -> Any:
    """MASE of every model tried on each series, on days it had not seen; the one that answers is filled."""
    figure = new_figure()
    axes = figure.subplots()
    series = sorted({(row[0], row[1]) for row in rows})
    models = sorted({row[2] for row in rows})
    for row in rows:
        height = series.index((row[0], row[1])) + 0.8 * (models.index(row[2]) / max(len(models) - 1, 1) - 0.5)
        answers = row[4] == "answers"
        axes.plot(row[3], height, marker="o", ms=5, color=BLUE, mfc=BLUE if answers else "white", mew=0.8)
        axes.annotate(row[2], (row[3], height), xytext=(5, -2), textcoords="offset points", fontsize=5)
    axes.axvline(1, color=ORANGE, lw=0.8)
    axes.set_yticks(range(len(series)), [f"{name}\nby the {grain}" for name, grain in series])
    axes.invert_yaxis()
    axes.set_title(
        "error on days not seen (MASE; filled: answers; left of the line: better than last week)", fontsize=8
    )
    axes.margins(x=0.15)
    return tidy(figure, left=0.16)
