"""Servers without what newer ones offer are read the documented way, and community editions without what they lack."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.world.records import Account
from tests.sandbox.account import add_message, small_account
from tests.sources.chatwoot.conftest import MakePretend
from tests.sources.chatwoot.expected import differences


def talk_on(*display_ids: int) -> Any:
    def act(account: Account) -> None:
        account.now += timedelta(hours=1)
        for place, display_id in enumerate(display_ids):
            moment = account.now - timedelta(minutes=20, seconds=place)
            add_message(account, 1000 + display_id, "incoming", moment, "oi de novo", "Contact", display_id)

    return act


@pytest.mark.parametrize(
    ("version", "way"),
    [
        ((3, 5, 0), "last activity"),
        ((3, 6, 0), "updated_within"),
        ((4, 0, 1), "updated_within"),
        ((4, 2, 0), "updated_within"),
    ],
)
def test_every_version_ends_with_the_same_rows(pretend: MakePretend, version: tuple[int, int, int], way: str) -> None:
    there = pretend(box=small_account(version=version, enterprise=False))
    there.sync("box")
    assert differences(there.dsn, "box", there.account("box")) == {}
    for changed in ((1, 5), (), tuple(range(1, 31))):
        there.server.change("box", talk_on(*changed))
        summary = there.sync("box")
        assert summary.conversations_changed == len(changed)
        assert differences(there.dsn, "box", there.account("box")) == {}
    assert summary.details["conversations_read_by"] == way


def test_last_activities_of_the_same_moment_hide_nothing_between_pages(pretend: MakePretend) -> None:
    there = pretend(box=small_account(version=(3, 5, 0), enterprise=False))
    there.sync("box")

    def at_once(account: Account) -> None:
        account.now += timedelta(hours=1)
        moment = account.now - timedelta(minutes=20)
        for display_id in range(1, 31):
            add_message(account, 1000 + display_id, "incoming", moment, "promoção", "Contact", display_id)

    there.server.change("box", at_once)
    there.sync("box")
    assert differences(there.dsn, "box", there.account("box")) == {}


@pytest.mark.parametrize("version", [(3, 5, 0), (4, 0, 1)])
def test_without_updated_at_a_message_in_the_second_of_the_last_sync_is_not_missed(
    pretend: MakePretend, version: tuple[int, int, int]
) -> None:
    account = small_account(version=version, enterprise=False)
    account.now = account.now.replace(microsecond=100_000)
    add_message(account, 1001, "incoming", account.now, "primeira", "Contact", 1)
    there = pretend(box=account)
    there.sync("box")

    def same_second(account: Account) -> None:
        account.now = account.now.replace(microsecond=900_000)
        add_message(account, 1001, "incoming", account.now, "segunda", "Contact", 1)

    there.server.change("box", same_second)
    there.sync("box")
    assert differences(there.dsn, "box", account) == {}


@pytest.mark.parametrize("version", [(3, 5, 0), (4, 0, 1), (4, 16, 2)])
def test_a_long_absence_is_made_up_for(pretend: MakePretend, version: tuple[int, int, int]) -> None:
    there = pretend(box=small_account(version=version, enterprise=False))
    there.sync("box")
    for _ in range(3):
        there.server.change("box", talk_on(2, 4, 30))
        there.server.change("box", lambda account: setattr(account, "now", account.now + timedelta(days=9)))
    summary = there.sync("box")
    assert summary.details["conversations_read_by"] == ("every page" if version >= (4, 0, 2) else "last activity")
    assert differences(there.dsn, "box", there.account("box")) == {}


def test_a_community_edition_is_asked_once_for_what_it_has_not(pretend: MakePretend) -> None:
    there = pretend(box=small_account(enterprise=False))
    first = there.sync("box")
    assert [warning.split(":")[0] for warning in first.details["warnings"]] == [
        "this Chatwoot has no reporting events",
        "this Chatwoot has no SLAs",
    ]
    there.requests("box")
    second = there.sync("box")
    assert "warnings" not in second.details
    assert "unknown" not in there.requests("box")
    assert "reporting_events.list" not in there.requests("box")
    there.server.change("box", lambda account: setattr(account, "enterprise", True))
    there.sync("box", mode="reconcile")
    assert differences(there.dsn, "box", there.account("box")).keys() <= {"sla_policies"}


def test_conversations_imported_with_old_dates_are_noticed_by_the_servers_count(pretend: MakePretend) -> None:
    account = small_account(enterprise=False)
    imported = account.conversations.pop(1004)
    messages = {key: account.messages.pop(key) for key in account.messages_of.pop(1004)}
    there = pretend(box=account)
    there.sync("box")

    def import_it(account: Account) -> None:
        account.now += timedelta(hours=1)
        account.conversations[1004] = imported
        account.messages |= messages
        account.messages_of[1004] = list(messages)

    there.server.change("box", import_it)
    summary = there.sync("box")
    assert summary.conversations_changed == 1
    assert differences(there.dsn, "box", account) == {}
