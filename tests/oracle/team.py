"""team_performance_daily: what each agent did on a day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import Person, people
from tests.oracle.sla import verdicts
from tests.oracle.timeline import Talk, cut, talks

COLUMNS = [
    *("tenant_id", "activity_date", "agent_id", "replies", "conversations_handled", "load_share"),
    *("resolved", "resolutions_decided", "first_contact_resolved", "first_contact_resolution", "customers_won"),
    *("sla_met", "sla_breached", "sla_running", "sla_compliance"),
    *("csat_answers", "csat_mean", "csat_satisfied_share"),
]
WEEK = timedelta(days=7)
Key = tuple[date, int]


def team_performance_daily(facts: Facts) -> pd.DataFrame:
    """One row per day and agent to whom anything is credited."""
    counts: dict[str, Counter[Key]] = defaultdict(Counter)
    everybody = people(facts)
    others = {talk.talk_id: person.talks for person in everybody for talk in person.talks}
    for talk in talks(facts):
        for name, at, agent_id in _of_talk(facts, talk, others.get(talk.talk_id, [])):
            if agent_id is not None:
                counts[name][facts.local_date(at), agent_id] += 1
        for day, agent_id in {
            (facts.local_date(moment.at), moment.agent_id) for moment in talk.moments if moment.what == "human"
        }:
            if agent_id is not None:
                counts["handled"][day, agent_id] += 1
    for person in everybody:
        if (winner := _winner(person)) is not None and person.became_customer_at is not None:
            counts["won"][facts.local_date(person.became_customer_at), winner] += 1
    for verdict in verdicts(facts):
        if verdict.policy.source == "tenant" and verdict.agent_id is not None:
            counts[str(verdict.clock.status)][facts.local_date(verdict.clock.began), verdict.agent_id] += 1
    ratings = _ratings(facts)

    handled_by_all: Counter[date] = Counter()
    for (day, _), handled in counts["handled"].items():
        handled_by_all[day] += handled
    rows = []
    for key in sorted({*ratings, *(key for counter in counts.values() for key in counter)}):
        day, agent_id = key
        answers = ratings.get(key, [])
        of = {name: counter[key] for name, counter in counts.items()}
        rows.append(
            (
                facts.tenant_id,
                day,
                agent_id,
                of.get("replies", 0),
                of.get("handled", 0),
                _share(of.get("handled", 0), handled_by_all[day]),
                of.get("resolved", 0),
                of.get("decided", 0),
                of.get("at_first_contact", 0),
                _share(of.get("at_first_contact", 0), of.get("decided", 0)),
                of.get("won", 0),
                of.get("met", 0),
                of.get("breached", 0),
                of.get("running", 0),
                _share(of.get("met", 0), of.get("met", 0) + of.get("breached", 0)),
                len(answers),
                _share(sum(answers), len(answers)),
                _share(sum(answer >= 4 for answer in answers), len(answers)),
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def _of_talk(facts: Facts, talk: Talk, talks_of_person: list[Talk]) -> Iterator[tuple[str, datetime, int | None]]:
    for moment in talk.moments:
        if moment.what == "human":
            yield "replies", moment.at, moment.agent_id
    resolved = talk.first("resolved")
    if resolved is None:
        return
    yield "resolved", resolved.at, talk.resolved_by
    came_back = any(
        cut(resolved.at) <= cut(other.created_at) < cut(resolved.at + WEEK)
        for other in talks_of_person
        if other.talk_id != talk.talk_id
    )
    changes = [moment.what for moment in talk.moments if moment.what in ("resolved", "opened", "pending", "snoozed")]
    reopened = "resolved" in changes and changes.index("resolved") < len(changes) - 1
    sufficed = not came_back and not reopened
    if not sufficed or (facts.as_of is not None and facts.as_of.timestamp() >= cut(resolved.at + WEEK)):
        yield "decided", resolved.at, talk.resolved_by
        if sufficed:
            yield "at_first_contact", resolved.at, talk.resolved_by


def _winner(person: Person) -> int | None:
    """Who was the last to write to them before they became a customer."""
    if (customer_at := person.became_customer_at) is None:
        return None
    written = [
        (cut(moment.at), talk.talk_id, place, moment.agent_id)
        for talk in person.talks
        for place, moment in enumerate(talk.moments)
        if moment.what == "human" and moment.agent_id is not None and cut(moment.at) <= customer_at.timestamp()
    ]
    return max(written)[3] if written else None


def _ratings(facts: Facts) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    agents = {talk.talk_id: talk.agent_id for talk in talks(facts)}
    for answer in facts.csat.itertuples(index=False):
        if answer.agent_id is not None:
            found.setdefault((facts.local_date(answer.created_at), answer.agent_id), []).append(answer.rating)
    for answer in facts.feedback.itertuples(index=False):  # asked by the bot, of a talk that an agent has
        agent_id = agents.get(answer.talk_id)
        if answer.score is not None and agent_id is not None:
            found.setdefault((facts.local_date(answer.created_at), agent_id), []).append(int(answer.score))
    return found


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
