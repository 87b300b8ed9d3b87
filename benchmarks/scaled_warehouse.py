"""Raw rows of a hundred thousand conversations, and of what changed in them since: the pretend world's, many times over.

A small installation syncs and analyses the pretend tenants, once as they are and once after each `advance`. What each of these
syncs wrote is multiplied in SQL, each copy with ids and phones of its own, so that a tick at scale changes the share of the
conversations that it changes in the small world.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.end_to_end.installation import Installation, succeeded
from tests.end_to_end.pretend import PretendWorlds
from warehouse.migrate import migrate

END = datetime.fromisoformat("2026-11-16T15:00:00+00:00")
DATA_SET = "scaled_{copies}"
BETWEEN_COPIES = 10_000_000

_NUMBER = "{column} + copy * " + str(BETWEEN_COPIES)
_TEXT = "{column} || '.' || copy"
_TALK = f"""case when {{column}} like 'bot-%' then {_TEXT}
    else 'chatwoot-' || (substr({{column}}, 10)::bigint + copy * {BETWEEN_COPIES}) end"""
# by these a row of one copy is told from the same row of another; tables that are not named have one copy
DIFFERENT: dict[str, dict[str, str]] = {
    "raw_chatwoot.conversations": dict.fromkeys(("id", "contact_id", "db_id"), _NUMBER),
    "raw_chatwoot.messages": dict.fromkeys(("id", "conversation_id"), _NUMBER),
    "raw_chatwoot.contacts": {"id": _NUMBER, "phone_e164": _TEXT},
    "raw_chatwoot.csat_survey_responses": dict.fromkeys(("id", "conversation_id", "message_id", "contact_id"), _NUMBER),
    "raw_chatwoot.reporting_events": dict.fromkeys(("id", "conversation_id", "conversation_db_id"), _NUMBER),
    "raw_chatwoot.applied_slas": dict.fromkeys(("id", "conversation_id"), _NUMBER),
    "raw_chatwoot.sla_events": dict.fromkeys(("id", "conversation_id", "applied_sla_id", "message_id"), _NUMBER),
    "raw_bot.leads": {"id": _TEXT, "phone_e164": _TEXT},
    "raw_bot.conversations": {"id": _TEXT, "lead_id": _TEXT, "chatwoot_conversation_id": _NUMBER},
    "raw_bot.conversation_messages": {"id": _TEXT, "conversation_id": _TEXT},
    "raw_bot.llm_interactions": {"id": _TEXT, "conversation_id": _TEXT},
    "raw_bot.lead_interactions": {"id": _TEXT, "lead_id": _TEXT},
    "raw_bot.feedback": {"id": _TEXT, "conversation_id": _TEXT},
    "raw_bot.procedure_bookings": {"id": _TEXT, "lead_id": _TEXT},
    "analysis.conversation_analysis": {"conversation_id": _TALK},
}
SCHEMAS = ("config", "raw_chatwoot", "raw_bot", "analysis")
# without a _sync_id of the row's own: the tenant's, whole
WHOLE = ("ops.sync_counters", "ops.sync_runs")

TABLES = """
select n.nspname || '.' || c.relname, array_agg(a.attname order by a.attnum),
    (select array_agg(k.attname order by k.attnum) from pg_index as i join pg_attribute as k
        on k.attrelid = c.oid and k.attnum = any(i.indkey) where i.indrelid = c.oid and i.indisprimary)
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
where c.relkind = 'r' and (n.nspname = any(%s) or n.nspname || '.' || c.relname = any(%s))
group by c.oid, n.nspname, c.relname order by 1
"""


@dataclass(frozen=True)
class Table:
    name: str
    columns: Sequence[str]
    key: Sequence[str]

    @property
    def place(self) -> sql.Identifier:
        return sql.Identifier(*self.name.split("."))

    def kept_for(self, step: int) -> sql.Identifier:
        return sql.Identifier(f"step_{step}", self.name)

    @property
    def has_sync_id(self) -> bool:
        return "_sync_id" in self.columns


@dataclass(frozen=True)
class ScaledWarehouse:
    """A database with the rows of step 0 in place and those that each later step changes kept aside."""

    url: str
    steps: int

    def apply(self, step: int, share: float | None = None) -> float:
        """Writes the rows of a step over those that are there, as the syncs of that step would; returns the share that changed.

        `share` of the conversations at most: it is in some of the copies that something happens, in the others nothing.
        """
        copies = all_copies = _copies(self.url)
        whole = self._changed_share(step)
        if share is not None:
            copies = min(copies, max(1, round(copies * share / whole)))
        with psycopg.connect(self.url) as connection:
            for table in _tables(connection):
                _multiply(connection, table, step, copies)
        return whole * copies / all_copies

    def _changed_share(self, step: int) -> float:
        """The share of the conversations that have something new in a step."""
        with psycopg.connect(self.url) as connection:
            changed, all_of_them = connection.execute(
                sql.SQL(
                    "select (select count(*) from (select tenant_id, id from {} union select tenant_id, conversation_id from {})"
                    " as c), (select count(*) from {})"
                ).format(
                    *(sql.Identifier(f"step_{step}", f"raw_chatwoot.{name}") for name in ("conversations", "messages")),
                    sql.Identifier("step_0", "raw_chatwoot.conversations"),
                )
            ).fetchone() or (0, 1)
        return float(changed) / float(all_of_them)


def open_data_set(home: Path, *, copies: int, advances: Sequence[float]) -> str:
    """The address of the data set under `home`, made unless it is there: `advances` are the hours between its steps."""
    installation = Installation(home)
    installation.write_tenants()
    name = DATA_SET.format(copies=copies)
    server = installation.url.rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            return f"{server}/{name}"
        making = f"{name}_in_the_making"
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(making)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(making)))
    _fill(installation, f"{server}/{making}", copies, advances)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter database {} rename to {}").format(sql.Identifier(making), sql.Identifier(name))
        )
    return f"{server}/{name}"


def fresh_copy(data_set: str, steps: int) -> ScaledWarehouse:
    """A database of its own with the data set's rows and no marts; the one made before is dropped."""
    server, _, name = data_set.rpartition("/")
    url = f"{server}/{name}_at_work"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(f"{name}_at_work")))
        connection.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(f"{name}_at_work"), sql.Identifier(name)
            )
        )
    migrate(url)
    return ScaledWarehouse(url, steps)


