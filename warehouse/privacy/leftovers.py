"""What PostgreSQL keeps of deleted rows in its files, until something is written over it: row versions, statistics, the log.

A table is written anew without them, samples of values in the planner's statistics too, and the write-ahead log goes on in
new segments while the old ones are removed. It locks one table after another for as long as writing it takes.
"""

from __future__ import annotations

from collections.abc import Collection

import psycopg
from psycopg import sql

from warehouse.connect import connect

# many more than a server keeps for later
MOST_SEGMENTS = 300
_SEGMENTS_AHEAD = """
select count(*) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$' and name > pg_walfile_name(pg_current_wal_insert_lsn())
"""
_MAY = """
select
    pg_has_role('pg_checkpoint', 'usage')
    and has_function_privilege('pg_switch_wal()', 'execute')
    and has_function_privilege('pg_ls_waldir()', 'execute')
"""
_MAY_STATISTICS = """
select pg_get_userbyid(datdba) = current_user or rolsuper
from pg_database, pg_roles
where datname = current_database() and rolname = current_user
"""


def clean_tables(dsn: str, tables: Collection[str], *, wait_seconds: float = 30) -> list[str]:
    """Writes these tables (`schema.table`) anew, without what was deleted in them, and their statistics.

    Returns those that somebody was reading for longer than `wait_seconds`: whoever waits for a table makes others wait.
    """
    busy: list[str] = []
    with connect(dsn, autocommit=True) as connection:
        connection.execute("select set_config('lock_timeout', %s, false)", [f"{wait_seconds:.3f}s"])
        present = connection.execute(
            "select name from unnest(%s::text[]) as t (name) where to_regclass(name) is not null", [sorted(tables)]
        ).fetchall()
        if _is(connection, _MAY_STATISTICS):
            present.append(("pg_catalog.pg_statistic",))  # after the others, which leave their old samples there
        for (table,) in present:
            try:
                connection.execute(sql.SQL("vacuum (full, analyze) {}").format(sql.Identifier(*table.split("."))))
            except psycopg.errors.LockNotAvailable:
                busy.append(table)
    return busy


def clean_log(dsn: str) -> bool:
    """Has the server go on in a new segment of its log and remove the old ones; False where this login may not."""
    with connect(dsn, autocommit=True) as connection:
        if not _is(connection, _MAY):
            return False
        _switch(connection)
        connection.execute("checkpoint")
        # segments that were kept to be written over are written over
        for _ in range(MOST_SEGMENTS):
            ahead = connection.execute(_SEGMENTS_AHEAD).fetchone()
            if not ahead or not ahead[0]:
                break
            _switch(connection)
        connection.execute("checkpoint")
    return True


def _switch(connection: psycopg.Connection) -> None:
    # a segment in which nothing was written yet is not left
    connection.execute("select pg_logical_emit_message(false, 'funil', 'the next segment'), pg_switch_wal()")


def _is(connection: psycopg.Connection, question: str) -> bool:
    row = connection.execute(question.encode()).fetchone()
    return bool(row and row[0])
