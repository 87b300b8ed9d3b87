"""engagement_daily and retention_monthly: how people write, stay and leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import Person, people
from tests.oracle.timeline import Talk, cut

DAY, WEEK, CHURNED_AFTER = timedelta(days=1), timedelta(days=7), timedelta(days=30)
DAILY = [
    *("tenant_id", "date_day", "customer_messages", "dau", "wau", "mau", "stickiness", "reengaged", "churned"),
    *("gaps", "gap_seconds", "mean_gap_seconds", "conversations_reached", "conversations_answered", "response_rate"),
    *("resolutions_decided", "first_contact_resolutions", "first_contact_resolution_rate", "recontact_rate"),
]
RETENTION = ["tenant_id", "cohort_month", "month", "months_since", "cohort_size", "active", "retention"]


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
        instants = person.wrote_at
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
        months = {facts.local_month(at) for at in person.wrote_at}
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


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None
