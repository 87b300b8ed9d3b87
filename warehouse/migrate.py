"""Bringing a warehouse's schema up to date: alembic migrations whose statements are plain SQL files.

A migration is `migrations/versions/<revision>_<name>.py` and, of the same name, `migrations/sql/<revision>_<name>.sql`.
All pending ones run in one transaction, under a lock, so that any number of processes may call `migrate` at once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import psycopg

from funil.errors import FunilError
from warehouse.connect import connect
from warehouse.locks import lock_key

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_SCHEMA = "ops"
VERSION_TABLE = "schema_version"


def migrate(dsn: str) -> list[str]:
    """Applies what is pending and returns its revisions. With nothing to do it is one small query, without alembic."""
    with connect(dsn, autocommit=True) as connection:
        waiting = _pending(connection)
        if not waiting:
            return []
        connection.execute("select pg_advisory_lock(%s)", [lock_key("migrations")])  # goes with the connection
        waiting = _pending(connection)  # another process may have just done it
        if waiting:
            _upgrade(dsn)
        return waiting


def pending(dsn: str) -> list[str]:
    """The revisions that `migrate` would apply, oldest first."""
    with connect(dsn, autocommit=True) as connection:
        return _pending(connection)


def run_sql(migration: str) -> None:
    """Runs the SQL file that belongs to a migration, given its `__file__`."""
    from alembic import op

    driver = op.get_bind().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    # Past SQLAlchemy, which would look for parameters in it; bytes without parameters may hold many statements.
    driver.execute((MIGRATIONS / "sql" / f"{Path(migration).stem}.sql").read_bytes())


@cache
def revisions() -> tuple[str, ...]:
    """Every revision this version of Funil knows, oldest first."""
    return tuple(sorted(file.stem.partition("_")[0] for file in (MIGRATIONS / "sql").glob("*.sql")))


def _pending(connection: psycopg.Connection) -> list[str]:
    known = revisions()
    found = connection.execute("select to_regclass('ops.schema_version') is not null").fetchone()
    row = connection.execute("select version_num from ops.schema_version").fetchone() if found and found[0] else None
    if row is None:
        return list(known)
    if row[0] not in known:
        raise FunilError(
            f"The warehouse was migrated by a newer Funil (schema {row[0]}, this one knows {known[-1]}). Update this "
            "checkout, or point FUNIL_DATABASE_URL or FUNIL_HOME at another warehouse."
        )
    return list(known[known.index(row[0]) + 1 :])


def _upgrade(dsn: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        engine = create_engine("postgresql+psycopg://", creator=lambda: connect(dsn), poolclass=NullPool)
        with engine.begin() as connection:  # all or nothing
            connection.exec_driver_sql("create schema if not exists ops")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (psycopg.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, psycopg.errors.InsufficientPrivilege):
            raise
        raise FunilError(
            f"The warehouse's user may not change its schema: {cause.diag.message_primary}. Grant it CREATE on the "
            "database that FUNIL_DATABASE_URL names."
        ) from None
