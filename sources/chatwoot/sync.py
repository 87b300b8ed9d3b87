"""One sync of one tenant's Chatwoot account into raw_chatwoot.

The order matters. Surveys first: they need an administrator's token, and they give the server's clock. Then what the
rest refers to, then conversations with all that hangs on them, then contacts, events and SLAs, which are matched with
the conversations read just before. Each part lands rows and watermark in one transaction and can be killed anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as time_of_day
from typing import Any, Literal
from zoneinfo import ZoneInfo

from funil.tenants import Tenant
from sources.chatwoot.client import ChatwootClient
from sources.chatwoot.connection import Connection
from sources.chatwoot.contacts import sync_contacts
from sources.chatwoot.conversation_landing import RESOURCE as CONVERSATIONS
from sources.chatwoot.conversations import sync_conversations
from sources.chatwoot.definitions import sync_definitions
from sources.chatwoot.errors import ChatwootError
from sources.chatwoot.reporting_events import sync_reporting_events
from sources.chatwoot.slas import sync_slas
from sources.chatwoot.surveys import sync_surveys
from sources.chatwoot.work import Mode, Progress, Work
from warehouse.sync import open_sync


@dataclass(frozen=True)
class ChatwootSummary:
    """What a sync did. `conversations_changed` had their messages read."""

    tenant_id: str
    sync_id: int
    mode: Mode
    source_clock: datetime | None
    requests: int
    conversations_changed: int
    rows_read: int
    rows_written: int
    rows_deleted: int
    rows_rejected: int
    seconds: float
    details: dict[str, Any]


def sync_chatwoot(
    tenant: Tenant,
    dsn: str,
    *,
    mode: Literal["auto", "reconcile", "since"] = "auto",
    since: datetime | date | None = None,
    run_id: str | None = None,
    progress: Progress | None = None,
    accept_shrink: bool = False,
    connect: Callable[[Tenant], Connection] = Connection,
) -> ChatwootSummary:
    """Brings the warehouse at `dsn` up to what the tenant's Chatwoot holds now.

    `auto` reads everything the first time (going on where an interrupted first sync had got to) and what changed since
    then on; `since` reads again what changed since a date of the tenant's calendar; `reconcile` reads everything again
    and marks what is gone as deleted, unless over a fifth is missing, which only `accept_shrink` lets pass.
    Raises ChatwootError with a sentence for the operator.
    """
    started = time.monotonic()
    with (
        connect(tenant) as connection,
        open_sync(
            dsn, tenant_id=tenant.slug, source="chatwoot", mode="incremental" if mode == "auto" else mode, run_id=run_id
        ) as sync,
    ):
        first = "synced_until" not in (sync.watermark(CONVERSATIONS) or {})
        chosen: Mode = "first" if first else "incremental" if mode == "auto" else mode
        sync.mode = chosen
        assert tenant.chatwoot is not None
        pool = ThreadPoolExecutor(tenant.chatwoot.concurrency, thread_name_prefix=f"chatwoot-{tenant.slug}")
        work = Work(
            tenant,
            ChatwootClient(connection),
            sync,
            pool,
            chosen,
            since=_start_of(since, tenant) if mode == "since" else None,
            accept_shrink=accept_shrink,
        )
        if progress is not None:
            work.progress = progress
        try:
            changed = _run(work)
        except BaseException:
            connection.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            sync.counts.requests = connection.requests
        return ChatwootSummary(
            tenant_id=tenant.slug,
            sync_id=sync.sync_id,
            mode=chosen,
            source_clock=sync.source_clock,
            requests=connection.requests,
            conversations_changed=changed,
            rows_read=sync.counts.rows_read,
            rows_written=sync.counts.rows_written,
            rows_deleted=sync.counts.rows_deleted,
            rows_rejected=sync.counts.rows_rejected,
            seconds=time.monotonic() - started,
            details=dict(sync.details),
        )


def _run(work: Work) -> int:
    sync_surveys(work)
    sync_definitions(work)
    result = sync_conversations(work)
    sync_contacts(work)
    sync_reporting_events(work)
    sync_slas(work)
    work.sync.details["conversations_changed"] = result.changed
    return result.changed


def _start_of(since: datetime | date | None, tenant: Tenant) -> datetime:
    """The moment from which to read again: a date begins at the tenant's own midnight."""
    if since is None:
        raise ChatwootError(f"Tenant '{tenant.slug}': a sync 'since' needs a date, such as --since 2026-01-31.")
    if isinstance(since, datetime):
        return since if since.tzinfo is not None else since.replace(tzinfo=ZoneInfo(tenant.timezone))
    return datetime.combine(since, time_of_day(), ZoneInfo(tenant.timezone))
