"""Who is one person, when they first came, by which channel, and how far they got."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.oracle.facts import Facts
from tests.oracle.phones import e164_brazil
from tests.oracle.timeline import Talk, talks, to_the_second

NO_CHANNEL = "(none)"
LEAD_STATUSES = {"qualified", "scheduled", "converted"}


class _Groups:
    """Disjoint sets of things that are one."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, item: Hashable) -> Hashable:
        self._parent.setdefault(item, item)
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, one: Hashable, other: Hashable) -> None:
        self._parent[self.find(one)] = self.find(other)


@dataclass
class Person:
    """All that is known of one person: Chatwoot's contacts, the talks, the bot's leads and their bookings."""

    # after the lowest contact, else the lowest lead
    person_id: str = ""
    contact_ids: list[int] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    leads: list[tuple[datetime, str]] = field(default_factory=list)
    bookings: list[Any] = field(default_factory=list)
    source_channel: str | None = None
    channel: str = NO_CHANNEL
    campaign_id: str | None = None
    lead: bool = False
    appointment: bool = False
    # the talks in which the analysis found them
    talks_with_lead: list[Talk] = field(default_factory=list)
    talks_with_visit: list[Talk] = field(default_factory=list)
    became_customer_at: datetime | None = None

    @property
    def in_funnel(self) -> bool:
        return bool(self.talks or self.leads)

    @property
    def first_contact_at(self) -> datetime:
        """A talk is dated to whole seconds, a lead as the bot has it."""
        return min(
            [to_the_second(talk.created_at) for talk in self.talks] + [created_at for created_at, _ in self.leads]
        )

    @property
    def wrote_at(self) -> list[datetime]:
        """When the person wrote, in whichever talk, in order."""
        return sorted(at for talk in self.talks for at in talk.times("customer"))

    @property
    def engaged(self) -> bool:
        """The customer wrote after somebody, human or bot, had written to them, in any of their talks."""
        written_to = [at for talk in self.talks for at in talk.times("human", "bot")]
        wrote = [at for talk in self.talks for at in talk.times("customer")]
        return bool(written_to and wrote) and max(wrote) > min(written_to)

    @property
    def stages(self) -> tuple[bool, bool, bool, bool]:
        """engaged, lead, appointment, customer: reaching one implies all before it."""
        customer = self.became_customer_at is not None
        appointment = customer or self.appointment
        lead = appointment or self.lead
        return lead or self.engaged, lead, appointment, customer


def people(facts: Facts) -> list[Person]:
    """Everybody who has talked, or whom the bot holds as a lead; a contact with neither is not here."""
    return [person for person in everybody(facts) if person.in_funnel]


def everybody(facts: Facts) -> list[Person]:
    """All people, contacts with neither talk nor lead included."""
    if "people" not in facts.derived:
        facts.derived["people"] = _people(facts)
    return list(facts.derived["people"])


def person_of_lead(facts: Facts) -> dict[str, Person]:
    """Whose lead each lead of the bot is, those too that only a talk names."""
    people(facts)
    return dict(facts.derived["person_of_lead"])


