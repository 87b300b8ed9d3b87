"""The group roles that decide what a login reads. Policies ask for membership in them (migration 0006)."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum

import psycopg
from psycopg import sql

MANY = "funil_many"
"""Of whoever reads several tenants: a policy of their own applies to them."""


class Kind(StrEnum):
    """What a login is for. It has one kind; which columns each kind may read is declared with the dbt models."""

    ADMIN = "admin"
    """Everything of its tenants, personal data too."""
    MANAGER = "manager"
    """Everything of its tenants but personal data."""
    SECRETARY = "secretary"
    """The conversations and figures of the agent it is."""
    MARKETING = "marketing"
    """Acquisition and conversion of its tenants."""
    AGENCY = "agency"
    """As a manager, of every tenant."""
    GATEWAY = "gateway"
    """As a manager, of the one tenant that `set funil.tenant` names: for a trusted service in front of many people."""

    @property
    def role(self) -> str:
        return f"funil_{self.value}"

    @property
    def is_of_tenants(self) -> bool:
        """Whether such a login is granted tenants; the others reach all of them, by what they are."""
        return self not in (Kind.AGENCY, Kind.GATEWAY)


def tenant_role(slug: str) -> str:
    """The group role whose members are of this tenant."""
    return f"tenant_{slug}"


def agent_role(slug: str, agent_id: int) -> str:
    """The group role whose members are this agent of the tenant's Chatwoot."""
    return f"agent_{slug}_{agent_id}"


def ensure_group(connection: psycopg.Connection, role: str) -> None:
    """Makes the group role unless it is there. Roles belong to the whole server, where another warehouse may have made it."""
    if connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
        return
    with (
        suppress(
            psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation
        ),  # one or the other, by how close it was
        connection.transaction(),
    ):
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
