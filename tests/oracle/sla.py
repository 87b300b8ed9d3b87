"""fct_sla and sla_daily: each threshold, met, breached or running, and how many by the local day the clock began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from tests.oracle.facts import METRICS, Facts
from tests.oracle.timeline import Talk, cut, talks, to_the_second

KEYS = ["tenant_id", "sla_date", "policy_source", "metric", "inbox_id", "team_id", "agent_id"]
COLUMNS = [*KEYS, "applied", "met", "breached", "running", "compliance"]
ROWS = [
    *("tenant_id", "conversation_id", "metric", "wait_number", "policy_source"),
    *("inbox_id", "team_id", "agent_id", "threshold_seconds", "is_business_hours_only"),
    *("started_at", "sla_date", "due_at", "stopped_at", "elapsed_seconds", "elapsed_business_seconds", "status"),
]


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds allowed by metric, of all time or of open time, and whose policy it is."""

    source: str  # tenant | chatwoot
    thresholds: Mapping[str, int]
    business_hours_only: bool
    # waits that began earlier are not under it
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """From when until when something was waited for; `ended` None: nothing has stopped it."""

    began: datetime
    ended: datetime | None
    status: str | None  # met | breached | running; None: it cannot be judged
    # who stopped it
    agent_id: int | None = None
    wait_number: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    talk: Talk
    policy: Policy
    metric: str
    clock: Clock

    @property
    def threshold(self) -> int:
        return self.policy.thresholds[self.metric]

    @property
    def agent_id(self) -> int | None:
        nobody_resolved_it = self.metric == "resolution" and self.clock.ended is not None
        if self.clock.agent_id is None and not nobody_resolved_it:
            return self.talk.agent_id
        return self.clock.agent_id


def fct_sla(facts: Facts) -> pd.DataFrame:
    """One row per threshold that applied and could be judged."""
    return pd.DataFrame([_row(facts, verdict) for verdict in verdicts(facts)], columns=ROWS, dtype=object)


def _row(facts: Facts, verdict: Verdict) -> tuple[object, ...]:
    talk, clock, threshold = verdict.talk, verdict.clock, verdict.threshold
    began, ended = to_the_second(clock.began), clock.ended and to_the_second(clock.ended)
    if verdict.policy.business_hours_only:
        due_at = facts.last_instant_within(talk.inbox_id, began, threshold)
    else:
        due_at = began + timedelta(seconds=threshold)
    return (
        *(facts.tenant_id, talk.talk_id, verdict.metric, clock.wait_number, verdict.policy.source),
        *(talk.inbox_id, talk.team_id, verdict.agent_id, threshold, verdict.policy.business_hours_only),
        *(began, facts.local_date(began), due_at, ended),
        None if ended is None else int((ended - began).total_seconds()),
        None if ended is None else facts.open_seconds(talk.inbox_id, began, ended),
        clock.status,
    )


