"""A connection to the bot's database that can only read, and sees one moment of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql
from psycopg.conninfo import conninfo_to_dict

from funil.tenants import Tenant
from sources.bot.errors import BotError, connection_error, reading_error

CONNECT_TIMEOUT_SECONDS = 10

# What a stranger's database server must not decide: how values are written, and how long we wait behind a migration.
# Statements inside the transaction and not start-up options, which poolers such as PgBouncer refuse.
_SESSION = """
    set local timezone = 'UTC';
    set local datestyle = 'ISO';
    set local extra_float_digits = 1;
    set local lock_timeout = '30s';
    set local statement_timeout = 0;
    set local idle_in_transaction_session_timeout = 0
"""


@contextmanager
def connect_bot(tenant: Tenant) -> Iterator[psycopg.Connection]:
    """A read-only, repeatable-read transaction on the tenant's bot: every table in it is of the same moment."""
    if tenant.bot is None:
        raise BotError(f"Tenant '{tenant.slug}' has no bot; give it bot.database_url.")
    dsn = tenant.bot.database_url.get_secret_value()
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.Error:
        raise BotError(
            f"Tenant '{tenant.slug}': bot.database_url is not a valid PostgreSQL address; "
            "write postgresql://user:password@host/database, with special characters percent-encoded."
        ) from None
    parameters: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "application_name": "funil", **given}
    # a peer that vanished is noticed within a minute and a half, not after the kernel's two hours
    parameters |= {"keepalives_idle": 30, "keepalives_interval": 15, "keepalives_count": 4, "client_encoding": "utf8"}
    try:
        connection = psycopg.connect("", **parameters)
    except psycopg.Error as error:
        raise connection_error(tenant.slug, _place(given), error) from None
    try:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            connection.execute(_SESSION)
        except psycopg.Error as error:
            raise connection_error(tenant.slug, _place(given), error) from None
        yield connection
    finally:
        connection.close()


def copied(
    connection: psycopg.Connection, query: sql.Composed, *, reading: str, tenant_id: str
) -> Iterator[tuple[Any, ...]]:
    """The rows of a query as text, as they arrive: however many there are, only a few are in memory."""
    try:
        with connection.cursor() as cursor, cursor.copy(sql.SQL("copy ({}) to stdout").format(query)) as copy:
            yield from copy.rows()
    except psycopg.Error as error:
        raise reading_error(tenant_id, reading, error) from None
    except UnicodeDecodeError:
        raise BotError(
            f"Tenant '{tenant_id}': the bot's {reading} holds text that is not valid in its database's encoding; "
            "mend those rows."
        ) from None


def clock(connection: psycopg.Connection) -> datetime:
    """The bot's own clock when the transaction began."""
    row = connection.execute("select now()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


def _place(given: dict[str, str | int | None]) -> str:
    """Where the database is, for an error text: never its user's password."""
    host = given.get("host") or given.get("hostaddr") or "the local socket"
    port = f":{given['port']}" if given.get("port") else ""
    return f"{host}{port}/{given.get('dbname') or given.get('user') or ''}"
