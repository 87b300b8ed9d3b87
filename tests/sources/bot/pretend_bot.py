"""A bot's database for tests: the tables of the contract with some rows, read independently of the code under test."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from funil.tenants import Tenant

DDL = """
create table {schema}.leads (id {id} primary key, phone text, name text, email text, source_channel text,
    campaign_id {id}, maturity_score int, status text not null, assigned_to text, created_at timestamptz not null,
    updated_at timestamptz not null, converted_at timestamptz);
create table {schema}.conversations (id {id} primary key, lead_id {id} not null, chatwoot_conversation_id bigint,
    status text not null, started_at timestamptz not null, ended_at timestamptz, resolved_by text,
    handoff_at timestamptz, handoff_reason text, playbook text, updated_at timestamptz not null);
create table {schema}.conversation_messages (id {id} primary key, conversation_id {id} not null,
    direction text not null, sender text not null, content text, created_at timestamptz not null);
create table {schema}.llm_interactions (id {id} primary key, conversation_id {id} not null, intent text,
    confidence real, validated_intent text, model text, prompt_tokens int, completion_tokens int, latency_ms int,
    created_at timestamptz not null);
create table {schema}.lead_interactions (id {id} primary key, lead_id {id} not null, type text, outcome text,
    duration_seconds int, agent_id text, created_at timestamptz not null);
create table {schema}.feedback (id {id} primary key, conversation_id {id} not null, score int, nps_score int,
    comment text, created_at timestamptz not null);
create table {schema}.marketing_campaigns (id {id} primary key, name text not null, channel text not null,
    started_on date, ended_on date, updated_at timestamptz not null);
create table {schema}.campaign_costs (campaign_id {id} not null, cost_date date not null, cost numeric not null,
    currency text not null, impressions bigint, clicks bigint, primary key (campaign_id, cost_date));
create table {schema}.procedure_bookings (id {id} primary key, lead_id {id} not null, procedure text, value numeric,
    currency text, booked_at timestamptz not null, scheduled_for timestamptz, status text not null,
    updated_at timestamptz not null);
"""

# n rows of each, over the last year, times with microseconds; {k} makes an id of a number
ROWS = """
insert into {schema}.marketing_campaigns
select {k}, 'campanha ' || n, case n % 3 when 0 then 'instagram' when 1 then 'google' else 'indicação' end,
    current_date - 300, case when n % 2 = 0 then current_date end, now() - n * interval '1 day'
from generate_series(1, 5) as n;
insert into {schema}.campaign_costs
select {k}, current_date - day, n + day / 100.0, 'BRL', day * 10, case when day % 2 = 0 then day end
from generate_series(1, 5) as n, generate_series(0, 300, 3) as day;
insert into {schema}.leads
select {k}, '(11) 9' || lpad((81000000 + n)::text, 8, '0'), 'Lead ' || n || E' \\t"ção"\\n\\\\N', null,
    case when n % 4 > 0 then 'instagram' end, case when n % 5 > 0 then {k} end, n % 101, 'new', null,
    now() - n * interval '7 hours' - n * interval '1.000001 second', now() - n * interval '5 hours 1.000003 second',
    case when n % 9 = 0 then now() - n * interval '1 hour' end
from generate_series(1, {n}) as n;
insert into {schema}.conversations
select {k}, {k}, case when n % 2 = 0 then n end, case when n % 3 = 0 then 'open' else 'closed' end,
    now() - n * interval '6 hours', null, case when n % 3 > 0 then 'bot' end, null, null, 'aula',
    now() - n * interval '5 hours'
from generate_series(1, {n}) as n;
insert into {schema}.conversation_messages
select {k}, {k}, case when n % 2 = 0 then 'in' else 'out' end, case when n % 2 = 0 then 'lead' else 'bot' end,
    nullif('mensagem ' || n || ' 😀', 'mensagem 7 😀'), now() - n * interval '83 minutes'
from generate_series(1, {n} * 3) as n;
insert into {schema}.llm_interactions
select {k}, {k}, 'preco', 0.25, null, 'm', n, n, n, now() - n * interval '6 hours' from generate_series(1, {n}) as n;
insert into {schema}.lead_interactions
select {k}, {k}, 'call', 'answered', n, 'ana', now() - n * interval '6 hours' from generate_series(1, {n}) as n;
insert into {schema}.feedback
select {k}, {k}, n % 5 + 1, n % 11, null, now() - n * interval '6 hours' from generate_series(1, {n}) as n;
insert into {schema}.procedure_bookings
select {k}, {k}, 'aula', n + 0.5, 'BRL', now() - n * interval '6 hours', now() - n * interval '3 hours',
    case when n % 2 = 0 then 'attended' else 'booked' end, now() - n * interval '3 hours'
from generate_series(1, {n}) as n;
"""

TABLES = (
    "leads",
    "conversations",
    "conversation_messages",
    "llm_interactions",
    "lead_interactions",
    "feedback",
    "marketing_campaigns",
    "campaign_costs",
    "procedure_bookings",
)


def create_bot(dsn: str, *, rows: int = 60, id_type: str = "bigint", schema: str = "public") -> None:
    """Makes the tables in an empty database and fills them."""
    key = "n" if id_type == "bigint" else "md5(n::text)::uuid"
    with psycopg.connect(dsn) as connection:
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
        connection.execute(DDL.format(schema=schema, id=id_type).encode())
        connection.execute(ROWS.format(schema=schema, k=key, n=rows).encode())


def execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def tenant_of(dsn: str, **changes: Any) -> Tenant:
    bot = {"database_url": dsn} | ({"schema": changes.pop("schema")} if "schema" in changes else {})
    return Tenant.model_validate({"slug": "box", "name": "Box", "vertical": "gym", "bot": bot} | changes)


def source_rows(dsn: str, table: str, schema: str = "public") -> list[dict[str, Any]]:
    """The source's rows by psycopg's own types, ids as text."""
    rows = _select(dsn, sql.SQL("select * from {}").format(sql.Identifier(schema, table)))
    for row in rows:
        for name in ("id", "lead_id", "conversation_id", "campaign_id"):
            if row.get(name) is not None:
                row[name] = str(row[name])
    return sorted(rows, key=_order)


def landed_rows(dsn: str, table: str, *, deleted: bool = False) -> list[dict[str, Any]]:
    """What is in the warehouse, without the loader's columns and what the source does not have."""
    query = sql.SQL("select * from {} where tenant_id = 'box' and (_deleted_at is not null) = {}").format(
        sql.Identifier("raw_bot", table), sql.Literal(deleted)
    )
    ours = ("tenant_id", "_sync_id", "_synced_at", "_deleted_at", "phone_e164", "extra")
    return sorted(({k: v for k, v in row.items() if k not in ours} for row in _select(dsn, query)), key=_order)


def assert_equal_to_source(bot: str, warehouse: str, schema: str = "public") -> None:
    for table in TABLES:
        assert landed_rows(warehouse, table) == source_rows(bot, table, schema), table


def values(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def _select(dsn: str, query: sql.Composed) -> list[dict[str, Any]]:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        connection.execute("set timezone to 'UTC'")
        return connection.execute(query).fetchall()


def _order(row: dict[str, Any]) -> tuple[str, str]:
    return str(row.get("id", row.get("campaign_id"))), str(row.get("cost_date"))
