"""Touches, and to which of them each conversion is credited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import NO_CHANNEL, Person, attended_at, lead_channels, people, person_of_lead
from tests.oracle.timeline import Talk, cut, to_the_second

WINDOW, HALF_LIFE = timedelta(days=90), timedelta(days=7)
MODELS = ("first", "last", "linear", "time_decay", "position_based")


@dataclass(frozen=True)
class Touch:
    touchpoint_id: str
    kind: str
    touched_at: datetime
    channel: str
    campaign_id: str | None
    lead_id: str | None
    talk: Talk | None


def touches(facts: Facts) -> dict[str, list[Touch]]:
    """Everybody's touches in their order, by person."""
    channels = lead_channels(facts)
    campaigns = dict(zip(facts.leads["lead_id"], facts.leads["campaign_id"], strict=True))
    return {person.person_id: _touches(person, channels, campaigns) for person in people(facts)}


def _touches(person: Person, channels: Mapping[str, str], campaigns: Mapping[str, str | None]) -> list[Touch]:
    """Each lead, and each talk but the one with which a lead came: its first, if that began within a day of it."""
    found = [
        Touch(f"lead-{lead}", "lead", at, channels[lead], campaigns[lead], lead, None) for at, lead in person.leads
    ]
    seen: set[str] = set()
    came = {lead: at for at, lead in person.leads}
    for talk in sorted(person.talks, key=lambda talk: (cut(talk.created_at), talk.talk_id)):
        lead = talk.lead_id if talk.lead_id in channels else None
        if lead is not None and lead not in seen:
            seen.add(lead)
            if abs(to_the_second(talk.created_at) - came[lead]) <= timedelta(days=1):
                continue
        channel = NO_CHANNEL if lead is None else channels[lead]
        began = talk.created_at.replace(microsecond=0)
        found.append(
            Touch(f"conversation-{talk.talk_id}", "conversation", began, channel, campaigns.get(lead), lead, talk)
        )
    return sorted(found, key=lambda touch: (touch.touched_at, touch.touchpoint_id))


def fct_touchpoints(facts: Facts) -> pd.DataFrame:
    rows = [
        {
            "tenant_id": facts.tenant_id,
            "touchpoint_id": touch.touchpoint_id,
            "kind": touch.kind,
            "person_id": person_id,
            "lead_id": touch.lead_id,
            "conversation_id": None if touch.talk is None else touch.talk.talk_id,
            "channel": touch.channel,
            "campaign_id": touch.campaign_id,
            "touched_at": touch.touched_at,
            "inbox_id": None if touch.talk is None else touch.talk.inbox_id,
            "touched_date": facts.local_date(touch.touched_at),
        }
        for person_id, found in touches(facts).items()
        for touch in found
    ]
    return pd.DataFrame(rows, dtype=object)


def weights(model: str, ages: Sequence[timedelta]) -> list[Fraction]:
    """What each touch, the first first, weighs in a model, by its age at the conversion."""
    last = len(ages) - 1
    if model == "time_decay":
        return [Fraction(0.5 ** (age / HALF_LIFE)) for age in ages]
    if model == "position_based" and last >= 2:
        return [Fraction(2, 5) if n in (0, last) else Fraction(1, 5) / (last - 1) for n in range(last + 1)]
    credited = {"first": [0], "last": [last]}.get(model, range(last + 1))
    return [Fraction(n in credited) for n in range(last + 1)]


def parts(whole: Decimal, shares: Sequence[Fraction], places: int) -> list[Decimal]:
    """The whole in these shares, rounded as they add up: the parts are the whole to the last digit."""
    total, so_far, given, found = sum(shares), Fraction(0), Decimal(0), []
    for share in shares:
        so_far += share
        exact = Fraction(whole) * so_far / total * 10**places
        through = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP)
        through = through.scaleb(-places)
        found.append(through - given)
        given = through
    return found


def fct_attribution(facts: Facts) -> pd.DataFrame:
    everybody, touched = people(facts), touches(facts)
    owner = person_of_lead(facts)
    conversions: list[tuple[str, Person | None, datetime, str, Decimal]] = []
    paid: set[int] = set()
    for booking in facts.bookings.itertuples(index=False):
        if (instant := attended_at(booking)) is not None:
            person = owner.get(booking.lead_id)
            paid |= {id(person)}
            value, currency = booking.value or Decimal(0), booking.currency or facts.currency
            conversions.append((f"booking-{booking.booking_id}", person, instant, currency, value))
    for person in everybody:
        if person.became_customer_at is not None and id(person) not in paid:
            conversions.append(
                (f"customer-{person.person_id}", person, person.became_customer_at, facts.currency, Decimal(0))
            )
    rows = []
    for conversion_id, person, at, currency, value in conversions:
        found = [] if person is None else touched[person.person_id]
        within: Sequence[Touch | None] = [t for t in found if at - WINDOW <= t.touched_at <= at] or [None]
        ages = [timedelta(0) if touch is None else at - touch.touched_at for touch in within]
        for model in MODELS:
            shares = weights(model, ages)
            credits, money = parts(Decimal(1), shares, 10), parts(value, shares, 2)
            for number, (touch, share, credit, amount) in enumerate(
                zip(within, shares, credits, money, strict=True), 1
            ):
                if share:
                    rows.append(
                        {
                            "tenant_id": facts.tenant_id,
                            "conversion_id": conversion_id,
                            "person_id": None if person is None else person.person_id,
                            "converted_at": at,
                            "model": model,
                            "touch_number": number,
                            "touches": len(within),
                            "touchpoint_id": None if touch is None else touch.touchpoint_id,
                            "touched_at": None if touch is None else touch.touched_at,
                            "channel": NO_CHANNEL if touch is None else touch.channel,
                            "campaign_id": None if touch is None else touch.campaign_id,
                            "conversion_date": facts.local_date(at),
                            "currency": currency,
                            "value": value,
                            "credit": float(credit),
                            "credited_value": amount,
                        }
                    )
    return pd.DataFrame(rows, dtype=object)
