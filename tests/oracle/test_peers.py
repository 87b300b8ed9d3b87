"""The oracle's own arithmetic, by hand: a tenant among the others of its vertical."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd

from tests.oracle.build import NINE, facts_of, rows_of, talk
from tests.oracle.peers import peer_benchmarks_monthly, tenant_metrics_monthly

MARCH = date(2026, 3, 1)


def gyms(*values: float) -> pd.DataFrame:
    rows = [(f"gym-{n}", "gym", MARCH, "nps", value) for n, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["tenant_id", "vertical", "month", "metric", "value"])


def test_quartiles_are_of_the_five_others_and_not_of_oneself() -> None:
    table = peer_benchmarks_monthly(gyms(35, 10, 20, 30, 40, 50))
    shown = ("tenant_id", "peers", "p25", "median", "p75", "quarter")
    # the others have 10, 20, 30, 40, 50; 35 is between their median and their upper quartile
    assert rows_of(table, *shown)[0] == ("gym-0", 5, 20.0, 30.0, 40.0, 3)
    # 20, 30, 35, 40, 50 for the one with 10: the lowest quarter
    assert rows_of(table, *shown)[1] == ("gym-1", 5, 30.0, 35.0, 40.0, 1)


def test_at_a_quartile_one_is_above_it() -> None:
    assert rows_of(peer_benchmarks_monthly(gyms(40, 10, 20, 30, 40, 50)), "quarter")[0] == (4,)


def test_among_four_others_or_those_of_another_vertical_nothing_is_told() -> None:
    table = pd.concat([gyms(1, 2, 3, 4, 5), gyms(9).assign(tenant_id="clinic", vertical="clinic")])
    assert set(rows_of(peer_benchmarks_monthly(table), "peers", "p25", "median", "p75", "quarter")) == {(None,) * 5}


def test_a_tenants_own_figures_of_a_month() -> None:
    noon = datetime(2026, 3, 5, 15, tzinfo=UTC)
    booking = {"booking_id": "1", "value": Decimal("150.00"), "booked_at": noon, "status": "attended", "lead_id": "7"}
    facts = facts_of(
        talk([(0, "customer"), (60, "human")]),
        talk([(0, "customer"), (180, "human")], talk_id="chatwoot-2", contact_id=2),
        contacts=[{"contact_id": 1}, {"contact_id": 2}],
        leads=[{"lead_id": "7", "status": "new", "created_at": NINE, "source_channel": "social"}],
        campaigns=[{"campaign_id": "c", "channel": "social"}],
        campaign_costs=[
            {"campaign_id": "c", "cost_date": date(2026, 3, 31), "cost": Decimal("100.00"), "currency": "BRL"}
        ],
        bookings=[booking, booking | {"booking_id": "2", "status": "no_show"}],
        feedback=[
            {"feedback_id": str(n), "nps_score": score, "created_at": NINE} for n, score in enumerate((10, 9, 3))
        ],
    )
    assert dict(rows_of(tenant_metrics_monthly(facts), "metric", "value")) == {
        "contact_to_lead": 1 / 3,  # of three people, the one who attended
        "contact_to_customer": 1 / 3,
        "no_show_rate": 0.5,
        "first_response_seconds": 120.0,
        "roi_pct": 50.0,
        "nps": 100 / 3,
    }
