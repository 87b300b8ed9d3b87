"""How fast rows land, beside what PostgreSQL can do at best on the same machine: python benchmarks/loader.py [rows]

The best is one COPY of the same rows, by psycopg, straight into an empty copy of the table with its key and indexes, knowing
nothing of what was there. Ratios can be compared between machines; rows per second cannot.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from warehouse.connect import Warehouse
from warehouse.embedded import EmbeddedPostgres
from warehouse.load import LoadResult
from warehouse.migrate import migrate
from warehouse.sync import open_sync

START = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = "raw_chatwoot.messages"


def messages(number: int, edited: int = 0) -> Iterator[dict[str, Any]]:
    """Messages such as a WhatsApp inbox has; every `edited`-th one differs from the others' first version."""
    for id in range(number):
        yield {
            "id": id,
            "conversation_id": id // 20,
            "inbox_id": 3,
            "message_type": "incoming" if id % 2 else "outgoing",
            "content_type": "text",
            "content": f"Oi! Quanto custa a mensalidade? {id}" + (" (editada)" if edited and id % edited == 0 else ""),
            "private": False,
            "status": "read",
            "sender_type": "contact" if id % 2 else "user",
            "sender_id": id % 997,
            "content_attributes": {},
            "created_at": START + timedelta(seconds=id * 7),
        }


def plain_copy(dsn: str, number: int) -> None:
    names = ["tenant_id", *next(messages(1)), "_sync_id"]
    with psycopg.connect(dsn) as connection:
        connection.execute("drop table if exists best")
        connection.execute("create table best (like raw_chatwoot.messages including all)")
        with connection.cursor().copy(f"copy best ({', '.join(names)}) from stdin") as copy:
            for row in messages(number):
                copy.write_row(("gym", *(value if value != {} else "{}" for value in row.values()), 1))


def load(dsn: str, rows: Iterator[dict[str, Any]]) -> LoadResult:
    with open_sync(dsn, tenant_id="gym", source="chatwoot", mode="incremental") as sync, sync.batch() as batch:
        result = batch.load(TABLE, rows)
        batch.set_watermark("messages", {"id": result.read})
    return result


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as home:
        try:
            dsn = Warehouse.open(Path(home), None).dsn
            migrate(dsn)
            run(dsn, number)
        finally:
            EmbeddedPostgres(Path(home)).stop()


def run(dsn: str, number: int) -> None:
    best = max(number / timed(lambda: plain_copy(dsn, number)) for _ in range(3))
    print(f"{'plain COPY':38}{best:12,.0f} rows/s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    steps: list[tuple[str, Callable[[], LoadResult]]] = [
        ("first load", lambda: load(dsn, messages(number))),
        ("the same again, nothing changed", lambda: load(dsn, messages(number))),
        ("one in a hundred changed", lambda: load(dsn, messages(number, edited=100))),
        ("all changed", lambda: load(dsn, messages(number, edited=1))),
    ]
    for name, step in steps:
        results: list[LoadResult] = []
        rate = number / timed(lambda step=step, results=results: results.append(step()))  # type: ignore[misc]
        print(f"{name:38}{rate:12,.0f} rows/s {rate / best:6.2f} x COPY   written {results[0].written:,}")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    print(f"memory grew by {grown:.0f} MiB over {len(steps) * number:,} rows")


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
