"""A sync killed at any moment loses nothing and doubles nothing; and however large a table, memory stays flat."""

from __future__ import annotations

import multiprocessing
import random
import resource
import time
from collections.abc import Callable

import pytest

import sources.bot.sync
from sources.bot import sync_bot
from tests.sources.bot.pretend_bot import assert_equal_to_source, create_bot, execute, tenant_of, values

CONTEXT = multiprocessing.get_context("fork")


def in_a_process(work: Callable[[], None]) -> multiprocessing.process.BaseProcess:
    process = CONTEXT.Process(target=work)
    process.start()
    return process


def test_killed_at_random_moments_of_first_and_incremental_syncs(
    bot_database: str, warehouse: str, long_tests: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources.bot.sync, "BATCH_ROWS", 100)
    rng = random.Random(20)
    create_bot(bot_database, rows=300)
    tenant = tenant_of(bot_database)

    began = time.monotonic()
    sync_bot(tenant.model_copy(update={"slug": "timing"}), warehouse)
    longest = time.monotonic() - began

    kills, killed, attempt = 50 if long_tests else 8, 0, 0
    while killed < kills:
        attempt += 1
        if killed > kills // 3:
            execute(bot_database, *changes(attempt))
        process = in_a_process(lambda: sync_bot(tenant, warehouse) and None)
        time.sleep(rng.uniform(0, longest))
        process.kill()
        process.join()
        if process.exitcode == -9:
            killed += 1
        else:
            longest *= 0.8

    sync_bot(tenant, warehouse)
    assert_equal_to_source(bot_database, warehouse)
    assert sync_bot(tenant, warehouse).rows_written == 0
    statuses = values(warehouse, "select status, count(*) from ops.sync_runs where tenant_id = 'box' group by 1")
    assert "running" not in dict(statuses)
    # every row's sync id is one that has been published, so no incremental model can have passed it by
    unpublished = (
        "select count(*) from raw_bot.leads join ops.sync_counters using (tenant_id) where _sync_id > last_sync_id"
    )
    assert values(warehouse, unpublished) == [(0,)]


def changes(attempt: int) -> list[str]:
    return [
        f"insert into leads (id, status, created_at, updated_at) select 10000 + {attempt} * 100 + n, 'new', "
        "clock_timestamp(), clock_timestamp() from generate_series(1, 90) as n",
        f"update conversations set status = 'closed', playbook = '{attempt}', updated_at = clock_timestamp() "
        f"where id % 7 = {attempt % 7}",
        f"update feedback set score = {attempt % 5 + 1} where id <= 150",
    ]


def test_memory_does_not_grow_with_the_table(bot_database: str, warehouse: str) -> None:
    create_bot(bot_database, rows=10)
    tenant = tenant_of(bot_database)
    peaks = CONTEXT.SimpleQueue()

    def measured() -> None:
        sync_bot(tenant, warehouse)
        peaks.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    # the first fills the buffers of a few batches, the second has five times as much to read
    for first, last in ((1_001, 31_000), (31_001, 181_000)):
        execute(
            bot_database,
            "insert into conversation_messages select n, n / 10, 'in', 'lead', repeat('palavra ', 8), now() "
            f"from generate_series({first}, {last}) as n",
        )
        process = in_a_process(measured)
        process.join()
    small, large = peaks.get(), peaks.get()
    assert large - small < 30
    assert values(warehouse, "select count(*) from raw_bot.conversation_messages") == [(180_030,)]
