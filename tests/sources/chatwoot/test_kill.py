"""A sync killed at any moment loses nothing and doubles nothing: the next one makes the warehouse whole."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time

import psycopg

from sandbox.world.world import World
from tests import servers
from tests.sources.chatwoot.conftest import MakePretend, Pretend
from tests.sources.chatwoot.expected import differences, everything, stored

SLUG = "sorriso"


def sync_in_a_process(there: Pretend, dsn: str, *, kill_after: float | None = None, mode: str = "auto") -> float:
    """Runs a sync, killed that many seconds after it began; how long it ran."""
    account = there.account(SLUG)
    chatwoot = {
        "base_url": there.server.base_url(SLUG),
        "account_id": account.id,
        "api_token": account.api_token,
        "requests_per_second": 5000,
    }
    tenant = {"slug": SLUG, "name": "Sorriso", "vertical": "clinic", "chatwoot": chatwoot}
    command = [sys.executable, "-m", "tests.sources.chatwoot.run_sync", json.dumps(tenant), dsn, mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        started = time.monotonic()
        if kill_after is None:
            assert process.wait(120) == 0
        else:
            time.sleep(kill_after)
            process.kill()
            process.wait(10)
        return time.monotonic() - started


def statuses(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("select status from ops.sync_runs order by sync_id")]


def test_a_first_sync_killed_at_random_moments_is_finished_by_the_next(
    pretend: MakePretend, embedded_server: servers.Server, long_tests: bool
) -> None:
    there = pretend(World.generate(seed=11, scale=0.05, slugs=[SLUG]))
    takes = sync_in_a_process(there, there.dsn)
    clean = everything(there.dsn, SLUG)
    assert differences(there.dsn, SLUG, there.account(SLUG)) == {}
    rng = random.Random(0)
    unfinished = 0
    for _ in range(50 if long_tests else 5):
        dsn = embedded_server.create(migrated=True)
        try:
            sync_in_a_process(there, dsn, kill_after=rng.uniform(0, takes))
            landed = len(stored(dsn, SLUG, "conversations"))
            there.requests(SLUG)
            summary = there.sync(SLUG, dsn=dsn)
            asked = there.requests(SLUG).get("messages.list", 0)
            assert everything(dsn, SLUG) == clean
            assert statuses(dsn) in (["failed", "succeeded"], ["succeeded", "succeeded"], ["succeeded"])
            unfinished += summary.mode == "first"
            assert asked == len(there.account(SLUG).conversations) - landed  # what had landed is not asked for again
        finally:
            embedded_server.drop(dsn)
    assert unfinished


def test_an_incremental_sync_killed_at_random_moments_is_made_up_for_by_the_next(
    pretend: MakePretend, long_tests: bool
) -> None:
    world = World.generate(seed=12, scale=0.15 if long_tests else 0.06, slugs=[SLUG])
    there = pretend(world)
    there.sync(SLUG)
    rng = random.Random(0)
    takes = 0.5
    for _ in range(50 if long_tests else 6):
        there.server.advance(16, unannounced=False)
        sync_in_a_process(there, there.dsn, kill_after=rng.uniform(0, takes))
        takes = max(0.3, there.sync(SLUG).seconds)
        assert differences(there.dsn, SLUG, there.account(SLUG), announced=True) == {}
    assert statuses(there.dsn).count("failed") > 0


def test_a_reconciliation_killed_half_way_does_no_harm(pretend: MakePretend) -> None:
    world = World.generate(seed=13, scale=0.06, slugs=[SLUG])
    there = pretend(world)
    there.sync(SLUG)
    there.server.advance(100, unannounced=True)
    sync_in_a_process(there, there.dsn, kill_after=0.4, mode="reconcile")
    assert statuses(there.dsn) == ["succeeded", "running"]
    there.sync(SLUG)
    there.sync(SLUG, mode="reconcile")
    assert differences(there.dsn, SLUG, there.account(SLUG)) == {}


def test_a_first_sync_killed_again_and_again_gets_there(pretend: MakePretend) -> None:
    world = World.generate(seed=14, scale=0.12, slugs=[SLUG])
    there = pretend(world)
    kills = 0
    while kills < 12:
        sync_in_a_process(there, there.dsn, kill_after=0.6)
        kills += 1
        there.server.advance(0.5, unannounced=False)  # and the world does not wait
        with psycopg.connect(there.dsn) as connection:
            state = connection.execute(
                "select watermark from ops.sync_state where resource = 'conversations'"
            ).fetchone()
        if state and "synced_until" in state[0]:
            break
    there.sync(SLUG)
    assert differences(there.dsn, SLUG, there.account(SLUG), announced=True) == {}
