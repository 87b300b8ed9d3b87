"""Where a person's rows are: every table of the warehouse that has some, and the condition that finds them.

Tables that are not dbt's are listed here, each with its condition; those that hold nobody's rows are listed as well, and a
test finds the table that somebody forgot. dbt's tables are found by their columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from warehouse.privacy.identities import Identity, as_text
from warehouse.privacy.person import Person

# every condition also asks for the tenant
CONDITIONS: Mapping[str, str] = {
    "raw_chatwoot.contacts": "id = any(%(contacts)s)",
    "raw_chatwoot.conversations": "id = any(%(chatwoot)s)",
    "raw_chatwoot.messages": "conversation_id = any(%(chatwoot)s)",
    "raw_chatwoot.csat_survey_responses": "(conversation_id = any(%(chatwoot)s) or contact_id = any(%(contacts)s))",
    "raw_chatwoot.reporting_events": (
        "(conversation_id = any(%(chatwoot)s) or conversation_db_id = any(%(chatwoot_db)s))"
    ),
    "raw_chatwoot.applied_slas": "conversation_id = any(%(chatwoot)s)",
    "raw_chatwoot.sla_events": "conversation_id = any(%(chatwoot)s)",
    "raw_bot.leads": "id = any(%(leads)s)",
    "raw_bot.conversations": "id = any(%(bot)s)",
    "raw_bot.conversation_messages": "conversation_id = any(%(bot)s)",
    "raw_bot.llm_interactions": "conversation_id = any(%(bot)s)",
    "raw_bot.feedback": "conversation_id = any(%(bot)s)",
    "raw_bot.lead_interactions": "lead_id = any(%(leads)s)",
    # before the bookings, which say whose they are
    "ml.booking_states": (
        "booking_id in (select id from raw_bot.procedure_bookings"
        " where tenant_id = %(tenant_id)s and lead_id = any(%(leads)s))"
    ),
    "raw_bot.procedure_bookings": "lead_id = any(%(leads)s)",
    "analysis.conversation_analysis": "conversation_id = any(%(talks)s)",
    "analysis.earlier_readings": "conversation_id = any(%(talks)s)",
    "analysis.labels": "conversation_id = any(%(talks)s)",
    "analysis.due_again": "conversation_id = any(%(talks)s)",
    "ml.lead_scores": "person_id = any(%(members)s)",
}
# no rows about the people a tenant talks to; rejected rows are looked through one by one (rejects.py)
NOBODYS = (
    frozenset(f"raw_chatwoot.{name}" for name in ("inboxes", "working_hours", "agents", "teams", "team_members"))
    | frozenset(f"raw_chatwoot.{name}" for name in ("inbox_members", "labels", "sla_policies"))
    | frozenset({"raw_bot.marketing_campaigns", "raw_bot.campaign_costs"})
    | frozenset({"analysis.progress", "analysis.reading_models"})
)
# of dbt's tables
SCHEMAS = ("intermediate", "marts")
COLUMNS: Mapping[str, str] = {
    "conversation_id": "talks",
    "person_id": "members",
    "member_id": "members",
    "contact_id": "contacts",
    "lead_id": "leads",
    "source_lead_id": "leads",
    "chatwoot_conversation_id": "chatwoot",
    "bot_conversation_id": "bot",
}

_TALKS = """
select 'chatwoot', id::text, db_id from raw_chatwoot.conversations
where tenant_id = %(tenant_id)s and contact_id = any(%(contacts)s)
union
-- a conversation that only the bot still knows of, or that is another contact's by now
select 'chatwoot', b.chatwoot_conversation_id::text, null
from raw_bot.conversations as b
where
    b.tenant_id = %(tenant_id)s
    and b.lead_id = any(%(leads)s)
    and b.chatwoot_conversation_id is not null
    and not exists (
        select from raw_chatwoot.conversations as c
        where c.tenant_id = b.tenant_id and c.id = b.chatwoot_conversation_id
    )
