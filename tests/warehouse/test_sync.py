"""A sync's rows and watermark land together, syncs of a tenant follow each other, and their ids only rise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.warehouse.test_load import message
from warehouse.locks import tenant_lock
from warehouse.sync import open_sync
from warehouse.sync_ids import take_sync_id


def query(dsn: str, statement: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_a_sync_leaves_its_rows_its_watermark_and_a_record(each_server: str) -> None:
    with open_sync(each_server, tenant_id="gym", source="chatwoot", mode="first", run_id="run-1") as sync:
        assert sync.watermark("messages") is None
        with sync.batch() as batch:
            batch.load("raw_chatwoot.messages", [message(1), message(2), message(3, created_at="x")])
            batch.set_watermark("messages", {"id": 2})
        assert sync.watermark("messages") == {"id": 2}
        with sync.batch() as batch:
            batch.mark_deleted("raw_chatwoot.messages", absent=[1])
        sync.counts.requests = 4
        sync.source_clock = datetime(2026, 1, 1, tzinfo=UTC)
        sync.details["note"] = "odd \ud83d \0 text"
    found = query(
        each_server,
        "select status, run_id, requests, rows_read, rows_written, rows_deleted, rows_rejected, source_clock, error, "
        "finished_at >= started_at from ops.sync_runs",
    )
    assert found == [("succeeded", "run-1", 4, 3, 2, 1, 1, datetime(2026, 1, 1, tzinfo=UTC), None, True)]
    with open_sync(each_server, tenant_id="gym", source="bot", mode="incremental") as sync:
        assert sync.watermark("messages") is None
        assert sync.sync_id == 2


def test_a_failed_batch_leaves_nothing_and_the_sync_is_recorded_as_failed(each_server: str) -> None:
    def fail() -> None:
        with open_sync(each_server, tenant_id="gym", source="chatwoot", mode="first") as sync, sync.batch() as batch:
            batch.load("raw_chatwoot.messages", [message(1)])
            batch.set_watermark("messages", {"id": 1})
            raise RuntimeError("the source went away")

    with pytest.raises(RuntimeError, match="went away"):
        fail()
    assert query(each_server, "select count(*) from raw_chatwoot.messages") == [(0,)]
    assert query(each_server, "select count(*) from ops.sync_state") == [(0,)]
    assert query(each_server, "select status, error, rows_written from ops.sync_runs") == [
        ("failed", "the source went away", 0)
    ]


def test_a_second_sync_of_a_tenant_waits_and_other_tenants_do_not(warehouse: str) -> None:
    order: list[str] = []

    def second() -> None:
        with open_sync(warehouse, tenant_id="gym", source="bot", mode="first") as sync:
            order.append(f"second has {sync.sync_id}")

    with open_sync(warehouse, tenant_id="gym", source="chatwoot", mode="first") as sync:
        thread = threading.Thread(target=second)
        thread.start()
        with open_sync(warehouse, tenant_id="clinic", source="chatwoot", mode="first") as other:
            assert other.sync_id == 1
        time.sleep(0.3)
        order.append(f"first has {sync.sync_id}")
    thread.join(10)
    assert order == ["first has 1", "second has 2"]


def test_the_counter_shows_an_id_only_when_all_its_rows_are_there(each_server: str) -> None:
    counter = "select last_sync_id from ops.sync_counters where tenant_id = 'gym'"
    with open_sync(each_server, tenant_id="gym", source="chatwoot", mode="first") as sync:
        with sync.batch() as batch:
            batch.load("raw_chatwoot.messages", [message(1)])
        assert query(each_server, counter) == []
    assert query(each_server, counter) == [(1,)]
    with psycopg.connect(each_server, autocommit=True) as connection, tenant_lock(connection, "gym"):
        with connection.transaction():
            assert take_sync_id(connection, "gym") == 2
            assert query(each_server, counter) == [(1,)]
        assert query(each_server, counter) == [(2,)]
    with open_sync(each_server, tenant_id="gym", source="bot", mode="first") as sync:
        assert sync.sync_id == 3


LOADER = """
import itertools, sys
from tests.warehouse.test_load import message
from warehouse.sync import open_sync

with open_sync(sys.argv[1], tenant_id="gym", source="chatwoot", mode="incremental") as sync:
    done = (sync.watermark("messages") or {"id": 0})["id"]
    print("syncing", flush=True)
    for first in itertools.count(done + 1, 50):
        with sync.batch() as batch:
            batch.load("raw_chatwoot.messages", [message(number) for number in range(first, first + 50)])
            batch.set_watermark("messages", {"id": first + 49})
"""


def test_killed_at_any_moment_rows_and_watermark_agree(warehouse: str, long_tests: bool) -> None:
    kills = 50 if long_tests else 6
    for number in range(kills):
        loader = subprocess.Popen([sys.executable, "-c", LOADER, warehouse], stdout=subprocess.PIPE, cwd=os.getcwd())
        assert loader.stdout is not None
        assert loader.stdout.readline() == b"syncing\n"
        time.sleep(0.05 + 0.037 * (number % 7))
        loader.send_signal(signal.SIGKILL)
        loader.wait()
        loader.stdout.close()
        # a sync waits until the dead one's lock is gone
        with open_sync(warehouse, tenant_id="gym", source="bot", mode="incremental"):
            [(rows, last)] = query(warehouse, "select count(*), coalesce(max(id), 0) from raw_chatwoot.messages")
            watermark = query(warehouse, "select (watermark ->> 'id')::bigint from ops.sync_state")
            assert watermark == ([(last,)] if last else [])
            assert rows == last
    runs = query(warehouse, "select status, count(*), min(error) from ops.sync_runs group by status order by status")
    assert runs == [
        ("failed", kills, "the process that ran this sync ended before the sync did"),
        ("succeeded", kills, None),
    ]
    assert query(warehouse, "select last_sync_id from ops.sync_counters") == [(2 * kills,)]
