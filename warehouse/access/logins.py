"""Granting a login, taking it away, and who has one. Passwords are made here, told once, and stored only as SCRAM verifiers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from funil.errors import FunilError
from warehouse.access.roles import MANY, Kind, agent_role, ensure_group, tenant_role
from warehouse.address import build_url
from warehouse.audit import note
from warehouse.connect import connect
from warehouse.locks import lock_key

LOGIN_NAME = re.compile(r"[a-z][a-z0-9_]{1,62}")
# names that mean something else to the policies or to the warehouse
RESERVED = ("funil", "postgres", "pg_", "tenant_", "agent_")
SECONDS_OF_A_STATEMENT, SECONDS_OF_AN_IDLE_TRANSACTION = 120, 300

_LOGINS = """
select login.rolname, array_agg(member_of.rolname::text order by member_of.rolname)
from pg_roles as login
join pg_auth_members as m on m.member = login.oid
join pg_roles as member_of on member_of.oid = m.roleid
where login.rolcanlogin and not login.rolsuper and (member_of.rolname like 'funil\\_%%'
    or member_of.rolname like 'tenant\\_%%' or member_of.rolname like 'agent\\_%%')
group by login.rolname
order by login.rolname
"""

_OTHER_DATABASES = """
select datname
from pg_database
where datallowconn and datname <> current_database() and has_database_privilege(%s, oid, 'connect')
order by datname
"""


@dataclass(frozen=True)
class Login:
    """A login and what it may read."""

    name: str
    kind: Kind | None
    tenants: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    """`<slug>_<agent id>`, of a secretary."""


@dataclass(frozen=True)
class Granted:
    """`dsn` holds the new password, None where the login kept the one it had: it is told once and never again."""

    login: Login
    dsn: str | None = field(repr=False, default=None)
    other_databases: tuple[str, ...] = ()
    """Those of the same server that let the login in as well: of other owners, who left them open to everybody."""


def grant_login(
    dsn: str,
    bi_dsn: str,
    name: str,
    kind: Kind,
    *,
    tenants: Collection[str] = (),
    agent_id: int | None = None,
    actor: str,
    new_password: bool = False,
) -> Granted:
    """Makes the login unless it is there, and lets it read these tenants beside those it already reads.

    Raises FunilError where the request makes no sense: a second kind, a tenant the warehouse does not know, a secretary
    without an agent.
    """
    _check_request(name, kind, tenants, agent_id)
    with _changing(dsn) as connection:
        _check_tenants(connection, tenants)
        existing = {login.name: login for login in list_logins(connection)}.get(name)
        _check_existing(connection, name, kind, existing)
        # as migration 0006 did: a database that was restored from a dump has lost it
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("revoke connect, temporary on database {} from public").format(database))
        connection.execute(sql.SQL("grant connect on database {} to funil_reader").format(database))
        password = None
        if existing is None or new_password:
            password = secrets.token_urlsafe(24)
            _make_login(connection, name, password, exists=existing is not None)
        groups = [kind.role, *map(tenant_role, tenants)]
        groups += [agent_role(tenant, agent_id) for tenant in tenants if agent_id is not None]
        for group in groups:
            ensure_group(connection, group)
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(name)))
        if len({*tenants, *(existing.tenants if existing else ())}) > 1:
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(MANY), sql.Identifier(name)))
        for tenant in _each_or_none(tenants):
            note(connection, actor, "grant", name, tenant_id=tenant, kind=kind.value, agent_id=agent_id)
        [login] = [login for login in list_logins(connection) if login.name == name]
        others = tuple(database for (database,) in connection.execute(_OTHER_DATABASES, [name]))
    if password is None:
        return Granted(login, other_databases=others)
    return Granted(login, build_url(_address(bi_dsn) | {"user": name, "password": password}), others)


def revoke_login(dsn: str, name: str, *, tenants: Collection[str] = (), actor: str) -> Login | None:
    """Takes these tenants from the login or, without any named, the login itself; its connections end either way.

    Returns what is left of it.
    """
    with _changing(dsn) as connection:
        existing = {login.name: login for login in list_logins(connection)}.get(name)
        if existing is None or existing.kind is None:
            raise FunilError(f"There is no login '{name}' of Funil's. 'funil access list' shows those there are.")
        if missing := sorted(set(tenants) - set(existing.tenants)):
            raise FunilError(f"The login '{name}' has no access to {', '.join(missing)}.")
        [oid] = connection.execute("select oid from pg_roles where rolname = %s", [name]).fetchone() or [None]
        if tenants:
            groups = list(map(tenant_role, tenants))
            groups += [f"agent_{agent}" for agent in existing.agents if agent.rpartition("_")[0] in tenants]
            if len(set(existing.tenants) - set(tenants)) <= 1 < len(existing.tenants):
                groups.append(MANY)
            for group in groups:
                connection.execute(sql.SQL("revoke {} from {}").format(sql.Identifier(group), sql.Identifier(name)))
        else:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
        for tenant in _each_or_none(tenants or existing.tenants):
            note(connection, actor, "revoke", name, tenant_id=tenant, kind=existing.kind.value)
        left = {login.name: login for login in list_logins(connection)}.get(name)
    with connect(dsn, autocommit=True) as connection:
        # by number: a role that is gone has no name any more
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usesysid = %s", [oid])
    return left


def list_logins(connection: psycopg.Connection) -> list[Login]:
    """Every login that reads something of a tenant's, also those made by hand."""
    return [_login(name, groups) for name, groups in connection.execute(_LOGINS)]


