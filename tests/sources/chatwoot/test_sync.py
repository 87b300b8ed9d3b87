"""The warehouse equals the server's account, row by row, after every kind of sync."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from funil.tenants import Tenant
from sandbox.world.records import Account, SlaEvent
from sandbox.world.world import World
from sources.chatwoot.connection import Connection
from sources.chatwoot.errors import ChatwootError
from sources.chatwoot.retry import RetryPolicy
from tests.conftest import LONG
from tests.sandbox.account import small_account
from tests.sources.chatwoot.conftest import MakePretend
from tests.sources.chatwoot.expected import differences

SLUGS = ("boxcentral", "sorriso", "bellapele")
SCALE = 0.12 if LONG else 0.04


@pytest.mark.parametrize("seed", range(10 if LONG else 1))
def test_a_first_sync_holds_exactly_what_the_server_has(pretend: MakePretend, seed: int) -> None:
    there = pretend(World.generate(seed=seed, scale=SCALE))
    for slug in SLUGS:
        summary = there.sync(slug)
        assert summary.mode == "first"
        assert summary.source_clock == there.account(slug).now.replace(microsecond=0)
        assert summary.conversations_changed == len(there.account(slug).conversations)
        assert differences(there.dsn, slug, there.account(slug)) == {}


@pytest.mark.parametrize("seed", range(10 if LONG else 2))
def test_incremental_syncs_follow_whatever_the_source_announces(pretend: MakePretend, seed: int) -> None:
    world = World.generate(seed=seed, scale=SCALE)
    there = pretend(world)
    for slug in SLUGS:
        there.sync(slug)
    for hours in (1, 6, 30, 72):
        there.server.advance(hours, unannounced=False)
        for slug in SLUGS:
            summary = there.sync(slug)
            assert summary.mode == "incremental"
            assert differences(there.dsn, slug, there.account(slug), announced=True) == {}, (slug, hours)


def test_an_absence_of_weeks_is_caught_up_exactly(pretend: MakePretend) -> None:
    world = World.generate(seed=3, scale=SCALE, slugs=["sorriso"])
    there = pretend(world)
    there.sync("sorriso")
    there.server.advance(24 * 16, unannounced=False)
    summary = there.sync("sorriso")
    assert summary.details["conversations_read_by"] == "every page"
    assert summary.conversations_changed < len(there.account("sorriso").conversations) / 2
    assert differences(there.dsn, "sorriso", there.account("sorriso"), announced=True) == {}


@pytest.mark.parametrize("seed", range(10 if LONG else 2))
def test_a_reconciliation_finds_what_nobody_announced(pretend: MakePretend, seed: int) -> None:
    world = World.generate(seed=seed, scale=SCALE)
    there = pretend(world)
    for slug in SLUGS:
        there.sync(slug)
    there.server.advance(200, unannounced=True)
    for slug in SLUGS:
        there.sync(slug)
        summary = there.sync(slug, mode="reconcile")
        assert summary.mode == "reconcile"
        assert differences(there.dsn, slug, there.account(slug)) == {}, slug


def test_a_sync_since_a_date_reads_again_what_was_silently_changed_since_then(pretend: MakePretend) -> None:
    world = World.generate(seed=6, scale=0.1, slugs=["boxcentral"])
    there = pretend(world)
    there.sync("boxcentral")
    account = there.account("boxcentral")
    since = account.now - timedelta(days=40)
    young = [m for m in account.messages.values() if m.created_at > since and m.content]
    for message in young:
        message.content = f"{message.content} (edited)"  # since 4.12.0 an edit does not touch the conversation
    assert young
    there.sync("boxcentral")
    assert "messages" in differences(there.dsn, "boxcentral", account)
    summary = there.sync("boxcentral", mode="since", since=since.date())
    assert summary.mode == "since"
    assert 0 < summary.conversations_changed < len(account.conversations)
    assert differences(there.dsn, "boxcentral", account) == {}


def test_since_begins_at_midnight_of_the_tenants_own_calendar(pretend: MakePretend) -> None:
    world = World.generate(seed=6, scale=0.1, slugs=["boxcentral"])
    there = pretend(world)
    there.sync("boxcentral")
    account = there.account("boxcentral")
    midnight = datetime(2026, 11, 2, 3, tzinfo=UTC)  # in São Paulo
    touched = {talk.display_id for talk in account.conversations.values() if talk.updated_at >= midnight}
    summary = there.sync("boxcentral", mode="since", since=date(2026, 11, 2))
    assert summary.conversations_changed >= len(touched) > 0


def test_nothing_is_written_when_nothing_changed(pretend: MakePretend) -> None:
    there = pretend(World.generate(seed=7, scale=SCALE))
    for slug in SLUGS:
        there.sync(slug)
        for mode in ("auto", "reconcile"):
            summary = there.sync(slug, mode=mode)
            assert (summary.rows_written, summary.rows_deleted, summary.rows_rejected) == (0, 0, 0)


def test_a_run_is_noted_with_its_counts_and_the_servers_clock(pretend: MakePretend) -> None:
    there = pretend(World.generate(seed=7, scale=0.05, slugs=["boxcentral"]))
    summary = there.sync("boxcentral", run_id="run-1")
    with psycopg.connect(there.dsn) as connection:
        row = connection.execute(
            "select mode, run_id, status, source_clock, requests, rows_written from ops.sync_runs"
        ).fetchone()
    assert row == ("first", "run-1", "succeeded", summary.source_clock, summary.requests, summary.rows_written)
    assert summary.requests == sum(there.requests("boxcentral").values())


def test_an_sla_missed_in_silence_is_seen_when_its_time_has_run_out(pretend: MakePretend) -> None:
    account = small_account()
    account.applied_slas[3].sla_status = "active"  # conversation 3, five minutes to the first response
    started = account.conversations[1003].created_at
    account.now = started + timedelta(seconds=290)
    there = pretend(box=account)
    there.sync("box")
    there.requests("box")
    there.sync("box")
    assert "applied_slas.list" not in there.requests("box")  # nothing has run out yet

    def judge(account: Account) -> None:
        account.now = started + timedelta(hours=1)
        account.applied_slas[3].sla_status = "active_with_misses"
        account.applied_slas[3].updated_at = account.now
        account.sla_events[99] = SlaEvent(99, 3, 1003, "frt", account.now, account.now)

    there.server.change("box", judge)
    summary = there.sync("box")
    assert summary.conversations_changed == 0
    assert there.requests("box")["applied_slas.list"] == 1
    assert differences(there.dsn, "box", account) == {}


def test_a_failing_sync_does_not_wait_for_its_other_requests(pretend: MakePretend) -> None:
    there = pretend(box=small_account())
    there.server.misbehave("box", "throttle", endpoints=["messages.list"])
    there.server.misbehave("box", "error", endpoints=["conversations.list"], status=403)

    def patient(tenant: Tenant) -> Connection:
        return Connection(tenant, retry=RetryPolicy(throttle_base=30.0))

    started = time.monotonic()
    with pytest.raises(ChatwootError):
        there.sync("box", connect=patient)
    assert time.monotonic() - started < 20
