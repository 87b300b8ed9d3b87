"""What happens to an account besides its talks: edits, deletions, merges, people leaving. Most is announced nowhere."""

from __future__ import annotations

import random
from collections.abc import Generator
from datetime import datetime, timedelta

from sandbox.world.people import Person
from sandbox.world.records import Contact
from sandbox.world.simulation import Simulation

LEAVES_AFTER = 0.62
"""When in the history one of the staff leaves, as a fraction of it."""


def upkeep(sim: Simulation) -> Generator[datetime, None, None]:
    """At the tenant's pace: about one act for every forty talks."""
    rng = sim.rng("upkeep")
    days = (sim.end - sim.start) / timedelta(days=1)
    acts_a_day = max(0.05, sim.profile.conversations * sim.scale / days / 30)
    leaves_at: datetime | None = sim.start + (sim.end - sim.start) * LEAVES_AFTER
    while True:
        yield sim.staff.next_open(sim.now + timedelta(days=rng.expovariate(acts_a_day))) + timedelta(
            seconds=rng.uniform(0, 3000)
        )
        if leaves_at and sim.now >= leaves_at:
            leaves_at = None
            _leave(sim)
        act = rng.choices((edit, soft_delete, hard_delete, merge), (4, 3, 1.6, 1.6))[0]
        act(sim, rng)


def _leave(sim: Simulation) -> None:
    """The one but last hired goes; what they wrote stays."""
    staff = list(sim.account.users.values())
    sim.chatwoot.remove_agent(staff[-2])


def edit(sim: Simulation, rng: random.Random) -> None:
    message = sim.old_message(rng, rng.choice(("User", "Contact")))
    if message and message.content and sim.unannounced:
        sim.chatwoot.edit_message(message, f"{message.content} *")


def soft_delete(sim: Simulation, rng: random.Random) -> None:
    message = sim.old_message(rng, "User")
    if message and sim.unannounced:
        sim.chatwoot.delete_message(message)


def hard_delete(sim: Simulation, rng: random.Random) -> None:
    """A conversation of the last weeks vanishes, often a stranger's."""
    recent = []
    for conversation in sim.settled_conversations():
        if conversation.created_at < sim.now - timedelta(days=2):
            recent.append(conversation)
        if len(recent) == 40:
            break
    if len(recent) < 20:
        return
    chosen = rng.choice(recent)
    if sim.unannounced:
        sim.chatwoot.delete_conversation(chosen)
        sim.ledger.removed_conversations.append(chosen.display_id)


def merge(sim: Simulation, rng: random.Random) -> None:
    """Somebody notices that two contacts are one person."""
    account = sim.account
    found: tuple[Contact, Contact] | None = None
    for _ in range(60):
        if not sim.people:
            return
        person = rng.choice(sim.people)
        ids = [i for i in dict.fromkeys(_contacts_of(sim, person)) if i in account.contacts]
        if len(ids) > 1 and not person.busy:
            found = account.contacts[ids[0]], account.contacts[ids[1]]
            break
    if found is None or not sim.unannounced:
        return
    base, mergee = found
    if base.phone_number is None and mergee.phone_number is not None:
        base, mergee = mergee, base
    phone, other = sim.ledger.contact_phone[base.id], sim.ledger.contact_phone.pop(mergee.id)
    sim.ledger.contact_phone[base.id] = phone or other
    if mergee.phone_number:
        # the base keeps its own number; the other one is free again
        kept = base.phone_number is not None
        if kept:
            del sim.contacts_by_phone[mergee.phone_number]
        else:
            sim.contacts_by_phone[mergee.phone_number] = base.id
    sim.chatwoot.merge_contacts(base, mergee)
    for door, contact_id in list(person.contact_of.items()):
        if contact_id == mergee.id:
            person.contact_of[door] = base.id


def _contacts_of(sim: Simulation, person: Person) -> list[int]:
    ids = list(person.contact_of.values())
    if person.phone:
        for ninth_digit in (True, False):
            contact_id = sim.contacts_by_phone.get(person.phone.e164(ninth_digit))
            if contact_id is not None:
                ids.append(contact_id)
    return ids
