"""sla_daily: each threshold, met, breached or running, by the local day its clock began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.timeline import Talk, cut, talks

KEYS = ["tenant_id", "sla_date", "policy_source", "metric", "inbox_id", "team_id", "agent_id"]
COLUMNS = [*KEYS, "applied", "met", "breached", "running", "compliance"]


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds allowed by metric, of all time or of open time, and whose policy it is."""

    source: str  # tenant | chatwoot
    thresholds: Mapping[str, int]
    business_hours_only: bool
    # waits that began earlier are not under it
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    talk: Talk
    policy_source: str
    metric: str
    began: datetime
    status: str  # met | breached | running
    agent_id: int | None


def sla_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day, policy source, metric, inbox, team and agent in which anything was measured."""
    counts: dict[tuple[object, ...], Counter[str]] = {}
    for verdict in verdicts(facts):
        talk = verdict.talk
        key = (verdict.policy_source, verdict.metric, talk.inbox_id, talk.team_id, verdict.agent_id)
        counts.setdefault((facts.local_date(verdict.began), *key), Counter())[verdict.status] += 1
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


def verdicts(facts: Facts) -> Iterator[Verdict]:
    """Everything measured in any talk, under the tenant's policy and under Chatwoot's."""
    tenant_policy = Policy("tenant", facts.thresholds, facts.business_hours_only)
    applied = {row.talk_id: row for row in facts.applied_slas.itertuples(index=False)}
    for talk in talks(facts):
        yield from _Judge(facts, talk, tenant_policy).verdicts()
        if (row := applied.get(talk.talk_id)) is not None:
            given = {metric: getattr(row, metric) for metric in ("first_response", "next_response", "resolution")}
            thresholds = {metric: int(seconds) for metric, seconds in given.items() if seconds is not None}
            policy = Policy("chatwoot", thresholds, bool(row.business_hours_only), row.applied_at)
            yield from _Judge(facts, talk, policy).verdicts()


@dataclass(frozen=True)
class _Judge:
    """One talk under one policy."""

    facts: Facts
    talk: Talk
    policy: Policy

    def verdicts(self) -> Iterator[Verdict]:
        thresholds = self.policy.thresholds
        if (threshold := thresholds.get("first_response")) is not None:
            began, status = self._first_response(threshold)
            reply = self.talk.first("human")
            yield from self._verdict("first_response", began, status, reply.agent_id if reply else None)
        if (threshold := thresholds.get("next_response")) is not None:
            yield from self._next_responses(threshold)
        if (threshold := thresholds.get("resolution")) is not None:
            status = self._resolution(threshold)
            yield from self._verdict("resolution", self.talk.created_at, status, self.talk.resolved_by)

    def _verdict(self, metric: str, began: datetime, status: str | None, agent_id: int | None) -> Iterator[Verdict]:
        if status is not None:
            by = self.talk.agent_id if agent_id is None else agent_id
            yield Verdict(self.talk, self.policy.source, metric, began, status, by)

    def _elapsed(self, began: datetime, ended: datetime) -> int:
        if self.policy.business_hours_only:
            return self.facts.open_seconds(self.talk.inbox_id, began, ended)
        return cut(ended) - cut(began)

    def _met_by(self, began: datetime, ended: datetime, threshold: int) -> str:
        return "met" if self._elapsed(began, ended) <= threshold else "breached"

    def _still_running(self, began: datetime, threshold: int) -> str:
        """Of a clock nothing has stopped: breached once due has passed on the source's own clock."""
        if self.facts.as_of is None:
            raise ValueError(f"{self.facts.tenant_id}: a running clock cannot be judged without the source's clock")
        return "running" if self._elapsed(began, self.facts.as_of) <= threshold else "breached"

    def _first_response(self, threshold: int) -> tuple[datetime, str | None]:
        talk = self.talk
        began, begun_by = talk.response_clock()
        if not talk.times("customer"):
            return began, None  # nobody has asked anything
        if (reply := talk.first_human_reply_at) is not None:
            return began, self._met_by(began, reply, threshold)
        with_the_bot = begun_by == "bot_resolved" or (begun_by == "created" and talk.born_status == "pending")
        if with_the_bot:
            return began, None
        for moment in talk.moments:
            if moment.at < began or moment.what not in ("resolved", "pending"):
                continue
            # unanswered, and over (or back with the bot): a breach if it took longer than due, else nothing to judge
            return began, "breached" if self._elapsed(began, moment.at) > threshold else None
        if talk.born_status == "resolved" and begun_by == "created":
            return began, None
        return began, self._still_running(began, threshold)

    def _next_responses(self, threshold: int) -> Iterator[Verdict]:
        applied_at = self.policy.applied_at
        for wait in self.talk.waits():
            if not wait.is_after_first_response or (applied_at and cut(wait.begun_at) < cut(applied_at)):
                continue
            if wait.ended_at is None:
                status: str | None = self._still_running(wait.begun_at, threshold)
            elif wait.ended_by == "human":
                status = self._met_by(wait.begun_at, wait.ended_at, threshold)
            else:  # the bot or a resolution ended it: not an answer in time, a breach if already late
                status = "breached" if self._elapsed(wait.begun_at, wait.ended_at) > threshold else None
            yield from self._verdict(
                "next_response", wait.begun_at, status, wait.agent_id if wait.ended_by == "human" else None
            )

    def _resolution(self, threshold: int) -> str | None:
        talk = self.talk
        if (resolved := talk.first("resolved")) is not None:
            return self._met_by(talk.created_at, resolved.at, threshold)
        changes = [moment for moment in talk.moments if moment.what in ("opened", "pending", "snoozed")]
        if talk.born_status == "resolved" and not changes:
            return None  # born resolved: it never was to be resolved
        return self._still_running(talk.created_at, threshold)