def _fill(installation: Installation, url: str, copies: int, advances: Sequence[float]) -> None:
    migrate(url)
    with PretendWorlds(installation, (7,), 1.0, END) as worlds:
        for step in range(len(advances) + 1):
            if step:
                worlds.advance(advances[step - 1], unannounced=True)
            succeeded(installation.funil("run", timeout=3600))
            with psycopg.connect(installation.url) as small, psycopg.connect(url) as large:
                _keep(small, large, step)
    with psycopg.connect(url) as large:
        for table in _tables(large):
            _multiply(large, table, 0, copies)
    with psycopg.connect(url, autocommit=True) as large:
        large.execute("vacuum analyze")


def _keep(small: psycopg.Connection, large: psycopg.Connection, step: int) -> None:
    """Copies what the latest syncs wrote to the schema of the step."""
    large.execute(sql.SQL("create schema {}").format(sql.Identifier(f"step_{step}")))
    known: dict[str, int] = {}
    if step:
        counters = sql.SQL("select tenant_id, last_sync_id from {}").format(
            sql.Identifier(f"step_{step - 1}", "ops.sync_counters")
        )
        known = dict(large.execute(counters).fetchall())
    newer = sql.SQL(" or ").join(
        [
            sql.SQL("(tenant_id = {} and _sync_id > {})").format(sql.Literal(tenant_id), sql.Literal(last))
            for tenant_id, last in known.items()
        ]
        or [sql.SQL("true")]
    )
    for table in _tables(large):
        large.execute(sql.SQL("create table {} (like {})").format(table.kept_for(step), table.place))
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        source = sql.SQL("copy (select {} from {} where {}) to stdout").format(
            columns, table.place, newer if table.has_sync_id else sql.SQL("true")
        )
        target = sql.SQL("copy {} ({}) from stdin").format(table.kept_for(step), columns)
        with small.cursor().copy(source) as rows, large.cursor().copy(target) as copy:
            for block in rows:
                copy.write(block)


def _multiply(connection: psycopg.Connection, table: Table, step: int, copies: int) -> None:
    place = table.kept_for(step).as_string(connection)
    if connection.execute("select to_regclass(%s) is null", [place]).fetchone() == (True,):
        return  # a migration made since has added the table
    different = DIFFERENT.get(table.name, {})
    kept = connection.execute(sql.SQL("select * from {} limit 0").format(table.kept_for(step))).description or []
    # a migration made since may have added columns: those keep their default
    columns = [name for name in table.columns if name in {column.name for column in kept}]
    values = [
        sql.SQL(different[name].replace("{column}", name)) if name in different else sql.Identifier(name)
        for name in columns
    ]
    changes = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns if name not in table.key]
    connection.execute(
        sql.SQL(
            "insert into {} ({}) select {} from {} cross join generate_series(0, {} - 1) as c(copy) order by {}"
            " on conflict ({}) {}"
        ).format(
            table.place,
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(values),
            table.kept_for(step),
            sql.Literal(copies if different else 1),
            sql.SQL(", ").join([sql.SQL("copy"), *(sql.Identifier(name) for name in table.key if name in columns)]),
            sql.SQL(", ").join(map(sql.Identifier, table.key)),
            sql.SQL("do update set {}").format(sql.SQL(", ").join(changes)) if changes else sql.SQL("do nothing"),
        )
    )


def _tables(connection: psycopg.Connection) -> list[Table]:
    return [Table(*row) for row in connection.execute(TABLES, [list(SCHEMAS), list(WHOLE)])]


def _copies(url: str) -> int:
    return int(str(conninfo_to_dict(url)["dbname"]).split("_")[1])
