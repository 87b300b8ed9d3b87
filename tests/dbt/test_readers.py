"""Who reads what: every login of every kind, every mart and column, both ways; and nobody another tenant's row."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.dbt.conftest import Examples
from tests.dbt.readers import MINE, OTHER, Reader, declared, readable, rows_of
from warehouse.access import Kind, grant_login, revoke_login
from warehouse.access.roles import ensure_group
from warehouse.migrate import migrate

pytestmark = pytest.mark.xdist_group("dbt_examples")


@pytest.mark.parametrize("kind", Kind)
def test_each_column_is_read_by_whom_it_says_and_by_nobody_else(
    told: Examples, readers: Mapping[Kind, Reader], kind: Kind
) -> None:
    wrong = []
    for model, column, kinds in declared(told.project):
        table = sql.Identifier("marts", model["name"])
        query = sql.SQL("select {} from {} limit 1").format(sql.Identifier(column), table)
        if readers[kind].refuses(query) != (kind.value not in kinds):
            wrong.append(f"{model['name']}.{column}")
    assert not wrong, f"{kind}: {wrong}"


@pytest.mark.parametrize("kind", Kind)
def test_a_login_reads_all_of_its_own_rows_and_none_of_anybody_elses(
    told: Examples, readers: Mapping[Kind, Reader], kind: Kind
) -> None:
    reader = readers[kind]
    for model in readable(told.project, kind):
        table = sql.Identifier("marts", model["name"])
        seen = reader.rows(sql.SQL("select tenant_id, count(*) from {} group by 1 order by 1").format(table))
        where = rows_of(kind, reader.agent_id, model)
        with psycopg.connect(told.project.url) as owner:
            expected = owner.execute(
                sql.SQL("select tenant_id, count(*) from {} where {} group by 1 order by 1").format(table, where)
            ).fetchall()
        assert seen == expected, f"{kind}: {model['name']}"


def test_a_login_of_two_tenants_reads_both_and_no_third(told: Examples, readers: Mapping[Kind, Reader]) -> None:
    url, name = told.project.url, f"r_two_{uuid4().hex[:8]}"
    grant_login(url, url, name, Kind.MANAGER, tenants=[MINE], actor="tests")
    grant_login(url, url, name, Kind.MANAGER, tenants=[OTHER], actor="tests")
    tables = [sql.Identifier("marts", model["name"]) for model in readable(told.project, Kind.MANAGER)]
    counts = sql.SQL("select tenant_id, count(*) from {} where tenant_id = any({}) group by 1 order by 1")
    everything = sql.SQL("select tenant_id, count(*) from {} group by 1 order by 1")
    try:
        with psycopg.connect(make_conninfo(url, user=name)) as both, psycopg.connect(url) as owner:
            for table in tables:
                expected = owner.execute(counts.format(table, [MINE, OTHER])).fetchall()
                assert both.execute(everything.format(table)).fetchall() == expected, table
    finally:
        revoke_login(url, name, actor="tests")


def test_outside_the_marts_nothing_can_be_named(told: Examples, readers: Mapping[Kind, Reader]) -> None:
    with psycopg.connect(told.project.url) as owner:
        tables = owner.execute(
            "select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
            "where c.relkind in ('r', 'v', 'm', 'S', 'p') and n.nspname in "
            "('config', 'raw_chatwoot', 'raw_bot', 'staging', 'intermediate', 'analysis', 'ml', 'ops')"
        ).fetchall()
    assert len(tables) > 80
    for reader in readers.values():
        open_to = [
            f"{schema}.{table}"
            for schema, table in tables
            if not reader.refuses(sql.SQL("select 1 from {}").format(sql.Identifier(schema, table)))
        ]
        assert not open_to, f"{reader.kind}: {open_to}"


def test_no_mart_is_a_copy_that_policies_do_not_reach(told: Examples) -> None:
    """A materialized view has no policies, a view of the owner's passes over them, a table without any shows all."""
    with psycopg.connect(told.project.url) as owner:
        found = owner.execute(
            """
            select c.relname
            from pg_class as c
            where
                c.relnamespace = 'marts'::regnamespace
                and (
                    c.relkind not in ('r', 'v', 'i', 't')
                    or (c.relkind = 'r' and not (c.relrowsecurity and exists (
                        select from pg_policy as p where p.polrelid = c.oid)))
                    or (c.relkind = 'v' and not coalesce(c.reloptions::text[] @> '{security_invoker=true}', false))
                )
            """
        ).fetchall()
    assert not found


SETTINGS = (
    f"set funil.tenant = '{OTHER}'",
    "set role funil_agency",
    "set role funil_admin",
    f"set role tenant_{OTHER}",
    "set session authorization funil",
    "set row_security = off",
    "set search_path = pg_temp, marts",
)


def test_what_a_session_sets_decides_nothing(readers: Mapping[Kind, Reader]) -> None:
    for kind in (Kind.ADMIN, Kind.MANAGER, Kind.SECRETARY, Kind.MARKETING):
        reader = readers[kind]
        before = reader.rows("select access.tenants()")
        for setting in SETTINGS:
            try:
                reader.connection.execute(setting.encode())
                # without row security PostgreSQL refuses to read at all, rather than to show everything
                assert reader.rows("select distinct tenant_id from marts.dim_inboxes") in ([], [(MINE,)])
            except psycopg.errors.InsufficientPrivilege:
                pass
            finally:
                reader.connection.execute("reset role")
                reader.connection.execute("reset all")
        assert before == reader.rows("select access.tenants()") == [([MINE],)]


def test_a_gateway_reads_the_tenant_it_names_and_nothing_without(readers: Mapping[Kind, Reader]) -> None:
    gateway = readers[Kind.GATEWAY]
    shown = "select distinct tenant_id from marts.fct_conversations"
    assert gateway.rows(shown) == [(MINE,)]
    gateway.connection.execute("set funil.tenant = ''")
    assert gateway.rows(shown) == []
    gateway.connection.execute(sql.SQL("set funil.tenant = {}").format(MINE))


def test_whoever_was_not_let_in_does_not_even_connect(empty_database: str) -> None:
    """Also as a member of a tenant: tenancy says which rows, a kind says which columns and lets one in."""
    migrate(empty_database)
    name = f"r_none_{uuid4().hex[:8]}"
    with psycopg.connect(empty_database, autocommit=True) as owner:
        owner.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
        ensure_group(owner, f"tenant_{MINE}")
        owner.execute(sql.SQL("grant {} to {}").format(sql.Identifier(f"tenant_{MINE}"), sql.Identifier(name)))
        try:
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                psycopg.connect(make_conninfo(empty_database, user=name))
        finally:
            owner.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
