"""ops.audit_log: who granted, revoked, erased, exported and changed what. It only grows, and shows when it was meddled with."""

from __future__ import annotations

import getpass
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

Action = Literal["grant", "revoke", "erase", "export", "retention", "settings"]

_NOTE = """
insert into ops.audit_log (actor, action, tenant_id, subject, details) values (%s, %s, %s, %s, %s)
"""


def note(
    connection: psycopg.Connection,
    actor: str,
    action: Action,
    subject: str,
    *,
    tenant_id: str | None = None,
    **details: Any,
) -> None:
    """Adds an entry, in the caller's transaction. Neither subject nor details may hold personal data or secrets."""
    kept = {name: value for name, value in details.items() if value is not None}
    connection.execute(_NOTE, [actor, action, tenant_id, subject, Jsonb(kept)])


def breaks(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Entries that do not follow from the one before: none, unless rows were changed behind the triggers' back."""
    return connection.execute("select number, happened_at, action, subject from ops.audit_breaks order by 1").fetchall()


def last_entry(connection: psycopg.Connection) -> tuple[int, str] | None:
    """Number and digest of the newest entry."""
    return connection.execute("select number, digest from ops.audit_log order by number desc limit 1").fetchone()


def person_at_the_keyboard() -> str:
    """Who runs this command, as the operating system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's nameless user
        return "unknown"
