"""When each stage of the funnel was reached, how long that took, and where those stopped who did not reach the last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.figures import mean, percentile
from tests.oracle.people import Person, people
from tests.oracle.timeline import Talk, cut

STAGES = ("contact", "engaged", "lead", "appointment", "customer")
STEPS = (*pairwise(STAGES), ("contact", "customer"))
EVERYBODY = "(all)"


def first_inbox(person: Person) -> int | None:
    """Of the first talk."""
    if not person.talks:
        return None
    return min(person.talks, key=lambda talk: (cut(talk.created_at), talk.talk_id)).inbox_id


def procedure_of_interest(person: Person) -> str | None:
    """Of the first booking that names one."""
    named = [booking for booking in person.bookings if booking.procedure is not None]
    return min(named, key=lambda b: (b.booked_at, b.booking_id)).procedure if named else None


def _known_by(talk: Talk) -> int:
    """By when what an analysis found in a talk was there: the customer's last message, else the talk's begin."""
    return cut(max(talk.times("customer"), default=talk.created_at))


def reached(person: Person) -> dict[str, int | None]:
    """The second at which each stage, or one after it, first shows; None where it did not, or not since when."""
    written_to = min((cut(at) for talk in person.talks for at in talk.times("human", "bot")), default=None)
    wrote = [cut(at) for talk in person.talks for at in talk.times("customer")]
    evidence: dict[str, list[int]] = {
        "engaged": [at for at in wrote if written_to is not None and at > written_to],
        "lead": [_known_by(talk) for talk in person.talks_with_lead],
        "appointment": [_known_by(talk) for talk in person.talks_with_visit]
        + [cut(booking.booked_at) for booking in person.bookings],
        "customer": [] if person.became_customer_at is None else [cut(person.became_customer_at)],
    }
    found: dict[str, int | None] = {"contact": cut(person.first_contact_at)}
    for number, stage in enumerate(STAGES[1:], start=1):
        found[stage] = min((at for later in STAGES[number:] for at in evidence[later]), default=None)
    return found


def last_event(person: Person) -> tuple[int, str]:
    """The last that happened with a person, and the second it did; of two in one second the last by name."""
    found = [(cut(at), "lead_created") for at, _ in sorted(person.leads)[:1]]
    for talk in person.talks:
        at, event = talk.last_event
        found.append((cut(at), event))
    for booking in person.bookings:
        if booking.status != "attended":
            missed = booking.status == "no_show" and booking.scheduled_for is not None
            found.append((cut(booking.scheduled_for if missed else booking.booked_at), f"booking_{booking.status}"))
    return max(found)


def furthest_stage(person: Person) -> str:
    return STAGES[sum(person.stages)]


def _cohorts(facts: Facts) -> Iterator[tuple[Person, tuple[str, date | None, str]]]:
    """Every person once in each of the rows that they are counted in: of their month and of all, of their channel and all."""
    for person in people(facts):
        month = facts.local_date(person.first_contact_at).replace(day=1)
        for period, start in (("month", month), ("total", None)):
            for channel in (person.channel, EVERYBODY):
                yield person, (period, start, channel)


def funnel_stage_times(facts: Facts) -> pd.DataFrame:
    seconds: dict[tuple[object, ...], list[int]] = {}
    for person, cohort in _cohorts(facts):
        instants = reached(person)
        for begin, end in STEPS:
            began, ended, contact = instants[begin], instants[end], instants["contact"]
            if began is not None and ended is not None and contact is not None and contact <= began <= ended:
                seconds.setdefault((*cohort, f"{begin}_to_{end}"), []).append(ended - began)
    rows = [
        (facts.tenant_id, *key, len(times), mean(times), percentile(times, 0.5), percentile(times, 0.9))
        for key, times in seconds.items()
    ]
    names = ["tenant_id", "period", "period_start", "channel", "step", "people"]
    return pd.DataFrame(rows, columns=[*names, "mean_seconds", "median_seconds", "p90_seconds"], dtype=object)


def time_to_conversion(facts: Facts) -> pd.DataFrame:
    cohorts: dict[tuple[object, ...], list[Person]] = {}
    for person, cohort in _cohorts(facts):
        if person.became_customer_at is not None:
            cohorts.setdefault(cohort, []).append(person)
    rows = []
    for cohort, customers in cohorts.items():
        timed = [each for each in customers if _became(each) >= each.first_contact_at]
        days = [(facts.local_date(_became(each)) - facts.local_date(each.first_contact_at)).days for each in timed]
        messages = [messages_before(each, "customer", "human", "bot") for each in timed]
        buckets = [sum(low <= day <= high for day in days) for low, high in BUCKETS.values()]
        quantiles = [
            figure
            for values in (days, messages)
            for figure in (mean(values), *(percentile(values, p) for p in (0.5, 0.9)))
        ]
        own = mean([messages_before(each, "customer") for each in timed])
        rows.append((facts.tenant_id, *cohort, len(customers), len(timed), *buckets, *quantiles, own))
    names = ["tenant_id", "period", "period_start", "channel", "customers", "timed_customers", *BUCKETS]
    names += [f"{figure}_{unit}" for unit in ("days", "messages") for figure in ("mean", "median", "p90")]
    return pd.DataFrame(rows, columns=[*names, "mean_customer_messages"], dtype=object)


BUCKETS = {
    "same_day": (0, 0),
    "days_1_to_7": (1, 7),
    "days_8_to_30": (8, 30),
    "days_31_to_90": (31, 90),
    "over_90_days": (91, 10**6),
}


def _became(person: Person) -> datetime:
    assert person.became_customer_at is not None
    return person.became_customer_at


def messages_before(person: Person, *whats: str) -> int:
    """Messages, dated to whole seconds, before the person became a customer."""
    became = _became(person).timestamp()
    return sum(cut(at) < became for talk in person.talks for at in talk.times(*whats))


def funnel_abandonment_daily(facts: Facts) -> pd.DataFrame:
    count: Counter[tuple[object, ...]] = Counter()
    for person in people(facts):
        if person.became_customer_at is None:
            second, event = last_event(person)
            day = facts.local_date(datetime.fromtimestamp(second, UTC))
            count[day, person.channel, furthest_stage(person), event] += 1
    rows = [(facts.tenant_id, *key, number) for key, number in count.items()]
    names = ["tenant_id", "last_event_date", "channel", "stage", "last_event", "people"]
    return pd.DataFrame(rows, columns=names, dtype=object)
