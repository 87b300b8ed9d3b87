"""Logins of every kind on the examples' database, and what the models declare of who reads what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.dbt.project import Project
from warehouse.access import Kind, grant_login, revoke_login

# two of the worked examples
MINE, OTHER = "ours", "theirs"

_OF_TENANTS = """
select n.nspname, c.relname
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id'
where c.relkind = 'r' and n.nspname in ('config', 'raw_chatwoot', 'raw_bot', 'intermediate', 'analysis', 'ml', 'marts', 'ops')
    and c.relname <> 'audit_log'
"""


@dataclass
class Reader:
    """A login, and the connection of whoever uses it."""

    kind: Kind
    name: str
    url: str
    agent_id: int | None
    """Of a secretary."""
    connection: psycopg.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = self.connect()

    def connect(self) -> psycopg.Connection:
        """Another connection; a gateway's names its tenant."""
        connection = psycopg.connect(self.url, autocommit=True)
        if self.kind is Kind.GATEWAY:
            connection.execute(sql.SQL("set funil.tenant = {}").format(MINE))
        return connection

    def rows(self, query: str | sql.Composed, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(
            query.encode() if isinstance(query, str) else query, list(parameters) or None
        ).fetchall()

    def refuses(self, query: sql.Composed) -> bool:
        try:
            self.connection.execute(query)
        except psycopg.errors.InsufficientPrivilege:
            return True
        return False


@contextmanager
def reader(url: str, kind: Kind, agent_id: int) -> Iterator[Reader]:
    """A login of this kind, of the tenant `MINE` where the kind has tenants; a secretary is this agent."""
    name = f"r_{kind}_{uuid4().hex[:8]}"
    grant_login(
        url,
        url,
        name,
        kind,
        tenants=[MINE] if kind.is_of_tenants else [],
        agent_id=agent_id if kind is Kind.SECRETARY else None,
        actor="tests",
    )
    try:
        made = Reader(kind, name, make_conninfo(url, user=name), agent_id if kind is Kind.SECRETARY else None)
        yield made
        made.connection.close()
    finally:
        revoke_login(url, name, actor="tests")


def declared(project: Project) -> Iterator[tuple[dict[str, Any], str, set[str]]]:
    """Every mart, each of its columns, and the kinds of login that may read it, as the models say."""
    for model in project.models:
        if model["schema"] == "marts":
            kinds = model["config"]["meta"]["readers"]
            for column in model["columns"].values():
                yield model, column["name"], set(column["config"]["meta"].get("readers", kinds)) & set(kinds)


def readable(project: Project, kind: Kind) -> list[dict[str, Any]]:
    """The marts of which this kind may read something."""
    return list({model["name"]: model for model, _, kinds in declared(project) if kind.value in kinds}.values())


def rows_of(kind: Kind, agent_id: int | None, model: dict[str, Any]) -> sql.Composed:
    """The condition that picks, for the owner, the rows of a mart which the reader should see."""
    conditions = [] if kind is Kind.AGENCY else [sql.SQL("tenant_id = {}").format(MINE)]
    if kind is Kind.SECRETARY and (own := model["config"]["meta"].get("own_rows_of")):
        conditions.append(sql.SQL("{} = {}").format(sql.Identifier(own), agent_id))
    return sql.SQL(" and ").join([sql.SQL("true"), *conditions])


def only_mine(owner: psycopg.Connection, project: Project, agent_id: int | None) -> None:
    """Takes every other tenant's rows out of a database and, of the rows that agents have of their own, the others'."""
    owns = {model["name"]: model["config"]["meta"].get("own_rows_of") for model in project.models}
    for schema, table in owner.execute(_OF_TENANTS).fetchall():
        place = sql.Identifier(schema, table)
        owner.execute(sql.SQL("delete from {} where tenant_id <> {}").format(place, MINE))
        if agent_id is not None and schema == "marts" and owns[table]:
            owner.execute(
                sql.SQL("delete from {} where {} is distinct from {}").format(
                    place, sql.Identifier(owns[table]), agent_id
                )
            )
    # as the first grant on a database does
    database = sql.Identifier(owner.info.dbname)
    owner.execute(sql.SQL("revoke connect, temporary on database {} from public").format(database))
    owner.execute(sql.SQL("grant connect on database {} to funil_reader").format(database))
