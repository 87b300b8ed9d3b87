"""sla_daily: each of the tenant's thresholds, met, breached or running, by the local day its clock began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.timeline import Talk, cut, talks

COLUMNS = ["tenant_id", "sla_date", "inbox_id", "metric", "applied", "met", "breached", "running", "compliance"]


def sla_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day, inbox (None for the bot's own talks) and metric in which anything was measured."""
    counts: dict[tuple[object, ...], Counter[str]] = {}
    for talk in talks(facts):
        for metric, began, verdict in verdicts(facts, talk):
            counts.setdefault((facts.local_date(began), talk.inbox_id, metric), Counter())[verdict] += 1
    rows = [
        (
            facts.tenant_id,
            *key,
            count.total(),
            count["met"],
            count["breached"],
            count["running"],
            count["met"] / decided if (decided := count["met"] + count["breached"]) else None,
        )
        for key, count in counts.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def verdicts(facts: Facts, talk: Talk) -> Iterator[tuple[str, datetime, str]]:
    """(metric, when its clock began, met | breached | running) of everything measured in a talk."""
    if (threshold := facts.thresholds.get("first_response")) is not None:
        began, verdict = _first_response(facts, talk, threshold)
        if verdict:
            yield "first_response", began, verdict
    if (threshold := facts.thresholds.get("next_response")) is not None:
        yield from _next_responses(facts, talk, threshold)
    if (threshold := facts.thresholds.get("resolution")) is not None and (
        verdict := _resolution(facts, talk, threshold)
    ):
        yield "resolution", talk.created_at, verdict


def _met_by(seconds: int, threshold: int) -> str:
    return "met" if seconds <= threshold else "breached"


def _still_running(facts: Facts, began: datetime, threshold: int) -> str:
    """Of a clock nothing has stopped: breached once due has passed on the source's own clock."""
    if facts.as_of is None:
        raise ValueError(f"{facts.tenant_id}: a running clock cannot be judged without the source's clock")
    return "running" if cut(facts.as_of) - cut(began) <= threshold else "breached"


def _first_response(facts: Facts, talk: Talk, threshold: int) -> tuple[datetime, str | None]:
    began, begun_by = talk.response_clock()
    if not talk.times("customer"):
        return began, None  # nobody has asked anything
    if talk.first_response_seconds is not None:
        return began, _met_by(talk.first_response_seconds, threshold)
    with_the_bot = begun_by == "bot_resolved" or (begun_by == "created" and talk.born_status == "pending")
    if with_the_bot:
        return began, None
    for moment in talk.moments:
        if moment.at < began or moment.what not in ("resolved", "pending"):
            continue
        # unanswered, and over (or back with the bot): a breach if it took longer than due, else nothing to judge
        return began, "breached" if cut(moment.at) - cut(began) > threshold else None
    if talk.born_status == "resolved" and begun_by == "created":
        return began, None
    return began, _still_running(facts, began, threshold)


def _next_responses(facts: Facts, talk: Talk, threshold: int) -> Iterator[tuple[str, datetime, str]]:
    replied = talk.first_human_reply_at
    for wait in talk.waits():
        if replied is None or wait.is_first_response or wait.begun_at < replied:
            continue
        if wait.seconds is None:
            verdict: str | None = _still_running(facts, wait.begun_at, threshold)
        elif wait.ended_by == "human":
            verdict = _met_by(wait.seconds, threshold)
        else:  # the bot or a resolution ended it: not an answer in time, a breach if already late
            verdict = "breached" if wait.seconds > threshold else None
        if verdict:
            yield "next_response", wait.begun_at, verdict


def _resolution(facts: Facts, talk: Talk, threshold: int) -> str | None:
    if seconds := talk.resolution_seconds:
        return _met_by(seconds[0], threshold)
    changes = [moment for moment in talk.moments if moment.what in ("opened", "pending", "snoozed")]
    if talk.born_status == "resolved" and not changes:
        return None  # born resolved: it never was to be resolved
    return _still_running(facts, talk.created_at, threshold)
