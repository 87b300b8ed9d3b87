"""Every figure of the marts equals what really happened, as the oracle computes it: at first, and after each change.

The tests are one story and run in order: a first run, six hours of announced changes, a reconciliation after
unannounced ones, and a run with nothing to do. `FUNIL_LONG_TESTS=1` tells it at full scale.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pandas as pd
import psycopg
import pytest

from tests.end_to_end.conftest import LONG, House
from tests.end_to_end.installation import succeeded
from tests.end_to_end.past_leads import assert_leads_stay, leads_of_now
from tests.end_to_end.pretend import PretendWorlds
from tests.oracle.account import dim_agents, dim_inboxes, dim_teams
from tests.oracle.attribution import fct_attribution, fct_touchpoints
from tests.oracle.bookings import fct_bookings
from tests.oracle.bot import bot_daily, bot_handoffs_daily, bot_intents_monthly, bot_llm_daily
from tests.oracle.campaigns import dim_campaigns, fct_campaign_costs
from tests.oracle.compare import assert_same_table
from tests.oracle.contacts import dim_contact_pii, dim_contacts, never_shown
from tests.oracle.conversations import fct_conversations
from tests.oracle.data_quality import data_quality_daily
from tests.oracle.engagement import engagement_daily, retention_monthly
from tests.oracle.facts import Facts
from tests.oracle.feedback import fct_feedback
from tests.oracle.freshness import tenant_freshness
from tests.oracle.funnel import ORIGIN, funnel_daily
from tests.oracle.journeys import funnel_abandonment_daily, funnel_stage_times, time_to_conversion
from tests.oracle.leads import fct_leads, lead_engagement, lead_matrix_daily
from tests.oracle.peers import peer_benchmarks_monthly, tenant_metrics_monthly
from tests.oracle.replies import fct_replies
from tests.oracle.response_times import response_times_by_hour, response_times_daily
from tests.oracle.revenue import (
    customer_value_by_segment,
    procedure_demand_monthly,
    revenue_by_procedure_monthly,
    revenue_daily,
)
from tests.oracle.roi import roi_by_campaign, roi_by_channel, roi_by_channel_monthly, roi_by_tenant
from tests.oracle.sla import KEYS as SLA_KEYS
from tests.oracle.sla import fct_sla, sla_daily
from tests.oracle.team import team_performance_daily
from tests.oracle.tenants import dim_dates, dim_tenants
from tests.oracle.voice import csat_monthly, nps_monthly, voice_daily

REQUESTS_WITHOUT_CHANGES = 15

PERIOD = ("tenant_id", "period", "period_start", "currency")
# mart -> what computes it, its grain
MARTS: dict[str, tuple[Callable[[Facts], pd.DataFrame], Sequence[str]]] = {
    "fct_conversations": (fct_conversations, ("tenant_id", "conversation_id")),
    "fct_replies": (fct_replies, ("tenant_id", "conversation_id", "wait_number")),
    "dim_contacts": (dim_contacts, ("tenant_id", "person_id")),
    "dim_contact_pii": (dim_contact_pii, ("tenant_id", "person_id")),
    "fct_leads": (fct_leads, ("tenant_id", "lead_id")),
    "fct_bookings": (fct_bookings, ("tenant_id", "booking_id")),
    "fct_campaign_costs": (fct_campaign_costs, ("tenant_id", "campaign_id", "cost_date")),
    "dim_campaigns": (dim_campaigns, ("tenant_id", "campaign_id")),
    "dim_tenants": (dim_tenants, ("tenant_id",)),
    "dim_agents": (dim_agents, ("tenant_id", "agent_id")),
    "dim_inboxes": (dim_inboxes, ("tenant_id", "inbox_id")),
    "dim_teams": (dim_teams, ("tenant_id", "team_id")),
    "funnel_daily": (funnel_daily, ("tenant_id", "cohort_date", *ORIGIN)),
    "funnel_stage_times": (funnel_stage_times, ("tenant_id", "period", "period_start", "channel", "step")),
    "time_to_conversion": (time_to_conversion, ("tenant_id", "period", "period_start", "channel")),
    "funnel_abandonment_daily": (
        funnel_abandonment_daily,
        ("tenant_id", "last_event_date", "channel", "stage", "last_event"),
    ),
    "peer_benchmarks_monthly": (tenant_metrics_monthly, ("tenant_id", "month", "metric")),
    "roi_by_channel": (roi_by_channel, (*PERIOD, "channel")),
    "roi_by_campaign": (roi_by_campaign, (*PERIOD, "campaign_id")),
    "roi_by_tenant": (roi_by_tenant, PERIOD),
    "revenue_daily": (revenue_daily, ("tenant_id", "revenue_date", "currency")),
    "revenue_by_procedure_monthly": (revenue_by_procedure_monthly, ("tenant_id", "month", "procedure", "currency")),
    "procedure_demand_monthly": (procedure_demand_monthly, ("tenant_id", "month", "procedure")),
    "customer_value_by_segment": (
        customer_value_by_segment,
        ("tenant_id", "segment", "segment_value", "currency"),
    ),
    "fct_touchpoints": (fct_touchpoints, ("tenant_id", "touchpoint_id")),
    "fct_attribution": (fct_attribution, ("tenant_id", "conversion_id", "model", "touch_number")),
    "roi_by_channel_monthly": (roi_by_channel_monthly, ("tenant_id", "month", "channel", "currency")),
    "response_times_daily": (
        response_times_daily,
        ("tenant_id", "response_date", "metric", "dimension", "dimension_id"),
    ),
    "response_times_by_hour": (
        response_times_by_hour,
        ("tenant_id", "month", "metric", "day_of_week", "hour_of_day"),
    ),
    "fct_sla": (fct_sla, ("tenant_id", "conversation_id", "metric", "wait_number", "policy_source")),
    "sla_daily": (sla_daily, SLA_KEYS),
    "team_performance_daily": (team_performance_daily, ("tenant_id", "activity_date", "agent_id")),
    "bot_daily": (bot_daily, ("tenant_id", "created_date", "inbox_id", "playbook")),
    "bot_handoffs_daily": (bot_handoffs_daily, ("tenant_id", "handed_off_date", "inbox_id", "reason")),
    "bot_intents_monthly": (bot_intents_monthly, ("tenant_id", "month", "intent", "validated_intent")),
    "bot_llm_daily": (bot_llm_daily, ("tenant_id", "date_day", "model")),
    "engagement_daily": (engagement_daily, ("tenant_id", "date_day")),
    "retention_monthly": (retention_monthly, ("tenant_id", "cohort_month", "month")),
    "lead_engagement": (lead_engagement, ("tenant_id", "lead_id")),
    "lead_matrix_daily": (lead_matrix_daily, ("tenant_id", "created_date", "channel", "quadrant")),
    "data_quality_daily": (data_quality_daily, ("tenant_id", "date_day", "check_name", "subject")),
    "fct_feedback": (fct_feedback, ("tenant_id", "source", "answer_id", "kind")),
    "nps_monthly": (nps_monthly, ("tenant_id", "month")),
    "csat_monthly": (csat_monthly, ("tenant_id", "month", "source")),
    "voice_daily": (voice_daily, ("tenant_id", "date_day", "source", "inbox_id", "agent_id")),
}
# views that do no more than show what ml computed, and what holds that
SHOW_ML = {
    "anomalies": "tests/ml/test_anomalies.py",
    **dict.fromkeys(("demand_forecast", "forecast_accuracy"), "tests/ml/test_demand_forecast.py"),
    "lead_scores": "tests/end_to_end/test_lead_scores.py",
    **dict.fromkeys(
        ("budget_allocation", "customer_value_forecast", "price_sensitivity", "revenue_forecast"),
        "tests/end_to_end/test_money_marts.py",
    ),
    **dict.fromkeys(("staffing_by_hour", "staffing_plan", "staffing_shifts"), "tests/ml/test_staffing.py"),
}
# other marts that are not compared with the truth, and why
EXCUSED_MARTS = {
    "tenant_freshness": "told as of when it is looked at: compared by the same tests, in freshness_problems",
    "dim_dates": "never changes: test_every_day_of_the_tenants_calendars_is_told",
}
# columns that are not compared with the truth, by mart, and why
EXCUSED_COLUMNS = {
    "peer_benchmarks_monthly": dict.fromkeys(
        ("peers", "p25", "median", "p75", "quarter"), "test_each_tenant_stands_among_the_others_of_its_vertical"
    ),
}
COLUMNS_OF_MARTS = "select table_name, column_name from information_schema.columns where table_schema = 'marts'"
READ_BY_VIEWS = "select view_name, table_name from information_schema.view_table_usage where view_schema = 'marts'"
LAST_CHECK = "select execution_status from asset_check_executions where check_name = %s order by id desc limit 1"
SYNCS = "select tenant_id, sync_id, requests, rows_written, rows_deleted, rows_rejected from ops.sync_runs"


@pytest.fixture(scope="module")
def first_run(house: House) -> PretendWorlds:
    return house.story


def cost_of(worlds: PretendWorlds, run: Callable[[], subprocess.CompletedProcess[str]]) -> pd.DataFrame:
    """One more run, which must end well; what each tenant's syncs cost in it."""
    before = worlds.installation.query(SYNCS).groupby("tenant_id")["sync_id"].max()
    succeeded(run())
    syncs = worlds.installation.query(SYNCS)
    syncs = syncs[syncs["tenant_id"].isin(worlds.tenants) & (syncs["sync_id"] > syncs["tenant_id"].map(before))]
    assert sorted(set(syncs["tenant_id"])) == sorted(worlds.tenants)
    return syncs.drop(columns="sync_id").groupby("tenant_id").sum()


