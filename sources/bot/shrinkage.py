"""A reconciliation marks as deleted what the source no longer has. A table that lost much is rather a mistake.

A view that filters too much, a restored old backup, a truncated table: each looks like thousands of deletions. So
under four fifths of the known rows nothing is marked, the tenant fails with a sentence, and whoever did delete them
says so by running the same reconciliation again within a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from sources.bot.errors import BotError, reading_error
from sources.bot.tables import BotTable
from warehouse.sync import Sync

LEAST_SHARE = 0.8
UNSUSPICIOUS_LOSS = 20  # rows; a small table may lose half of itself
ASKED_AGAIN_WITHIN = timedelta(days=1)
_RESOURCE = "refused reconciliation"


def refuse_shrinkage(sync: Sync, bot: psycopg.Connection, schema: str, tables: Sequence[BotTable]) -> None:
    """Raises BotError if a table lost too much, unless the same was refused within the last day."""
    shrunk = [_describe(table, known, here) for table, known, here in _counts(sync, bot, schema, tables)]
    if not any(shrunk):
        return
    assert sync.source_clock is not None
    refused_at = (sync.watermark(_RESOURCE) or {}).get("refused_at")
    if refused_at is not None and sync.source_clock - datetime.fromisoformat(refused_at) < ASKED_AGAIN_WITHIN:
        return
    with sync.batch() as batch:
        batch.set_watermark(_RESOURCE, {"refused_at": sync.source_clock.isoformat()})
    losses = "; ".join(filter(None, shrunk))
    raise BotError(
        f"Tenant '{sync.tenant_id}': the bot's database holds much less than is known ({losses}), so nothing was marked as "
        "deleted. If those rows were deleted on purpose, run the same full refresh again within a day."
    )


def _counts(
    sync: Sync, bot: psycopg.Connection, schema: str, tables: Sequence[BotTable]
) -> list[tuple[BotTable, int, int]]:
    counts: list[tuple[BotTable, int, int]] = []
    for table in tables:
        known = sync.connection.execute(
            sql.SQL("select count(*) from {} where tenant_id = %s and _deleted_at is null").format(
                sql.Identifier("raw_bot", table.name)
            ),
            [sync.tenant_id],
        ).fetchone()
        try:
            here = bot.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table.name))).fetchone()
        except psycopg.Error as error:
            raise reading_error(sync.tenant_id, f"{schema}.{table.name}", error) from None
        counts.append((table, known[0] if known else 0, here[0] if here else 0))
    return counts


def _describe(table: BotTable, known: int, here: int) -> str | None:
    if known - here <= UNSUSPICIOUS_LOSS or here >= LEAST_SHARE * known:
        return None
    return f"{here} of {known} {table.name}"
