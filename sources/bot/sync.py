"""One sync of one tenant's bot: from its PostgreSQL into `raw_bot`, exact and restartable.

All tables are read from one moment of the source. Each batch of rows lands in one transaction with the watermark that
says how far it came, so a kill at any instruction costs at most the batch in flight. `query.py` says why nothing is
missed between two syncs.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, Literal

import psycopg

from funil.tenants import Tenant
from sources.bot.connection import clock, connect_bot, copied
from sources.bot.query import select_keys, select_rows
from sources.bot.rows import RowReader
from sources.bot.schema import FoundTable, inspect_schema
from sources.bot.shrinkage import refuse_shrinkage
from warehouse.booking_states import note_booking_states
from warehouse.load import LoadResult
from warehouse.sync import Mode, Sync, open_sync

BATCH_ROWS = 20_000

SyncMode = Literal["auto", "reconcile", "since"]
Progress = Callable[[str, int], None]
"""Called with a table's name and the number of its rows read so far."""


@dataclass
class BotSyncSummary:
    """What one sync did."""

    tenant_id: str
    sync_id: int
    mode: str
    rows_read: int = 0
    rows_written: int = 0
    rows_deleted: int = 0
    rows_rejected: int = 0
    duration_seconds: float = 0.0
    tables: dict[str, LoadResult] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BotCheck:
    """What a look at the bot's database found."""

    tables: tuple[str, ...]
    warnings: tuple[str, ...]
    clock: datetime


def check_bot(tenant: Tenant) -> BotCheck:
    """Connects and looks, without reading any row. Raises BotError if a sync could not work."""
    with connect_bot(tenant) as connection:
        found = inspect_schema(connection, tenant)
        return BotCheck(tuple(table.table.name for table in found.tables), found.warnings, clock(connection))


def sync_bot(
    tenant: Tenant,
    dsn: str,
    *,
    mode: SyncMode = "auto",
    since: date | None = None,
    run_id: str | None = None,
    progress: Progress | None = None,
) -> BotSyncSummary:
    """Pulls what changed in the tenant's bot into the warehouse at `dsn`.

    `auto` reads everything the first time and what changed from then on; `since` reads again from that day of the
    tenant's calendar; `reconcile` reads everything and marks what vanished as deleted. Raises BotError.
    """
    if (mode == "since") != (since is not None):
        raise ValueError("mode 'since' and a day go together")
    began = time.monotonic()
    recorded: Mode = "incremental" if mode == "auto" else mode
    with open_sync(dsn, tenant_id=tenant.slug, source="bot", mode=recorded, run_id=run_id) as sync:
        # only now: what another sync wrote while we waited for the lock must not look newer than what we read
        with connect_bot(tenant) as bot:
            summary = _Pull(tenant, sync, bot, mode, since, progress).run()
        summary.duration_seconds = time.monotonic() - began
        return summary


class _Pull:
    def __init__(
        self,
        tenant: Tenant,
        sync: Sync,
        bot: psycopg.Connection,
        mode: SyncMode,
        since: date | None,
        progress: Progress | None,
    ) -> None:
        assert tenant.bot is not None
        self.tenant, self.sync, self.bot = tenant, sync, bot
        self.schema = tenant.bot.schema_name
        self.whole, self.since, self.progress = mode == "reconcile", since, progress
        self.summary = BotSyncSummary(tenant.slug, sync.sync_id, sync.mode)

    def run(self) -> BotSyncSummary:
        sync, summary = self.sync, self.summary
        found = inspect_schema(self.bot, self.tenant)
        sync.source_clock = clock(self.bot)
        summary.warnings.extend(found.warnings)
        sync.details["warnings"] = summary.warnings
        if sync.watermark("leads") is None and not self.whole:
            sync.mode = "first"
        if self.whole:
            refuse_shrinkage(sync, self.bot, self.schema, [table.table for table in found.tables])
        for table in found.tables:
            summary.tables[table.table.name] = self._read(table)
            if self.whole:
                self._tombstone(table)
        sync.details["tables"] = {
            name: {"read": result.read, "written": result.written, "rejected": result.rejected}
            for name, result in summary.tables.items()
            if result.read
        }
        summary.mode = sync.mode
        summary.rows_read, summary.rows_written = sync.counts.rows_read, sync.counts.rows_written
        summary.rows_deleted, summary.rows_rejected = sync.counts.rows_deleted, sync.counts.rows_rejected
        return summary

    def _read(self, found: FoundTable) -> LoadResult:
        name = found.table.name
        state = self.sync.watermark(name) or {}
        query = select_rows(
            found,
            self.schema,
            watermark=state.get("cursor"),
            since=self.since,
            timezone=self.tenant.timezone,
            whole=self.whole,
        )
        reader = RowReader(found, self.tenant.country)
        rows = reader.rows_of(
            copied(self.bot, query, reading=f"{self.schema}.{name}", tenant_id=self.tenant.slug),
        )
        chunk = list(islice(rows, BATCH_ROWS))
        digest = self._digest(chunk) if "cursor" in state else None
        if digest is not None and digest == state.get("digest"):
            self.sync.counts.rows_read += len(chunk)
            return LoadResult(read=len(chunk), unchanged=len(chunk))
        total, is_first = LoadResult(), "cursor" not in state
        while chunk:
            with self.sync.batch() as batch:
                total += batch.load(found.table.target, chunk)
                if name == "procedure_bookings":
                    note_booking_states(self.sync.connection, self.tenant.slug, self.sync.sync_id, is_first=is_first)
                # rows come in the order of the cursor, so the last one's place is the furthest
                places = [place for place in (state.get("cursor"), reader.place) if place is not None]
                moved = {"cursor": max(places)} if places else {}
                if digest is not None and not total.rejected and not total.superseded:
                    moved["digest"] = digest
                if moved != state:
                    batch.set_watermark(name, moved)
                    state = moved
            if self.progress is not None:
                self.progress(name, reader.rows)
            chunk = list(islice(rows, BATCH_ROWS))
        if total.superseded:
            key = ", ".join(found.table.key)
            self.summary.warnings.append(
                f"{self.schema}.{name}: {total.superseded} rows repeat another's {key}; the last one counts."
            )
        return total

    def _digest(self, chunk: list[dict[str, Any]]) -> str | None:
        """Of a whole ordinary reading: the overlap usually brings the very rows it brought last time, already landed."""
        if self.whole or self.since is not None or len(chunk) == BATCH_ROWS:
            return None
        return hashlib.blake2b(repr(chunk).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def _tombstone(self, found: FoundTable) -> None:
        name = f"{self.schema}.{found.table.name}"
        keys = copied(self.bot, select_keys(found, self.schema), reading=name, tenant_id=self.tenant.slug)
        state = self.sync.watermark(found.table.name) or {}
        with self.sync.batch() as batch:
            batch.mark_deleted(found.table.target, present=keys)
            # a row that returns as it was must be landed again
            if state.pop("digest", None) is not None:
                batch.set_watermark(found.table.name, state)