def tick(worlds: PretendWorlds, *arguments: str) -> pd.DataFrame:
    return cost_of(worlds, lambda: worlds.installation.funil("run", *arguments, timeout=900))


def without_the_unseen(expected: pd.DataFrame, actual: pd.DataFrame, facts: Sequence[Facts]) -> pd.DataFrame:
    """The expected people, save those who may never have been shown and are not there."""
    stored = set(zip(actual["tenant_id"], actual["person_id"], strict=True))
    unseen = {(tenant.tenant_id, person_id) for tenant in facts for person_id in never_shown(tenant)} - stored
    keys = zip(expected["tenant_id"], expected["person_id"], strict=True)
    return expected[[key not in unseen for key in keys]]


def assert_marts_equal_the_truth(worlds: PretendWorlds) -> None:
    facts = list(worlds.all_facts())
    problems = []
    for mart, (compute, keys) in MARTS.items():
        expected = pd.concat([compute(tenant) for tenant in facts], ignore_index=True)
        columns = ", ".join(expected.columns)
        actual = worlds.installation.query(
            f"select {columns} from marts.{mart} where tenant_id = any(%s)", list(worlds.tenants)
        )
        if mart in ("dim_contacts", "dim_contact_pii"):
            expected = without_the_unseen(expected, actual, facts)
        try:
            assert_same_table(actual, expected, keys=keys, name=mart)
        except AssertionError as error:
            problems.append(str(error))
    problems += freshness_problems(worlds, facts)
    assert not problems, "\n".join(problems)


