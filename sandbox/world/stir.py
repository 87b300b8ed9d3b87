"""What an advance adds to the tenant's normal life, so that some hours change something of every kind.

A quiet tenant has a handful of talks a day; whoever moves the world on wants to see messages, status changes, surveys,
corrections, bookings and, unless asked not to, deletions, edits and merges.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from datetime import datetime, timedelta

from sandbox.world import upkeep
from sandbox.world.arrivals import chatwoot_talk
from sandbox.world.simulation import Simulation

ACTS = 44
SURVEY_OPEN = timedelta(days=14)


def stir(sim: Simulation, hours: float, number: int) -> Generator[datetime, None, None]:
    """Acts spread over the hours to come: most in the first six, at least one of each unannounced kind in those."""
    rng = sim.rng("stir", number)
    start, span = sim.now, timedelta(hours=hours)
    shifts = min(hours / 6, 1.0) + max(hours - 6, 0.0) / 60
    count = max(1, round(ACTS * shifts * max(sim.scale, 0.25)))
    acts = rng.choices((_talk, _resume, _annotate, _answer, _correct, _settle, _lead), (5, 14, 5, 4, 2, 2, 3), k=count)
    for act in (upkeep.hard_delete, upkeep.merge, upkeep.soft_delete, upkeep.edit, upkeep.edit):
        wanted = shifts * max(sim.scale, 1.0)
        acts += [act] * (int(wanted) + (rng.random() < wanted % 1))
    rng.shuffle(acts)
    for at, act in zip(sorted(rng.random() for _ in acts), acts, strict=True):
        yield start + span * at
        act(sim, rng)


def _talk(sim: Simulation, rng: random.Random) -> None:
    sim.begin(chatwoot_talk(sim, random.Random(rng.random())).run())


def _resume(sim: Simulation, rng: random.Random) -> None:
    """Somebody comes back to a talk of late."""
    if sim.finished_talks:
        sim.begin(rng.choice(sim.finished_talks).resume())


def _annotate(sim: Simulation, rng: random.Random) -> None:
    """A note or a label on a talk of late, from somebody at work."""
    if not sim.finished_talks or not sim.staff.is_open(sim.now):
        return
    conversation = rng.choice(sim.finished_talks).conversation
    if conversation is None or conversation.id not in sim.account.conversations:
        return
    agent = sim.agent(rng, conversation.inbox_id)
    if rng.random() < 0.5:
        sim.chatwoot.note(conversation, agent, sim.texts.say(rng, "note"))
    else:
        sim.chatwoot.add_labels(conversation, [rng.choice(list(sim.profile.labels))], agent)


def _answer(sim: Simulation, rng: random.Random) -> None:
    """A survey sent of late is answered."""
    for _ in range(20):
        conversation = rng.choice(sim.finished_talks).conversation if sim.finished_talks else None
        if conversation is None or conversation.id not in sim.account.conversations:
            continue
        rating = rng.choice((1, 2, 3, 4, 4, 5, 5, 5))
        comment = rng.choice(sim.texts.phrases["csat_good" if rating > 3 else "csat_bad"])
        if sim.chatwoot.answer_csat(conversation, rating, comment):
            return


def _correct(sim: Simulation, rng: random.Random) -> None:
    """A customer changes an answer, which a survey allows for two weeks."""
    responses = sim.account.csat_responses
    recent = []
    for response in reversed(responses.values()):
        if response.created_at < sim.now - SURVEY_OPEN:
            break
        recent.append(response)
    if recent:
        response = rng.choice(recent)
        sim.chatwoot.correct_csat(response, response.rating - 1 if response.rating == 5 else response.rating + 1)


def _settle(sim: Simulation, rng: random.Random) -> None:
    """Somebody at last says what became of an overdue booking."""
    if sim.bot is None:
        return
    overdue = [
        b
        for b in sim.bot.data.bookings.values()
        if b.status == "booked" and b.scheduled_for and b.scheduled_for < sim.now
    ]
    if overdue:
        sim.bot.settle(rng.choice(overdue), "attended" if rng.random() < 0.7 else "no_show")


def _lead(sim: Simulation, rng: random.Random) -> None:
    """A lead of late is given up, or its e-mail becomes known."""
    if sim.bot is None or not sim.people:
        return
    person = rng.choice(sim.people[-80:])
    lead = sim.bot.data.leads.get(person.lead_id or 0)
    if lead is None:
        return
    if lead.status in ("new", "engaged", "qualified") and rng.random() < 0.6:
        sim.bot.lose(lead)
    else:
        lead.email = lead.email or person.email or f"lead{len(sim.people)}@example.com"
        sim.bot.touch(lead)
