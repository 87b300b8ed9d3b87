"""Making databases beside the warehouse's."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg import sql

from funil.errors import FunilError


def ensure_database(connection: psycopg.Connection, name: str) -> None:
    """Makes the database unless it is there. The connection must be in autocommit mode."""
    if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        return
    try:
        # another process may be quicker: the one error or the other, depending on how close it is
        with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise FunilError(
            f"The user of FUNIL_DATABASE_URL may not create the database '{name}', which is needed beside the "
            "warehouse. Create it for that user, or grant it CREATEDB."
        ) from None