def freshness_problems(worlds: PretendWorlds, facts: Sequence[Facts]) -> list[str]:
    """What is wrong with tenant_freshness, in all its columns."""
    stored = worlds.installation.query(
        "select *, current_timestamp as looked_at from marts.tenant_freshness where tenant_id = any(%s)",
        list(worlds.tenants),
    )
    looked_at = stored.pop("looked_at").iloc[0]
    expected = pd.concat([tenant_freshness(tenant, looked_at) for tenant in facts], ignore_index=True)
    try:
        assert sorted(stored.columns) == sorted(expected.columns)
        assert_same_table(stored, expected, keys=("tenant_id", "source"), name="tenant_freshness")
    except AssertionError as error:
        return [str(error)]
    return []


def test_each_tenant_stands_among_the_others_of_its_vertical(first_run: PretendWorlds) -> None:
    """Every tenant of the warehouse is somebody's peer, those of whom this story does not tell too."""
    stored = first_run.installation.query("select * from marts.peer_benchmarks_monthly")
    keys = ("tenant_id", "month", "metric")
    assert_same_table(stored, peer_benchmarks_monthly(stored), keys=keys, name="peer_benchmarks_monthly")
    assert stored["median"].notna().any(), "nobody has five peers: this test shows nothing"


def test_every_day_of_the_tenants_calendars_is_told(first_run: PretendWorlds) -> None:
    """Of one seed: the others' tenants are in the same places."""
    tenants = [tenant_id for tenant_id, (seed, _) in first_run.tenants.items() if seed == first_run.seeds[0]]
    stored = first_run.installation.query("select * from marts.dim_dates where tenant_id = any(%s)", tenants)
    expected = pd.concat([dim_dates(first_run.facts(tenant_id)) for tenant_id in tenants], ignore_index=True)
    assert sorted(stored.columns) == sorted(expected.columns)
    assert_same_table(stored, expected, keys=("tenant_id", "date_day"), name="dim_dates")


