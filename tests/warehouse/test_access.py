"""Logins: made once, told once, narrowed and taken away; and a log of it that cannot be changed unseen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from funil.errors import FunilError
from tests.servers import Server
from warehouse.access import Kind, grant_login, list_logins, revoke_login
from warehouse.audit import breaks, note


@pytest.fixture
def slugs(warehouse: str) -> Iterator[list[str]]:
    """Two tenants of a server that other warehouses share."""
    slugs = [f"t{uuid4().hex[:8]}" for _ in range(2)]
    with psycopg.connect(warehouse) as connection:
        for slug in slugs:
            connection.execute(
                "insert into config.tenants values (%s, 'x', 'gym', 'UTC', 'pt-BR', 'BRL', 'BR', null, 'public', 0, "
                "true, false, 'regex', true, 1)",
                [slug],
            )
    yield slugs
    with psycopg.connect(warehouse, autocommit=True) as connection:
        for (role,) in connection.execute("select rolname from pg_roles where rolname ~ %s", ["|".join(slugs)]):
            connection.execute(f"drop role if exists {role}".encode())


def grant(warehouse: str, name: str, kind: Kind, **options: Any) -> Any:
    return grant_login(warehouse, warehouse, name, kind, actor="tests", **options)


def entries(warehouse: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(warehouse) as connection:
        return connection.execute("select action, subject, tenant_id from ops.audit_log order by number").fetchall()


def test_a_login_is_told_its_password_once_and_comes_in_with_it(
    warehouse: str, slugs: list[str], embedded_server: Server
) -> None:
    name, database = f"ana_{slugs[0]}", str(conninfo_to_dict(warehouse)["dbname"])
    first = grant_login(
        warehouse, embedded_server.tcp_url(database), name, Kind.MANAGER, tenants=slugs[:1], actor="tests"
    )
    with psycopg.connect(first.dsn) as connection:
        row = connection.execute("select current_user, access.tenants(), current_setting('search_path')").fetchone()
        assert row == (name, [slugs[0]], "marts")
    password = str(conninfo_to_dict(first.dsn)["password"])
    with psycopg.connect(warehouse) as connection:
        [stored] = connection.execute("select rolpassword from pg_authid where rolname = %s", [name]).fetchall()[0]
        assert stored.startswith("SCRAM-SHA-256$")
        assert password not in stored
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(make_conninfo(first.dsn, password="wrong"))

    assert grant(warehouse, name, Kind.MANAGER, tenants=slugs[1:]).dsn is None
    with psycopg.connect(warehouse) as connection:
        [login] = [login for login in list_logins(connection) if login.name == name]
    assert (login.kind, sorted(login.tenants)) == (Kind.MANAGER, sorted(slugs))
    with psycopg.connect(first.dsn) as connection:
        assert connection.execute("select access.is_of('funil_many'), access.tenant()").fetchone() == (True, None)
    revoke_login(warehouse, name, tenants=slugs[:1], actor="tests")
    with psycopg.connect(first.dsn) as connection:
        assert connection.execute("select access.is_of('funil_many'), access.tenant()").fetchone() == (False, slugs[1])
        assert connection.execute("select access.tenants()").fetchone() == ([slugs[1]],)
        revoke_login(warehouse, name, actor="tests")
        with pytest.raises(psycopg.OperationalError):  # whoever is in goes out
            connection.execute("select 1")
    assert entries(warehouse) == [
        ("grant", name, slugs[0]),
        ("grant", name, slugs[1]),
        ("revoke", name, slugs[0]),
        ("revoke", name, slugs[1]),
    ]


def test_a_secretary_is_an_agent_of_one_tenant(warehouse: str, slugs: list[str]) -> None:
    login = grant(warehouse, f"bia_{slugs[0]}", Kind.SECRETARY, tenants=slugs[:1], agent_id=7).login
    assert login.agents == (f"{slugs[0]}_7",)
    with psycopg.connect(make_conninfo(warehouse, user=login.name)) as connection:
        row = connection.execute("select access.agents(), access.reads_all_agents()").fetchone()
        assert row == ([f"{slugs[0]}_7"], False)


def test_a_tenant_may_come_by_a_group_of_somebodys_own_making(warehouse: str, slugs: list[str]) -> None:
    login, team = f"ana_{slugs[0]}", f"team_{slugs[0]}"
    grant(warehouse, login, Kind.MANAGER, tenants=slugs[:1])
    with psycopg.connect(warehouse, autocommit=True) as owner:
        for statement in (f"create role {team}", f"grant tenant_{slugs[0]} to {team}", f"grant {team} to {login}"):
            owner.execute(statement.encode())
        owner.execute(f"revoke tenant_{slugs[0]} from {login}".encode())
    with psycopg.connect(make_conninfo(warehouse, user=login)) as connection:
        assert connection.execute("select access.tenants(), access.tenant()").fetchone() == ([slugs[0]], slugs[0])


@pytest.mark.parametrize(
    ("name", "kind", "tenants", "agent_id", "sentence"),
    [
        ("Ana", Kind.MANAGER, 1, None, "cannot be a login's name"),
        ("tenant_x", Kind.MANAGER, 1, None, "cannot be a login's name"),
        ("funil_admin", Kind.MANAGER, 1, None, "cannot be a login's name"),
        ("ana", Kind.MANAGER, 0, None, "name at least one with --tenant"),
        ("ana", Kind.AGENCY, 1, None, "leave --tenant out"),
        ("ana", Kind.SECRETARY, 1, None, "--agent gives the agent's id"),
        ("ana", Kind.ADMIN, 1, 4, "--agent gives the agent's id"),
        ("ana", Kind.SECRETARY, 2, 4, "give --tenant once"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    warehouse: str, slugs: list[str], name: str, kind: Kind, tenants: int, agent_id: int | None, sentence: str
) -> None:
    with pytest.raises(FunilError, match=sentence):
        grant(warehouse, name, kind, tenants=slugs[:tenants], agent_id=agent_id)
    assert entries(warehouse) == []


def test_a_login_has_one_kind_and_is_of_tenants_there_are(warehouse: str, slugs: list[str]) -> None:
    name = f"ana_{slugs[0]}"
    grant(warehouse, name, Kind.MANAGER, tenants=slugs[:1])
    with pytest.raises(FunilError, match="a login has one kind"):
        grant(warehouse, name, Kind.ADMIN, tenants=slugs[:1])
    with pytest.raises(FunilError, match="no tenant nowhere"):
        grant(warehouse, name, Kind.MANAGER, tenants=["nowhere"])
    with pytest.raises(FunilError, match="no login 'nobody'"):
        revoke_login(warehouse, "nobody", actor="tests")


def test_the_audit_log_only_grows_and_shows_who_meddled(warehouse: str) -> None:
    with psycopg.connect(warehouse, autocommit=True) as connection:
        for subject in ("one", "two", "three"):
            note(connection, "tests", "grant", subject, kind="manager")
        assert breaks(connection) == []
        for meddling in (
            "update ops.audit_log set subject = 'other'",
            "delete from ops.audit_log",
            "truncate ops.audit_log",
        ):
            for role in ("origin", "replica"):
                connection.execute(f"set session_replication_role = {role}".encode())
                with pytest.raises(psycopg.errors.RaiseException, match="only grows"):
                    connection.execute(meddling.encode())
        connection.execute("alter table ops.audit_log disable trigger all")
        connection.execute("update ops.audit_log set subject = 'other' where subject = 'two'")
        assert [row[-1] for row in breaks(connection)] == ["other"]
        connection.execute("update ops.audit_log set subject = 'two' where subject = 'other'")
        assert breaks(connection) == []
        connection.execute("delete from ops.audit_log where subject = 'two'")
        assert [row[-1] for row in breaks(connection)] == ["three"]
