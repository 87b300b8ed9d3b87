"""The pictures a person wants beside a table: how far people come, how long customers wait, how true a reading is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.pictures import BLUE, ORANGE, new_figure, picture, tidy
from warehouse.connect import connect

if TYPE_CHECKING:
    from analyzers.evaluation import Evaluation

FUNNEL = dg.AssetKey(["marts", "funnel_daily"])
REPLIES = dg.AssetKey(["marts", "fct_replies"])
STAGES = ("contacts", "engaged", "leads", "appointments", "customers")

_SQL = Path(__file__).parent / "sql"
_MINUTES = {1: "1 min", 10: "10 min", 60: "1 h", 360: "6 h", 1440: "1 day", 10080: "1 week"}


def plots_of(dsn: str, tenant_id: str, only: Collection[dg.AssetKey]) -> dict[dg.AssetKey, dict[str, dg.MetadataValue]]:
    """The pictures of one tenant, as metadata of the marts they show; a mart without rows has none."""
    plots: dict[dg.AssetKey, dict[str, dg.MetadataValue]] = {}
    if FUNNEL in only and (months := _rows(dsn, "funnel_by_month", tenant_id)):
        plots[FUNNEL] = {"funnel": picture(_funnel(months))}
    if REPLIES in only and (months := _rows(dsn, "waits_by_month", tenant_id)):
        plots[REPLIES] = {"response_times": picture(_waits(months))}
    return plots


def calibration_plot(bins: Sequence[Sequence[float]]) -> dg.MetadataValue:
    """What was said against what happened, on weeks the model has not seen; on the line it is right."""
    figure = new_figure()
    axes = figure.subplots()
    said, happened = [one[0] for one in bins], [one[1] for one in bins]
    most = max([*said, *happened, 0.01])
    axes.plot([0, most], [0, most], color="#a0aec0", linewidth=1)
    axes.plot(said, happened, color=BLUE, marker="o", linestyle="")
    axes.set_xlabel("said", fontsize=7)
    axes.set_ylabel("happened", fontsize=7)
    axes.set_title("each tenth of the leads: what was said, and how often it happened", fontsize=8)
    return picture(tidy(figure, bottom=0.18))


def reasons_plot(reasons: Mapping[str, int]) -> dg.MetadataValue:
    """The first reasons given most often, and to how many leads."""
    figure = new_figure()
    axes = figure.subplots()
    most = sorted(reasons.items(), key=lambda reason: -reason[1])[:8]
    axes.barh([text[:60] for text, _ in most], [count for _, count in most], color=BLUE)
    axes.invert_yaxis()
    axes.set_title("first reasons, by number of leads", fontsize=8)
    return picture(tidy(figure, left=0.5))


def revenue_plot(months: Sequence[Mapping[str, Any]]) -> dg.MetadataValue:
    """What the coming months may bring, what of it is booked already, and the 80 % interval."""
    figure = new_figure()
    axes = figure.subplots()
    days = [f"{month['month']:%Y-%m}" for month in months]
    expected = [float(month["expected"]) for month in months]
    booked = [float(month["so_far"]) + float(month["from_pipeline"]) for month in months]
    below = [float(month["expected"]) - float(month["lower_80"]) for month in months]
    above = [float(month["upper_80"]) - float(month["expected"]) for month in months]
    axes.bar(days, expected, color="#bee3f8", yerr=[below, above], ecolor=ORANGE, label="expected, four in five inside")
    axes.bar(days, booked, color=BLUE, label="had, or booked already")
    axes.legend(fontsize=7, frameon=False)
    axes.set_title(f"revenue by month ({months[0]['method'].replace('_', ' ')})", fontsize=8)
    return picture(tidy(figure))


def _rows(dsn: str, query: str, tenant_id: str) -> list[tuple[Any, ...]]:
    with connect(dsn) as connection:
        return connection.execute((_SQL / f"{query}.sql").read_bytes(), {"tenant_id": tenant_id}).fetchall()


def _funnel(months: Sequence[tuple[Any, ...]]) -> Any:
    """Left: everybody, by the stage they reached. Right: how many of each month's newcomers became customers."""
    figure = new_figure()
    whole, monthly = figure.subplots(1, 2)
    totals = [sum(row[1 + position] for row in months) for position in range(len(STAGES))]
    whole.barh(STAGES, totals, color=BLUE)
    whole.invert_yaxis()
    for position, total in enumerate(totals):
        share = f" ({total / totals[0]:.0%})" if totals[0] else ""
        whole.text(total, position, f" {total}{share}", va="center", fontsize=7)
    whole.set_xlim(0, max(totals) * 1.5 or 1)
    whole.set_title("people by stage reached", fontsize=8)
    monthly.plot([row[0] for row in months], [_percent(row[5], row[1]) for row in months], color=ORANGE, marker=".")
    monthly.set_ylim(bottom=0)
    monthly.set_title("% customers, by month of first contact", fontsize=8)
    return tidy(figure, dated=monthly, left=0.13, wspace=0.2)


def _waits(months: Sequence[tuple[Any, ...]]) -> Any:
    """How long customers wait, by month: half of the waits are shorter than the median, nine in ten than p90."""
    figure = new_figure()
    axes = figure.subplots()
    days = [row[0] for row in months]
    for position, (colour, label) in enumerate(((BLUE, "half of them"), (ORANGE, "nine in ten")), start=1):
        minutes = [max(row[position] / 60, 0.5) for row in months]
        axes.plot(days, minutes, color=colour, marker=".", label=f"{label} wait less")
    axes.set_yscale("log")
    axes.set_yticks(list(_MINUTES), list(_MINUTES.values()), minor=False)
    axes.set_yticks([], minor=True)
    axes.legend(fontsize=7, frameon=False)
    axes.set_title("wait for a reply by a person, by month (first responses and later ones)", fontsize=8)
    return tidy(figure, dated=axes, left=0.1)


def readings_plot(evaluated: Mapping[str, Evaluation]) -> dg.MetadataValue:
    """Of the conversations given a chance of being a lead, how many were one: on the diagonal where the chance is true."""
    figure = new_figure()
    axes = figure.subplots()
    axes.plot([0, 100], [0, 100], color="#a0aec0", linewidth=0.8)
    for name, evaluation in evaluated.items():
        bins = [one for one in evaluation.calibration if one.mean is not None and one.share_of_leads is not None]
        axes.plot(
            [100 * (one.mean or 0) for one in bins],
            [100 * (one.share_of_leads or 0) for one in bins],
            marker=".",
            label=f"{name} ({evaluation.count})",
        )
    axes.legend(fontsize=7, frameon=False)
    axes.set_title("% that were leads, by the chance of a lead that was read", fontsize=8)
    return picture(tidy(figure, dated=None, left=0.1))


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
