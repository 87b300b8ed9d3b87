"""data_quality_daily, as far as facts can be doubtful: the world writes no row that a table refuses, and its syncs go well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import attended_at, is_overdue, people

COLUMNS = ["tenant_id", "date_day", "check_name", "subject", "problems", "longest_seconds"]


def data_quality_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day, check and table in which something is doubtful."""
    rows = [(facts.tenant_id, *key, count, None) for key, count in Counter(_problems(facts)).items()]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def _problems(facts: Facts) -> Iterator[tuple[date, str, str]]:
    for person in people(facts):
        since = person.became_customer_at
        if since is not None and since < person.first_contact_at:
            yield facts.local_date(since), "won_before_contact", "people"
    yield from _of_bookings(facts)
    contacts, leads, campaigns, known = (
        set(facts.contacts["contact_id"]),
        set(facts.leads["lead_id"]),
        set(facts.campaigns["campaign_id"]),
        set(facts.talks["talk_id"]),
    )
    attended = {b.lead_id for b in facts.bookings.itertuples(index=False) if attended_at(b) is not None}
    for lead in facts.leads.itertuples(index=False):
        if lead.campaign_id is not None and lead.campaign_id not in campaigns:
            yield facts.local_date(lead.created_at), "without_its_campaign", "bot.leads"
        if lead.status == "converted" and lead.converted_at is None and lead.lead_id not in attended:
            yield facts.local_date(lead.created_at), "converted_without_date", "bot.leads"
    for talk in facts.talks.itertuples(index=False):
        if talk.contact_id is not None and talk.contact_id not in contacts:
            yield facts.local_date(talk.created_at), "without_its_contact", "chatwoot.conversations"
    for booking in facts.bookings.itertuples(index=False):
        if booking.lead_id not in leads:
            yield facts.local_date(booking.booked_at), "without_its_lead", "bot.procedure_bookings"
    for cost in facts.campaign_costs.itertuples(index=False):
        if cost.campaign_id not in campaigns:
            yield cost.cost_date, "without_its_campaign", "bot.campaign_costs"
    for kind, frame in (("bot.feedback", facts.feedback), ("chatwoot.csat_survey_responses", facts.csat)):
        for answer in frame.itertuples(index=False):
            if answer.talk_id not in known:
                yield facts.local_date(answer.created_at), "without_its_conversation", kind


def _of_bookings(facts: Facts) -> Iterator[tuple[date, str, str]]:
    today, subject = None if facts.as_of is None else facts.local_date(facts.as_of), "bot.procedure_bookings"
    for booking in facts.bookings.itertuples(index=False):
        attended = attended_at(booking)
        if attended is not None and booking.value is None:
            yield facts.local_date(attended), "attended_without_value", subject
        if attended is not None and today is not None and facts.local_date(attended) > today:
            yield facts.local_date(attended), "attended_in_the_future", subject
        if is_overdue(facts, booking):
            yield facts.local_date(booking.scheduled_for), "overdue_booking", subject
