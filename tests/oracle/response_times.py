"""response_times_daily and response_times_by_hour: how long people waited, by day and by hour of the week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import floor
from zoneinfo import ZoneInfo

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.timeline import Talk, talks

FIGURES = ("mean", "median", "p95", "p99")
DAILY = [
    *("tenant_id", "response_date", "metric", "dimension", "dimension_id", "responses"),
    *(f"{figure}_seconds" for figure in FIGURES),
    *(f"{figure}_business_seconds" for figure in FIGURES),
]
BY_HOUR = [
    *("tenant_id", "month", "metric", "day_of_week", "hour_of_day", "responses"),
    *(f"{figure}_seconds" for figure in FIGURES[:3]),
    *(f"{figure}_business_seconds" for figure in FIGURES[:3]),
]


@dataclass(frozen=True, slots=True)
class Response:
    metric: str
    inbox_id: int | None
    team_id: int | None
    agent_id: int | None
    begun_at: datetime
    ended_at: datetime
    seconds: int
    business_seconds: int


def responses(facts: Facts) -> Iterator[Response]:
    """Every first response, next response and first resolution."""
    for talk in talks(facts):
        if (reply := talk.first("human")) is not None and talk.first_response_seconds is not None:
            began = talk.response_clock()[0]
            yield _response(facts, talk, "first_response", reply.agent_id, began, reply.at, talk.first_response_seconds)
        for wait in talk.waits():
            if wait.ended_by == "human" and not wait.is_first_response and wait.ended_at and wait.seconds is not None:
                yield _response(facts, talk, "next_response", wait.agent_id, wait.begun_at, wait.ended_at, wait.seconds)
        if (resolved := talk.first("resolved")) is not None:
            yield _response(
                facts, talk, "resolution", talk.resolved_by, talk.created_at, resolved.at, talk.resolution_seconds[0]
            )


def _response(
    facts: Facts, talk: Talk, metric: str, agent_id: int | None, begun: datetime, ended: datetime, seconds: int
) -> Response:
    business = facts.open_seconds(talk.inbox_id, begun, ended)
    return Response(metric, talk.inbox_id, talk.team_id, agent_id, begun, ended, seconds, business)


def percentile(values: Sequence[int], share: float) -> float:
    """Between the two nearest of the sorted values, in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _figures(values: Sequence[int]) -> list[float]:
    return [sum(values) / len(values), *(percentile(values, share) for share in (0.5, 0.95, 0.99))]


def response_times_daily(facts: Facts) -> pd.DataFrame:
    """A row per day, metric, and the tenant, each inbox, team and agent."""
    groups: dict[tuple[object, ...], list[Response]] = {}
    for response in responses(facts):
        dimensions = {
            "tenant": None,
            "inbox": response.inbox_id,
            "team": response.team_id,
            "agent": response.agent_id,
        }
        for dimension, dimension_id in dimensions.items():
            key = (facts.local_date(response.ended_at), response.metric, dimension, dimension_id)
            groups.setdefault(key, []).append(response)
    rows = [
        (
            facts.tenant_id,
            *key,
            len(group),
            *_figures([response.seconds for response in group]),
            *_figures([response.business_seconds for response in group]),
        )
        for key, group in groups.items()
    ]
    return pd.DataFrame(rows, columns=DAILY, dtype=object)


def response_times_by_hour(facts: Facts) -> pd.DataFrame:
    """A row per month of the response, metric and hour of the week in which it began."""
    groups: dict[tuple[date, str, int, int], list[Response]] = {}
    for response in responses(facts):
        begun = response.begun_at.astimezone(ZoneInfo(facts.timezone))
        key = (facts.local_month(response.ended_at), response.metric, begun.isoweekday() % 7, begun.hour)
        groups.setdefault(key, []).append(response)
    rows = [
        (
            facts.tenant_id,
            *key,
            len(group),
            *_figures([response.seconds for response in group])[:3],
            *_figures([response.business_seconds for response in group])[:3],
        )
        for key, group in groups.items()
    ]
    return pd.DataFrame(rows, columns=BY_HOUR, dtype=object)