def test_every_column_of_every_mart_is_compared_or_excused(first_run: PretendWorlds) -> None:
    stored = first_run.installation.query(COLUMNS_OF_MARTS).groupby("table_name")["column_name"].agg(list)
    facts = next(first_run.all_facts())
    told = {mart: [*compute(facts).columns, *EXCUSED_COLUMNS.get(mart, ())] for mart, (compute, _) in MARTS.items()}
    assert sorted(stored.index) == sorted([*told, *SHOW_ML, *EXCUSED_MARTS])
    for mart, columns in told.items():
        assert sorted(stored[mart]) == sorted(columns), mart
    read = first_run.installation.query(READ_BY_VIEWS).groupby("view_name")["table_name"].agg(list)
    for mart in SHOW_ML:
        others = {table for table in read[mart] if not table.startswith("stg_ml__")}
        assert others <= {"stg_config__tenants"}, f"{mart} computes something itself"


def test_after_the_first_run_every_figure_is_the_truth(first_run: PretendWorlds) -> None:
    assert_marts_equal_the_truth(first_run)
    rejected = first_run.installation.query(
        "select tenant_id, resource, reason from ops.rejected_rows where tenant_id <> 'olist'"
    )
    assert rejected.empty, rejected.to_string()


def test_after_six_hours_only_what_changed_is_read_and_every_figure_is_the_truth(first_run: PretendWorlds) -> None:
    seen = {tenant_id: first_run.account(tenant_id).now for tenant_id in first_run.tenants}
    leads = {tenant_id: leads_of_now(first_run, tenant_id) for tenant_id in first_run.tenants}
    first_run.advance(6, unannounced=False)
    cost = tick(first_run)
    assert_marts_equal_the_truth(first_run)
    for tenant_id, moment in leads.items():
        assert_leads_stay(first_run, tenant_id, moment)
    for tenant_id, last_seen in seen.items():
        talks = first_run.account(tenant_id).conversations.values()
        changed = sum(talk.updated_at > last_seen for talk in talks)
        assert cost.loc[tenant_id, "requests"] <= 10 + 1.2 * changed, f"{tenant_id}: {changed} talks changed"


@contextmanager
def wrong_row(worlds: PretendWorlds) -> Iterator[None]:
    """A touch of nobody, which no change at the source leads to."""
    with psycopg.connect(worlds.installation.url, autocommit=True) as connection:
        connection.execute(
            "insert into marts.fct_touchpoints (tenant_id, touchpoint_id, kind, person_id, channel, touched_at, touched_date)"
            " values (%s, 'lead-of-nobody', 'lead', 'nobody', '(none)', now(), current_date)",
            [next(iter(worlds.tenants))],
        )
        yield
        connection.execute("delete from marts.fct_touchpoints where touchpoint_id = 'lead-of-nobody'")


def test_what_the_source_does_not_announce_is_found_by_the_reconciliation(first_run: PretendWorlds) -> None:
    talks = {tenant_id: set(first_run.account(tenant_id).conversations) for tenant_id in first_run.tenants}
    first_run.advance(12, unannounced=True)
    gone = sum(len(before - set(first_run.account(tenant_id).conversations)) for tenant_id, before in talks.items())
    assert gone, "the pretend world deleted nothing: this test would show nothing"
    with wrong_row(first_run):
        cost = cost_of(first_run, lambda: first_run.installation.scheduled("reconcile"))
        told = first_run.installation.query_dagster(LAST_CHECK, "belongs_to_fct_touchpoints")
    assert cost["rows_deleted"].sum() > gone
    assert list(told["execution_status"]) == ["FAILED"], "a row that no build would touch is found all the same"
    assert_marts_equal_the_truth(first_run)


def test_a_run_with_nothing_to_do_writes_nothing_and_asks_little(first_run: PretendWorlds) -> None:
    cost = tick(first_run)
    assert cost["rows_written"].sum() == 0
    assert cost["rows_deleted"].sum() == 0
    assert cost["requests"].max() <= REQUESTS_WITHOUT_CHANGES, cost["requests"].to_string()
    assert_marts_equal_the_truth(first_run)


@pytest.mark.skipif(not LONG, reason="FUNIL_LONG_TESTS=1 rebuilds everything too")
def test_a_full_refresh_changes_no_figure(first_run: PretendWorlds) -> None:
    tick(first_run, "--full-refresh")
    assert_marts_equal_the_truth(first_run)
