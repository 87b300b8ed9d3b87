"""A sync of one tenant: its lock, its id, its row in ops.sync_runs, batches whose rows and watermark land together."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from warehouse.clean import presentable_text, to_json_whatever_it_holds
from warehouse.connect import connect
from warehouse.load import LoadResult, Row, load_rows
from warehouse.locks import tenant_lock
from warehouse.quoted import without_values
from warehouse.sync_ids import next_sync_id, publish_sync_id
from warehouse.tombstones import Key, mark_deleted

Source = Literal["chatwoot", "bot"]
Mode = Literal["first", "incremental", "since", "reconcile"]

_log = logging.getLogger(__name__)

_START = """
insert into ops.sync_runs (tenant_id, sync_id, source, mode, run_id, status) values (%s, %s, %s, %s, %s, 'running')
"""

# Whoever holds the tenant's lock knows that no other sync of it lives.
_BURY = """
update ops.sync_runs
set status = 'failed', finished_at = now(), error = 'the process that ran this sync ended before the sync did'
where tenant_id = %s and status = 'running'
returning sync_id
"""

_FINISH = """
update ops.sync_runs
set status = %(status)s, finished_at = clock_timestamp(), error = %(error)s, mode = %(mode)s,
    source_clock = %(source_clock)s, requests = %(requests)s, rows_read = %(rows_read)s,
    rows_written = %(rows_written)s, rows_deleted = %(rows_deleted)s, rows_rejected = %(rows_rejected)s,
    details = %(details)s
where tenant_id = %(tenant_id)s and sync_id = %(sync_id)s
"""

_READ_WATERMARK = "select watermark from ops.sync_state where tenant_id = %s and source = %s and resource = %s"

_SET_WATERMARK = """
insert into ops.sync_state as state (tenant_id, source, resource, watermark, _sync_id) values (%s, %s, %s, %s, %s)
on conflict (tenant_id, source, resource) do update
set watermark = excluded.watermark, _sync_id = excluded._sync_id, updated_at = now()
where state.watermark is distinct from excluded.watermark
"""


@dataclass(slots=True)
class SyncCounts:
    requests: int = 0
    rows_read: int = 0
    rows_written: int = 0
    rows_deleted: int = 0
    rows_rejected: int = 0
    rows_erased: int = 0
    """Of people who were erased, left out."""


@dataclass
class Sync:
    """What a source's code is handed. Everything it writes goes through `batch`."""

    connection: psycopg.Connection
    tenant_id: str
    source: Source
    mode: Mode
    sync_id: int
    counts: SyncCounts = field(default_factory=SyncCounts)
    details: dict[str, Any] = field(default_factory=dict)
    source_clock: datetime | None = None
    """The source's own clock when the sync began."""

    def watermark(self, resource: str) -> dict[str, Any] | None:
        """Up to where this resource has been read; None before the first time."""
        row = self.connection.execute(_READ_WATERMARK, [self.tenant_id, self.source, resource]).fetchone()
        return dict(row[0]) if row else None

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """One transaction: its rows and its watermarks are written together, or not at all."""
        batch = Batch(self)
        with self.connection.transaction():
            yield batch
        self.counts.rows_read += batch.counts.rows_read
        self.counts.rows_written += batch.counts.rows_written
        self.counts.rows_deleted += batch.counts.rows_deleted
        self.counts.rows_rejected += batch.counts.rows_rejected
        self.counts.rows_erased += batch.counts.rows_erased


class Batch:
    """One transaction of a sync."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self.counts = SyncCounts()

    def load(
        self, table: str, rows: Iterable[Row], *, resource: str | None = None, columns: Collection[str] | None = None
    ) -> LoadResult:
        """Lands rows in `schema.table`; see `load_rows`. `resource` is the table's name unless given."""
        sync = self._sync
        result = load_rows(
            sync.connection,
            table,
            rows,
            tenant_id=sync.tenant_id,
            sync_id=sync.sync_id,
            source=sync.source,
            resource=resource or table.rpartition(".")[2],
            columns=columns,
        )
        self.counts.rows_read += result.read
        self.counts.rows_written += result.written
        self.counts.rows_rejected += result.rejected
        self.counts.rows_erased += result.erased
        return result

    def mark_deleted(
        self,
        table: str,
        *,
        present: Iterable[Key] | None = None,
        absent: Iterable[Key] | None = None,
        where: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> int:
        """Marks what the source no longer has; see `warehouse.tombstones.mark_deleted`."""
        sync = self._sync
        deleted = mark_deleted(
            sync.connection,
            table,
            tenant_id=sync.tenant_id,
            sync_id=sync.sync_id,
            present=present,
            absent=absent,
            where=where,
            parameters=parameters,
        )
        self.counts.rows_deleted += deleted
        return deleted

    def set_watermark(self, resource: str, watermark: Mapping[str, Any]) -> None:
        """Moves the watermark, in this batch's transaction. Its values are JSON's: write times as text."""
        sync = self._sync
        sync.connection.execute(
            _SET_WATERMARK, [sync.tenant_id, sync.source, resource, Jsonb(dict(watermark)), sync.sync_id]
        )


@contextmanager
def open_sync(dsn: str, *, tenant_id: str, source: Source, mode: Mode, run_id: str | None = None) -> Iterator[Sync]:
    """Waits for the tenant's lock and begins a sync; on leaving, notes in ops.sync_runs how it ended.

    The lock lives in the connection that writes: a sync that lost it can neither go on writing nor keep others out.
    """
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        with tenant_lock(connection, tenant_id):
            sync = Sync(connection, tenant_id, source, mode, _begin(connection, tenant_id, source, mode, run_id))
            try:
                yield sync
            except BaseException as error:
                _end_failed(sync, error)
                raise
            _end(sync, "succeeded", None)


def _begin(connection: psycopg.Connection, tenant_id: str, source: Source, mode: Mode, run_id: str | None) -> int:
    with connection.transaction():
        for (dead,) in connection.execute(_BURY, [tenant_id]).fetchall():
            publish_sync_id(connection, tenant_id, dead)
        sync_id = next_sync_id(connection, tenant_id)
        connection.execute(_START, [tenant_id, sync_id, source, mode, run_id])
    return sync_id


def _end_failed(sync: Sync, error: BaseException) -> None:
    try:
        _end(sync, "failed", presentable_text(without_values(str(error))) or type(error).__name__)
    except psycopg.Error:  # the connection is what failed; the tenant's next sync will note it
        _log.warning("%s: the end of a failed sync could not be noted", sync.tenant_id)


def _end(sync: Sync, status: str, error: str | None) -> None:
    if sync.counts.rows_erased:
        sync.details["rows_of_erased_people"] = sync.counts.rows_erased
    with sync.connection.transaction():
        publish_sync_id(sync.connection, sync.tenant_id, sync.sync_id)
        sync.connection.execute(
            _FINISH,
            {
                "tenant_id": sync.tenant_id,
                "sync_id": sync.sync_id,
                "status": status,
                "error": error,
                "mode": sync.mode,
                "source_clock": sync.source_clock,
                "requests": sync.counts.requests,
                "rows_read": sync.counts.rows_read,
                "rows_written": sync.counts.rows_written,
                "rows_deleted": sync.counts.rows_deleted,
                "rows_rejected": sync.counts.rows_rejected,
                "details": to_json_whatever_it_holds(sync.details),
            },
        )
