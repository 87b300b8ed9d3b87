"""engagement_daily, retention_monthly, lead_engagement and lead_matrix_daily: how people write, stay, cool down and buy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import Person, attended_at, lead_channels, people
from tests.oracle.timeline import Talk, cut

DAY, WEEK, CHURNED_AFTER = timedelta(days=1), timedelta(days=7), timedelta(days=30)
HIGH_SCORE, HIGH_PROBABILITY = 60, 3
DAILY = [
    *("tenant_id", "date_day", "customer_messages", "dau", "wau", "mau", "stickiness", "reengaged", "churned"),
    *("gaps", "gap_seconds", "mean_gap_seconds", "conversations_reached", "conversations_answered", "response_rate"),
    *("resolutions_decided", "first_contact_resolutions", "first_contact_resolution_rate", "recontact_rate"),
]
RETENTION = ["tenant_id", "cohort_month", "month", "months_since", "cohort_size", "active", "retention"]
LEADS = [
    *("tenant_id", "lead_id", "channel", "campaign_id", "status", "created_date", "conversations"),
    *("customer_messages", "maturity_score", "lead_probability", "quadrant", "is_customer"),
    *("maturity_score_at_conversion", "is_open", "as_of_date", "silent_days", "engagement"),
]
MATRIX = [
    *("tenant_id", "created_date", "channel", "quadrant", "leads", "open_leads", "customers", "conversion"),
    *("scored_customers", "maturity_score_at_conversion"),
]


def messages_of(person: Person) -> list[datetime]:
    """When the person wrote, in whichever talk, in order."""
    return sorted(at for talk in person.talks for at in talk.times("customer"))


def first_contact_sufficed(facts: Facts, talk: Talk, person: Person, closed: bool) -> bool | None:
    """Of a resolved talk; None while its seven days are not over."""
    resolved = talk.times("resolved")
    if len(resolved) > 1 or not closed:
        return False
    begun = [cut(other.created_at) for other in person.talks if other.talk_id != talk.talk_id]
    end = cut(resolved[0]) + WEEK.total_seconds()
    if any(cut(resolved[0]) <= at < end for at in begun):
        return False
    return True if facts.as_of is not None and facts.as_of.timestamp() >= end else None


def engagement_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day from the first happening to the source's today."""
    everybody = people(facts)
    closed = dict(zip(facts.talks["talk_id"], facts.talks["closed"], strict=True))
    wrote: dict[date, set[int]] = {}
    sums: dict[date, Counter[str]] = {}

    def add(day: date, **amounts: int) -> None:
        sums.setdefault(day, Counter()).update(amounts)

    for number, person in enumerate(everybody):
        instants = messages_of(person)
        for at in instants:
            wrote.setdefault(facts.local_date(at), set()).add(number)
            add(facts.local_date(at), messages=1)
        for one, other in pairwise(instants):
            seconds = cut(other) - cut(one)
            add(facts.local_date(other), gaps=1, gap_seconds=seconds, reengaged=int(seconds >= WEEK.total_seconds()))
        for talk in person.talks:
            add(facts.local_date(talk.created_at))
            if replies := talk.times("human", "bot"):
                answered = any(cut(at) > cut(min(replies)) for at in talk.times("customer"))
                add(facts.local_date(talk.created_at), reached=1, answered=int(answered))
            if resolved := talk.times("resolved"):
                sufficed = first_contact_sufficed(facts, talk, person, bool(closed[talk.talk_id]))
                known = {} if sufficed is None else {"decided": 1, "sufficed": int(sufficed)}
                add(facts.local_date(resolved[0]), **known)
    if not sums:
        return pd.DataFrame(columns=DAILY, dtype=object)
    last = max(sums) if facts.as_of is None else max(*sums, facts.local_date(facts.as_of))
    return pd.DataFrame(list(_days(facts, min(sums), last, wrote, sums)), columns=DAILY, dtype=object)


