"""dim_contacts and dim_contact_pii: who each person is, where they came from and how far they got."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.journeys import (
    STAGES,
    first_inbox,
    furthest_stage,
    last_event,
    messages_before,
    procedure_of_interest,
    reached,
)
from tests.oracle.leads import wants_to_buy
from tests.oracle.people import Person, everybody
from tests.oracle.phones import e164_brazil
from tests.oracle.timeline import to_the_second


def initials(name: str | None) -> str | None:
    """The first character of a name and that of its last word."""
    words = (name or "").split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or None


def masked(phone: str | None) -> str | None:
    """A phone that shows its first and last four digits, of eleven at least; of a shorter one the last two."""
    if phone is None:
        return None
    digits = phone.removeprefix("+")
    return f"{digits[:4]}****{digits[-4:]}" if len(digits) >= 11 else f"****{digits[-2:]}"


def never_shown(facts: Facts) -> set[str]:
    """People whom a tenant may not know: anonymous contacts that have no conversation now, and may never have had one
    when Chatwoot was read."""
    talked = set(facts.talks["contact_id"])
    anonymous = (contact.contact_id for contact in facts.contacts.itertuples(index=False) if contact.anonymous)
    return {f"contact-{contact_id}" for contact_id in anonymous if contact_id not in talked}


def dim_contact_pii(facts: Facts) -> pd.DataFrame:
    """One row per person: what they are called and where they are reached, and what others are shown of it."""
    contacts = {contact.contact_id: contact for contact in facts.contacts.itertuples(index=False)}
    leads = {lead.lead_id: lead for lead in facts.leads.itertuples(index=False)}
    rows = []
    for person in everybody(facts):
        # in the order in which a person is named after them
        members = [contacts[contact_id] for contact_id in person.contact_ids if contact_id in contacts]
        members += [leads[lead_id] for lead_id in sorted(lead_id for _, lead_id in person.leads)]
        name = next((m.name.strip() for m in members if m.name and any(map(str.isalpha, m.name))), None)
        phone = max((phone for m in members if (phone := e164_brazil(m.phone))), default=None)
        rows.append(
            {
                "tenant_id": facts.tenant_id,
                "person_id": person.person_id,
                "name": name,
                "phone_e164": phone,
                "email": next((m.email for m in members if m.email and "@" in m.email), None),
                "initials": initials(name),
                "masked_phone": masked(phone),
            }
        )
    return pd.DataFrame(rows, dtype=object)


def dim_contacts(facts: Facts) -> pd.DataFrame:
    """One row per person."""
    personal = {person.person_id: person for person in dim_contact_pii(facts).itertuples(index=False)}
    rows = []
    for person in everybody(facts):
        wrote_at = person.wrote_at
        rows.append(
            {
                "tenant_id": facts.tenant_id,
                "person_id": person.person_id,
                "initials": personal[person.person_id].initials,
                "masked_phone": personal[person.person_id].masked_phone,
                "contacts": len(person.contact_ids),
                "leads": len(person.leads),
                "source_channel": person.source_channel,
                "channel": person.channel,
                "campaign_id": person.campaign_id,
                "inbox_id": first_inbox(person),
                "procedure": procedure_of_interest(person),
                "conversations": len(person.talks),
                "customer_messages": len(wrote_at),
                "bookings": len(person.bookings),
                "last_customer_message_at": to_the_second(wrote_at[-1]) if wrote_at else None,
                "lead_probability": wants_to_buy(facts, person),
                **_stages(facts, person),
                **_as_a_customer(facts, person),
                **_last_event(facts, person),
            }
        )
    return pd.DataFrame(rows, dtype=object)


def _stages(facts: Facts, person: Person) -> dict[str, Any]:
    since = reached(person) if person.in_funnel else dict.fromkeys(STAGES)
    contacted_at = person.first_contact_at if person.in_funnel else None
    return {
        "first_contact_at": contacted_at,
        "cohort_date": facts.local_date(contacted_at) if contacted_at else None,
        "is_in_funnel": person.in_funnel,
        **{f"is_{stage}": stood for stage, stood in zip(STAGES[1:], person.stages, strict=True)},
        "stage": furthest_stage(person) if person.in_funnel else None,
        **{f"{stage}_at": _instant(since[stage]) for stage in ("engaged", "lead", "appointment")},
    }


def _as_a_customer(facts: Facts, person: Person) -> dict[str, Any]:
    since = person.became_customer_at
    won_before = since is not None and since < person.first_contact_at
    days = None
    if since is not None and not won_before:
        days = (facts.local_date(since) - facts.local_date(person.first_contact_at)).days
    return {
        "customer_since": since,
        "customer_date": facts.local_date(since) if since else None,
        "days_to_customer": days,
        "is_won_before_contact": won_before,
        "customer_messages_to_customer": messages_before(person, "customer") if since else None,
        "messages_to_customer": messages_before(person, "customer", "human", "bot") if since else None,
    }


def _last_event(facts: Facts, person: Person) -> dict[str, Any]:
    second, event = last_event(person) if person.in_funnel else (None, None)
    at = _instant(second)
    return {"last_event": event, "last_event_at": at, "last_event_date": facts.local_date(at) if at else None}


def _instant(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)
