"""fct_bookings: what each booking is worth, when, and to whom it belongs."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import NO_CHANNEL, attended_at, is_overdue, lead_channels, person_of_lead


def fct_bookings(facts: Facts) -> pd.DataFrame:
    """One row per booking."""
    channels, people = lead_channels(facts), person_of_lead(facts)
    campaigns = dict(zip(facts.leads["lead_id"], facts.leads["campaign_id"], strict=True))
    rows = []
    for booking in facts.bookings.itertuples(index=False):
        lead, attended = booking.lead_id, attended_at(booking)
        value = booking.value or Decimal(0)
        rows.append(
            {
                "tenant_id": facts.tenant_id,
                "booking_id": booking.booking_id,
                "lead_id": lead if lead in channels else None,
                "source_lead_id": lead,
                "person_id": people[lead].person_id if lead in people else None,
                "channel": channels.get(lead, NO_CHANNEL),
                "campaign_id": campaigns.get(lead),
                "procedure": booking.procedure,
                "status": booking.status,
                "currency": booking.currency or facts.currency,
                "value": booking.value,
                "revenue": value if booking.status == "attended" else Decimal(0),
                "pipeline": value if booking.status == "booked" else Decimal(0),
                "booked_at": booking.booked_at,
                "booked_date": facts.local_date(booking.booked_at),
                "scheduled_for": booking.scheduled_for,
                "scheduled_date": facts.local_date(booking.scheduled_for or booking.booked_at),
                "is_overdue": is_overdue(facts, booking),
                "is_attended": attended is not None,
                "attended_at": attended,
                "attended_date": facts.local_date(attended) if attended else None,
                "is_attended_without_value": attended is not None and booking.value is None,
            }
        )
    return pd.DataFrame(rows, dtype=object)
