"""Rejected rows of a person: kept as the source sent them, in whatever shape, so each is looked through for who it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg

from warehouse.privacy.identities import SHORTEST_PHONE, Identity, email_of, identities_of

_ROWS = """
select source, resource, row_key, reason, payload from ops.rejected_rows where tenant_id = %s
"""
_DELETE = "delete from ops.rejected_rows where tenant_id = %s and source = %s and resource = %s and row_key = %s"
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
# at least so many digits, however they are grouped
_NUMBER = re.compile(rf"\+?\d(?:[\s().-]{{0,3}}\d){{{SHORTEST_PHONE - 1},18}}")
# where the source's own objects name somebody: key -> kind of the object's id
_OBJECTS = {"contact": "contact", "conversation": "chatwoot"}

Named = Callable[[Identity], bool]


def identities_in(source: str, resource: str, payload: Any) -> Iterator[Identity]:
    """Whom a row that could not be stored may be of; rather one too many than one too few."""
    table = f"{'raw_' if source in ('chatwoot', 'bot') else ''}{source}.{resource}"
    if isinstance(payload, Mapping):
        yield from identities_of(table, payload)
        yield from _in_objects(payload, resource)
    for text in _texts(payload):
        for match in _EMAIL.finditer(text):
            if (email := email_of(match[0])) is not None:
                yield "email", email
        for match in _NUMBER.finditer(text):
            yield "phone", re.sub(r"\D", "", match[0])


def rejected_rows_of(
    connection: psycopg.Connection, tenant_id: str, is_theirs: Named
) -> list[tuple[str, str, str, str, Any]]:
    """The tenant's rejected rows (source, resource, key, reason, payload) that name whom `is_theirs` knows."""
    rows = connection.execute(_ROWS, [tenant_id]).fetchall()
    return [row for row in rows if any(map(is_theirs, identities_in(row[0], row[1], row[4])))]


def delete_rejected_rows(connection: psycopg.Connection, tenant_id: str, is_theirs: Named) -> int:
    """Deletes them, in the caller's transaction."""
    found = rejected_rows_of(connection, tenant_id, is_theirs)
    with connection.cursor() as cursor:
        cursor.executemany(_DELETE, [(tenant_id, *row[:3]) for row in found])
    return len(found)


def _in_objects(payload: Mapping[str, Any], resource: str) -> Iterator[Identity]:
    for key, value in payload.items():
        if not isinstance(value, Mapping) or value.get("id") is None:
            if isinstance(value, Mapping):
                yield from _in_objects(value, resource)
            continue
        if key in _OBJECTS:
            yield _OBJECTS[key], str(value["id"])  # type: ignore[misc]
        elif key == "sender" and str(value.get("type", "contact")).lower() == "contact":
            yield "contact", str(value["id"])
        yield from _in_objects(value, resource)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
