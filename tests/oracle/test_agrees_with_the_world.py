"""The oracle against what the pretend Chatwoot counted for itself, and what the world remembers of its people."""

from __future__ import annotations

import pandas as pd
import pytest

from sandbox.world.world import World
from tests.oracle.facts import Facts
from tests.oracle.people import attended_at, lead_channels, people
from tests.oracle.timeline import talks
from tests.oracle.world import facts_from_truth

SEEDS = (7, 19)
TENANTS = ("boxcentral", "sorriso", "bellapele")


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    world = World.generate(seed=request.param, scale=0.15)
    world.advance(24 * 14)
    return world


def facts_of(world: World, slug: str) -> Facts:
    return facts_from_truth(world.tenants[slug].settings, world.truth(slug), as_of=world.now)


def of_chatwoot(seconds: dict[str, list[int]]) -> dict[str, list[int]]:
    return {talk_id: sorted(found) for talk_id, found in seconds.items() if found and talk_id.startswith("chatwoot-")}


def reported(world: World, slug: str, name: str) -> dict[str, list[int]]:
    events = world.truth(slug)["reporting_events"]
    values = events[events["name"] == name].groupby("conversation_id")["value"]
    return {talk_id: sorted(int(value) for value in found) for talk_id, found in values}


@pytest.mark.parametrize("slug", TENANTS)
def test_durations_are_those_chatwoot_reports(world: World, slug: str) -> None:
    all_talks = list(talks(facts_of(world, slug)))
    first = {t.talk_id: [t.first_response_seconds] for t in all_talks if t.first_response_seconds is not None}
    later = {
        t.talk_id: [
            w.seconds for w in t.waits() if w.ended_by == "human" and not w.is_first_response and w.seconds is not None
        ]
        for t in all_talks
    }
    assert of_chatwoot(first) == reported(world, slug, "first_response")
    assert of_chatwoot(later) == reported(world, slug, "reply_time")
    assert of_chatwoot({t.talk_id: t.resolution_seconds for t in all_talks}) == reported(
        world, slug, "conversation_resolved"
    )


@pytest.mark.parametrize("slug", TENANTS)
def test_people_are_those_the_world_knows(world: World, slug: str) -> None:
    truth = world.truth(slug)
    person_of_talk = dict(
        zip(truth["conversations"]["conversation_id"], truth["conversations"]["person_id"], strict=True)
    )
    person_of_lead = dict(zip(truth["leads"]["lead_id"], truth["leads"]["person_id"], strict=True))
    found = people(facts_of(world, slug))
    named = [
        {person_of_talk[t.talk_id] for t in person.talks} | {person_of_lead[lead] for _, lead in person.leads}
        for person in found
    ]
    assert all(len(ids) == 1 for ids in named), "two of the world's people are one to the oracle"
    assert len({next(iter(ids)) for ids in named}) == len(named), "one of the world's people is two to the oracle"


@pytest.mark.parametrize("slug", TENANTS)
def test_channels_and_attendance_are_those_the_world_knows(world: World, slug: str) -> None:
    truth, facts = world.truth(slug), facts_of(world, slug)
    assert lead_channels(facts) == dict(zip(truth["leads"]["lead_id"], truth["leads"]["channel"], strict=True))
    known = {
        booking_id: None if pd.isna(at) else at.to_pydatetime()
        for booking_id, at in zip(truth["bookings"]["booking_id"], truth["bookings"]["attended_at"], strict=True)
    }
    assert {b.booking_id: attended_at(b) for b in facts.bookings.itertuples(index=False)} == known
