"""The truth about people: who they are, as contacts, as leads, and what each talk was really about."""

from __future__ import annotations

import pandas as pd

from sandbox.world.frames import frame
from sandbox.world.knowledge import Knowledge, text


def people(known: Knowledge) -> pd.DataFrame:
    def name(contacts: list[int], leads: list[str]) -> str | None:
        if leads:
            return named[leads[0]].name
        return known.account.contacts[contacts[0]].name

    named = {str(lead_id): person for lead_id, person in known.sim.ledger.lead_person.items()}
    return frame(
        (
            (person_id, known.people.phones.get(person_id), name(contacts, leads), tuple(contacts), tuple(leads))
            for person_id, (contacts, leads) in known.people.members.items()
        ),
        "person_id phone name contact_ids lead_ids",
    )


def contacts(known: Knowledge) -> pd.DataFrame:
    phones = known.sim.ledger.contact_phone
    return frame(
        (
            (
                c.id,
                known.people.of_contact(c.id),
                c.name,
                phones.get(c.id),
                c.phone_number,
                c.email,
                not (c.phone_number or c.email or c.identifier),
                c.created_at,
            )
            for c in known.account.contacts.values()
        ),
        "contact_id person_id name phone phone_written email anonymous created_at",
    )


def leads(known: Knowledge) -> pd.DataFrame:
    return frame(
        (
            (
                str(lead.id),
                known.people.of_lead(lead.id),
                known.sim.ledger.lead_phone.get(lead.id),
                lead.phone,
                lead.name,
                lead.email,
                lead.source_channel,
                text(lead.campaign_id),
                known.channel(lead.id),
                lead.maturity_score,
                lead.status,
                lead.created_at,
                lead.updated_at,
                lead.converted_at,
            )
            for lead in known.rows("leads")
        ),
        "lead_id person_id phone phone_written name email source_channel campaign_id channel maturity_score status "
        "created_at updated_at converted_at",
    )


def journeys(known: Knowledge) -> pd.DataFrame:
    rows = []
    for j in known.sim.ledger.journeys:
        if j.conversation_id in known.account.conversations:
            key = known.key(j.conversation_id)
        elif j.bot_conversation_id is not None:
            key = known.bot_key(j.bot_conversation_id)
        else:
            continue
        rows.append(
            (
                key,
                j.topic,
                j.lead,
                j.mood,
                j.channel,
                j.maturity_score,
                j.first_reply_seconds,
                j.p_engage,
                j.engaged,
                j.engaged_at,
                j.p_book,
                j.booked,
                j.decided_at,
                j.p_attend,
                j.visit_agreed,
                j.visit_at,
                text(j.booking_id),
            )
        )
    data = frame(
        rows,
        "conversation_id topic is_lead mood channel maturity_score first_reply_seconds p_engage engaged engaged_at p_book "
        "booked decided_at p_attend visit_agreed visit_at booking_id",
    )
    for name in ("first_reply_seconds", "p_engage", "p_book", "p_attend"):
        data[name] = data[name].astype("float64")
    return data