def _days(
    facts: Facts, first: date, last: date, wrote: dict[date, set[int]], sums: dict[date, Counter[str]]
) -> Iterator[tuple[Any, ...]]:
    for day in (first + number * DAY for number in range((last - first).days + 1)):
        count = sums.get(day, Counter())
        dau, wau, mau = (
            len(set().union(*(wrote.get(day - back * DAY, set()) for back in range(width)))) for width in (1, 7, 30)
        )
        # last words just that old, and none since
        since = set().union(*(wrote.get(day - back * DAY, set()) for back in range(CHURNED_AFTER.days)))
        churned = wrote.get(day - CHURNED_AFTER, set()) - since
        yield (
            *(facts.tenant_id, day, count["messages"], dau, wau, mau, _ratio(dau, mau)),
            *(count["reengaged"], len(churned)),
            *(count["gaps"], count["gap_seconds"], _ratio(count["gap_seconds"], count["gaps"])),
            *(count["reached"], count["answered"], _ratio(count["answered"], count["reached"])),
            *(count["decided"], count["sufficed"], _ratio(count["sufficed"], count["decided"])),
            _ratio(count["decided"] - count["sufficed"], count["decided"]),
        )


def retention_monthly(facts: Facts) -> pd.DataFrame:
    """One row per month of first contact and month since."""
    cohorts: dict[date, list[set[date]]] = {}
    latest = [] if facts.as_of is None else [facts.local_month(facts.as_of)]
    for person in people(facts):
        months = {facts.local_month(at) for at in messages_of(person)}
        cohort = facts.local_month(person.first_contact_at)
        cohorts.setdefault(cohort, []).append(months)
        latest += [cohort, *months]
    rows = []
    for cohort, members in cohorts.items():
        month, since = cohort, 0
        while month <= max(latest):
            active = sum(month in months for months in members)
            rows.append((facts.tenant_id, cohort, month, since, len(members), active, active / len(members)))
            month, since = (month + timedelta(days=31)).replace(day=1), since + 1
    return pd.DataFrame(rows, columns=RETENTION, dtype=object)


def lead_engagement(facts: Facts) -> pd.DataFrame:
    """One row per lead of the bot."""
    person_of = {lead_id: person for person in people(facts) for _, lead_id in person.leads}
    said = dict(zip(facts.analysis["talk_id"], facts.analysis["lead_probability"], strict=True))
    attended = {b.lead_id for b in facts.bookings.itertuples(index=False) if attended_at(b) is not None}
    channels, today = lead_channels(facts), None if facts.as_of is None else facts.local_date(facts.as_of)
    rows = []
    for lead in facts.leads.itertuples(index=False):
        person = person_of[lead.lead_id]
        written = messages_of(person)
        probability = _wants(person, said)
        customer = lead.lead_id in attended or lead.converted_at is not None
        is_open = not customer and lead.status not in ("converted", "lost")
        silent = max((today - facts.local_date(written[-1])).days, 0) if written and today is not None else None
        rows.append(
            (
                *(facts.tenant_id, lead.lead_id, channels[lead.lead_id], lead.campaign_id, lead.status),
                *(facts.local_date(lead.created_at), len(person.talks), len(written), lead.maturity_score),
                *(probability, _quadrant(lead.maturity_score, probability), customer),
                *(lead.maturity_score if customer else None, is_open, today, silent),
                math.exp(-silent / 7) if is_open and silent is not None else None,
            )
        )
    return pd.DataFrame(rows, columns=LEADS, dtype=object)


def _wants(person: Person, said: dict[str, Any]) -> float | None:
    """What the analysis says of the talk with the latest word in it, of those it has read."""
    read = [talk for talk in person.talks if said.get(talk.talk_id) is not None]
    if not read:
        return None

    def latest(talk: Talk) -> tuple[int, int, str]:
        spoken = talk.times("customer", "human", "bot")
        return (cut(max(spoken)) if spoken else -1, cut(talk.created_at), talk.talk_id)

    return float(said[max(read, key=latest).talk_id])


def _quadrant(score: float | None, probability: float | None) -> str | None:
    if score is None or probability is None:
        return None
    return {
        (True, True): "CONVERT",
        (True, False): "NURTURE",
        (False, True): "PUSH",
        (False, False): "DISCARD",
    }[score >= HIGH_SCORE, probability >= HIGH_PROBABILITY]


def lead_matrix_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day, channel and quadrant of a lead."""
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for lead in lead_engagement(facts).itertuples(index=False):
        groups.setdefault((lead.created_date, lead.channel, lead.quadrant), []).append(lead)
    rows = []
    for key, leads in groups.items():
        customers = [lead for lead in leads if lead.is_customer]
        scores = [lead.maturity_score for lead in customers if lead.maturity_score is not None]
        rows.append(
            (
                *(facts.tenant_id, *key, len(leads), sum(lead.is_open for lead in leads), len(customers)),
                *(len(customers) / len(leads), len(scores), _ratio(sum(scores), len(scores))),
            )
        )
    return pd.DataFrame(rows, columns=MATRIX, dtype=object)


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None
