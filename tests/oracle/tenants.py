"""dim_tenants and dim_dates: what tenants.yaml says of a tenant, and the days it lives through."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from tests.oracle.facts import Facts

TENANTS = [
    *("tenant_id", "tenant_name", "vertical", "timezone", "locale", "currency", "country", "subdivision"),
    *("owner_cost_per_month", "has_chatwoot", "has_bot", "is_active"),
]
DATES = [
    *("tenant_id", "date_day", "month", "week", "iso_year", "iso_week", "year", "month_of_year", "day_of_month"),
    *("day_of_week", "is_weekend", "is_closed_day", "closed_reason"),
]


def dim_tenants(facts: Facts) -> pd.DataFrame:
    """One row: a tenant that there are facts of is in tenants.yaml."""
    row = (
        *(facts.tenant_id, facts.name, facts.vertical, facts.timezone, facts.locale, facts.currency, facts.country),
        *(facts.subdivision, facts.owner_cost_per_month, "chatwoot" in facts.sources, "bot" in facts.sources, True),
    )
    return pd.DataFrame([row], columns=TENANTS, dtype=object)


def dim_dates(facts: Facts) -> pd.DataFrame:
    """One row per day from 2015 to 2035."""
    rows, day = [], date(2015, 1, 1)
    while day.year <= 2035:
        iso, reason = day.isocalendar(), facts.closed_days.get(day)
        rows.append(
            (
                *(facts.tenant_id, day, day.replace(day=1), day - timedelta(days=day.weekday()), iso.year, iso.week),
                *(
                    day.year,
                    day.month,
                    day.day,
                    day.isoweekday() % 7,
                    day.isoweekday() >= 6,
                    reason is not None,
                    reason,
                ),
            )
        )
        day += timedelta(days=1)
    return pd.DataFrame(rows, columns=DATES, dtype=object)
