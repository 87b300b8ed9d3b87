"""By what tenants can be compared, and where each stands among the others of its vertical."""

from __future__ import annotations

from datetime import date

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.figures import percentile, ratio
from tests.oracle.funnel import funnel_daily
from tests.oracle.roi import roi_by_tenant
from tests.oracle.sla import sla_daily
from tests.oracle.timeline import talks
from tests.oracle.voice import nps_monthly

FEWEST_PEERS = 5
LOWER_IS_BETTER = {"first_response_seconds", "no_show_rate"}


def tenant_metrics_monthly(facts: Facts) -> pd.DataFrame:
    """A tenant's own figures: one row per month and metric that has a value."""
    found: dict[tuple[date, str], float | None] = {}
    for table, column, metrics in (
        (
            funnel_daily(facts),
            "cohort_date",
            {"contact_to_lead": ("leads", "contacts"), "contact_to_customer": ("customers", "contacts")},
        ),
        (_first_response_sla(facts), "sla_date", {"first_response_compliance": ("met", "judged")}),
        (_due_bookings(facts), "day", {"no_show_rate": ("missed", "due")}),
    ):
        months = [day.replace(day=1) for day in table[column]]
        for month, rows in table.groupby(pd.Series(months, index=table.index, dtype=object)):
            for metric, (part, whole) in metrics.items():
                found[month, metric] = ratio(rows[part].sum(), rows[whole].sum())
    seconds: dict[date, list[float]] = {}
    for talk in talks(facts):
        if talk.first_response_seconds is not None:
            seconds.setdefault(facts.local_month(talk.created_at), []).append(talk.first_response_seconds)
    found |= {(month, "first_response_seconds"): percentile(values, 0.5) for month, values in seconds.items()}
    for row in roi_by_tenant(facts).itertuples(index=False):
        if (row.period, row.currency) == ("month", facts.currency):
            found[row.period_start, "roi_pct"] = row.roi_pct
    found |= {(row.month, "nps"): row.nps for row in nps_monthly(facts).itertuples(index=False)}
    rows = [
        (facts.tenant_id, facts.vertical, month, metric, value, metric not in LOWER_IS_BETTER)
        for (month, metric), value in found.items()
        if value is not None
    ]
    names = ["tenant_id", "vertical", "month", "metric", "value", "is_higher_better"]
    return pd.DataFrame(rows, columns=names, dtype=object)


def _first_response_sla(facts: Facts) -> pd.DataFrame:
    table = sla_daily(facts)
    table = table[(table["metric"] == "first_response") & (table["policy_source"] == "tenant")]
    return table.assign(judged=table["met"] + table["breached"])


def _due_bookings(facts: Facts) -> pd.DataFrame:
    rows = [
        (
            facts.local_date(booking.scheduled_for or booking.booked_at),
            booking.status == "no_show",
            booking.status in ("attended", "no_show"),
        )
        for booking in facts.bookings.itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["day", "missed", "due"])


def peer_benchmarks_monthly(figures: pd.DataFrame) -> pd.DataFrame:
    """From all active tenants' own figures (tenant_id, vertical, month, metric, value): the quartiles of the others."""
    rows = []
    for (_, month, metric), group in figures.groupby(["vertical", "month", "metric"]):
        for own in group.itertuples(index=False):
            others = [float(value) for value in group.loc[group["tenant_id"] != own.tenant_id, "value"]]
            enough = len(others) >= FEWEST_PEERS
            quartiles = [percentile(others, share) if enough else None for share in (0.25, 0.5, 0.75)]
            quarter = 1 + sum(float(own.value) >= q for q in quartiles if q is not None) if enough else None
            rows.append((own.tenant_id, month, metric, len(others) if enough else None, *quartiles, quarter))
    names = ["tenant_id", "month", "metric", "peers", "p25", "median", "p75", "quarter"]
    return pd.DataFrame(rows, columns=names, dtype=object)
