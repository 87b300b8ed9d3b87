"""CSAT, reporting events, SLAs and the v2 reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import Any

import pytest

from sandbox.server.serve import SandboxServer
from sandbox.world.records import Account
from tests.sandbox.account import ANA, NOW, add_event, at
from tests.sandbox.conftest import Api

MARCH = {"since": "1772323200", "until": "1775001600"}


def test_csat_is_a_bare_array_by_display_id(api: Api, account: Account) -> None:
    rows = api.get("/csat_survey_responses", sort="created_at")
    assert [row["conversation_id"] for row in rows] == [1, 5, 9, 13, 17, 21, 25, 29]
    assert rows[0]["rating"] == 2
    assert rows[0]["contact"]["id"] == 1
    assert rows[0]["assigned_agent"]["id"] == 3
    assert "updated_at" not in rows[0]
    assert api.get("/csat_survey_responses", sort="-created_at")[0]["conversation_id"] == 29
    assert {r["rating"] for r in api.get("/csat_survey_responses", rating=1)} == {1}
    assert api.get("/csat_survey_responses", sort="created_at", page=2) == []
    assert api.get("/csat_survey_responses", user_ids=["2"]) == []
    orders = {tuple(r["id"] for r in api.get("/csat_survey_responses")) for _ in range(5)}
    assert len(orders) > 1  # no order unless asked


def test_a_corrected_answer_keeps_its_created_at(server: SandboxServer, api: Api) -> None:
    before = api.get("/csat_survey_responses", sort="created_at")[0]

    def correct(account: Account) -> None:
        account.csat_responses[1].rating = 5
        account.csat_responses[1].updated_at = account.now

    server.change("box", correct)
    after = api.get("/csat_survey_responses", sort="created_at")[0]
    assert (before["rating"], after["rating"]) == (2, 5)
    assert after["created_at"] == before["created_at"]


def test_csat_metrics(api: Api) -> None:
    metrics = api.get("/csat_survey_responses/metrics")
    assert metrics == {
        "total_count": 8,
        "ratings_count": {"1": 2, "2": 2, "3": 1, "4": 1, "5": 2},
        "total_sent_messages_count": 8,
    }
    narrow = api.get("/csat_survey_responses/metrics", rating=1)
    assert (narrow["total_count"], narrow["total_sent_messages_count"]) == (2, 8)  # sent ignores the filter


def test_ranges_are_half_open(api: Api, account: Account) -> None:
    first = account.csat_responses[1].created_at.replace(microsecond=0)
    start = str(int(first.timestamp()))
    end = str(int(first.timestamp()) + 1)
    assert len(api.get("/csat_survey_responses", since=start, until=end)) == 1
    assert api.get("/csat_survey_responses", since=end, until=end) == []
    assert api.get("/csat_survey_responses", since="0", until=start) == []


def test_reporting_events_newest_first(api: Api, account: Account) -> None:
    pages = [api.get("/reporting_events", page=page) for page in (1, 2)]
    total = len(account.reporting_events)
    assert pages[0]["meta"] == {"count": total, "current_page": 1, "total_pages": 2}
    written = [event["created_at"] for page in pages for event in page["payload"]]
    assert written == sorted(written, reverse=True)
    assert len(written) == total
    event = pages[0]["payload"][0]
    assert event["conversation_id"] > 1_000  # the database's id
    assert isinstance(event["value"], float)
    assert event["event_end_time"].endswith("Z")
    resolved = api.get("/reporting_events", name="conversation_resolved")["payload"]
    assert {e["name"] for e in resolved} == {"conversation_resolved"}
    assert {e["user_id"] for e in api.get("/reporting_events", user_id=ANA)["payload"]} == {ANA}


def test_reporting_events_are_filtered_by_when_they_were_written(api: Api, account: Account) -> None:
    event = next(iter(account.reporting_events.values()))
    ended = int(event.event_end_time.timestamp())
    assert api.get("/reporting_events", since=str(ended), until=str(ended + 1))["payload"] == []
    found = api.get("/reporting_events", since=str(ended + 2), until=str(ended + 3))["payload"]
    assert [e["id"] for e in found] == [event.id]


def test_only_missed_slas_are_listed(api: Api) -> None:
    answer = api.get("/applied_slas")
    assert {row["applied_sla"]["sla_status"] for row in answer["payload"]} == {"missed"}
    assert answer["meta"] == {"count": 8, "current_page": 1}
    row = next(row for row in answer["payload"] if row["conversation"]["id"] == 9)
    assert row["conversation"]["labels"] == "vip, aula-teste"
    assert row["conversation"]["contact"] == {"name": "Cliente 09"}
    assert row["sla_events"][0]["event_type"] == "frt"
    assert row["applied_sla"]["sla_id"] == 1
    metrics = api.get("/applied_slas/metrics")
    assert metrics == {"total_applied_slas": 15, "number_of_sla_misses": 8, "hit_rate": "46.67%"}
    assert api.get("/applied_slas/metrics", since="0", until="1")["hit_rate"] == "100%"


def test_sla_policies_are_in_seconds(api: Api) -> None:
    (policy,) = api.get("/sla_policies")["payload"]
    assert (policy["first_response_time_threshold"], policy["resolution_time_threshold"]) == (300.0, 86_400.0)


def test_report_series_fill_every_bucket(api: Api, account: Account) -> None:
    series = api.get("/reports", "v2", metric="conversations_count", type="account", **MARCH)
    assert len(series) == 31
    assert sum(bucket["value"] for bucket in series) == 31
    assert {bucket["timestamp"] % 86_400 for bucket in series} == {0}
    shifted = api.get("/reports", "v2", metric="conversations_count", type="account", timezone_offset=-3, **MARCH)
    assert {bucket["timestamp"] % 86_400 for bucket in shifted} == {3 * 3_600}
    monthly = api.get("/reports", "v2", metric="resolutions_count", type="account", group_by="month", **MARCH)
    assert monthly == [{"value": 8, "timestamp": 1772323200}]


def test_report_averages_come_with_their_counts(api: Api, account: Account) -> None:
    values = [e.value for e in account.reporting_events.values() if e.name == "first_response"]
    monthly = api.get("/reports", "v2", metric="avg_first_response_time", type="account", group_by="month", **MARCH)
    assert monthly == [{"value": mean(values), "timestamp": 1772323200, "count": len(values)}]


def test_report_oddities(api: Api) -> None:
    assert api.get("/reports", "v2", metric="happiness", type="account", **MARCH) == {}
    assert api.answer("/reports", "v2", metric="conversations_count", **MARCH).status_code == 500


def test_summary_compares_with_the_period_before(api: Api, account: Account) -> None:
    half = {"since": MARCH["since"], "until": str(int(at(8, 0, microsecond=0).timestamp()))}
    later = {"since": half["until"], "until": str(int(at(15, 0, microsecond=0).timestamp()))}
    first = api.get("/reports/summary", "v2", type="account", **half)
    second = api.get("/reports/summary", "v2", type="account", **later)
    assert {k: v for k, v in first.items() if k != "previous"} == second["previous"]
    assert first["previous"]["avg_resolution_time"] is None
    assert first["previous"]["conversations_count"] == 0
    everything = api.get("/reports/summary", "v2", type="account", **MARCH)
    assert everything["incoming_messages_count"] == 31
    outgoing = [m for m in account.messages.values() if m.message_type == "outgoing"]
    assert everything["outgoing_messages_count"] == len(outgoing)  # private notes and bots included
    assert everything["reply_time"] is None


def test_a_reopened_conversation_counts_each_resolution(server: SandboxServer, api: Api) -> None:
    def resolve_again(account: Account) -> None:
        add_event(account, "conversation_resolved", 1_001, account.conversations[1_001].created_at, at(15), ANA)

    server.change("box", resolve_again)
    assert api.get("/reports/summary", "v2", type="account", **MARCH)["resolutions_count"] == 9


def test_reports_take_the_dimensions_of_today(api: Api, account: Account) -> None:
    agents = {row["id"]: row for row in api.get("/summary_reports/agent", "v2", **MARCH)}
    assert agents[1]["avg_first_response_time"] is None
    assigned = [c for c in account.conversations.values() if c.assignee_id == ANA]
    assert agents[ANA]["conversations_count"] == len(assigned)
    by_agent = api.get("/reports/summary", "v2", type="agent", id=ANA, **MARCH)
    assert by_agent["avg_first_response_time"] == agents[ANA]["avg_first_response_time"]
    assert by_agent["incoming_messages_count"] == 0
    labels = {row["name"]: row for row in api.get("/summary_reports/label", "v2", **MARCH)}
    assert labels["vip"]["conversations_count"] == 10
    assert labels["vip"]["avg_reply_time"] == 0  # not null, for labels
    teams = {row["id"]: row for row in api.get("/summary_reports/team", "v2", **MARCH)}
    assert teams[2]["conversations_count"] == 0
    inboxes = api.get("/summary_reports/inbox", "v2", **MARCH)
    assert sum(row["resolved_conversations_count"] for row in inboxes) == 8
    channels = api.get("/summary_reports/channel", "v2", **MARCH)
    assert sum(channel["total"] for channel in channels.values()) == 31


@pytest.mark.parametrize("group_by", ["hour", "day", "week", "month", "year"])
def test_buckets_cover_the_range(api: Api, group_by: str) -> None:
    until = str(int(NOW.timestamp()))
    since = str(int((NOW - timedelta(days=40)).timestamp()))
    asked: dict[str, Any] = {"type": "account", "since": since, "until": until, "group_by": group_by}
    series = api.get("/reports", "v2", metric="conversations_count", timezone_offset="-3", **asked)
    starts = [bucket["timestamp"] for bucket in series]
    assert starts[0] <= int(since) < starts[1 if len(starts) > 1 else 0] or len(starts) == 1
    assert starts[-1] < int(until)
    assert sum(bucket["value"] for bucket in series) == 31
    if group_by == "week":
        assert {datetime.fromtimestamp(start, UTC).isoweekday() for start in starts} == {7}


def test_open_conversations_and_bots(api: Api, account: Account) -> None:
    now = api.get("/reports/conversations", "v2", type="account")
    assert now["pending"] == 0
    assert now["open"] == sum(1 for c in account.conversations.values() if c.status == "open")
    assert len(api.get("/reports/conversations", "v2", type="agent")) == 3
    bots = api.get("/reports/bot_metrics", "v2", **MARCH)
    assert bots["conversation_count"] == 10
