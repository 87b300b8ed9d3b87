"""The lock of a tenant: whoever writes its rows holds it, so that sync ids become visible in order."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

_log = logging.getLogger(__name__)


def lock_key(*name: str) -> int:
    """A bigint for PostgreSQL's advisory locks, the same on every machine and in every version."""
    return int.from_bytes(hashlib.sha256(":".join(("funil", *name)).encode()).digest()[:8], "big", signed=True)


@contextmanager
def tenant_lock(connection: psycopg.Connection, tenant_id: str) -> Iterator[None]:
    """Waits for, holds and releases the tenant's lock. It belongs to the connection: whoever dies lets go of it."""
    take_tenant_lock(connection, tenant_id)
    try:
        yield
    finally:
        release_tenant_lock(connection, tenant_id)


def take_tenant_lock(connection: psycopg.Connection, tenant_id: str, *, wait: bool = True) -> bool:
    """Takes the tenant's lock for this connection; with `wait=False`, False at once if somebody else has it."""
    key = lock_key("tenant", tenant_id)
    if _first_value(connection, "select pg_try_advisory_lock(%s)", key):
        return True
    if wait:
        _log.info("%s: waiting for another sync of this tenant to end", tenant_id)
        connection.execute("select pg_advisory_lock(%s)", [key])
    return wait


def release_tenant_lock(connection: psycopg.Connection, tenant_id: str) -> None:
    """Lets go of the tenant's lock; a connection that is gone, or in a failed transaction, has no say any more."""
    if not connection.closed and connection.info.transaction_status != TransactionStatus.INERROR:
        connection.execute("select pg_advisory_unlock(%s)", [lock_key("tenant", tenant_id)])


def _first_value(connection: psycopg.Connection, statement: str, key: int) -> bool:
    row = connection.execute(statement.encode(), [key]).fetchone()
    return bool(row and row[0])
