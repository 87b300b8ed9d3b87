"""fct_leads, lead_engagement and lead_matrix_daily: what became of each lead, how warm it is, and where they stand together."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.figures import ratio
from tests.oracle.people import Person, attended_at, lead_channels, person_of_lead
from tests.oracle.timeline import Talk, cut, to_the_second

HIGH_SCORE, HIGH_PROBABILITY = 60, 3
MATRIX = [
    *("tenant_id", "created_date", "channel", "quadrant", "leads", "open_leads", "customers", "conversion"),
    *("scored_customers", "maturity_score_at_conversion"),
]


def wants_to_buy(facts: Facts, person: Person) -> float | None:
    """What the analysis says of the talk with the latest word in it, of those it has read."""
    if "lead_probability" not in facts.derived:
        facts.derived["lead_probability"] = {
            talk_id: said
            for talk_id, said in zip(facts.analysis["talk_id"], facts.analysis["lead_probability"], strict=True)
            if said is not None
        }
    said = facts.derived["lead_probability"]

    def latest(talk: Talk) -> tuple[int, int, str]:
        spoken = talk.times("customer", "human", "bot")
        return (cut(max(spoken)) if spoken else -1, cut(talk.created_at), talk.talk_id)

    read = [talk for talk in person.talks if talk.talk_id in said]
    return float(said[max(read, key=latest).talk_id]) if read else None


def quadrant(score: float | None, probability: float | None) -> str | None:
    """How far the bot's score and the analysis agree that this one will buy."""
    if score is None or probability is None:
        return None
    return {
        (True, True): "CONVERT",
        (True, False): "NURTURE",
        (False, True): "PUSH",
        (False, False): "DISCARD",
    }[score >= HIGH_SCORE, probability >= HIGH_PROBABILITY]


def fct_leads(facts: Facts) -> pd.DataFrame:
    """One row per lead of the bot."""
    people, channels = person_of_lead(facts), lead_channels(facts)
    booked: dict[str, list[datetime | None]] = {}
    for booking in facts.bookings.itertuples(index=False):
        booked.setdefault(booking.lead_id, []).append(attended_at(booking))
    rows = []
    for lead in facts.leads.itertuples(index=False):
        person = people[lead.lead_id]
        bookings = booked.get(lead.lead_id, [])
        attended = [at for at in bookings if at is not None]
        converted_at = min([*attended, *([lead.converted_at] if lead.converted_at else [])], default=None)
        contacted_at, wrote_at = person.first_contact_at, person.wrote_at
        probability = wants_to_buy(facts, person)
        early = converted_at is not None and converted_at < contacted_at
        days = None if converted_at is None else facts.local_date(converted_at) - facts.local_date(contacted_at)
        rows.append(
            {
                "tenant_id": facts.tenant_id,
                "lead_id": lead.lead_id,
                "person_id": person.person_id,
                "source_channel": lead.source_channel,
                "channel": channels[lead.lead_id],
                "campaign_id": lead.campaign_id,
                "status": lead.status,
                "maturity_score": lead.maturity_score,
                "lead_probability": probability,
                "quadrant": quadrant(lead.maturity_score, probability),
                "created_at": lead.created_at,
                "created_date": facts.local_date(lead.created_at),
                "first_contact_at": contacted_at,
                "first_contact_date": facts.local_date(contacted_at),
                "converted_at": converted_at,
                "converted_date": facts.local_date(converted_at) if converted_at else None,
                "is_customer": converted_at is not None,
                "is_open": converted_at is None and lead.status not in ("converted", "lost"),
                "days_to_conversion": None if days is None or early else days.days,
                "is_won_before_contact": early,
                "bookings": len(bookings),
                "attended_bookings": len(attended),
                "conversations": len(person.talks),
                "customer_messages": len(wrote_at),
                "last_customer_message_at": to_the_second(wrote_at[-1]) if wrote_at else None,
                "last_customer_message_date": facts.local_date(wrote_at[-1]) if wrote_at else None,
            }
        )
    return pd.DataFrame(rows, dtype=object)


def lead_engagement(facts: Facts) -> pd.DataFrame:
    """One row per lead of the bot: how warm it is by the source's today."""
    rows = []
    for lead in fct_leads(facts).itertuples(index=False):
        wrote_on, today = lead.last_customer_message_date, facts.today
        silent = max((today - wrote_on).days, 0) if wrote_on and today else None
        rows.append(
            {
                "tenant_id": facts.tenant_id,
                "lead_id": lead.lead_id,
                "person_id": lead.person_id,
                "channel": lead.channel,
                "campaign_id": lead.campaign_id,
                "status": lead.status,
                "created_date": lead.created_date,
                "conversations": lead.conversations,
                "customer_messages": lead.customer_messages,
                "maturity_score": lead.maturity_score,
                "lead_probability": lead.lead_probability,
                "quadrant": lead.quadrant,
                "is_customer": lead.is_customer,
                "maturity_score_at_conversion": lead.maturity_score if lead.is_customer else None,
                "is_open": lead.is_open,
                "last_customer_message_at": lead.last_customer_message_at,
                "as_of_date": today,
                "silent_days": silent,
                "engagement": math.exp(-silent / 7) if lead.is_open and silent is not None else None,
            }
        )
    return pd.DataFrame(rows, dtype=object)


def lead_matrix_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day, channel and quadrant of a lead."""
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for lead in fct_leads(facts).itertuples(index=False):
        groups.setdefault((lead.created_date, lead.channel, lead.quadrant), []).append(lead)
    rows = []
    for key, leads in groups.items():
        customers = [lead for lead in leads if lead.is_customer]
        scores = [lead.maturity_score for lead in customers if lead.maturity_score is not None]
        rows.append(
            (
                *(facts.tenant_id, *key, len(leads), sum(lead.is_open for lead in leads), len(customers)),
                *(len(customers) / len(leads), len(scores), ratio(sum(scores), len(scores))),
            )
        )
    return pd.DataFrame(rows, columns=MATRIX, dtype=object)
