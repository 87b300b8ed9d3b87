"""The coming week at one glance: people needed and people there, hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from orchestration.pictures import BLUE, ORANGE, new_figure, picture, tidy

if TYPE_CHECKING:
    from ml.staffing import Plan


def staffing_plot(plan: Plan) -> dg.MetadataValue:
    """Where the line is above the area, people are missing. Names nobody."""
    import pandas as pd

    figure = new_figure()
    axes = figure.subplots()
    by_hour = plan.hours.groupby("starts_at")[["needed", "on_duty"]].sum()
    local = pd.DatetimeIndex(by_hour.index).tz_localize(None)
    axes.fill_between(local, by_hour["on_duty"], step="post", color=BLUE, alpha=0.35, lw=0, label="there")
    axes.step(local, by_hour["needed"], where="post", color=ORANGE, lw=1, label="needed")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, frameon=False, loc="upper right")
    verdict = "enough people" if plan.is_feasible else f"{plan.hours_short:.0f} people's hours short"
    axes.set_title(f"people by hour of the coming week: {verdict}", fontsize=8)
    return picture(tidy(figure, dated=axes, left=0.06))
