"""Chatwoot's own reports say the same: each day, of the account, of each agent and of each inbox.

Where they do not on purpose, docs/decisions.md says so: who is credited with a reply (1), which resolutions count (2), and
talks that Chatwoot does not know (13).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.end_to_end.conftest import House
from tests.end_to_end.pretend import PretendWorlds

Series = dict[Any, tuple[int, float]]

# the account is all its inboxes: what only the bot knows has none, and Chatwoot does not know it either
OURS = """
select response_date, sum(responses)::int, sum(responses * mean_seconds) / sum(responses)
from marts.response_times_daily
where tenant_id = %s and metric = %s and dimension = %s and dimension_id = coalesce(%s, dimension_id) group by 1
"""
# every resolution, where response times have the first of each conversation
RESOLUTIONS = """
select (e.occurred_at at time zone t.timezone)::date, count(*)::int,
    avg(extract(epoch from e.occurred_at - c.created_at))::double precision
from intermediate.int_conversation_events as e
join marts.fct_conversations as c on c.tenant_id = e.tenant_id and c.conversation_id = e.conversation_id
join marts.dim_tenants as t on t.tenant_id = e.tenant_id
where e.tenant_id = %s and e.event_type = 'resolved' and c.source = 'chatwoot' and {of}
group by 1
"""
OF = {"account": "%s::bigint is null", "inbox": "c.inbox_id = %s", "agent": "e.agent_id = %s"}
# a report is dated by when Chatwoot's job wrote it, up to a second after what it tells of
MIDNIGHT = """
select distinct (d.moment at time zone t.timezone)::date from marts.dim_tenants as t
join intermediate.int_conversation_events as e on e.tenant_id = t.tenant_id
cross join lateral (values (e.occurred_at), (e.occurred_at + interval '1 second')) as d(moment)
where t.tenant_id = %s and (e.occurred_at at time zone t.timezone)::time >= '23:59:59'
"""


def reported(worlds: PretendWorlds, tenant_id: str, metric: str, kind: str, id_: int | None) -> Series:
    """One report, by day of the tenant's time zone."""
    entry = worlds.installation.tenants[tenant_id]
    chatwoot, now = entry["chatwoot"], worlds.account(tenant_id).now
    offset = datetime.now(ZoneInfo(entry["timezone"])).utcoffset()
    assert offset is not None
    first = min(talk.created_at for talk in worlds.account(tenant_id).conversations.values()) - timedelta(days=2)
    answer = requests.get(
        f"{chatwoot['base_url']}/api/v2/accounts/{chatwoot['account_id']}/reports",
        params={
            "metric": metric,
            "type": kind,
            **({} if id_ is None else {"id": str(id_)}),
            "since": str(int(first.timestamp())),
            "until": str(int(now.timestamp()) + 60),
            "group_by": "day",
            "timezone_offset": str(offset.total_seconds() / 3600),
        },
        headers={"api_access_token": chatwoot["api_token"]},
        timeout=60,
    )
    answer.raise_for_status()
    days = ((datetime.fromtimestamp(each["timestamp"], UTC) + offset, each) for each in answer.json())
    return {at.date(): (each["count"], float(each["value"])) for at, each in days if each["count"]}


def objects(worlds: PretendWorlds, tenant_id: str) -> Iterator[tuple[str, int | None]]:
    account = worlds.account(tenant_id)
    yield "account", None
    yield from (("inbox", inbox_id) for inbox_id in account.inboxes)
    yield from (("agent", user_id) for user_id in account.users)


def series(worlds: PretendWorlds, query: str, *parameters: object) -> Series:
    rows = worlds.installation.query(query, *parameters).itertuples(index=False, name=None)
    return {day: (count, float(mean)) for day, count, mean in rows}


def assert_same_series(ours: Series, theirs: Series, what: str) -> int:
    differing = [
        f"{day}: Funil {ours.get(day)}, Chatwoot {theirs.get(day)}"
        for day in sorted(ours.keys() | theirs.keys())
        if day not in ours or day not in theirs or ours[day] != pytest.approx(theirs[day], rel=1e-9)
    ]
    assert not differing, f"{what}: {len(differing)} days differ\n" + "\n".join(differing[:5])
    return len(ours)


def without(days: Series, left_out: set[Any]) -> Series:
    return {day: figures for day, figures in days.items() if day not in left_out}


def test_averages_and_counts_agree_with_chatwoots_reports(house: House) -> None:
    worlds = house.story
    compared = dict.fromkeys(("avg_first_response_time", "reply_time", "avg_resolution_time"), 0)
    for tenant_id in worlds.tenants:
        at_midnight = {row[0] for row in worlds.installation.query(MIDNIGHT, tenant_id).itertuples(index=False)}
        for kind, id_ in objects(worlds, tenant_id):
            dimension = "inbox" if kind == "account" else kind
            wanted = {
                "avg_first_response_time": series(worlds, OURS, tenant_id, "first_response", dimension, id_),
                "reply_time": series(worlds, OURS, tenant_id, "next_response", dimension, id_),
                "avg_resolution_time": series(worlds, RESOLUTIONS.format(of=OF[kind]), tenant_id, id_),
            }
            for metric, ours in wanted.items():
                if kind == "agent" and (metric == "reply_time" or not worlds.account(tenant_id).enterprise):
                    continue  # decision 1; and who had a conversation is told by reports alone
                theirs = reported(worlds, tenant_id, metric, kind, id_)
                what = f"{tenant_id}, {metric} of {kind} {id_ or ''}"
                compared[metric] += assert_same_series(without(ours, at_midnight), without(theirs, at_midnight), what)
    assert min(compared.values()) > 500, compared
