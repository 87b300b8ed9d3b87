"""The pretend world is the same each time, of the promised size, and its rhythm is a Brazilian business's."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from sandbox.world.rhythm import closed_dates
from sandbox.world.world import World

pytestmark = pytest.mark.xdist_group("world")  # one world for all of them

END = datetime(2026, 11, 16, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World.generate(seed=7, end=END)


def everything(world: World) -> dict[str, Any]:
    """All that a world holds, to compare two by."""
    return {
        slug: (
            asdict(tenant.account),
            {t: list(rows.values()) for t, rows in tenant.bot.rows.items()} if tenant.bot else None,
        )
        for slug, tenant in world.tenants.items()
    }


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    one, same, other = (World.generate(seed, scale=0.1, end=END) for seed in (3, 3, 4))
    assert everything(one) == everything(same)
    assert everything(one) != everything(other)


def test_a_tenant_is_the_same_whether_others_are_there_or_not() -> None:
    alone = World.generate(3, 0.1, END, slugs=["sorriso"])
    among = World.generate(3, 0.1, END)
    assert everything(alone)["sorriso"] == everything(among)["sorriso"]


def test_numbered_tenants_are_businesses_of_their_own() -> None:
    world = World.generate(3, 0.1, END, slugs=["bellapele", "bellapele_2"])
    one, two = everything(world).values()
    assert one != two
    assert world.tenants["bellapele_2"].settings["slug"] == "bellapele_2"
    with pytest.raises(KeyError, match="no pretend tenant is called 'padaria'"):
        World.generate(3, 0.1, END, slugs=["padaria"])


def test_a_recipe_makes_the_moved_world_again() -> None:
    world = World.generate(5, 0.1, END)
    world.advance(6)
    world.advance(3, unannounced=False)
    again = World.from_recipe(json.loads(json.dumps(world.recipe())))
    assert everything(world) == everything(again)
    assert again.history == world.history
    assert again.now == world.now


def test_tenants_are_as_large_as_promised(world: World) -> None:
    sizes = {slug: len(tenant.account.conversations) for slug, tenant in world.tenants.items()}
    assert sizes["boxcentral"] == pytest.approx(1300, rel=0.08)
    assert sizes["sorriso"] == pytest.approx(2500, rel=0.08)
    assert sizes["bellapele"] == pytest.approx(400, rel=0.08)
    assert world.tenants["bellapele"].bot is None
    for tenant in world.tenants.values():
        assert tenant.account.now >= END
        days = (END - min(c.created_at for c in tenant.account.conversations.values())).days
        assert 385 <= days <= 397


def test_generation_grows_in_step_with_the_scale() -> None:
    def cost(scale: float) -> tuple[float, int]:
        began = time.process_time()
        world = World.generate(7, scale, END, slugs=["boxcentral"])
        return time.process_time() - began, len(world.tenants["boxcentral"].account.messages)

    World.generate(7, 0.05, END, slugs=["boxcentral"])
    (small, few), (large, many) = cost(0.5), cost(4)
    assert many == pytest.approx(8 * few, rel=0.12)
    assert large < 3 * 8 * small


def test_even_the_smallest_world_lives() -> None:
    world = World.generate(7, 0.002, END)
    world.advance(6)
    world.advance(0.1)
    for slug, tenant in world.tenants.items():
        assert tenant.account.conversations
        assert not world.truth(slug)["conversations"].empty


def test_nothing_lies_in_the_future(world: World) -> None:
    for tenant in world.tenants.values():
        account = tenant.account
        assert max(m.created_at for m in account.messages.values()) <= account.now
        assert max(c.updated_at for c in account.conversations.values()) <= account.now
        if tenant.bot:
            assert max(lead.updated_at for lead in tenant.bot.leads.values()) <= account.now


def test_people_write_on_working_days_and_in_waking_hours(world: World) -> None:
    for slug in ("boxcentral", "sorriso"):
        zone = ZoneInfo(world.tenants[slug].settings["timezone"])
        created = [c.created_at.astimezone(zone) for c in world.tenants[slug].account.conversations.values()]
        weekday = Counter(at.weekday() for at in created)
        assert weekday[0] > 2 * weekday[6]
        assert weekday[2] > weekday[5] > weekday[6]
        hours = Counter(at.hour for at in created)
        assert sum(hours[h] for h in range(1, 5)) < 0.05 * len(created) < sum(hours[h] for h in range(9, 12))


def test_holidays_are_quiet_and_the_staff_stay_away(world: World) -> None:
    account = world.tenants["sorriso"].account
    zone = ZoneInfo("America/Recife")
    closed = {day for day in closed_dates("PE", 2025, 2026) if day.weekday() < 5}
    created = Counter(c.created_at.astimezone(zone).date() for c in account.conversations.values())
    working = [n for day, n in created.items() if day.weekday() < 5 and day not in closed]
    inside = [day for day in closed if day >= min(created) and day <= max(created)]
    assert sum(created[day] for day in inside) / len(inside) < 0.5 * sum(working) / len(working)
    by_people = Counter(
        m.created_at.astimezone(zone).date()
        for m in account.messages.values()
        if m.message_type == "outgoing" and m.sender_type == "User"
    )
    answered = [n for day, n in by_people.items() if day.weekday() < 5 and day not in closed]
    assert sum(by_people[day] for day in inside) / len(inside) < 0.2 * sum(answered) / len(answered)


def test_a_campaign_costs_every_day_it_runs_and_brings_people(world: World) -> None:
    truth = world.truth("boxcentral")
    costs = truth["campaign_costs"]
    for campaign in truth["campaigns"].itertuples():
        days = costs[costs.campaign_id == campaign.campaign_id].cost_date.sort_values()
        assert (days.diff().dropna() == pd.Timedelta(days=1)).all()
        assert days.min() == campaign.started_on
        assert campaign.ended_on is None or days.max() <= campaign.ended_on
    assert truth["leads"].campaign_id.notna().sum() > 50


def test_outcomes_follow_what_can_be_observed(world: World) -> None:
    journeys = pd.concat([world.truth(slug)["journeys"] for slug in ("boxcentral", "sorriso")])
    asked = journeys[journeys.p_book.notna()]
    for low, high in ((0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.0)):
        band = asked[(asked.p_book >= low) & (asked.p_book < high)]
        assert len(band) > 60
        assert band.booked.astype(float).mean() == pytest.approx(band.p_book.mean(), abs=0.1)
    booked = asked.booked.astype(float)
    slow = asked.first_reply_seconds > 3600
    assert booked[~slow].mean() > booked[slow].mean() + 0.1
    assert booked[asked.maturity_score > 60].mean() > booked[asked.maturity_score < 40].mean() + 0.1


def test_an_advance_changes_something_of_every_kind() -> None:
    world = World.generate(7, 1.0, END)
    for tenant in world.tenants.values():
        account = tenant.account
        conversations = {c.id: c.updated_at for c in account.conversations.values()}
        contents = {m.id: m.content for m in account.messages.values()}
        contacts, responses = set(account.contacts), set(account.csat_responses)
        tenant.advance(6, unannounced=True)
        touched = [
            i
            for i, at in conversations.items()
            if i in account.conversations and account.conversations[i].updated_at != at
        ]
        new = set(account.conversations) - set(conversations)
        assert len(touched) + len(new) >= 20
        assert new
        assert set(conversations) - set(account.conversations), "a conversation deleted"
        assert any(account.messages[i].content != text for i, text in contents.items() if i in account.messages)
        assert contacts - set(account.contacts), "contacts merged"
        assert set(account.csat_responses) - responses, "surveys answered"
        assert tenant.bot is None or {table for table, _ in tenant.bot.changed} >= {"leads", "conversations"}


def test_an_announced_advance_deletes_edits_and_merges_nothing() -> None:
    world = World.generate(7, 0.3, END)
    for tenant in world.tenants.values():
        account = tenant.account
        conversations, contacts = set(account.conversations), set(account.contacts)
        contents = {m.id: m.content for m in account.messages.values()}
        tenant.advance(48, unannounced=False)
        assert conversations <= set(account.conversations)
        assert contacts <= set(account.contacts)
        assert all(account.messages[i].content == text for i, text in contents.items())


def test_settings_are_those_of_a_tenants_file(world: World) -> None:
    for slug, tenant in world.tenants.items():
        assert tenant.settings["slug"] == slug
        assert tenant.settings["country"] == "BR"
        assert ZoneInfo(tenant.settings["timezone"])
        assert "chatwoot" not in tenant.settings
        assert "bot" not in tenant.settings