def _people(facts: Facts) -> list[Person]:
    group = _Groups()
    for kind, frame, key in (("contact", facts.contacts, "contact_id"), ("lead", facts.leads, "lead_id")):
        for identity, phone in zip(frame[key], frame["phone"], strict=True):
            group.find((kind, identity))
            if number := e164_brazil(phone):
                group.join((kind, identity), ("phone", number))
    all_talks = list(talks(facts))
    for talk in all_talks:
        if talk.contact_id is not None and talk.lead_id is not None:
            group.join(("contact", talk.contact_id), ("lead", talk.lead_id))

    found = {group.find(("contact", contact_id)): Person() for contact_id in facts.contacts["contact_id"]}
    for talk in all_talks:
        owner = ("contact", talk.contact_id) if talk.contact_id is not None else ("lead", talk.lead_id)
        found.setdefault(group.find(owner), Person()).talks.append(talk)
    by_lead: dict[str, Person] = {}
    for lead in facts.leads.itertuples(index=False):
        person = found.setdefault(group.find(("lead", lead.lead_id)), Person())
        by_lead[lead.lead_id] = person
        person.leads.append((lead.created_at, lead.lead_id))
        person.lead |= lead.status in LEAD_STATUSES
        _became_customer(person, lead.converted_at)

    # the bot may have forgotten a lead whose talk is still there
    for talk in all_talks:
        if talk.lead_id is not None:
            by_lead.setdefault(talk.lead_id, found[group.find(("lead", talk.lead_id))])
    facts.derived["person_of_lead"] = by_lead

    _name(facts, group, found)
    _read_bookings(facts, by_lead)
    _read_analysis(facts, found.values())
    channels = lead_channels(facts)
    leads = {lead.lead_id: lead for lead in facts.leads.itertuples(index=False)}
    for person in found.values():
        if person.leads:
            first = leads[min(person.leads)[1]]
            person.channel, person.campaign_id = channels[first.lead_id], first.campaign_id
            person.source_channel = first.source_channel
    return list(found.values())


def lead_channels(facts: Facts) -> dict[str, str]:
    """A lead's own channel, else its campaign's, else `(none)`."""
    if "lead_channels" not in facts.derived:
        facts.derived["lead_channels"] = _lead_channels(facts)
    return dict(facts.derived["lead_channels"])


def _lead_channels(facts: Facts) -> dict[str, str]:
    campaigns = dict(zip(facts.campaigns["campaign_id"], facts.campaigns["channel"], strict=True))
    return {
        lead.lead_id: lead.source_channel or campaigns.get(lead.campaign_id) or NO_CHANNEL
        for lead in facts.leads.itertuples(index=False)
    }


def attended_at(booking: object) -> datetime | None:
    """The instant a booking was attended: when it was scheduled for, else when it was booked; None if it was not."""
    if booking.status != "attended":  # type: ignore[attr-defined]
        return None
    return booking.scheduled_for or booking.booked_at  # type: ignore[attr-defined]


def is_overdue(facts: Facts, booking: object) -> bool:
    """Still booked after the day it was scheduled for; one scheduled for no day never is."""
    scheduled = booking.scheduled_for  # type: ignore[attr-defined]
    if booking.status != "booked" or scheduled is None or facts.today is None:  # type: ignore[attr-defined]
        return False
    return facts.local_date(scheduled) < facts.today


def _name(facts: Facts, group: _Groups, found: Mapping[Hashable, Person]) -> None:
    members: dict[Hashable, tuple[set[Any], set[Any]]] = {}
    for place, (kind, frame, key) in enumerate(
        (("contact", facts.contacts, "contact_id"), ("lead", facts.leads, "lead_id"))
    ):
        for identity in [*frame[key], *facts.talks[key]]:
            if identity is not None:
                members.setdefault(group.find((kind, identity)), (set(), set()))[place].add(identity)
    for root, person in found.items():
        contacts, leads = members[root]
        person.person_id = f"contact-{min(contacts)}" if contacts else f"lead-{min(leads)}"
        person.contact_ids = sorted(contacts)


def _became_customer(person: Person, at: datetime | None) -> None:
    if at is not None:
        person.became_customer_at = at if person.became_customer_at is None else min(at, person.became_customer_at)


def _read_bookings(facts: Facts, by_lead: dict[str, Person]) -> None:
    for booking in facts.bookings.itertuples(index=False):
        if (person := by_lead.get(booking.lead_id)) is not None:
            person.bookings.append(booking)
            person.appointment = True
            _became_customer(person, attended_at(booking))


def _read_analysis(facts: Facts, everybody: Iterable[Person]) -> None:
    said = {row.talk_id: row for row in facts.analysis.itertuples(index=False)}
    for person in everybody:
        for talk in person.talks:
            if (row := said.get(talk.talk_id)) is not None:
                person.lead |= bool(row.is_lead)
                person.appointment |= bool(row.visit_scheduled)
                person.talks_with_lead += [talk] if row.is_lead else []
                person.talks_with_visit += [talk] if row.visit_scheduled else []