def _login(name: str, groups: list[str]) -> Login:
    kinds = [kind for kind in Kind if kind.role in groups]
    return Login(
        name,
        kinds[0] if kinds else None,
        tuple(group.removeprefix("tenant_") for group in groups if group.startswith("tenant_")),
        tuple(group.removeprefix("agent_") for group in groups if group.startswith("agent_")),
    )


def _check_request(name: str, kind: Kind, tenants: Collection[str], agent_id: int | None) -> None:
    if not LOGIN_NAME.fullmatch(name) or name.startswith(RESERVED):
        raise FunilError(
            f"'{name}' cannot be a login's name: lower-case letters, digits and underscores, beginning with a letter, "
            f"and not with {', '.join(RESERVED)}."
        )
    if kind.is_of_tenants and not tenants:
        raise FunilError(f"A login of kind {kind} reads the tenants it is granted: name at least one with --tenant.")
    if not kind.is_of_tenants and tenants:
        raise FunilError(f"A login of kind {kind} reaches every tenant: leave --tenant out, or choose another kind.")
    if (kind is Kind.SECRETARY) != (agent_id is not None):
        raise FunilError("A secretary, and nobody else, is an agent of Chatwoot's: --agent gives the agent's id.")
    if kind is Kind.SECRETARY and len(tenants) != 1:
        raise FunilError("A secretary is an agent of one tenant: give --tenant once.")


def _check_tenants(connection: psycopg.Connection, tenants: Collection[str]) -> None:
    known = {slug for (slug,) in connection.execute("select tenant_id from config.tenants")}
    if unknown := sorted(set(tenants) - known):
        raise FunilError(
            f"The warehouse has no tenant {', '.join(unknown)}. It knows those of tenants.yaml after their first run."
        )


def _check_existing(connection: psycopg.Connection, name: str, kind: Kind, existing: Login | None) -> None:
    if existing is None:
        if connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
            raise FunilError(f"PostgreSQL already has a role '{name}', which is not Funil's. Choose another name.")
    elif existing.kind is not kind:
        raise FunilError(
            f"The login '{name}' is of kind {existing.kind}, and a login has one kind. Revoke it first, or choose "
            "another name."
        )


def _make_login(connection: psycopg.Connection, name: str, password: str, *, exists: bool) -> None:
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    action = "alter role {} password {}" if exists else "create role {} login password {}"
    connection.execute(sql.SQL(action).format(sql.Identifier(name), sql.Literal(verifier)))
    for setting, value in (
        ("search_path", "marts"),
        ("default_transaction_read_only", "on"),
        ("statement_timeout", f"{SECONDS_OF_A_STATEMENT}s"),
        # a forgotten transaction would keep the tables it read from being swapped
        ("idle_in_transaction_session_timeout", f"{SECONDS_OF_AN_IDLE_TRANSACTION}s"),
        # dashboards ask for one tenant's rows, which are read before another process has started
        ("max_parallel_workers_per_gather", "0"),
    ):
        connection.execute(
            sql.SQL("alter role {} set {} to {}").format(
                sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
            )
        )


def _each_or_none(tenants: Collection[str]) -> list[str | None]:
    return [*tenants] if tenants else [None]


def _address(bi_dsn: str) -> dict[str, str]:
    return {name: str(value) for name, value in conninfo_to_dict(bi_dsn).items() if value is not None}


@contextmanager
def _changing(dsn: str) -> Iterator[psycopg.Connection]:
    """One transaction, one at a time: roles belong to the whole server."""
    try:
        with connect(dsn) as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", [lock_key("logins")])
            yield connection
    except psycopg.errors.InsufficientPrivilege:
        raise FunilError("The warehouse's own login may not make logins. Grant it CREATEROLE.") from None
