"""Making databases beside the warehouse's."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg import sql

from funil.errors import FunilError

_OPEN_TO_ALL = """
select 1
from pg_database
where
    datname = %s
    and pg_has_role(datdba, 'usage')
    and exists (select from aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0)
"""


def ensure_database(connection: psycopg.Connection, name: str) -> None:
    """Makes the database unless it is there, and keeps strangers out of it. The connection must be in autocommit mode."""
    if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        _create(connection, name)
    keep_public_out(connection, name)


def keep_public_out(connection: psycopg.Connection, *names: str) -> None:
    """Lets nobody connect to these databases who was not granted it; those of another owner are left as they are."""
    for name in names:
        if connection.execute(_OPEN_TO_ALL, [name]).fetchone():
            # another process may be quicker: "tuple concurrently updated"
            with suppress(psycopg.errors.InternalError_):
                connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))


def _create(connection: psycopg.Connection, name: str) -> None:
    try:
        # another process may be quicker: the one error or the other, depending on how close it is
        with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise FunilError(
            f"The user of FUNIL_DATABASE_URL may not create the database '{name}', which is needed beside the "
            "warehouse. Create it for that user, or grant it CREATEDB."
        ) from None
