"""Who writes when: the processes that begin talks, and the people a tenant starts with."""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator
from datetime import datetime
from itertools import chain

from sandbox.world.people import Person
from sandbox.world.profile import Door
from sandbox.world.records import Inbox
from sandbox.world.rhythm import Rhythm
from sandbox.world.simulation import Simulation
from sandbox.world.talk import Talk
from sandbox.world.upkeep import upkeep

Way = tuple[Door, Inbox]


def begin(sim: Simulation) -> None:
    """Start everything that runs by itself."""
    profile = sim.profile
    rng = sim.rng("founding")
    for _ in range(int(0.12 * profile.conversations * sim.scale)):
        person = sim.new_person(rng, member=True)
        person.source_channel, person.campaign_id = sim.marketing.origin(rng, sim.now)
    _import_contacts(sim, rng)
    if sim.bot:
        sim.begin(sim.marketing.process(sim.start))
    sim.begin(_arrivals(sim, "chatwoot", max(1, round(profile.conversations * sim.scale))))
    if profile.bot_only_talks:
        sim.begin(_arrivals(sim, "bot", max(1, round(profile.bot_only_talks * sim.scale))))
    sim.begin(upkeep(sim))


def _import_contacts(sim: Simulation, rng: random.Random) -> None:
    """Contacts brought in from a list, most of whom never wrote."""
    for person in sim.members:
        if person.phone and rng.random() < 0.2:
            contact = sim.chatwoot.create_contact(person.name, phone_number=person.phone.e164())
            sim.contacts_by_phone[person.phone.e164()] = contact.id
            sim.ledger.contact_phone[contact.id] = person.phone.canonical


def _arrivals(sim: Simulation, side: str, talks: int) -> Generator[datetime, None, None]:
    profile = sim.profile
    rhythm = Rhythm(
        key=[sim.seed, int.from_bytes(profile.slug.encode(), "big"), len(side)],
        timezone=profile.timezone,
        start=sim.start,
        end=sim.end,
        talks=talks,
        hours=profile.hours,
        weekdays=profile.weekdays,
        months=profile.months,
        closed=sim.closed,
        lift=sim.marketing.lift,
    )
    times: Iterator[datetime] = chain(rhythm.history(), rhythm.future())
    sim.rhythms[side] = rhythm
    for number, at in enumerate(times):
        yield at
        sim.ledger.arrivals.append((side, at))
        rng = sim.rng(side, number)
        talk = _bot_only_talk(sim, rng) if side == "bot" else chatwoot_talk(sim, rng)
        sim.begin(talk.run())


def chatwoot_talk(sim: Simulation, rng: random.Random) -> Talk:
    way = sim.doors[sim.choose_door(rng)]
    kind = rng.random()
    if kind < 0.055 and sim.staff.is_open(sim.now):
        person = sim.free_person(rng, members=False)
        whatsapp = sim.doors[0]
        if person and person.phone:
            return Talk(
                sim, rng, person, sim.lead_topic(rng), *whatsapp, began_by="campaign" if kind < 0.015 else "agent"
            )
    if kind > 0.9:
        return _stranger(sim, rng, way, kind)
    topic = sim.choose_topic(rng)
    return Talk(sim, rng, _customer(sim, rng, topic.member), topic, *way)


def _customer(sim: Simulation, rng: random.Random, member: bool) -> Person:
    """A member writes about members' things; most prospects are new, some come back."""
    if member or rng.random() < 0.2:
        known = sim.free_person(rng, members=member)
        if known:
            return known
    person = sim.new_person(rng, member)
    person.source_channel, person.campaign_id = sim.marketing.origin(rng, sim.now)
    return person


def _stranger(sim: Simulation, rng: random.Random, way: Way, kind: float) -> Talk:
    """Suppliers, job seekers, wrong numbers."""
    trade = "supplier" if kind < 0.935 else "jobseeker" if kind < 0.958 else "chitchat"
    nuisances = [p for p in sim.strangers[-40:] if not p.busy]
    if nuisances and rng.random() < 0.2:
        person = rng.choice(nuisances)
        return Talk(sim, rng, person, sim.texts.topics[person.trade or trade], *way)
    person = sim.new_person(rng)
    sim.strangers.append(person)
    person.trade = trade
    if trade == "supplier" and rng.random() < 0.4:
        person.phone = sim.phonebook.landline(rng)
    return Talk(sim, rng, person, sim.texts.topics[trade], *way)


def _bot_only_talk(sim: Simulation, rng: random.Random) -> Talk:
    """With the bot outside Chatwoot (its own page), where a phone is not always told."""
    topic = sim.choose_topic(rng)
    known = sim.free_person(rng, members=False) if rng.random() < 0.25 else None
    person = known or sim.new_person(rng)
    if known is None:
        person.source_channel, person.campaign_id = sim.marketing.origin(rng, sim.now)
        if rng.random() < 0.3:
            person.phone = None
    return Talk(sim, rng, person, topic, None, None)