union
select 'bot', id, null from raw_bot.conversations where tenant_id = %(tenant_id)s and lead_id = any(%(leads)s)
"""
_DBT_TABLES = """
select c.table_schema || '.' || c.table_name, array_agg(c.column_name::text order by c.column_name)
from information_schema.columns as c
join
    information_schema.tables as t
    on t.table_schema = c.table_schema
    and t.table_name = c.table_name
    and t.table_type = 'BASE TABLE'
where c.table_schema = any(%s)
group by 1
having bool_or(c.column_name = 'tenant_id') and bool_or(c.column_name = any(%s))
order by 1
"""


@dataclass(frozen=True)
class Footprint:
    """A person's rows. What it knows of their conversations is as of when it was taken."""

    connection: psycopg.Connection
    person: Person
    parameters: Mapping[str, Any]

    @classmethod
    def of(cls, connection: psycopg.Connection, person: Person, *, talks: Iterable[Identity] = ()) -> Footprint:
        """`talks` are conversations that are the person's whatever the stored rows say."""
        ids: dict[str, Any] = {
            "tenant_id": person.tenant_id,
            "contacts": sorted(person.contacts),
            "leads": sorted(person.leads),
        }
        found = connection.execute(_TALKS.encode(), ids).fetchall()
        named = {(kind, id) for kind, id, _ in found} | set(talks)
        ids["chatwoot"] = sorted(int(id) for kind, id in named if kind == "chatwoot")
        ids["bot"] = sorted(id for kind, id in named if kind == "bot")
        ids["chatwoot_db"] = sorted({db_id for *_, db_id in found if db_id is not None})
        ids["talks"] = sorted(map(as_text, named))
        ids["members"] = person.members
        return cls(connection, person, ids)

    @property
    def identities(self) -> set[Identity]:
        """What rows of the person name that come back."""
        found = self.person.identities()
        found |= {("chatwoot", str(id)) for id in self.parameters["chatwoot"]}
        found |= {("bot", id) for id in self.parameters["bot"]}
        return found | {("chatwoot_db", str(id)) for id in self.parameters["chatwoot_db"]}

    def count(self) -> Counter[str]:
        """How many rows each table has."""
        return self._each("select count(*) from {table} where {where}")

    def delete(self, *, also_built: bool = True) -> Counter[str]:
        """Deletes them, in the caller's transaction; how many rows went from each table. dbt's too, if `also_built`."""
        return self._each(
            "with gone as (delete from {table} where {where} returning 1) select count(*) from gone",
            also_built=also_built,
        )

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The person's rows of one of `tables()`, as JSON would have them."""
        where = dict(self.tables())[table]
        query = sql.SQL("select to_jsonb(held) from {table} as held where {where}").format(
            table=_relation(table), where=sql.SQL(where)
        )
        for (row,) in self.connection.execute(query, self.parameters):
            yield row

    def tables(self, *, also_built: bool = True) -> Iterator[tuple[str, str]]:
        """Each table there may be rows in, with the condition; dbt's too, if `also_built`."""
        tenant = "tenant_id = %(tenant_id)s and "
        for table, condition in CONDITIONS.items():
            yield table, tenant + condition
        if not also_built:
            return
        for table, columns in self.connection.execute(_DBT_TABLES, [list(SCHEMAS), list(COLUMNS)]).fetchall():
            named = [f"{column} = any(%({COLUMNS[column]})s)" for column in columns if column in COLUMNS]
            yield table, f"{tenant}({' or '.join(named)})"

    def _each(self, statement: str, *, also_built: bool = True) -> Counter[str]:
        counts: Counter[str] = Counter()
        for table, where in self.tables(also_built=also_built):
            query = sql.SQL(statement).format(table=_relation(table), where=sql.SQL(where))
            row = self.connection.execute(query, self.parameters).fetchone()
            counts[table] = row[0] if row else 0
        return +counts


def _relation(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))
