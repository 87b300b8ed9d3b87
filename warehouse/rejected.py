"""Rows PostgreSQL would not take: kept in ops.rejected_rows with the reason, until they load after all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from warehouse.clean import presentable_text, to_json_whatever_it_holds
from warehouse.privacy.forgotten import Forgotten
from warehouse.privacy.rejects import identities_in
from warehouse.table_shape import TableShape

LONGEST_REASON = 500
LONGEST_KEY = 500

# A value's form or size (22), a constraint (23), a limit such as the size of an index row (54), two of one key in a
# statement (21): faults of rows, not of the server or of us.
ROW_FAULTS = ("21", "22", "23", "54")

_KEEP = """
insert into ops.rejected_rows as kept (tenant_id, source, resource, row_key, reason, payload, _sync_id)
values (%s, %s, %s, %s, %s, %s, %s)
on conflict (tenant_id, source, resource, row_key) do update
set reason = excluded.reason, payload = excluded.payload, _sync_id = excluded._sync_id, last_seen_at = now()
"""


def reason_of(error: Exception) -> str | None:
    """Why a row was refused, in words for an operator; None if the error is not a row's fault."""
    if isinstance(error, psycopg.Error) and error.sqlstate:
        if not error.sqlstate.startswith(ROW_FAULTS):
            return None
        return error.diag.message_primary or type(error).__name__
    if isinstance(error, UnicodeEncodeError):
        return "text with half of a surrogate pair, which is no character"
    if (
        isinstance(error, TypeError | ValueError | OverflowError | RecursionError)
        or type(error) is psycopg.ProgrammingError
    ):
        return str(error)
    return str(error) if isinstance(error, psycopg.DataError) else None  # psycopg itself could not write the value


@dataclass(frozen=True, slots=True)
class Rejects:
    """The rejected rows of one tenant's resource."""

    connection: psycopg.Connection
    tenant_id: str
    source: str
    resource: str
    sync_id: int

    def exist(self) -> bool:
        statement = "select 1 from ops.rejected_rows where tenant_id = %s and source = %s and resource = %s limit 1"
        return self.connection.execute(statement, [self.tenant_id, self.source, self.resource]).fetchone() is not None

    def keep(self, shape: TableShape, rows: Iterable[tuple[Mapping[str, Any], str]]) -> None:
        """Keeps rows, each with its reason; not those of people whom the tenant has erased."""
        kept = list(rows)
        if kept and (forgotten := Forgotten.of(self.connection, self.tenant_id)):
            kept = [
                (row, reason)
                for row, reason in kept
                if not any(identity in forgotten for identity in identities_in(self.source, self.resource, row))
            ]
        with self.connection.cursor() as cursor:
            cursor.executemany(_KEEP, [self._kept(shape, row, reason) for row, reason in kept])

    def _kept(self, shape: TableShape, row: Mapping[str, Any], reason: str) -> list[Any]:
        payload = to_json_whatever_it_holds(row)
        values = [row.get(column.name) for column in shape.key]
        if any(value is None for value in values):
            key = "without a key: " + hashlib.sha256(payload.encode()).hexdigest()[:16]
        else:
            key = presentable_text("/".join(str(value) for value in values))[:LONGEST_KEY]
        reason = presentable_text(reason)[:LONGEST_REASON]
        return [self.tenant_id, self.source, self.resource, key, reason, payload, self.sync_id]

    def forget(self, shape: TableShape, landed: sql.Identifier) -> None:
        """Drops the rejects whose keys are in the temporary table `landed`: those rows are in the warehouse now."""
        key = sql.SQL(" || '/' || ").join(
            sql.SQL("{}::text").format(sql.Identifier(column.name)) for column in shape.key
        )
        self.connection.execute(
            sql.SQL(
                "delete from ops.rejected_rows where tenant_id = %s and source = %s and resource = %s "
                "and row_key in (select {} from {})"
            ).format(key, landed),
            [self.tenant_id, self.source, self.resource],
        )