def sla_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day, policy source, metric, inbox, team and agent in which anything was measured."""
    counts: dict[tuple[object, ...], Counter[str]] = {}
    for verdict in verdicts(facts):
        talk = verdict.talk
        key = (verdict.policy.source, verdict.metric, talk.inbox_id, talk.team_id, verdict.agent_id)
        counts.setdefault((facts.local_date(verdict.clock.began), *key), Counter())[str(verdict.clock.status)] += 1
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
    applied = {row.talk_id: row for row in facts.applied_slas.itertuples(index=False)}
    for talk in talks(facts):
        for policy in tenants_policies(facts, talk):
            yield from _Judge(facts, talk, policy).verdicts()
        if (row := applied.get(talk.talk_id)) is not None:
            given = {metric: getattr(row, metric) for metric in METRICS}
            thresholds = {metric: int(seconds) for metric, seconds in given.items() if seconds is not None}
            policy = Policy("chatwoot", thresholds, bool(row.business_hours_only), row.applied_at)
            yield from _Judge(facts, talk, policy).verdicts()


def tenants_policies(facts: Facts, talk: Talk) -> Iterator[Policy]:
    """For each metric the tenant's own: that for the talk's inbox and priority, else for its priority, else for its
    inbox, else for everybody."""
    for metric in METRICS:
        fitting = [
            override
            for override in facts.overrides
            if metric in override.thresholds
            and override.inbox_id in (None, talk.inbox_id)
            and override.priority in (None, talk.priority)
        ]
        fitting.sort(key=lambda override: (override.priority is None, override.inbox_id is None))
        promise = fitting[0] if fitting else facts
        if metric in promise.thresholds:
            yield Policy("tenant", {metric: promise.thresholds[metric]}, promise.business_hours_only)


@dataclass(frozen=True)
class _Judge:
    """One talk under one policy."""

    facts: Facts
    talk: Talk
    policy: Policy

    def verdicts(self) -> Iterator[Verdict]:
        for metric, threshold in self.policy.thresholds.items():
            for clock in self._clocks(metric, threshold):
                if clock.status is not None:
                    yield Verdict(self.talk, self.policy, metric, clock)

    def _clocks(self, metric: str, threshold: int) -> Iterable[Clock]:
        if metric == "next_response":
            return self._next_responses(threshold)
        return [self._first_response(threshold) if metric == "first_response" else self._resolution(threshold)]

    def _elapsed(self, began: datetime, ended: datetime) -> int:
        if self.policy.business_hours_only:
            return self.facts.open_seconds(self.talk.inbox_id, began, ended)
        return cut(ended) - cut(began)

    def _met_by(self, began: datetime, ended: datetime, threshold: int) -> str:
        return "met" if self._elapsed(began, ended) <= threshold else "breached"

    def _late_by(self, began: datetime, ended: datetime, threshold: int) -> str | None:
        """Of what ended without what was waited for: a breach if it was late by then, else nothing to judge."""
        return "breached" if self._elapsed(began, ended) > threshold else None

    def _still_running(self, began: datetime, threshold: int) -> str:
        """Of a clock nothing has stopped: breached once due has passed on the source's own clock."""
        if self.facts.as_of is None:
            raise ValueError(f"{self.facts.tenant_id}: a running clock cannot be judged without the source's clock")
        return "running" if self._elapsed(began, self.facts.as_of) <= threshold else "breached"

    def _first_response(self, threshold: int) -> Clock:
        talk = self.talk
        began, begun_by = talk.response_clock()
        if not talk.times("customer"):
            return Clock(began, None, None)  # nobody has asked anything
        if (reply := talk.first("human")) is not None:
            return Clock(began, reply.at, self._met_by(began, reply.at, threshold), reply.agent_id)
        with_the_bot = begun_by == "bot_resolved" or (begun_by == "created" and talk.born_status == "pending")
        if with_the_bot:
            return Clock(began, None, None)
        for moment in talk.moments:
            if moment.at < began or moment.what not in ("resolved", "pending"):
                continue
            # unanswered, and over (or back with the bot)
            return Clock(began, moment.at, self._late_by(began, moment.at, threshold))
        if talk.born_status == "resolved" and begun_by == "created":
            return Clock(began, None, None)
        return Clock(began, None, self._still_running(began, threshold))

    def _next_responses(self, threshold: int) -> Iterator[Clock]:
        applied_at = self.policy.applied_at
        for number, wait in enumerate(self.talk.waits(), start=1):
            began, ended = wait.begun_at, wait.ended_at
            if not wait.is_after_first_response or (applied_at and cut(began) < cut(applied_at)):
                continue
            if ended is None:
                # what nobody told the end of ended with the talk
                status = None if self.talk.closed else self._still_running(began, threshold)
                yield Clock(began, None, status, wait_number=number)
            elif wait.ended_by == "human":
                yield Clock(began, ended, self._met_by(began, ended, threshold), wait.agent_id, number)
            else:  # the bot or a resolution ended it
                yield Clock(began, ended, self._late_by(began, ended, threshold), wait_number=number)

    def _resolution(self, threshold: int) -> Clock:
        talk = self.talk
        if (resolved := talk.first("resolved")) is not None:
            status = self._met_by(talk.created_at, resolved.at, threshold)
            return Clock(talk.created_at, resolved.at, status, talk.resolved_by)
        changes = [moment for moment in talk.moments if moment.what in ("opened", "pending", "snoozed")]
        if talk.born_status == "resolved" and not changes:
            return Clock(talk.created_at, None, None)  # born resolved: it never was to be resolved
        return Clock(talk.created_at, None, self._still_running(talk.created_at, threshold))
