"""How many requests a sync may cost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.world.records import Account
from sandbox.world.world import World
from tests.conftest import LONG
from tests.sandbox.account import add_message, small_account
from tests.sources.chatwoot.conftest import MakePretend

SLUGS = ("boxcentral", "sorriso", "bellapele")


@pytest.mark.parametrize("seed", [7, 8] if LONG else [7])
def test_ten_requests_when_nothing_changed_and_little_more_than_one_per_change(pretend: MakePretend, seed: int) -> None:
    there = pretend(World.generate(seed=seed, scale=0.5 if LONG else 0.15))
    for slug in SLUGS:
        there.sync(slug)
    for hours in (0, 6, 6, 30):
        there.server.advance(hours, unannounced=True)
        for slug in SLUGS:
            there.requests(slug)
            summary = there.sync(slug)
            asked = sum(there.requests(slug).values())
            assert asked == summary.requests
            assert asked <= 10 + 1.2 * summary.conversations_changed, (slug, hours)


def test_a_first_sync_asks_once_per_conversation_and_once_per_page(pretend: MakePretend) -> None:
    there = pretend(World.generate(seed=7, scale=0.1, slugs=["sorriso"]))
    there.sync("sorriso")
    asked = there.requests("sorriso")
    account = there.account("sorriso")
    assert asked["messages.list"] == len(account.conversations)
    assert asked["conversations.list"] <= len(account.conversations) / 25 + 2
    assert asked["contacts.list"] <= len(account.contacts) / 15 + 12
    assert asked["reporting_events.list"] <= len(account.reporting_events) / 25 * 1.25 + 5


def test_an_unchanged_conversation_within_the_overlap_costs_nothing(pretend: MakePretend) -> None:
    account = small_account()
    add_message(account, 1001, "incoming", account.now - timedelta(minutes=2), "oi", "Contact", 1)
    there = pretend(box=account)
    there.sync("box")
    there.requests("box")
    summary = there.sync("box")
    assert summary.rows_read > 0
    assert summary.conversations_changed == 0
    assert "messages.list" not in there.requests("box")


def test_memberships_are_asked_for_only_when_a_list_changed(pretend: MakePretend) -> None:
    there = pretend(box=small_account())
    there.sync("box")
    there.requests("box")
    there.sync("box")
    assert "team_members.list" not in there.requests("box")

    def hire(account: Account) -> None:
        account.users[3].name = "Bruno R."
        account.teams[1].member_ids.append(3)

    there.server.change("box", hire)
    there.sync("box")
    assert there.requests("box")["team_members.list"] == 2
    there.sync("box")
    assert "team_members.list" not in there.requests("box")


def test_requests_at_once_are_bounded(pretend: MakePretend) -> None:
    there = pretend(World.generate(seed=7, scale=0.1, slugs=["boxcentral"]))
    there.server.misbehave("boxcentral", "slow", seconds=0.02, probability=0.3)
    there.sync("boxcentral")
    assert 2 <= there.server.installation("boxcentral").traffic.most_in_flight <= 9  # 8, and the list's next page
