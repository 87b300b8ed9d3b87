"""A real funnel, from its files to the marts through the command line: every figure its README tells must be there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.end_to_end import olist
from tests.end_to_end.conftest import House
from tests.end_to_end.installation import Installation, succeeded
from tests.oracle.compare import assert_same_table
from tests.oracle.funnel import ORIGIN, funnel_daily
from tests.oracle.journeys import funnel_stage_times, time_to_conversion
from tests.oracle.roi import roi_by_channel_monthly


@pytest.fixture(scope="module")
def loaded(house: House) -> Installation:
    if not house.has_olist:
        pytest.skip(f"the real data set is not at {olist.FOLDER}; set FUNIL_SHARED to where it is")
    return house.installation


def test_leads_and_when_they_came(loaded: Installation) -> None:
    funnel = loaded.query("select cohort_date, contacts, customers from marts.funnel_daily where tenant_id = 'olist'")
    assert funnel["contacts"].sum() == olist.LEADS
    assert (funnel["cohort_date"].min(), funnel["cohort_date"].max()) == olist.FIRST_CONTACTS


def test_customers_and_when_they_were_won(loaded: Installation) -> None:
    funnel = loaded.query("select contacts, customers from marts.funnel_daily where tenant_id = 'olist'").sum()
    assert funnel["customers"] == olist.CUSTOMERS
    assert round(100 * funnel["customers"] / funnel["contacts"], 3) == 10.525
    won = loaded.query(
        "select min(converted_date), max(converted_date), count(*) filter (where is_customer)"
        " from marts.fct_leads where tenant_id = 'olist'"
    )
    assert tuple(won.iloc[0]) == (*olist.WON, olist.CUSTOMERS)


def test_the_one_won_before_the_first_contact_stays_a_customer(loaded: Installation) -> None:
    early = loaded.query(
        "select is_customer, days_to_conversion from marts.fct_leads"
        " where tenant_id = 'olist' and is_won_before_contact"
    )
    assert len(early) == olist.WON_BEFORE_CONTACT
    assert tuple(early.iloc[0]) == (True, None)


def test_median_days_from_first_contact_to_won(loaded: Installation) -> None:
    days = loaded.query(
        "select days_to_conversion, converted_date - first_contact_date as days from marts.fct_leads"
        " where tenant_id = 'olist' and is_customer"
    )
    assert days["days_to_conversion"].dropna().astype(int).median() == olist.MEDIAN_DAYS
    assert days["days"].astype(int).median() == olist.MEDIAN_DAYS
    total = loaded.query(
        "select customers, timed_customers, median_days from marts.time_to_conversion"
        " where tenant_id = 'olist' and period = 'total' and channel = '(all)'"
    )
    assert tuple(total.iloc[0]) == (olist.CUSTOMERS, olist.CUSTOMERS - olist.WON_BEFORE_CONTACT, olist.MEDIAN_DAYS)


def test_revenue(loaded: Installation) -> None:
    roi = loaded.query(
        "select revenue, attended_bookings, customers from marts.roi_by_channel_monthly where tenant_id = 'olist'"
    )
    assert roi["revenue"].sum() == olist.REVENUE
    assert (roi["attended_bookings"].sum(), roi["customers"].sum()) == (olist.CUSTOMERS, olist.CUSTOMERS)
    not_zero = loaded.query("select count(*) from marts.fct_bookings where tenant_id = 'olist' and revenue <> 0")
    assert not_zero.iloc[0, 0] == olist.NOT_ZERO


def test_by_the_leads_own_channel_where_none_is_not_unknown(loaded: Installation) -> None:
    table = loaded.query(
        "select l.source_channel, count(distinct l.lead_id), count(distinct l.lead_id) filter (where l.is_customer),"
        " coalesce(sum(b.revenue), 0) from marts.fct_leads as l left join marts.fct_bookings as b"
        " on b.tenant_id = l.tenant_id and b.lead_id = l.lead_id where l.tenant_id = 'olist' group by l.source_channel"
    )
    found = {row[0]: row[1:] for row in table.itertuples(index=False, name=None)}
    assert found == {channel: (*counts, Decimal(revenue)) for channel, (*counts, revenue) in olist.CHANNELS.items()}


def test_the_marts_equal_the_oracle(loaded: Installation) -> None:
    facts = olist.facts("olist")
    for mart, expected, keys in (
        ("funnel_daily", funnel_daily(facts), ["tenant_id", "cohort_date", *ORIGIN]),
        ("funnel_stage_times", funnel_stage_times(facts), ["tenant_id", "period", "period_start", "channel", "step"]),
        ("time_to_conversion", time_to_conversion(facts), ["tenant_id", "period", "period_start", "channel"]),
        ("roi_by_channel_monthly", roi_by_channel_monthly(facts), ["tenant_id", "month", "channel", "currency"]),
    ):
        actual = loaded.query(f"select * from marts.{mart} where tenant_id = 'olist'")
        assert_same_table(actual, expected, keys=keys, name=mart)


def test_nothing_is_made_up_where_there_are_no_talks(loaded: Installation) -> None:
    for mart in ("sla_daily", "nps_monthly", "fct_conversations", "fct_replies"):
        assert loaded.query(f"select count(*) from marts.{mart} where tenant_id = 'olist'").iloc[0, 0] == 0, mart


def test_again_with_nothing_changed_writes_nothing(loaded: Installation) -> None:
    succeeded(loaded.funil("run", "--tenant", "olist"))
    syncs = loaded.query(
        "select rows_written, rows_deleted from ops.sync_runs where tenant_id = 'olist' order by sync_id"
    )
    assert {tuple(sync) for sync in syncs.iloc[1:].itertuples(index=False)} == {(0, 0)}
    assert (
        loaded.query("select sum(contacts) from marts.funnel_daily where tenant_id = 'olist'").iloc[0, 0] == olist.LEADS
    )
