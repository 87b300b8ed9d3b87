"""The two pictures a person wants beside a mart: how far people come, and how long customers wait."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import dagster as dg

from warehouse.connect import connect

FUNNEL = dg.AssetKey(["marts", "funnel_daily"])
REPLIES = dg.AssetKey(["marts", "fct_replies"])
STAGES = ("contacts", "engaged", "leads", "appointments", "customers")

_SQL = Path(__file__).parent / "sql"
_INCHES, _DPI = (5.2, 2.6), 80  # small: every materialization keeps its own
_BLUE, _ORANGE = "#2b6cb0", "#dd6b20"


def plots_of(dsn: str, tenant_id: str, only: Collection[dg.AssetKey]) -> dict[dg.AssetKey, dict[str, dg.MetadataValue]]:
    """The pictures of one tenant, as metadata of the marts they show; a mart without rows has none."""
    plots: dict[dg.AssetKey, dict[str, dg.MetadataValue]] = {}
    if FUNNEL in only and (months := _rows(dsn, "funnel_by_month", tenant_id)):
        plots[FUNNEL] = {"funnel": _picture(_funnel(months))}
    if REPLIES in only and (months := _rows(dsn, "waits_by_month", tenant_id)):
        plots[REPLIES] = {"response_times": _picture(_waits(months))}
    return plots


def _rows(dsn: str, query: str, tenant_id: str) -> list[tuple[Any, ...]]:
    with connect(dsn) as connection:
        return connection.execute((_SQL / f"{query}.sql").read_bytes(), {"tenant_id": tenant_id}).fetchall()


def _funnel(months: Sequence[tuple[Any, ...]]) -> Any:
    """Left: everybody, by the stage they reached. Right: how many of each month's newcomers became customers."""
    figure = _figure()
    whole, monthly = figure.subplots(1, 2)
    totals = [sum(row[1 + position] for row in months) for position in range(len(STAGES))]
    whole.barh(STAGES, totals, color=_BLUE)
    whole.invert_yaxis()
    for position, total in enumerate(totals):
        share = f" ({total / totals[0]:.0%})" if totals[0] else ""
        whole.text(total, position, f" {total}{share}", va="center", fontsize=7)
    whole.set_xlim(0, max(totals) * 1.6 or 1)
    whole.set_title("people by stage reached", fontsize=8)
    monthly.plot([row[0] for row in months], [_percent(row[5], row[1]) for row in months], color=_ORANGE, marker=".")
    monthly.set_ylim(bottom=0)
    monthly.set_title("% customers, by month of first contact", fontsize=8)
    return _tidy(figure)


def _waits(months: Sequence[tuple[Any, ...]]) -> Any:
    """How long customers wait, by month: half of the waits are shorter than the median, nine in ten than p90."""
    figure = _figure()
    axes = figure.subplots()
    days = [row[0] for row in months]
    axes.plot(days, [row[1] / 60 for row in months], color=_BLUE, marker=".", label="median")
    axes.plot(days, [row[2] / 60 for row in months], color=_ORANGE, marker=".", label="p90")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, frameon=False)
    axes.set_title("minutes until a human replies, first response and later waits", fontsize=8)
    return _tidy(figure)


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _tidy(figure: Any) -> Any:
    for axes in figure.axes:
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
        for label in axes.get_xticklabels() if axes.get_xlabel() == "" and axes.lines else ():
            label.set_rotation(30)
    return figure


def _figure() -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _picture(figure: Any) -> dg.MetadataValue:
    """A figure inside the text of a metadata entry, so that it needs no place of its own."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})")
