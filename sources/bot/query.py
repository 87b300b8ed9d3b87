"""The `select` that reads one of the bot's tables from where the last sync stopped.

Everything is read as text, as the source's server writes it: the loader decides what can be stored, so that one absurd
value ('infinity', the year 20025) costs a row and not the sync.

Why nothing is missed. Rows come in order of the cursor (`updated_at`, `created_at`) and the watermark follows them, but
the next sync starts `OVERLAP` before it: rows with the very same time, and rows whose transaction began before the
watermark and committed after we looked, are read again rather than skipped. A transaction that stays open for longer
than the overlap is caught by the reconciliation. The watermark never passes the source's own clock, so a row dated in
the future cannot hide what comes after it.
"""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from psycopg import sql

from sources.bot.schema import FoundTable

OVERLAP = "10 minutes"

# fixed width, so that watermarks compare as text
_TIME_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
_DATE_FORMAT = "YYYY-MM-DD"


def select_rows(
    found: FoundTable, schema: str, *, watermark: str | None, since: date | None, timezone: str, whole: bool
) -> sql.Composed:
    """Columns in the order of `found.table.columns`, then `extra` as JSON text, then the row's place as a watermark.

    `since` reads again from that day of the tenant's calendar. Without a watermark, or with `whole`, all is read.
    """
    cursor = _cursor(found)
    where: sql.Composable = sql.SQL("")
    if watermark is not None and not whole:
        where = sql.SQL("where {} >= {}").format(cursor, _start(found, watermark, since, timezone))
    return sql.SQL("select {columns}, {extra}, {place} from {table} as t {where} order by {cursor}, {key}").format(
        columns=sql.SQL(", ").join(_column(found, name) for name in found.table.columns),
        extra=_extra(found),
        place=_place(found, cursor),
        table=sql.Identifier(schema, found.table.name),
        where=where,
        cursor=cursor,
        key=sql.SQL(", ").join(sql.Identifier("t", name) for name in found.table.key),
    )


def select_keys(found: FoundTable, schema: str) -> sql.Composed:
    """The keys of every row that is there, as text: what a reconciliation keeps."""
    return sql.SQL("select {key} from {table} as t").format(
        key=sql.SQL(", ").join(_column(found, name) for name in found.table.key),
        table=sql.Identifier(schema, found.table.name),
    )


def _column(found: FoundTable, name: str) -> sql.Composable:
    if name not in found.columns:
        return sql.SQL("null")
    return sql.SQL("{}::text").format(sql.Identifier("t", name))


def _extra(found: FoundTable) -> sql.Composable:
    if not found.extra:
        return sql.SQL("null")
    columns = sql.SQL(", ").join(sql.Identifier("t", name) for name in found.extra)
    # json and not jsonb: a json column may hold \u0000, which jsonb refuses with an error
    return sql.SQL("(select to_json(e) from (select {}) as e)::text").format(columns)


def _is_date(found: FoundTable) -> bool:
    return found.table.cursor in found.table.dates


def _cursor(found: FoundTable) -> sql.Composable:
    cursor = sql.Identifier("t", found.table.cursor)
    if found.announces:
        return sql.SQL("greatest({}, {})").format(sql.Identifier("t", "updated_at"), cursor)
    return cursor


def _place(found: FoundTable, cursor: sql.Composable) -> sql.Composable:
    if _is_date(found):
        return sql.SQL("to_char(least({}, current_date), {})").format(cursor, sql.Literal(_DATE_FORMAT))
    return sql.SQL("to_char(least({}, now()), {})").format(cursor, sql.Literal(_TIME_FORMAT))


def _start(found: FoundTable, watermark: str, since: date | None, timezone: str) -> sql.Composable:
    days = sql.Literal(found.table.reread_days)
    if _is_date(found):
        starts = [sql.SQL("{}::date").format(sql.Literal(watermark)), sql.SQL("current_date - {}").format(days)]
        if since is not None:
            starts.append(sql.SQL("{}::date").format(sql.Literal(since.isoformat())))
        return sql.SQL("least({})").format(sql.SQL(", ").join(starts))
    starts = [sql.SQL("{}::timestamptz - {}::interval").format(sql.Literal(watermark), sql.Literal(OVERLAP))]
    if found.table.reread_days:
        starts.append(sql.SQL("now() - make_interval(days => {})").format(days))
    if since is not None:
        midnight = datetime.combine(since, time.min, ZoneInfo(timezone))
        starts.append(sql.SQL("{}::timestamptz").format(sql.Literal(midnight.isoformat())))
    return sql.SQL("least({})").format(sql.SQL(", ").join(starts))
